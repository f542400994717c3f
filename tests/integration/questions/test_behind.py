"""An answer says whether the work tree that it is about has changes that are committed nowhere."""

from collections.abc import Callable

import pytest

from kotadb.questions import behind
from support.questions import Indexed, MakeIndexed
from support.repos import Repo

FILES: dict[str, str | bytes] = {
    "a.ts": "export const a = 1\n",
    "lib/b.ts": "import { a } from '../a'\n",
    "image.bin": b"\0\1",
    "vendor/x.js": "x\n",
}


@pytest.fixture
def at(indexed: MakeIndexed, monkeypatch: pytest.MonkeyPatch) -> Indexed:
    monkeypatch.setattr(behind, "LOOKED_SECONDS", -1)
    monkeypatch.setattr(behind, "LOOKED_SHARE", float("inf"))
    return indexed(FILES)


def said(at: Indexed) -> list[str]:
    found = at.cycles()["behind"]
    assert {each["code"] for each in found} <= {"uncommitted"}
    return [each["message"].partition(" has changes")[0] for each in found]


def edit(repo: Repo) -> None:
    repo.write({"lib/b.ts": "import { a } from '../a'\na\n"})


def stage(repo: Repo) -> None:
    edit(repo)
    repo.git("add", "lib/b.ts")


def stage_and_undo(repo: Repo) -> None:
    stage(repo)
    repo.write({"lib/b.ts": FILES["lib/b.ts"]})


def add(repo: Repo) -> None:
    repo.write({"new.ts": "export const b = 1\n"})
    repo.git("add", "new.ts")


CHANGES: list[tuple[Callable[[Repo], object], list[str]]] = [
    (edit, ["lib/b.ts"]),
    (stage, ["lib/b.ts"]),
    (stage_and_undo, ["lib/b.ts"]),
    (add, ["new.ts"]),
    (lambda repo: (repo.path / "a.ts").unlink(), ["a.ts"]),
    (lambda repo: repo.git("rm", "-q", "a.ts"), ["a.ts"]),
    (lambda repo: repo.git("rm", "-q", "--cached", "a.ts"), ["a.ts"]),
    (lambda repo: repo.git("mv", "a.ts", "c.ts"), ["a.ts"]),
    (lambda repo: (repo.path / "a.ts").touch(), []),
    (lambda repo: repo.write({"untracked.ts": ""}), []),
    (lambda repo: repo.write({"image.bin": b"\0\2"}), []),
]


@pytest.mark.parametrize(("change", "expected"), CHANGES)
def test_a_tracked_file_that_is_not_as_committed_is_named(
    at: Indexed, change: Callable[[Repo], object], expected: list[str]
) -> None:
    assert said(at) == []
    change(at.repo)
    assert said(at) == expected
    at.repo.git("reset", "-q", "--hard")
    assert said(at) == []


def test_a_work_tree_of_another_commit_says_nothing_of_this_one(at: Indexed) -> None:
    at.repo.git("checkout", "-q", "-b", "other")
    at.repo.commit({"a.ts": "export const a = 2\n"})
    edit(at.repo)
    assert [each["code"] for each in at.cycles()["behind"]] == ["head_moved"]


def test_files_are_looked_at_again_only_after_a_while(at: Indexed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(behind, "LOOKED_SECONDS", 3600)
    assert said(at) == []
    edit(at.repo)
    assert said(at) == []
    at.repo.git("add", "lib/b.ts")  # git's index is another one
    assert said(at) == ["lib/b.ts"]
