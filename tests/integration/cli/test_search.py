"""`kotadb search` as a person types it, and as a pipe reads it."""

import json
import os
import pty
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from subprocess import CompletedProcess

import pytest

from kotadb.postgres.embedded import EmbeddedServer
from support.repos import Repo
from support.service import KOTADB, run
from support.typed import indexed_by_command

FILES: dict[str, str | bytes] = {
    "src/users.ts": "// users\nexport class UserStore {\n\tget = () => 'größe' // [bold]\n}\n",
    "src/calls.ts": "import { UserStore } from './users'\nnew UserStore()\n",
    "src/calls.test.ts": "new UserStore()\n",
    "evil.txt": "a \x1b[31mred UserStore\n",
    "\udcff.txt": "userstore\n",
}


@dataclass(frozen=True)
class Typed:
    """An indexed repository, and what is typed in it."""

    repo: Repo
    env: dict[str, str]

    def run(self, *arguments: str, code: int = 0) -> CompletedProcess[str]:
        done = run(["search", *arguments], self.env, check=False, cwd=self.repo.path)
        assert done.returncode == code, done
        assert "Traceback" not in done.stderr
        return done

    def on_terminal(self, *arguments: str) -> str:
        ours, theirs = pty.openpty()
        env = self.env | {"TERM": "xterm", "COLUMNS": "100"}
        child = subprocess.Popen([*KOTADB, "search", *arguments], env=env, cwd=self.repo.path, stdout=theirs)
        os.close(theirs)
        said = b"".join(iter(lambda: _read(ours), b""))
        os.close(ours)
        assert child.wait() == 0
        return said.decode().replace("\r\n", "\n")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # how Linux says that nobody writes to it any more
        return b""


@pytest.fixture(scope="module")
def typed(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Typed]:
    with indexed_by_command(server, tmp_path_factory.mktemp("search"), FILES) as (repo, env):
        yield Typed(repo, env)


def test_to_a_pipe_go_lines_as_grep_writes_them_and_the_verdict_beside_them(typed: Typed) -> None:
    done = typed.run("UserStore")
    assert done.stdout.splitlines() == [
        "src/users.ts:2:14:export class UserStore {",
        "evil.txt:1:12:a \\x1b[31mred UserStore",
        "src/calls.ts:1:10:import { UserStore } from './users'",
        "src/calls.ts:2:5:new UserStore()",
        "src/calls.test.ts:1:5:new UserStore()",
        "\\xff.txt:1:1:userstore",
    ]
    assert done.stderr == "complete: All text that is indexed and passes the filters was searched.\n"


def test_lines_around_are_marked_as_grep_marks_them_and_each_is_there_once(typed: Typed) -> None:
    assert typed.run(
        "store", "--path", "src/calls.ts", "--path", "src/users.ts", "--context", "1"
    ).stdout.splitlines() == [
        "src/calls.ts:1:14:import { UserStore } from './users'",
        "src/calls.ts:2:9:new UserStore()",
        "src/users.ts-1-// users",
        "src/users.ts:2:18:export class UserStore {",
        "src/users.ts-3-\tget = () => 'größe' // [bold]",
    ]
    [line] = typed.run("// [").stdout.splitlines()
    assert line == "src/users.ts:3:24:\tget = () => 'größe' // [bold]"


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["userstore", "--case"], ["\\xff.txt"]),
        (["User", "--word"], []),
        (["^new.*\\)$", "--regex"], ["src/calls.ts", "src/calls.test.ts"]),
        (["new", "--tests", "only"], ["src/calls.test.ts"]),
        (["new", "--tests", "exclude"], ["src/calls.ts"]),
        (["userstore", "--language", "text"], ["\\xff.txt", "evil.txt"]),
        (["--path", "!src/", "userstore"], ["\\xff.txt", "evil.txt"]),
        (["new", "--generated", "only"], []),
    ],
)
def test_options_choose_what_is_found_and_the_exit_code_tells_whether_anything_is(
    typed: Typed, arguments: list[str], found: list[str]
) -> None:
    done = typed.run(*arguments, code=0 if found else 1)
    assert list(dict.fromkeys(line.partition(":")[0] for line in done.stdout.splitlines())) == found
    assert done.stderr.startswith("complete: ")


def test_the_next_page_is_where_the_cursor_leads(typed: Typed) -> None:
    whole = typed.run("UserStore").stdout
    first = typed.run("UserStore", "--limit", "4")
    cursor = first.stderr.split("--cursor ")[1].strip()
    assert first.stdout + typed.run("UserStore", "--cursor", cursor).stdout == whole


def test_on_a_terminal_lines_are_under_their_files_with_the_match_marked(typed: Typed) -> None:
    said = typed.on_terminal("userstore", "--context", "1", "--limit", "3")
    lines = said.splitlines()
    assert "\x1b[1msrc/users.ts\x1b[0m" in lines
    assert any("export class \x1b[1;31mUserStore\x1b[0m {" in line and "definition" in line for line in lines)
    assert any("    get = () => 'größe' // [bold]" in line for line in lines)
    assert any("a \\x1b[31mred \x1b[1;31mUserStore\x1b[0m" in line for line in lines)
    assert "6 lines in 5 files" in said
    assert "--cursor" in said
    assert "complete" in lines[-1]


def test_json_is_the_answer_as_http_gives_it(typed: Typed) -> None:
    found = json.loads(typed.run("UserStore", "--json", "--limit", "1").stdout)
    assert found["files"][0]["matches"][0]["definition"] is True
    assert (found["lines_found"], found["all_counted"], found["verdict"]) == (6, True, "complete")
    typed.run("nowhere", "--json", code=1)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["a(", "--regex"], "invalid regular expression: missing ): a("),
        (["x", "--tests", "some"], "tests: Input should be 'include', 'exclude' or 'only'"),
        (["x", "--language", "klingon"], "there is no klingon"),
        (["x", "--repo", "nobody/nothing"], "has not been indexed"),
        (["x", "--ref", "nowhere"], "Nothing is stored for repo at nowhere yet"),
        (["x", "--cursor", "!"], "cursor"),
        ([""], "query: String should have at least 1 character"),
    ],
)
def test_errors_have_an_exit_code_of_their_own(typed: Typed, arguments: list[str], says: str) -> None:
    done = typed.run(*arguments, code=2)
    assert says in done.stderr
    assert done.stdout == ""
