"""What every answer tells browsers, and that none tells anything internal."""

import httpx
import pytest

from kotadb.errors import DatabaseUnavailable
from kotadb.http import docs
from kotadb.http.headers import SECURITY_HEADERS
from kotadb.postgres.database import Database
from kotadb.questions import jobs
from kotadb.settings import Settings
from support.api import serving

SECRET = "/home/someone/kotadb select * from api_keys"


def is_secured(answer: httpx.Response) -> bool:
    return all(answer.headers.get(name) == value for name, value in SECURITY_HEADERS.items())


def test_every_answer_is_for_nobody_to_store_or_frame(settings: Settings, database: Database) -> None:
    with serving(settings, database) as client:
        answers = [client.get(path) for path in ("/health", "/jobs", "/jobs/x", "/nowhere", "/openapi.json")]
        answers += [
            client.get("/jobs", headers={"Authorization": ""}),
            client.get("/jobs", headers={"X": "x" * 100_000}),
        ]
        assert [answer.status_code for answer in answers] == [200, 200, 422, 404, 200, 401, 431]
        assert all(map(is_secured, answers))


@pytest.mark.parametrize(
    ("error", "status"), [(RuntimeError(SECRET), 500), (DatabaseUnavailable(SECRET), 503), (KeyError(SECRET), 500)]
)
def test_an_error_of_ours_says_nothing_but_that(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(jobs, "list_jobs", fail)
    with serving(settings, database) as client:
        answer = client.get("/jobs")
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
        assert is_secured(answer)
        assert "x-ratelimit-remaining" in answer.headers
        assert "select" not in answer.text
        assert "/home" not in answer.text


def test_the_docs_are_one_page_of_our_own(settings: Settings, database: Database) -> None:
    with serving(settings, database) as client:
        page, document = client.get("/docs"), client.get("/openapi.json").json()
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert page.headers["content-security-policy"] == docs.CONTENT_SECURITY_POLICY
        assert "<script" not in page.text
        assert "://" not in page.text
        assert all(path in page.text for path in document["paths"])
        assert {"/docs", "/redoc"} & document["paths"].keys() == set()
        assert client.get("/redoc").status_code == 404
