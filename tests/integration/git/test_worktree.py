"""What git's index says of a work tree: read as git reads it, without git."""

import os
from pathlib import Path

import pytest

from kotadb.git import worktree
from kotadb.git.layout import find_repository
from kotadb.git.worktree import GitIndex, first_changed, read_index
from support.repos import Repo, make_repo

FILES: dict[str, str | bytes] = {
    "a.py": "a = 1\n",
    "src/deep/er/file with space.ts": "export {}\n",
    "src/deep/er/file.ts": "",
    "src/größe.py": "größe = 1\n",
    "x" * 200 + ".txt": "long\n",
    "run.sh": "#!/bin/sh\n",
}
LONG_AGO = 1_600_000_000


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    made = make_repo(tmp_path / "repo", FILES)
    (made.path / "link").symlink_to("a.py")
    made.git("add", "link")
    made.git("commit", "-qm", "link")
    for name in FILES:
        os.utime(made.path / name, (LONG_AGO, LONG_AGO))
    made.git("update-index", "--refresh")
    return made


def index_of(repo: Repo) -> GitIndex | None:
    found = find_repository(repo.path)
    assert found is not None
    return read_index(found, len(repo.head) // 2)


def changed(repo: Repo) -> str | None:
    found, index = find_repository(repo.path), index_of(repo)
    assert found is not None
    assert index is not None
    file = first_changed(found, index, index.files)
    return None if file is None else os.fsdecode(file.path)


@pytest.mark.parametrize("version", ["2", "3", "4"])
def test_it_has_the_files_and_blobs_that_git_lists(repo: Repo, version: str) -> None:
    if version == "3":
        (repo.path / "later.py").write_text("later = 1\n")
        repo.git("add", "--intent-to-add", "later.py")  # a flag that version 2 has no place for
    repo.git("update-index", "--index-version", version, "--force-write-index")
    assert (repo.path / ".git" / "index").read_bytes()[:8] == b"DIRC" + int(version).to_bytes(4, "big")
    index = index_of(repo)
    assert index is not None
    listed = [line.split(maxsplit=3) for line in repo.git("ls-files", "-sz").split("\0") if line]
    regular = [(path, sha) for mode, sha, _, path in listed if mode.startswith("100")]
    assert [(os.fsdecode(file.path), file.blob_sha) for file in index.files] == regular


def test_repositories_of_sha256_have_longer_hashes(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    repo.path.mkdir()
    repo.git("init", "-q", "--object-format", "sha256")
    repo.commit({"a.py": "a = 1\n"})
    index = index_of(repo)
    assert index is not None
    assert [len(file.blob_sha) for file in index.files] == [64]
    assert changed(repo) is None
    repo.write({"a.py": "b = 1\n"})
    assert changed(repo) == "a.py"


def test_a_file_that_is_written_again_or_gone_is_seen(repo: Repo) -> None:
    assert changed(repo) is None
    repo.write({"src/größe.py": "größe = 2\n"})
    assert changed(repo) == "src/größe.py"
    repo.write({"src/größe.py": "größe = 1\n"})
    assert changed(repo) is None
    (repo.path / "run.sh").unlink()
    assert changed(repo) == "run.sh"


def test_a_file_that_changes_at_once_after_it_was_added_is_seen(repo: Repo) -> None:
    """Its size and time may be those that git saw, if all that was in the same tick of the clock."""
    repo.commit({"a.py": "a = 2\n"})
    tick = (repo.path / "a.py").stat().st_mtime_ns
    repo.write({"a.py": "a = 3\n"})
    for name in ("a.py", ".git/index"):
        os.utime(repo.path / name, ns=(tick, tick))
    assert changed(repo) == "a.py"


def test_a_link_or_a_folder_in_place_of_a_file_is_a_change(repo: Repo, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("a = 1\n")
    (repo.path / "a.py").unlink()
    (repo.path / "a.py").symlink_to(tmp_path / "elsewhere")
    assert changed(repo) == "a.py"


def test_a_file_with_other_ends_of_lines_is_the_same(repo: Repo) -> None:
    repo.write({"a.py": "a = 1\r\n"})
    assert changed(repo) is None


def test_what_git_is_told_not_to_look_at_is_not_looked_at(repo: Repo) -> None:
    repo.git("update-index", "--skip-worktree", "a.py")
    repo.git("update-index", "--assume-unchanged", "run.sh")
    (repo.path / "a.py").unlink()
    (repo.path / "run.sh").unlink()
    assert changed(repo) is None


def test_an_index_that_only_git_understands_says_nothing(repo: Repo) -> None:
    repo.git("update-index", "--split-index")
    assert index_of(repo) is None


@pytest.mark.parametrize("content", [b"", b"DIRC", b"DIRC\0\0\0\2\0\0\0\5", b"DIRC\0\0\0\x09\0\0\0\0" + bytes(20)])
def test_what_is_no_index_says_nothing(repo: Repo, content: bytes) -> None:
    (repo.path / ".git" / "index").write_bytes(content)
    assert index_of(repo) is None


def test_a_pipe_in_place_of_the_index_is_not_waited_for(repo: Repo) -> None:
    (repo.path / ".git" / "index").unlink()
    os.mkfifo(repo.path / ".git" / "index")
    assert index_of(repo) is None


def test_any_part_of_an_index_is_read_without_harm(repo: Repo) -> None:
    whole = (repo.path / ".git" / "index").read_bytes()
    for length in range(0, len(whole), 7):
        (repo.path / ".git" / "index").write_bytes(whole[:length])
        index_of(repo)


def test_what_is_gone_is_seen_however_much_else_looks_changed(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worktree, "HASHED_SECONDS", 0)
    for name in FILES:
        (repo.path / name).touch()
    (repo.path / "src/größe.py").unlink()
    assert changed(repo) == "src/größe.py"


def test_the_file_that_changed_last_is_read_first(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worktree, "HASHED_SECONDS", 0)
    for name in FILES:
        os.utime(repo.path / name, (LONG_AGO + 1, LONG_AGO + 1))
    repo.write({"src/größe.py": "größe = 2\n"})
    assert changed(repo) == "src/größe.py"


def test_a_folder_that_became_a_link_is_a_change_and_nothing_behind_it_is_read(repo: Repo, tmp_path: Path) -> None:
    (repo.path / "src").rename(tmp_path / "src")
    (repo.path / "src").symlink_to(tmp_path / "src")
    repo.write({"src/größe.py": "größe = 1\n"})
    assert changed(repo) == "src/größe.py"
