"""No git outlives what it was started for: shown with the lock that every process of a job inherits."""

import fcntl
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from kotadb.errors import ClaimLost, ConfigurationError, SourceUnreachable
from kotadb.git import command
from kotadb.git.command import Git, git_version
from kotadb.git.sources import RemoteSource, parse_remote
from support.fetching import Fetcher
from support.git_server import GitServer
from support.repos import make_repo

WORKER = """
import sys
from pathlib import Path
from kotadb.git import command
from kotadb.git.fetch import fetch
from kotadb.git.sources import parse_remote
from kotadb.settings import Settings

url, host_port, ca_file, into, lock_fd, guard = sys.argv[1:]
command.GUARD = Path(guard)
fetch(parse_remote(url), into=Path(into), lock_fd=int(lock_fd),
      settings=Settings(git_allowed_hosts=(host_port,), git_ca_file=Path(ca_file)))
"""
NO_GUARD = "import os, sys; os.execv(sys.argv[4], sys.argv[4:])"
PACK_REQUEST = 4  # after two of ls-remote, and the one that opens the fetch


@pytest.fixture
def source(server: GitServer) -> RemoteSource:
    make_repo(server.root / "owner" / "name", {"a.py": ""})
    return parse_remote(server.url("owner/name"))


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    return tmp_path / ".lock"


def is_locked(lock: Path) -> bool:
    with lock.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def wait_until_unlocked(lock: Path) -> None:
    """Return once nobody holds the lock any more; in vain, the test's own time limit ends it."""
    with lock.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)


def kill_worker_in_fetch(server: GitServer, source: RemoteSource, lock: Path, guard: Path) -> None:
    """Start a worker that holds the lock, and kill it while the server keeps it waiting for the pack."""
    gate = server.hold("owner/name", after=PACK_REQUEST - 1)
    into = lock.with_name("job")
    into.mkdir()
    with lock.open("ab") as mine:
        fcntl.flock(mine, fcntl.LOCK_EX)
        arguments = [source.address, server.host_port, server.ca_file, into, mine.fileno(), guard]
        worker = subprocess.Popen(
            [sys.executable, "-c", WORKER, *map(str, arguments)], pass_fds=(mine.fileno(),), stdout=subprocess.DEVNULL
        )
    gate.reached.wait()
    worker.kill()
    assert worker.wait() == -signal.SIGKILL


def processes_of(server: GitServer) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        try:
            if any(server.host_port in argument for argument in process.cmdline()):
                yield process
        except psutil.Error:
            continue


def test_a_killed_worker_takes_its_git_along(server: GitServer, source: RemoteSource, lock: Path) -> None:
    kill_worker_in_fetch(server, source, lock, command.GUARD)
    wait_until_unlocked(lock)
    assert not is_locked(lock)


def test_without_the_guard_it_would_not(server: GitServer, source: RemoteSource, lock: Path) -> None:
    bare = lock.with_name("no_guard.py")
    bare.write_text(NO_GUARD)
    kill_worker_in_fetch(server, source, lock, bare)
    assert is_locked(lock)
    for survivor in processes_of(server):
        survivor.kill()
    wait_until_unlocked(lock)


def test_the_wall_clock_ends_git(server: GitServer, source: RemoteSource, lock: Path, fetch_remote: Fetcher) -> None:
    server.hold("info/refs")
    short = fetch_remote.settings.model_copy(update={"max_fetch_seconds": 0.5})
    with lock.open("ab") as mine:
        fcntl.flock(mine, fcntl.LOCK_EX)
        with pytest.raises(SourceUnreachable) as caught:
            fetch_remote(source, settings=short, lock_fd=mine.fileno())
    assert caught.value.code == "fetch_timeout"
    wait_until_unlocked(lock)
    assert not is_locked(lock)


def test_a_check_that_raises_ends_git(
    server: GitServer, source: RemoteSource, lock: Path, fetch_remote: Fetcher
) -> None:
    gate = server.hold("owner/name", after=PACK_REQUEST - 1)

    def check() -> None:
        if gate.reached.is_set():
            raise ClaimLost

    with lock.open("ab") as mine:
        fcntl.flock(mine, fcntl.LOCK_EX)
        with pytest.raises(ClaimLost):
            fetch_remote(source, lock_fd=mine.fileno(), check=check)
    wait_until_unlocked(lock)
    assert not is_locked(lock)


def test_git_is_limited_in_files_and_memory(tmp_path: Path) -> None:
    git = Git(tmp_path, config={"alias.limits": "!ulimit -f; ulimit -d; ulimit -v; ulimit -c"}, file_bytes=1024 * 1024)
    files, memory, mapped, core = git.run("limits").split()
    assert (int(memory) * 1024, int(mapped) * 1024, int(core)) == (command.MEMORY_BYTES, 4 * command.MEMORY_BYTES, 0)
    assert int(files) in (1024, 2048)  # shells count in blocks of 1,024 or 512 bytes


def test_git_sees_nothing_of_our_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://user:secret@h/db")
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", "'core.pager=touch x'")
    seen = Git(tmp_path, config={"alias.environment": "!env"}, private_config={"x.y": "z"}).run("environment").decode()
    assert "secret" not in seen
    assert "touch" not in seen
    assert "GIT_CONFIG_VALUE_0=z" in seen


@pytest.fixture
def forgotten_git() -> Iterator[None]:
    """git is looked for again, now and afterwards."""
    caches = (command.find_git, command.git_version)
    for cached in caches:
        cached.cache_clear()
    yield
    for cached in caches:
        cached.cache_clear()


@pytest.mark.usefixtures("forgotten_git")
@pytest.mark.parametrize("version", ["2.39.3", "2.30", "1.9.5.msysgit", "nonsense"])
def test_an_old_git_is_refused(version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "git").write_text(f"#!/bin/sh\necho git version {version}\n")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigurationError, match=r"install git 2\.39\.4"):
        git_version()


@pytest.mark.usefixtures("forgotten_git")
def test_a_missing_git_is_said_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigurationError, match="not installed"):
        git_version()


def test_this_git_will_do() -> None:
    assert tuple(int(part) for part in git_version().split(".")) >= command.MINIMUM_VERSION
