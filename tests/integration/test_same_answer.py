"""The same question has the same answer at every door: byte for byte, once the keys are in order."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

import kotadb
from kotadb.access.keys import create_key
from kotadb.postgres.database import Database
from kotadb.questions.table import QUESTIONS
from kotadb.settings import Settings
from support.agents import agent, program, remote
from support.api import serving
from support.repos import make_repo
from support.service import environment, run

FILES: dict[str, str | bytes] = {
    "src/a.ts": "import { b } from './b'\nimport React from 'react'\nexport function a() { return b() + React }\n",
    "src/b.ts": "import type { A } from './a'\nimport './gone'\nexport function b() { return 'ä\u2028' }\n",
    "src/c.ts": "export class C { m() {} }\nexport class D extends C { m() {} }\n",
    "src/logo.png": b"\0",
    "README.md": "# Read me\n",
    "naïve.py": "import os\n",
}

ASKED: list[tuple[str, dict[str, Any], list[str]]] = [
    ("search", {"query": "b()"}, ["search", "b()"]),
    ("search", {"query": "B", "case": False, "word": True, "context": 1}, ["search", "B", "--word", "--context", "1"]),
    ("symbols", {"query": "a"}, ["symbols", "a"]),
    ("symbol", {"symbol": "b"}, ["symbol", "b"]),
    ("usages", {"symbol": "src/b.ts#b:function"}, ["usages", "src/b.ts#b:function"]),
    ("hierarchy", {"symbol": "C", "depth": 1}, ["hierarchy", "C", "--depth", "1"]),
    ("hierarchy", {"symbol": "D.m"}, ["hierarchy", "D.m"]),
    ("dependencies", {"of": "src/a.ts"}, ["deps", "src/a.ts"]),
    ("dependencies", {"of": "src/b.ts", "ref": "HEAD"}, ["deps", "src/b.ts", "--ref", "HEAD"]),
    ("dependencies", {"of": "README.md"}, ["deps", "README.md"]),
    ("dependencies", {"of": "naïve.py"}, ["deps", "naïve.py"]),
    ("dependents", {"of": "src/b.ts", "depth": 2}, ["dependents", "src/b.ts", "--depth", "2"]),
    ("dependents", {"of": "src/logo.png"}, ["dependents", "src/logo.png"]),
    ("dependents", {"of": "react"}, ["dependents", "react"]),
    ("path", {"from_path": "src/a.ts", "to_path": "src/b.ts"}, ["path", "src/a.ts", "src/b.ts"]),
    ("impact", {"paths": ["src/b.ts"]}, ["impact", "src/b.ts"]),
    ("cycles", {}, ["cycles"]),
    ("outline", {"tokens": 500}, ["outline", "--tokens", "500"]),
    ("explain", {"what": "src/logo.png"}, ["explain", "src/logo.png"]),
    ("unused", {}, ["unused"]),
]
"""A question, what it is asked with, and how that is typed."""

Ask = Callable[[str, dict[str, Any], list[str]], Any]


@pytest.fixture(scope="module")
def doors(module_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Ask]]:
    folder = tmp_path_factory.mktemp("doors")
    repo = make_repo(folder / "repo", FILES)
    env = environment(module_url, folder)
    run(["index", str(repo.path)], env)
    changes = {"database_url": module_url, "temp_dir": folder / "tmp", "data_dir": folder / "data"}
    with ExitStack() as stack:
        database = stack.enter_context(Database(module_url))
        key = create_key(database, "local", "test")
        client = stack.enter_context(serving(Settings().model_copy(update=changes), database, key))
        far = stack.enter_context(agent(remote(str(client.base_url).rstrip("/"), key)))
        near = stack.enter_context(agent(program(env, repo.path)))
        k = stack.enter_context(kotadb.open(**changes))
        yield {
            "HTTP": lambda name, asked, _: _over_http(client, name, {"repository": str(repo.path), **asked}),
            "MCP, remote": lambda name, asked, _: far.ask(name, repository=str(repo.path), **asked),
            "MCP, stdio": lambda name, asked, _: near.ask(name, **asked),
            "command line": lambda _, __, typed: json.loads(run([*typed, "--json"], env, cwd=repo.path).stdout),
            "Python": lambda name, asked, _: getattr(k, name)(repo.path, **asked),
        }


def _over_http(client: httpx.Client, name: str, asked: dict[str, Any]) -> Any:
    if QUESTIONS[name].in_body:
        return client.post(f"/{name}", json=asked).json()
    return client.get(f"/{name}", params=asked).json()


@pytest.mark.parametrize(("name", "asked", "typed"), ASKED)
def test_the_same_question_has_the_same_answer_at_every_door(
    doors: dict[str, Ask], name: str, asked: dict[str, Any], typed: list[str]
) -> None:
    answers = {door: json.dumps(ask(name, asked, typed), sort_keys=True).encode() for door, ask in doors.items()}
    assert answers == dict.fromkeys(doors, answers["HTTP"])
    assert json.loads(answers["HTTP"])["verdict"] in ("complete", "lower_bound", "unknown")


def test_every_question_is_asked() -> None:
    assert {name for name, _, _ in ASKED} == QUESTIONS.keys()
