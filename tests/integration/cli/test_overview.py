"""`kotadb outline`, `explain` and `unused` as a person types them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from subprocess import CompletedProcess

import pytest

from kotadb.postgres.embedded import EmbeddedServer
from support.repos import Repo
from support.service import run
from support.typed import indexed_by_command

FILES: dict[str, str | bytes] = {
    "src/a.ts": "export class A {\n  go() { return unheard() }\n}\nfunction left() {}\n",
    "src/b.ts": "import { A } from './a'\nimport './gone'\nnew A().go()\n",
    "src/logo.png": b"\0",
    "evil.ts": "import './a'\nfunction _x() {}\nconst y = '\x1b[31m'\n",
}


@dataclass(frozen=True)
class Typed:
    """An indexed repository, and what is typed in its folders."""

    repo: Repo
    env: dict[str, str]

    def run(self, *arguments: str, folder: str = "", code: int = 0) -> CompletedProcess[str]:
        done = run([*arguments], self.env, check=False, cwd=self.repo.path / folder)
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        return done

    def lines(self, *arguments: str, folder: str = "", code: int = 0) -> list[str]:
        return [line.strip() for line in self.run(*arguments, folder=folder, code=code).stdout.splitlines()]


@pytest.fixture(scope="module")
def typed(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Typed]:
    with indexed_by_command(server, tmp_path_factory.mktemp("overview"), FILES) as (repo, env):
        yield Typed(repo, env)


def test_an_outline_of_the_repository_has_its_files_and_their_symbols(typed: Typed) -> None:
    lines = typed.lines("outline")
    assert lines[2:5] == [
        "src/a.ts  used by 1 file",
        "1  class A  export class A  used by 1",
        "2  method A.go  go()  used by 1",
    ]
    assert lines[-1].startswith("complete: All source was read")


def test_an_outline_of_a_file_or_folder_may_be_asked_for_where_one_is(typed: Typed) -> None:
    assert typed.lines("outline", "a.ts", folder="src")[2:6] == [
        "src/a.ts  used by 1 file",
        "1  class A  export class A  used by 1",
        "2  method A.go  go()  used by 1",
        "4  function left  function left()",
    ]
    assert json.loads(typed.run("outline", ".", "--json", "--tokens", "100", folder="src").stdout)["path"] == "src"


def test_findings_are_sentences_with_their_facts_below(typed: Typed) -> None:
    lines = typed.lines("explain", "src/b.ts")
    assert lines[1:-1] == [
        "indexed: src/b.ts is indexed: 3 lines of typescript, 0 symbols.",
        "missing_imports: 1 import leads to what is not in the commit.",
        "line 2: import ./gone",
    ]
    assert "src/a.ts:2  call" in typed.lines("explain", "unheard")
    found = json.loads(typed.run("explain", "./logo.png", "--json", folder="src").stdout)
    assert [finding["code"] for finding in found["findings"]] == ["skipped"]


def test_unused_exits_as_grep_does(typed: Typed) -> None:
    assert "src/a.ts:4  function left  high  Its module does not export it, and does not use it." in typed.lines(
        "unused"
    )
    assert typed.lines("unused", "--kind", "class", code=1)[1] == "nothing is unused, as far as is known"
    assert typed.lines("unused", "--path", "nowhere/", "--json", code=1)
    assert "has not been indexed" in typed.run("unused", "--repo", "nobody/nothing", code=2).stderr
    typed.run("unused", "--kind", "nonsense", code=2)


def test_what_comes_from_a_repository_does_not_reach_the_terminal(typed: Typed) -> None:
    assert "\x1b" not in typed.run("outline", "evil.ts").stdout + typed.run("explain", "\x1b[31m").stdout
