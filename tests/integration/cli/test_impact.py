"""`kotadb path` and `kotadb impact` as a person types them, with the exit codes of grep."""

import json
import subprocess
from collections.abc import Iterator
from subprocess import CompletedProcess

import pytest

from kotadb.postgres.embedded import EmbeddedServer
from support.repos import Repo
from support.service import run
from support.typed import indexed_by_command

FILES: dict[str, str | bytes] = {
    "src/a.py": "from src.b import b\n\n\ndef a():\n    return b()\n",
    "src/b.py": "def b():\n    return 1\n\n\ndef alone():\n    return 2\n",
    "src/test_a.py": "from src.a import a\n\n\ndef test():\n    a()\n",
    "notes.txt": "text\n",
}


@pytest.fixture(scope="module")
def repo(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Repo, dict[str, str]]]:
    with indexed_by_command(server, tmp_path_factory.mktemp("impact"), FILES) as made:
        yield made


Typed = tuple[Repo, dict[str, str]]


def typed(at: Typed, *arguments: str, stdin: str | None = None, folder: str = "") -> CompletedProcess[str]:
    repo, env = at
    piped = {} if stdin is None else {"input": stdin}
    done = run([*arguments], env, check=False, cwd=repo.path / folder, **piped)
    assert "Traceback" not in done.stderr
    return done


def test_path_shows_each_step_with_its_line(repo: Typed) -> None:
    done = typed(repo, "path", "./test_a.py", "b.py", folder="src")
    assert done.returncode == 0
    assert done.stdout.splitlines()[1:-1] == [
        "src/test_a.py depends on src/b.py in 2 steps",
        "",
        "  src/test_a.py",
        "    src/test_a.py:1: import src.a",
        "  → src/a.py",
        "    src/a.py:1: import src.b",
        "  → src/b.py",
    ]
    done = typed(repo, "path", "src/b.py", "src/a.py")
    assert (done.returncode, "src/b.py does not depend on src/a.py" in done.stdout) == (1, True)
    assert typed(repo, "path", "notes.txt", "src/a.py").returncode == 2  # nobody knows
    done = typed(repo, "path", "src/b.py", "src/nowhere.py")
    assert (done.returncode, done.stdout, "There is no file src/nowhere.py" in done.stderr) == (2, "", True)


def test_impact_of_a_diff_that_is_piped(repo: Typed) -> None:
    (repo[0].path / "src/b.py").write_text("def b():\n    return 3\n\n\ndef alone():\n    return 2\n")
    diff = subprocess.run(["git", "diff"], cwd=repo[0].path, capture_output=True, check=True).stdout.decode()
    done = typed(repo, "impact", "-", stdin=diff, folder="src")
    assert done.returncode == 0
    assert done.stdout.splitlines()[1:10] == [
        "changed: 1 file, 1 symbol",
        "  src/b.py  modified",
        "    1: function b exported",
        "exported: 1",
        "  src/b.py:1: b",
        "affected: 1 in 1 file",
        "  in 1 step",
        "    src/a.py:5: a  call of b",
        "tests to run: 1",
    ]
    assert "  src/test_a.py:5: call of a, in 2 steps" in done.stdout

    alone = "--- a/src/b.py\n+++ b/src/b.py\n@@ -6 +6 @@\n-    return 2\n+    return 4\n"
    done = typed(repo, "impact", "-", stdin=alone)
    assert (done.returncode, "affected: none" in done.stdout) == (1, True)


def test_impact_of_files(repo: Typed) -> None:
    found = json.loads(typed(repo, "impact", "b.py", "./a.py", "--json", folder="src").stdout)
    assert [change["path"] for change in found["changed"]] == ["src/b.py", "src/a.py"]
    assert [test["path"] for test in found["tests"]] == ["src/test_a.py"]
    for arguments in (["src/nowhere.py"], ["src/a.py", "--depth", "11"], [], ["../x"]):
        done = typed(repo, "impact", *arguments)
        assert (done.returncode, done.stdout) == (2, "")
    done = typed(repo, "impact", "-", stdin="no diff\n")
    assert (done.returncode, "no unified diff" in done.stderr) == (2, True)


def test_a_path_from_a_diff_cannot_act_on_the_terminal(repo: Typed) -> None:
    diff = '--- "a/\\033[31mred"\n+++ "b/\\033[31mred"\n@@ -1 +1 @@\n-x\n+y\n'
    assert "\x1b" not in typed(repo, "impact", "-", stdin=diff).stdout
