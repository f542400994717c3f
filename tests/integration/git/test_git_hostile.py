"""Nothing in a repository is ever executed, and no name in a tree leads anywhere."""

import gzip
import os
import subprocess
from pathlib import Path

import pytest

from kotadb.errors import LimitExceeded, SourceRefused, SourceUnreachable
from kotadb.git import command
from kotadb.git.sources import Source, parse_local, parse_local_below, parse_remote
from kotadb.settings import Settings
from support.fetching import Fetcher, contents
from support.git_server import GitServer
from support.repos import AUTHOR, Repo, make_repo

CONFIG = {
    "core.fsmonitor": "{canary}",
    "core.alternateRefsCommand": "{canary}",
    "core.sshCommand": "{canary}",
    "core.gitProxy": "{canary}",
    "core.askPass": "{canary}",
    "credential.helper": "!{canary}",
    "diff.external": "{canary}",
    "filter.evil.clean": "{canary}",
    "filter.evil.smudge": "{canary}",
    "filter.evil.required": "true",
    "gc.recentObjectsHook": "{canary}",
    "gpg.program": "{canary}",
    "uploadpack.packObjectsHook": "{canary}",
    "remote.origin.uploadpack": "{canary}",
    "alias.fetch": "!{canary}",
    "gc.auto": "1",
}
HOOKS = ("post-checkout", "post-index-change", "pre-auto-gc", "reference-transaction", "pre-commit")

# What makes plain git fire each kind of canary, to show that they work.
PLAIN = {
    "core.fsmonitor": ["status"],
    "diff.external": ["diff"],
    "filter.evil.clean": ["add", "a.py"],
    "filter.evil.smudge": ["checkout", "--force", "HEAD", "--", "a.py"],
    "post-checkout": ["checkout", "--force", "-q", "HEAD"],
    "reference-transaction": ["update-ref", "refs/heads/x", "HEAD"],
    "pre-commit": ["commit", "--allow-empty", "-m", "x"],
}


def canary(folder: Path, name: str) -> Path:
    """A program that leaves a file `<name>.fired`."""
    program = folder / f"{name}.sh"
    program.write_text(f"#!/bin/sh\ntouch '{folder}/{name}.fired'\ncat\n")
    program.chmod(0o755)
    return program


def plant(repo: Repo, folder: Path) -> None:
    folder.mkdir()
    for name, value in CONFIG.items():
        repo.git("config", name, value.format(canary=canary(folder, name)))
    (repo.path / ".git" / "hooks").mkdir(exist_ok=True)
    for name in HOOKS:
        (repo.path / ".git" / "hooks" / name).symlink_to(canary(folder, name))


def fired(folder: Path) -> set[str]:
    return {path.name.removesuffix(".fired") for path in folder.glob("*.fired")}


