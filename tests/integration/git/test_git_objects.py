"""Reading what was fetched."""

import os
from contextlib import closing
from pathlib import Path

import pytest

from kotadb.errors import LimitExceeded, SourceRefused
from kotadb.git.command import Git
from kotadb.git.objects import list_tree, read_blobs
from kotadb.model.files import TreeEntry
from support.repos import Repo, make_repo

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return make_repo(tmp_path / "repo", {"a.py": "x = 1\n"})


def entries(repo: Repo) -> list[TreeEntry]:
    return list_tree(repo.path / ".git", repo.head, max_files=1_000)


def test_every_name_git_can_hold_is_listed_as_its_bytes(repo: Repo) -> None:
    names = [b"new\nline", b'quo"te', b"tab\t", b"back\\slash", b"\xff\xfe", "ü".encode(), b" ", b"-x", b"a b/c\nd"]
    repo.commit({os.fsdecode(name): name for name in names})
    listed = {entry.path: entry for entry in entries(repo)}
    assert set(listed) == {*names, b"a.py"}
    shas = [listed[name].blob_sha for name in names]
    assert [content for _, content in read_blobs(repo.path / ".git", shas)] == names


def test_links_submodules_and_modes_are_listed(repo: Repo) -> None:
    (repo.path / "link").symlink_to("a.py")
    (repo.path / "run.sh").touch(0o755)
    repo.git("add", "-A")
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},module")
    repo.git("commit", "-q", "-m", "modes")
    listed = {entry.path: (entry.mode, entry.size_bytes) for entry in entries(repo)}
    assert listed == {
        b"a.py": ("100644", 6), b"link": ("120000", 4), b"module": ("160000", None), b"run.sh": ("100755", 0),
    }  # fmt: skip


def test_an_empty_tree_has_no_entries(repo: Repo) -> None:
    repo.git("rm", "-q", "a.py")
    repo.git("commit", "-q", "-m", "empty")
    assert entries(repo) == []
    assert list(read_blobs(repo.path / ".git", [])) == []


def test_blobs_come_in_the_order_asked_for_each_time(repo: Repo) -> None:
    repo.commit({f"{number}.txt": f"{number}\n" * number for number in range(50)})
    shas = [entry.blob_sha for entry in entries(repo)]
    asked = [*reversed(shas), *shas, "1" * 40, shas[0]]
    answers = list(read_blobs(repo.path / ".git", asked))
    assert [sha for sha, _ in answers] == asked
    assert answers[-2] == ("1" * 40, None)
    assert answers[-1] == answers[50]


def test_what_is_no_blob_has_no_content(repo: Repo) -> None:
    assert list(read_blobs(repo.path / ".git", [repo.head])) == [(repo.head, None)]


def test_many_and_large_blobs_fill_no_pipe(repo: Repo) -> None:
    blob = os.urandom(1_000_000)
    repo.commit({"large": blob, **{f"{number}.txt": str(number) for number in range(500)}})
    shas = [entry.blob_sha for entry in entries(repo)] * 10
    sizes = [len(content) for _, content in read_blobs(repo.path / ".git", shas) if content is not None]
    assert (len(sizes), max(sizes)) == (len(shas), len(blob))


def test_reading_may_stop_at_any_blob(repo: Repo) -> None:
    repo.commit({f"{number}.bin": os.urandom(500_000) for number in range(8)})
    with closing(read_blobs(repo.path / ".git", [entry.blob_sha for entry in entries(repo)])) as blobs:
        assert next(blobs)[1]


def test_a_commit_that_is_not_there_is_a_broken_repository(repo: Repo) -> None:
    with pytest.raises(SourceRefused) as caught:
        list_tree(repo.path / ".git", "1" * 40, max_files=10)
    assert caught.value.code == "broken_repository"


@pytest.mark.parametrize("tree", ["HEAD^{tree}", EMPTY_TREE], ids=["of files", "of nothing"])
def test_a_tree_that_unfolds_without_end_is_given_up(tree: str, repo: Repo) -> None:
    repo.git("mktree", stdin=b"")
    tree = repo.git("rev-parse", tree)
    for _ in range(10):
        tree = repo.git("mktree", stdin="".join(f"040000 tree {tree}\t{n}\n" for n in range(10)).encode())
    bomb = repo.git("commit-tree", "-m", "bomb", tree)
    with pytest.raises(LimitExceeded) as caught:
        list_tree(repo.path / ".git", bomb, max_files=1_000)
    assert caught.value.code == "too_many_files"


def test_the_limit_itself_is_allowed(repo: Repo) -> None:
    assert len(list_tree(repo.path / ".git", repo.head, max_files=1)) == 1
    repo.commit({"b.py": ""})
    with pytest.raises(LimitExceeded):
        list_tree(repo.path / ".git", repo.head, max_files=1)


def test_reading_uses_no_repository_configuration_to_reach_out(repo: Repo) -> None:
    """A blob that is left out of a partial clone is missing, however much its configuration asks to download it."""
    clone = repo.path.parent / "partial"
    repo.git("config", "uploadpack.allowFilter", "true")
    repo.git("clone", "-q", "--bare", "--filter=blob:none", f"file://{repo.path}", str(clone))
    sha = repo.git("rev-parse", "HEAD:a.py")
    assert list(read_blobs(clone, [sha])) == [(sha, None)]
    assert Repo(clone).git("cat-file", "blob", sha) == "x = 1"  # plain git does download it
    assert list(read_blobs(clone, [sha])) == [(sha, b"x = 1\n")]


def test_stderr_is_kept_short_and_pipes_are_drained(repo: Repo) -> None:
    """More on standard error than a pipe holds must not stop git."""
    noisy = "".join(f"error {number}\n" for number in range(20_000))
    (repo.path / "noise").write_text(noisy)
    git = Git(repo.path / ".git", config={"alias.noise": f"!cat '{repo.path}/noise' >&2; echo done"})
    assert git.run("noise") == b"done\n"


def test_a_name_without_an_end_is_not_read_to_its_end(repo: Repo) -> None:
    blob = repo.git("hash-object", "-w", "--stdin", stdin=b"x")
    raw = b"100644 " + b"n" * 3_000_000 + b"\0" + bytes.fromhex(blob)
    tree = repo.git("hash-object", "-w", "-t", "tree", "--literally", "--stdin", stdin=raw)
    with pytest.raises(LimitExceeded) as caught:
        list_tree(repo.path / ".git", tree, max_files=10)
    assert caught.value.code == "name_too_long"
