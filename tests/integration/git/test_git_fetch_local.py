"""Fetching a repository of this machine, in every state people leave theirs in."""

import os
import subprocess
import zlib
from pathlib import Path

import pytest

from kotadb.errors import SourceRefused
from kotadb.git.fetch import Fetched
from kotadb.git.sources import parse_local
from support.fetching import Fetcher, contents, listing
from support.repos import Repo, make_repo


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return make_repo(tmp_path / "repo", {"a.py": "x = 1\n", "b/c.ts": "export {}\n"})


def expect(fetched: Fetched, commit: str, branch: str | None) -> None:
    assert (fetched.commit_sha, fetched.branch) == (commit, branch)
    assert contents(fetched) == {b"a.py": b"x = 1\n", b"b/c.ts": b"export {}\n"}


def object_file(repo: Repo, sha: str) -> Path:
    path = repo.path / ".git" / "objects" / sha[:2] / sha[2:]
    path.chmod(0o644)
    return path


def test_head_and_any_ref_arrive(repo: Repo, fetch_local: Fetcher) -> None:
    source, first = parse_local(str(repo.path)), repo.head
    expect(fetch_local(source), first, "main")
    repo.git("tag", "--annotate", "--message=one", "v1")
    repo.commit({"later.py": ""})
    for ref in ("v1", "refs/tags/v1"):
        expect(fetch_local(source, ref=ref), first, None)


def test_a_commit_that_no_branch_has_arrives(repo: Repo, fetch_local: Fetcher) -> None:
    first = repo.head
    repo.git("commit", "-q", "--amend", "-m", "rewritten")
    assert first != repo.head
    expect(fetch_local(parse_local(str(repo.path)), commit=first), first, None)


def test_a_dirty_work_tree_does_not_matter(repo: Repo, fetch_local: Fetcher) -> None:
    repo.write({"a.py": "dirty", "new.py": ""})
    repo.git("add", "new.py")
    expect(fetch_local(parse_local(str(repo.path))), repo.head, "main")


def test_a_linked_work_tree_has_its_own_head(repo: Repo, fetch_local: Fetcher) -> None:
    commit = repo.head
    repo.git("worktree", "add", "-q", "-b", "other", str(repo.path.parent / "linked"))
    repo.commit({"later.py": ""})
    expect(fetch_local(parse_local(str(repo.path.parent / "linked"))), commit, "other")


def test_a_detached_head_has_no_branch(repo: Repo, fetch_local: Fetcher) -> None:
    repo.git("checkout", "-q", "--detach")
    expect(fetch_local(parse_local(str(repo.path))), repo.head, None)


def test_an_unborn_head_has_no_commit(tmp_path: Path, fetch_local: Fetcher) -> None:
    (tmp_path / "new").mkdir()
    Repo(tmp_path / "new").git("init", "-q")
    assert fetch_local(parse_local(str(tmp_path / "new"))).commit_sha is None


@pytest.mark.parametrize(
    "how", [["--bare"], ["--mirror"], ["--shared"], ["--depth=1", "--no-local"], ["--bare", "--shared"]], ids=" ".join
)
def test_every_kind_of_clone_is_a_source(how: list[str], repo: Repo, fetch_local: Fetcher) -> None:
    clone = repo.path.parent / "clone"
    repo.git("clone", "-q", *how, f"file://{repo.path}" if "--no-local" in how else ".", str(clone))
    expect(fetch_local(parse_local(str(clone))), repo.head, "main")


def test_a_packed_repository_is_a_source(repo: Repo, fetch_local: Fetcher) -> None:
    repo.git("gc", "-q", "--aggressive", "--prune=now")
    expect(fetch_local(parse_local(str(repo.path))), repo.head, "main")


@pytest.mark.parametrize(
    "name", ["with space", "100%25", "ü", "quo'te\"", "back\\slash", "#hash;x", "$(id)", "-x", "*"]
)
def test_any_folder_name_will_do(name: str, tmp_path: Path, fetch_local: Fetcher) -> None:
    repo = make_repo(tmp_path / name, {"a.py": "x = 1\n", "b/c.ts": "export {}\n"})
    expect(fetch_local(parse_local(str(repo.path))), repo.head, "main")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a checkout away")
def test_another_users_checkout_is_a_source(repo: Repo, fetch_local: Fetcher) -> None:
    repo.git("worktree", "add", "-q", "-b", "other", str(repo.path.parent / "linked"))
    repo.git("clone", "-q", "--bare", ".", str(repo.path.parent / "bare.git"))
    commit = repo.head
    for folder in ("repo", "linked", "bare.git"):
        subprocess.run(["chown", "-R", "nobody", str(repo.path.parent / folder)], check=True)
    for folder, branch in (("repo", "main"), ("linked", "other"), ("bare.git", "main")):
        source = parse_local(str(repo.path.parent / folder))
        plain = subprocess.run(["git", "ls-remote", f"file://{source.path}"], check=False, capture_output=True)
        assert b"dubious ownership" in plain.stderr
        expect(fetch_local(source), commit, branch)


