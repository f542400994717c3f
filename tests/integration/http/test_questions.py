"""Questions over HTTP: one endpoint for each, the same envelope, and errors that say what to do."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from kotadb.access.keys import create_key, local_owner
from kotadb.jobs import requests
from kotadb.jobs.index_repo import perform
from kotadb.model import IndexRequest
from kotadb.parsers.zygote import Zygote
from kotadb.postgres.database import Database
from kotadb.questions.envelope import Answer
from kotadb.questions.table import QUESTIONS
from kotadb.settings import Settings
from support.api import serving
from support.repos import Repo, make_repo

FILES: dict[str, str | bytes] = {
    "a.ts": "import { B } from './b'\nnew B().run()\n",
    "b.ts": "export class B { run() {} }\nclass C { run() {} }\n",
    "broken.ts": "class {\n",
}


@pytest.fixture
def repo(database: Database, settings: Settings, zygote: Zygote, tmp_path: Path) -> Repo:
    repo = make_repo(tmp_path / "repo", FILES)
    job = requests.submit(database, local_owner(database).id, IndexRequest(str(repo.path), "repo"))
    perform(database, settings, job.id, worker="test", zygote=zygote)
    return repo


@pytest.fixture
def client(database: Database, settings: Settings) -> Iterator[httpx.Client]:
    with serving(settings, database, create_key(database, "local", "test")) as client:
        yield client


def asked(client: httpx.Client, question: str, repo: Repo, **parameters: Any) -> httpx.Response:
    return client.get(f"/{question}", params={"repository": str(repo.path), **parameters})


def test_every_answer_says_what_it_is_of_and_how_sure_it_is(client: httpx.Client, repo: Repo) -> None:
    answer = asked(client, "usages", repo, symbol="B").json()
    assert (answer["repository"], answer["ref"], answer["commit_sha"]) == ("repo", "HEAD", repo.head)
    assert (answer["verdict"], answer["skipped_files"], answer["unresolved"]) == ("lower_bound", 1, 0)
    assert answer["reason"] == "There may be more: 1 file has syntax errors."
    assert [(each["path"], each["line"], each["kind"]) for each in answer["usages"]] == [
        ("a.ts", 1, "import"), ("a.ts", 2, "instantiation"),
    ]  # fmt: skip
    by_id = client.get("/symbols", params={"repository": answer["repository_id"], "query": "b", "ref": "HEAD"})
    assert [symbol["id"] for symbol in by_id.json()["symbols"]] == ["b.ts#B:class"]


def test_an_answer_says_what_may_have_changed_since(
    client: httpx.Client, repo: Repo, database: Database, settings: Settings
) -> None:
    assert asked(client, "cycles", repo).json()["behind"] == []
    repo.commit({"new.ts": ""})
    repo.git("pack-refs", "--all")
    request = IndexRequest(str(repo.path), "repo")
    job = requests.submit(database, local_owner(database).id, request)
    behind = asked(client, "cycles", repo).json()["behind"]
    assert [each["code"] for each in behind] == ["job_running", "head_moved"]
    assert str(job.id) in behind[0]["message"]
    (repo.path / ".git").rename(repo.path / "elsewhere")
    perform(database, settings, job.id, worker="test")
    behind = asked(client, "cycles", repo).json()["behind"]
    assert [each["code"] for each in behind] == ["job_failed"]


REFUSED: list[tuple[str, dict[str, Any], int, str]] = [
    ("symbol", {"symbol": "run"}, 409, "means 2 symbols"),
    ("symbol", {"symbol": "runs"}, 404, "Did you mean"),
    ("symbol", {}, 422, "symbol: Field required"),
    ("symbol", {"symbol": "B", "paths": "b.ts"}, 422, "there are repository, ref, symbol, path, kind"),
    ("symbols", {"query": "B", "kind": "klass"}, 422, "kind.0"),
    ("symbols", {"query": "B", "limit": 201}, 422, "limit"),
    ("symbols", {"query": "B", "cursor": "x"}, 422, "not one that this server handed out"),
    ("symbols", {"query": "a\0"}, 422, "NUL"),
    ("dependencies", {"of": "c.ts"}, 404, "There is no file c.ts"),
    ("cycles", {"ref": "other"}, 404, "Nothing is stored for repo at other"),
    ("cycles", {"repository": "/nowhere"}, 404, "has not been indexed"),
    ("cycles", {"repository": "owner/name"}, 404, "has not been indexed"),
    ("cycles", {"repository": "git@github.com:owner/name"}, 422, "SSH"),
]


def test_what_cannot_be_answered_says_why(client: httpx.Client, repo: Repo) -> None:
    for question, parameters, status, says in REFUSED:
        answer = asked(client, question, repo, **parameters)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), parameters
        assert says in answer.json()["detail"]
    ambiguous = asked(client, "symbol", repo, symbol="run").json()
    assert [each["id"] for each in ambiguous["candidates"]] == ["b.ts#B.run:method", "b.ts#C.run:method"]


def test_another_owner_is_told_what_is_told_of_nothing(client: httpx.Client, repo: Repo, database: Database) -> None:
    key = create_key(database, "other", "test")
    uuid = asked(client, "cycles", repo).json()["repository_id"]
    for named in (str(repo.path), uuid):
        answer = client.get("/cycles", params={"repository": named}, headers={"Authorization": f"Bearer {key}"})
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_the_document_has_every_question_with_its_parameters(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    for question in QUESTIONS.values():
        operation = document["paths"][f"/{question.name}"]["post" if question.in_body else "get"]
        assert operation["summary"]
        if not question.in_body:
            assert [each["name"] for each in operation["parameters"]] == list(question.parameters.model_fields)
            assert all(each["description"] for each in operation["parameters"])


def test_the_document_shows_what_may_be_asked_and_what_is_answered(client: httpx.Client) -> None:
    document, page = client.get("/openapi.json").json(), client.get("/docs").text
    for question in QUESTIONS.values():
        operation = document["paths"][f"/{question.name}"]["post" if question.in_body else "get"]
        if question.in_body:
            asked = operation["requestBody"]["content"]["application/json"]["example"]
        else:
            asked = {each["name"]: each["example"] for each in operation["parameters"] if "example" in each}
        assert question.asked(asked).repository == "honojs/hono"
        Answer.model_validate(operation["responses"]["200"]["content"]["application/json"]["example"])
    assert page.count("<summary>An answer</summary>") == len(QUESTIONS)
