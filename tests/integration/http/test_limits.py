"""What the API refuses to carry: too many requests of one key, too many at once, and those that never end."""

from uuid import uuid4

import httpx
import pytest

from kotadb.access.keys import create_key
from kotadb.postgres.database import Database
from kotadb.settings import Settings
from support.api import serving

pytestmark = pytest.mark.processes

LIMIT, REMAINING, RESET = "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"


def test_every_answer_to_a_key_says_what_it_has_left(settings: Settings, database: Database) -> None:
    with serving(settings, database, rate_limit=60) as client:
        answers = [
            client.get("/jobs"), client.get(f"/jobs/{uuid4()}"), client.get("/jobs/nonsense"), client.get("/metrics"),
            client.post("/index", content="{"), client.get("/jobs", params={"cursor": "x"}),
        ]  # fmt: skip
        assert [answer.status_code for answer in answers] == [200, 404, 422, 403, 400, 422]
        assert {answer.headers[LIMIT] for answer in answers} == {"60"}
        assert int(answers[0].headers[REMAINING]) == 59
        assert int(answers[-1].headers[REMAINING]) < 59
        assert all(1 <= int(answer.headers[RESET]) <= 6 for answer in answers)
        for path in ("/health", "/ready", "/openapi.json", "/docs", "/nowhere"):
            assert LIMIT not in client.get(path).headers


def test_beyond_its_limit_a_key_is_refused_by_every_process_and_other_keys_are_not(
    settings: Settings, database: Database
) -> None:
    key = create_key(database, "somebody", "busy")
    with serving(settings, database, key, rate_limit=2) as one, serving(settings, database, key, rate_limit=2) as other:
        assert [one.get("/jobs").status_code, other.get("/jobs").status_code] == [200, 200]
        for client in (one, other, one):
            refused = client.get("/jobs")
            assert refused.status_code == refused.json()["status"] == 429
            assert (refused.json()["code"], refused.headers["content-type"]) == (
                "rate_limited",
                "application/problem+json",
            )
            assert (refused.headers[LIMIT], refused.headers[REMAINING]) == ("2", "0")
            assert 1 <= int(refused.headers["retry-after"]) <= 30
            assert 30 <= int(refused.headers[RESET]) <= 60
        another = {"Authorization": f"Bearer {create_key(database, 'somebody', 'idle')}"}
        assert one.get("/jobs", headers=another).status_code == 200
        assert one.get("/jobs", headers={"Authorization": f"Bearer {key[::-1]}"}).status_code == 401
        assert one.get("/health").status_code == 200


def test_a_stranger_is_refused_before_the_body_is_read(settings: Settings, database: Database) -> None:
    with serving(settings, database) as client:
        assert httpx.post(f"{client.base_url}/index", content="{").status_code == 401