def test_sha256_is_a_source(tmp_path: Path, fetch_local: Fetcher) -> None:
    (tmp_path / "new").mkdir()
    repo = Repo(tmp_path / "new")
    repo.git("init", "-q", "--object-format=sha256", "--initial-branch=main")
    repo.commit({"a.py": "x = 1\n", "b/c.ts": "export {}\n"})
    expect(fetch_local(parse_local(str(repo.path))), repo.head, "main")
    expect(fetch_local(parse_local(str(repo.path)), ref="main"), repo.head, None)


def test_submodules_and_their_configuration_are_only_listed(repo: Repo, fetch_local: Fetcher) -> None:
    repo.write({".gitmodules": '[submodule "s"]\n\tpath = s\n\turl = https://h.example/o/n\n'})
    repo.git("add", ".gitmodules")
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{repo.head},s")
    repo.git("commit", "-q", "-m", "submodule")
    entry = listing(fetch_local(parse_local(str(repo.path))))[b"s"]
    assert (entry.mode, entry.size_bytes) == ("160000", None)


# ---- damage ----------------------------------------------------------------------------------------------------------


def test_a_missing_blob_costs_that_file_only(repo: Repo, fetch_local: Fetcher) -> None:
    object_file(repo, repo.git("rev-parse", "HEAD:a.py")).unlink()
    fetched = fetch_local(parse_local(str(repo.path)))
    sizes = {path: entry.size_bytes for path, entry in listing(fetched).items()}
    assert sizes == {b"a.py": None, b"b/c.ts": 10}
    assert contents(fetched) == {b"a.py": None, b"b/c.ts": b"export {}\n"}


def cut_off(whole: bytes) -> bytes:
    return whole[: len(whole) // 2]


def garbled(whole: bytes) -> bytes:
    return b"not zlib at all"


def exchanged(whole: bytes) -> bytes:
    return zlib.compress(b"blob 6\0x = 2\n")


def emptied(whole: bytes) -> bytes:
    return b""


@pytest.mark.parametrize("damage", [cut_off, garbled, exchanged, emptied])
@pytest.mark.parametrize("size", [1, 300_000])
def test_a_damaged_blob_costs_that_file_only(damage: object, size: int, repo: Repo, fetch_local: Fetcher) -> None:
    repo.commit({"0.txt": "before", "a.py": os.urandom(size), "z.txt": "after"})
    file = object_file(repo, repo.git("rev-parse", "HEAD:a.py"))
    assert callable(damage)
    file.write_bytes(damage(file.read_bytes()))
    read = contents(fetch_local(parse_local(str(repo.path))))
    assert read == {b"0.txt": b"before", b"a.py": None, b"b/c.ts": b"export {}\n", b"z.txt": b"after"}


def test_what_a_partial_clone_left_out_is_missing_and_not_downloaded(repo: Repo, fetch_local: Fetcher) -> None:
    clone = repo.path.parent / "partial"
    repo.git("config", "uploadpack.allowFilter", "true")
    repo.git("clone", "-q", "--filter=blob:none", "--no-checkout", f"file://{repo.path}", str(clone))
    assert set(contents(fetch_local(parse_local(str(clone)))).values()) == {None}


def test_a_missing_tree_is_a_broken_repository(repo: Repo, fetch_local: Fetcher) -> None:
    object_file(repo, repo.git("rev-parse", "HEAD:b")).unlink()
    with pytest.raises(SourceRefused) as caught:
        fetch_local(parse_local(str(repo.path)))
    assert caught.value.code == "broken_repository"


def test_a_repository_that_went_away_is_said_to_have(repo: Repo, fetch_local: Fetcher) -> None:
    source = parse_local(str(repo.path))
    (repo.path / ".git").rename(repo.path / "gone")
    with pytest.raises(SourceRefused) as caught:
        fetch_local(source)
    assert caught.value.code == "not_a_repository"


def test_what_does_not_exist_is_said_at_once(repo: Repo, fetch_local: Fetcher) -> None:
    source = parse_local(str(repo.path))
    with pytest.raises(SourceRefused) as caught:
        fetch_local(source, ref="nope")
    assert caught.value.code == "ref_not_found"
    with pytest.raises(SourceRefused) as caught:
        fetch_local(source, commit="1" * 40)
    assert caught.value.code == "commit_not_found"
