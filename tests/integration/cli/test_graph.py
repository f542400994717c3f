"""`kotadb cycles`, `deps` and `dependents` as a person types them, in and outside of the repository."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from subprocess import CompletedProcess

import pytest

from kotadb.postgres.embedded import EmbeddedServer
from support.repos import Repo, make_repo
from support.service import run
from support.typed import indexed_by_command

FILES: dict[str, str | bytes] = {
    "src/a.ts": "import { b } from './b'\nimport logo from './logo.png'\nexport function a() { return b() }\n",
    "src/b.ts": "import type { C } from './c'\nimport React from 'react'\n"
    "export function b(): C { return React }\n",
    "src/c.ts": "import './a'\nexport interface C {}\n",
    "src/logo.png": b"\0",
    "README.md": "# Read me\n",
    "src/tools/x.ts": "import '../../x'\n",
    "x.ts": "import './src/a'\nimport './gone'\n",
    "self.js": "function f() {\n  require('./self')\n}\n",
    "\udcff.py": "import os\n",
}  # fmt: skip


@dataclass(frozen=True)
class Typed:
    """An indexed repository, and what is typed in its folders."""

    repo: Repo
    env: dict[str, str]

    def run(self, *arguments: str, folder: str = "", fails: bool = False) -> CompletedProcess[str]:
        done = run([*arguments], self.env, check=not fails, cwd=self.repo.path / folder)
        assert (done.returncode != 0) == fails
        assert "Traceback" not in done.stderr
        return done

    def said(self, *arguments: str, folder: str = "") -> str:
        return self.run(*arguments, folder=folder).stdout

    def path(self, *arguments: str, folder: str = "") -> str:
        """The file that `kotadb deps` takes its path for."""
        found = json.loads(self.said("deps", *arguments, "--json", folder=folder))
        return str(found["path"])


@pytest.fixture(scope="module")
def typed(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Typed]:
    with indexed_by_command(server, tmp_path_factory.mktemp("graph"), FILES) as (repo, env):
        yield Typed(repo, env)


def test_a_cycle_is_shown_as_a_circle_with_whether_it_closes_while_loading(typed: Typed) -> None:
    said = typed.said("cycles")
    assert "src/a.ts → src/b.ts → src/c.ts → src/a.ts" in said
    assert "3 files, only through type-only, dynamic or deferred imports" in said
    assert "self.js → self.js" in said
    assert "closes while loading" not in said
    assert "lower bound: There may be more: 1 import leads to what is not in the commit." in said


def test_where_there_is_none_it_says_no_cycles(typed: Typed) -> None:
    other = make_repo(typed.repo.path.parent / "straight", {"a.py": "import b\n", "b.py": ""})
    typed.run("index", str(other.path))
    said = typed.said("cycles", "--repo", str(other.path))
    assert "no cycles" in said
    assert "complete: All imports" in said


def test_what_a_file_depends_on_is_shown_by_file_and_by_package(typed: Typed) -> None:
    lines = [line.strip() for line in typed.said("deps", "src/a.ts").splitlines()]
    assert lines[0].startswith(f"src/a.ts  repo at {typed.repo.head[:12]}, indexed ")
    assert lines[1:] == [
        "depends on files: 2",
        "src/b.ts",
        "line 1: import ./b",
        "uses b in a",
        "src/logo.png  not indexed: binary",
        "line 2: import ./logo.png",
        "depends on packages: none",
        "complete: All imports that the source spells out were read, and all of them lead somewhere.",
    ]


def test_what_is_missing_is_shown_apart(typed: Typed) -> None:
    said = typed.said("deps", "x.ts")
    assert "not found in the repository: 1\n  ./gone\n    line 2: import ./gone\n" in said
    assert "lower bound: There may be more" in said


def test_what_depends_on_a_file_is_shown(typed: Typed) -> None:
    said = typed.said("dependents", "src/c.ts")
    assert "is depended on by files: 1\n  src/b.ts\n    line 1: type_import ./c\n    uses C in b\n" in said
    assert "src/a.ts" in typed.said("dependents", "src/logo.png")


def test_what_is_not_known_does_not_look_like_nothing(typed: Typed) -> None:
    said = typed.said("deps", "README.md")
    assert "none" not in said
    assert "unknown: Imports are not looked for in files of this sort (text)." in said


def test_symbols_shows_each_use(typed: Typed) -> None:
    assert "line 3: a uses b" in typed.said("deps", "src/a.ts", "--symbols")
    assert "line 3: b uses C" in typed.said("dependents", "src/c.ts", "--symbols")


@pytest.mark.parametrize("command", [["cycles"], ["deps", "src/a.ts"], ["dependents", "src/a.ts"]])
def test_json_is_one_document_with_what_it_was_computed_from(typed: Typed, command: list[str]) -> None:
    found = json.loads(typed.said(*command, "--json", "--ref", "HEAD"))
    assert (found["repository"], found["ref"], found["commit_sha"]) == ("repo", "HEAD", typed.repo.head)
    assert found["verdict"] in ("complete", "lower_bound", "unknown")
    assert found["indexed_at"]
    assert found["reason"].endswith(".")


def test_a_path_may_be_written_in_all_the_ways_that_paths_are(typed: Typed) -> None:
    top = typed.repo.path
    assert typed.path("src/a.ts") == "src/a.ts"
    assert typed.path("./src/../src//a.ts") == "src/a.ts"
    assert typed.path(str(top / "src" / "a.ts")) == "src/a.ts"
    assert typed.path("a.ts", folder="src") == "src/a.ts"
    assert typed.path("src/a.ts", folder="src/tools") == "src/a.ts"
    assert typed.path("../a.ts", folder="src/tools") == "src/a.ts"


def test_of_a_name_in_the_root_and_in_the_folder_the_root_has_the_one_and_a_dot_the_other(typed: Typed) -> None:
    assert typed.path("x.ts", folder="src/tools") == "x.ts"
    assert typed.path("./x.ts", folder="src/tools") == "src/tools/x.ts"


def test_from_outside_of_the_repository_paths_are_from_its_root(typed: Typed) -> None:
    outside = typed.repo.path.parent
    for path in ("src/a.ts", "./src/a.ts", str(typed.repo.path / "src" / "a.ts")):
        found = run(["deps", path, "--repo", str(typed.repo.path), "--json"], typed.env, cwd=outside)
        assert json.loads(found.stdout)["path"] == "src/a.ts"


def test_a_name_that_is_no_text_may_be_typed_or_copied(typed: Typed) -> None:
    assert typed.path("\udcff.py") == r"\xff.py"
    assert typed.path(r"\xff.py") == r"\xff.py"
    assert typed.path("./\udcff.py") == r"\xff.py"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["deps", "a.ts"], "Did you mean src/a.ts?"),
        (["dependents", "main"], "no symbol or package of that name"),
        (["deps", "src/logo.png"], "it was skipped as binary"),
        (["deps", "../elsewhere.py"], "is not in the repository"),
        (["deps", "/etc/passwd"], "is not in the repository"),
        (["cycles", "--ref", "nowhere"], "Nothing is stored for repo at nowhere yet"),
        (["cycles", "--repo", "nobody/nothing"], "has not been indexed"),
    ],
)
def test_what_cannot_be_answered_is_explained(typed: Typed, arguments: list[str], says: str) -> None:
    done = typed.run(*arguments, fails=True)
    assert done.returncode == 1
    assert says in done.stderr
    assert done.stdout == ""


def test_the_control_characters_of_a_specifier_do_not_reach_the_terminal(typed: Typed) -> None:
    evil = make_repo(typed.repo.path.parent / "evil", {"a.ts": "import './\x1b[31mred'\nimport '[bold]x[/bold]'\n"})
    typed.run("index", str(evil.path))
    said = typed.said("deps", "a.ts", "--repo", str(evil.path))
    assert "\x1b" not in said
    assert "[bold]x[/bold]" in said