def test_what_a_repository_configures_is_never_run(tmp_path: Path, fetch_local: Fetcher) -> None:
    repo = make_repo(tmp_path / "repo", {"a.py": "x", ".gitattributes": "*.py filter=evil\n"})
    plant(repo, tmp_path / "canaries")
    # "modified", so that plain git has reasons to look
    repo.write({"a.py": "y"})
    assert contents(fetch_local(parse_local(str(repo.path / ".git")))) == {
        b".gitattributes": b"*.py filter=evil\n",
        b"a.py": b"x",
    }
    assert fired(tmp_path / "canaries") == set()
    for name, arguments in PLAIN.items():
        subprocess.run(
            ["git", "-C", repo.path, *arguments],
            env=os.environ | AUTHOR, check=False, capture_output=True, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert name in fired(tmp_path / "canaries")


def test_a_lenders_alternates_run_nothing(tmp_path: Path, fetch_local: Fetcher) -> None:
    """git asks the repositories it borrows from for their refs, by running git there."""
    lender = make_repo(tmp_path / "lender", {"a.py": "x"})
    lender.git("clone", "-q", "--shared", ".", str(tmp_path / "repo"))
    plant(lender, tmp_path / "canaries")
    plant(Repo(tmp_path / "repo"), tmp_path / "canaries2")
    assert contents(fetch_local(parse_local(str(tmp_path / "repo")))) == {b"a.py": b"x"}
    assert fired(tmp_path / "canaries") | fired(tmp_path / "canaries2") == set()


def test_the_users_configuration_is_not_read(
    tmp_path: Path, fetch_local: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = make_repo(tmp_path / "repo", {"a.py": "x"})
    (tmp_path / "canaries").mkdir()
    hook = canary(tmp_path / "canaries", "hook")
    (tmp_path / ".gitconfig").write_text(f"[uploadpack]\npackObjectsHook = {hook}\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / ".gitconfig"))
    assert fetch_local(parse_local(str(repo.path))).commit_sha == repo.head
    assert fired(tmp_path / "canaries") == set()
    subprocess.run(["git", "clone", "-q", f"file://{repo.path}", tmp_path / "clone"], check=False, capture_output=True)
    assert fired(tmp_path / "canaries") == {"hook"}


def test_only_the_folder_itself_is_asked(tmp_path: Path, fetch_local: Fetcher) -> None:
    """Where git finds no repository, it goes on to look at others of similar names."""
    other = make_repo(tmp_path / "other", {"secret.py": "x"})
    repo = make_repo(tmp_path / "repo", {"a.py": "x"})
    source = parse_local(str(repo.path))
    (repo.path / ".git" / "HEAD").write_text("nothing\n")
    (tmp_path / "repo.git").symlink_to(other.path / ".git")
    with pytest.raises(SourceRefused):
        fetch_local(source)


def test_a_repository_that_changed_since_it_was_let_in_is_looked_at_again(tmp_path: Path) -> None:
    other = make_repo(tmp_path / "other", {"secret.py": "x"})
    repo = make_repo(tmp_path / "root" / "repo", {"a.py": "x"})
    roots = [tmp_path / "root"]
    source = parse_local_below(str(repo.path), roots)
    fetch_local = Fetcher(tmp_path, Settings())
    assert contents(fetch_local(source, roots=roots)) == {b"a.py": b"x"}
    (repo.path / ".git/objects/info").mkdir(exist_ok=True)
    (repo.path / ".git/objects/info/alternates").write_text(f"{other.path}/.git/objects\n")
    with pytest.raises(SourceRefused) as caught:
        fetch_local(source, roots=roots)
    assert caught.value.code == "outside_of_roots"


def test_what_a_server_says_takes_no_more_memory_than_git_is_given(server: GitServer, tmp_path: Path) -> None:
    make_repo(server.root / "owner" / "name", {"a.py": "x"})
    zipped = gzip.compress(bytes(400 * 1024 * 1024), 1)
    server.answer("info/refs", 200, {"Content-Type": "text/plain", "Content-Encoding": "gzip"}, zipped)
    small = Settings(
        git_allowed_hosts=(server.host_port,), git_ca_file=server.ca_file, max_git_memory_bytes=256 * 1024 * 1024
    )
    with pytest.raises(LimitExceeded) as caught:
        Fetcher(tmp_path, small)(parse_remote(server.url("owner/name")))
    assert caught.value.code == "fetch_memory"
    assert "KOTADB_MAX_GIT_MEMORY_BYTES" in caught.value.message


def test_a_server_that_tells_without_end_what_its_head_is_is_not_listened_to(server: GitServer, tmp_path: Path) -> None:
    def line(text: bytes) -> bytes:
        return b"%04x" % (len(text) + 4) + text

    make_repo(server.root / "owner" / "name", {"a.py": "x"})
    refs = b"".join(line(b"%040x refs/%d/%s/HEAD\n" % (1, number, b"x" * 900)) for number in range(3_000))
    answer = line(b"# service=git-upload-pack\n") + b"0000" + line(b"%040x HEAD\0\n" % 1) + refs + b"0000"
    server.answer("info/refs", 200, {"Content-Type": "application/x-git-upload-pack-advertisement"}, answer)
    settings = Settings(git_allowed_hosts=(server.host_port,), git_ca_file=server.ca_file)
    with pytest.raises(SourceRefused) as caught:
        Fetcher(tmp_path, settings)(parse_remote(server.url("owner/name")))
    assert caught.value.code == "answer_too_large"


# ---- trees -----------------------------------------------------------------------------------------------------------


def commit_tree(repo: Repo, mode: bytes, name: bytes) -> None:
    """A commit on `main` whose tree has one entry of this name, whatever git thinks of it."""
    content = repo.git("hash-object", "-w", "--stdin", stdin=b"../../../etc/passwd")
    if mode == b"40000":
        content = repo.git("mktree", stdin=f"100644 blob {content}\tconfig\n".encode())
    raw = mode + b" " + name + b"\0" + bytes.fromhex(content)
    tree = repo.git("hash-object", "-w", "-t", "tree", "--literally", "--stdin", stdin=raw)
    repo.git("update-ref", "refs/heads/main", repo.git("commit-tree", "-m", "hostile", tree))


HOSTILE = [
    (b"100644", b".."), (b"40000", b".."), (b"40000", b"."), (b"40000", b".git"), (b"40000", b".GIT"),
    (b"40000", b"GIT~1"), (b"40000", b".g\xe2\x80\x8cit"), (b"100644", b"/etc/x"), (b"100644", b"a/b"),
    (b"120000", b".gitmodules"), (b"100644", b""),
]  # fmt: skip


@pytest.fixture(params=["local", "remote"])
def hostile(request: pytest.FixtureRequest, server: GitServer) -> tuple[Repo, Source]:
    repo = make_repo(server.root / "owner" / "name", {"a.py": "x"})
    local = request.param == "local"
    return repo, parse_local(str(repo.path)) if local else parse_remote(server.url("owner/name"))


@pytest.mark.parametrize(("mode", "name"), HOSTILE, ids=ascii)
def test_a_tree_with_names_that_lead_elsewhere_is_refused(
    mode: bytes, name: bytes, hostile: tuple[Repo, Source], fetch_remote: Fetcher
) -> None:
    repo, source = hostile
    commit_tree(repo, mode, name)
    with pytest.raises(SourceRefused) as caught:
        fetch_remote(source)
    assert caught.value.code in ("unsafe_tree", "broken_objects", "broken_repository")


def test_a_pipe_among_the_objects_is_given_up(
    tmp_path: Path, fetch_local: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Opening a pipe that nobody writes to waits for ever."""
    repo = make_repo(tmp_path / "repo", {"a.py": "x"})
    fetched = fetch_local(parse_local(str(repo.path)))
    sha = repo.git("rev-parse", "HEAD:a.py")
    path = repo.path / ".git" / "objects" / sha[:2] / sha[2:]
    path.unlink()
    os.mkfifo(path)
    monkeypatch.setattr(command, "STALL_SECONDS", 0.5)
    with pytest.raises(SourceUnreachable) as caught:
        contents(fetched)
    assert caught.value.code == "fetch_timeout"
