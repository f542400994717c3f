"""/mcp of the service, with a real client: who gets in, what belongs to whom, what may be indexed from elsewhere."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from kotadb.access.keys import create_key, find_owner
from kotadb.http.limits import SHARES
from kotadb.jobs import requests
from kotadb.jobs.index_repo import perform
from kotadb.model import IndexRequest
from kotadb.postgres.database import Database
from kotadb.questions.table import QUESTIONS
from kotadb.settings import Settings
from support.agents import MODES, Agent, agent, remote
from support.api import serving
from support.repos import Repo, make_repo

FILES: dict[str, str | bytes] = {"a.py": "import b\n", "b.py": "x = 1\n"}
LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}


@dataclass(frozen=True)
class Site:
    """A service, and two owners: the one has a repository indexed, the other has nothing."""

    settings: Settings
    database: Database
    http: httpx.Client
    repo: Repo
    key: str
    other_key: str

    @property
    def url(self) -> str:
        return str(self.http.base_url).rstrip("/")

    def post(self, content: object, **headers: str) -> httpx.Response:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        return self.http.post("/mcp", content=body, headers={"Accept": "application/json", **headers})


@pytest.fixture(scope="module")
def site(module_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    repo = make_repo(folder / "roots" / "repo", FILES)
    changes = {"database_url": module_url, "temp_dir": folder, "data_dir": folder, "local_roots": (folder / "roots",)}
    settings = Settings().model_copy(update=changes)
    with Database(module_url) as database:
        key, other_key = (create_key(database, owner, "test") for owner in ("one", "other"))
        job = requests.submit(database, find_owner(database, "one").id, IndexRequest(str(repo.path), "repo"))
        perform(database, settings, job.id, worker="this process")
        with serving(settings, database, key) as client:
            yield Site(settings, database, client, repo, key, other_key)


@pytest.fixture(scope="module")
def asked(site: Site) -> Iterator[Agent]:
    with agent(remote(site.url, site.key)) as connected:
        yield connected


@pytest.mark.parametrize("mode", MODES)
def test_the_tools_answer_whoever_has_a_key(site: Site, mode: str) -> None:
    with agent(remote(site.url, site.key), mode) as connected:
        tools = connected.tools()
        assert tools.keys() == QUESTIONS.keys() | {"index_repository", "job_status"}
        assert "repository" in tools["cycles"].input_schema["required"]
        answer = connected.ask("dependencies", repository=str(site.repo.path), of="a.py")
        assert (answer["verdict"], [file["path"] for file in answer["files"]]) == ("complete", ["b.py"])
        assert connected.refusal("dependencies", of="a.py")["code"] == "invalid_input"


@pytest.mark.parametrize("mode", MODES)
def test_what_is_anothers_is_not_there(site: Site, asked: Agent, mode: str) -> None:
    answer = asked.ask("cycles", repository=str(site.repo.path))
    job = site.http.get("/jobs").json()["items"][0]["job_id"]
    with agent(remote(site.url, site.other_key), mode) as other:
        for named in (str(site.repo.path), answer["repository_id"]):
            assert other.refusal("cycles", repository=named)["code"] == "not_found"
        assert other.refusal("job_status", job_id=job)["code"] == "not_found"
        assert asked.ask("job_status", job_id=job)["status"] == "completed"


def test_a_question_starts_no_indexing(site: Site, asked: Agent) -> None:
    make_repo(site.repo.path.parent / "unknown", FILES)
    refusal = asked.refusal("cycles", repository=str(site.repo.path.parent / "unknown"))
    assert refusal["code"] == "not_found"
    assert "`index_repository` does that" in refusal["message"]
    assert len(site.http.get("/repositories").json()["items"]) == 1


def test_indexing_is_held_to_what_callers_over_http_may(site: Site, asked: Agent) -> None:
    outside = make_repo(site.settings.data_dir / "outside", FILES)
    assert asked.refusal("index_repository", repository=str(outside.path))["code"] == "forbidden"
    assert asked.refusal("index_repository", repository="https://127.0.0.1/a/b")["code"] == "forbidden_address"
    inside = make_repo(site.repo.path.parent / "inside", FILES)
    job = asked.ask("index_repository", repository=str(inside.path), wait=0)
    assert job["status"] == "pending"
    assert requests.get(site.database, job["job_id"]).confined
    perform(site.database, site.settings, requests.get(site.database, job["job_id"]).id, worker="this process")
    assert asked.ask("job_status", job_id=job["job_id"])["status"] == "completed"
    assert asked.ask("cycles", repository=str(inside.path))["verdict"] == "complete"
    site.http.delete(f"/repositories/{job['repository_id']}")


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer kdb_aaaaaaaaaaaa_bbb"}, {"Authorization": "Basic x"}]
)
def test_without_a_key_nothing_is_read(site: Site, headers: dict[str, str]) -> None:
    answer = httpx.post(f"{site.url}/mcp", content=b"{" * 10**6, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{" * 2_100_000, 413, "too_large"),
        (b"{" * 70_000, 400, "malformed_json"),
        (b"{", 400, "malformed_json"),
        (b'{"jsonrpc": "2.0", "id": 1, "id": 2, "method": "tools/list"}', 400, "malformed_json"),
    ],
)
def test_bodies_are_held_to_the_same_limits(site: Site, body: bytes, status: int, code: str) -> None:
    answer = site.post(body)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.json()["code"] == code


def test_there_is_nothing_but_post(site: Site) -> None:
    for method in ("GET", "DELETE"):
        answer = site.http.request(method, "/mcp", headers={"Accept": "text/event-stream"})
        assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert site.http.post("/mcp?x=1", json=LIST).status_code == 422


def test_answers_have_the_headers_of_all_others(site: Site) -> None:
    answer = site.post(LIST)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert int(answer.headers["x-ratelimit-remaining"]) > 0


def test_calls_are_charged_to_the_key(settings: Settings, database: Database) -> None:
    with serving(settings, database, rate_limit=1) as client:
        first, second = (client.post("/mcp", json=LIST, headers={"Accept": "application/json"}) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 429)
    assert int(second.headers["retry-after"]) > 0


@pytest.mark.parametrize("name", ["evil.example", "evil.example:3000", "127.0.0.1.evil.example"])
def test_a_name_that_was_made_to_lead_here_is_refused(site: Site, name: str) -> None:
    answer = site.post(LIST, Host=name)
    assert (answer.status_code, answer.json()["code"]) == (421, "misdirected")
    assert "KOTADB_MCP_HOSTS" in answer.json()["detail"]


def test_pages_of_others_are_refused(site: Site) -> None:
    answer = site.post(LIST, Origin="https://evil.example")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize(
    ("changes", "served", "refused"),
    [
        ({"mcp_hosts": ("a.corp", "b.corp")}, ["a.corp", "b.corp:8443", "localhost:3000"], ["evil.example"]),
        ({"mcp_hosts": ("*",)}, ["evil.example"], []),
        ({"host": "0.0.0.0"}, ["code.corp"], []),
        ({"host": "0.0.0.0", "mcp_hosts": ("a.corp",)}, ["a.corp"], ["evil.example"]),
    ],
)
def test_names_are_those_of_this_machine_and_the_operators(
    settings: Settings, database: Database, changes: dict[str, Any], served: list[str], refused: list[str]
) -> None:
    with serving(settings, database, **changes) as client:

        def status(name: str) -> int:
            return client.post("/mcp", json=LIST, headers={"Accept": "application/json", "Host": name}).status_code

        assert {name: status(name) for name in (*served, *refused)} == {
            **dict.fromkeys(served, 200),
            **dict.fromkeys(refused, 421),
        }


def test_an_owner_has_their_share_of_calls_and_no_more(settings: Settings, database: Database) -> None:
    """A call that waits for a job is under way, like a request that does."""
    key = create_key(database, "one", "test")
    job = requests.submit(database, find_owner(database, "one").id, IndexRequest("https://example.org/a/b", "a/b"))
    call = {"name": "job_status", "arguments": {"job_id": str(job.id), "wait": 50}}
    wait = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}
    with serving(settings, database, key, max_requests=SHARES) as client, ThreadPoolExecutor() as threads:

        def accepted() -> httpx.Response:
            while (answer := client.post("/mcp", json=wait, headers={"Accept": "application/json"})).status_code == 429:
                pass
            return answer

        waiting = threads.submit(accepted)
        while client.post("/mcp", json=LIST, headers={"Accept": "application/json"}).status_code != 429:
            pass
        requests.cancel(database, job.id)
        assert waiting.result().json()["result"]["structuredContent"]["status"] == "cancelled"
