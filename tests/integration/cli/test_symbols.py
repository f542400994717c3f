"""`kotadb symbols`, `symbol` and `usages` as a person types them, and as other programs read them."""

import json
from collections.abc import Iterator

import pytest

from kotadb.postgres.embedded import EmbeddedServer
from support.service import run
from support.typed import indexed_by_command

FILES: dict[str, str | bytes] = {
    "users.ts": "/** Keeps \x1b[31musers. */\nexport class UserRepository {\n  find() { return 1 }\n}\n"
    "class Other { find() {} }\n",
    "app.ts": "import { UserRepository } from './users'\n"
    "function main(x) {\n  new UserRepository().find()\n  x.find()\n}\n",
}


@pytest.fixture(scope="module")
def env(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with indexed_by_command(server, tmp_path_factory.mktemp("symbols"), FILES) as (repo, env):
        yield env | {"REPO": str(repo.path)}


def said(env: dict[str, str], *arguments: str, code: int = 0) -> list[str]:
    done = run([*arguments, "--repo", env["REPO"]], env, check=False)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return (done.stdout or done.stderr).splitlines()


def test_symbols_are_lines_with_their_places(env: dict[str, str]) -> None:
    assert said(env, "symbols", "usrRepo")[1:] == [
        "users.ts:2:14: class UserRepository",
        "complete: All definitions that the source spells out are in the index.",
    ]
    assert said(env, "symbols", "zzz", code=1)[1:] == [
        "complete: All definitions that the source spells out are in the index."
    ]
    assert [line.split(" ")[0] for line in said(env, "symbols", "find", "--kind", "method", "--exported")[1:-1]] == [
        "users.ts:3:3:"
    ]


def test_a_symbol_is_shown_with_its_source_and_nothing_acts_on_the_terminal(env: dict[str, str]) -> None:
    shown = said(env, "symbol", "UserRepository")
    assert shown[1] == "users.ts:2:14: class UserRepository, exported"
    assert r"    Keeps \x1b[31musers." in shown
    assert "     3    find() { return 1 }" in shown
    assert "members: 1" in shown
    assert "used: import 1, instantiation 1" in shown


def test_usages_are_lines_and_what_may_be_one_stands_apart(env: dict[str, str]) -> None:
    shown = said(env, "usages", "UserRepository.find")
    assert shown[1:] == [
        "users.ts:3:3: method UserRepository.find",
        "1 usages in 1 files: call 1",
        "app.ts:3:24: call new UserRepository().find()",
        "",
        "1 in 1 files may be; the first of them:",
        "app.ts:4:5: call x.find()",
        "lower bound: There may be more: 1 reference to something called find could not be resolved.",
    ]


def test_a_name_of_several_symbols_is_answered_with_their_ids(env: dict[str, str]) -> None:
    shown = said(env, "usages", "find", code=1)
    assert shown[0].startswith("error: find means 2 symbols")
    assert [line.split()[0] for line in shown[1:]] == [
        "users.ts#UserRepository.find:method",
        "users.ts#Other.find:method",
    ]
    [answer] = said(env, "usages", "users.ts#Other.find:method", "--json", code=1)
    assert json.loads(answer)["total"] == 0
