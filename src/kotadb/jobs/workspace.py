"""Temporary directories of runs: `<tmp>/kotadb-<job-id>/<claim>/`, gone in every outcome.

A run holds a lock on `.lock` in its directory, and its git processes inherit it. What the sweeper can lock is therefore
nobody's any more: the run was killed, and so were its children.
"""

import fcntl
import os
import re
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from kotadb.errors import JobError
from kotadb.logs import get_logger

_JOB_FOLDER = re.compile(r"kotadb-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

CLEAR_SECONDS = 5

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Workspace:
    """A run's directory and the descriptor of its lock, for children to inherit."""

    path: Path
    lock_fd: int


@contextmanager
def workspace(temp_dir: Path, job_id: UUID, claim: int) -> Iterator[Workspace]:
    """A directory for one run, removed with everything in it when the context ends, however it ends.

    Raises JobError if somebody else has taken its name.
    """
    temp_dir.mkdir(parents=True, exist_ok=True)
    folder = temp_dir / f"kotadb-{job_id}" / str(claim)
    lock_fd = _make(folder)
    try:
        yield Workspace(folder, lock_fd)
    finally:
        _remove(folder)
        os.close(lock_fd)


def clear(temp_dir: Path, job_id: UUID) -> None:
    """Remove what a killed run of this job has left, as soon as its last child has let go of it."""
    deadline = time.monotonic() + CLEAR_SECONDS
    for folder in _entries(temp_dir / f"kotadb-{job_id}"):
        while not _remove_if_orphaned(folder) and folder.exists() and time.monotonic() < deadline:
            time.sleep(0.05)  # a lock cannot be waited for with a limit


def sweep(temp_dir: Path) -> int:
    """Remove the directories that killed runs have left. Returns how many."""
    removed = 0
    for job in _entries(temp_dir):
        if _JOB_FOLDER.fullmatch(job.name):
            removed += sum(_remove_if_orphaned(run) for run in _entries(job))
            with suppress(OSError):  # others are in it
                job.rmdir()
    if removed:
        log.info("removed orphaned directories", directories=removed)
    return removed


@dataclass(frozen=True, slots=True)
class Leftovers:
    """What a look at the temporary folder finds: directories that a sweep would remove, and the size of all of ours."""

    orphaned: int
    bytes: int


def look(temp_dir: Path) -> Leftovers:
    """Look at the directories of all runs, and change nothing."""
    jobs = [job for job in _entries(temp_dir) if _JOB_FOLDER.fullmatch(job.name)]
    orphaned = sum(_is_orphaned(run) for job in jobs for run in _entries(job))
    return Leftovers(orphaned, sum(_size(job) for job in jobs))


def _is_orphaned(folder: Path) -> bool:
    """Whether nobody holds its lock. Asked for shared, and for an instant: who looks is in nobody's way."""
    try:
        lock_fd = os.open(folder / ".lock", os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return folder.is_dir()  # killed before it could make one, unless it is gone
    try:
        fcntl.flock(lock_fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(lock_fd)
    return True


def _size(folder: Path) -> int:
    """Of all files in it, which come and go meanwhile."""
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += (Path(path) / name).lstat().st_size
    return total


def _make(folder: Path) -> int:
    """Make the folder and lock it. A sweeper may come in between, and take it for an orphan: then once more."""
    while True:
        with suppress(FileNotFoundError):
            for made in (folder.parent, folder):
                made.mkdir(mode=0o700, exist_ok=True)
                if not _is_ours(made):
                    raise JobError(f"{made} is somebody else's: set KOTADB_TEMP_DIR", code="temp_dir_taken")
            lock_fd = _open_lock(folder)
            fcntl.flock(lock_fd, fcntl.LOCK_EX)
            if os.fstat(lock_fd).st_nlink:
                return lock_fd
            os.close(lock_fd)


def _open_lock(folder: Path) -> int:
    return os.open(folder / ".lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def _is_ours(folder: Path) -> bool:
    """A real folder of this user's: in a shared temporary folder others may make links, and folders, of any name."""
    status = folder.lstat()
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()


def _entries(folder: Path) -> list[Path]:
    """The folders of ours in `folder`, none where it cannot be read."""
    try:
        return [entry for entry in folder.iterdir() if _is_ours(entry)]
    except OSError:  # somebody else's, gone meanwhile, or not made yet
        return []


def _remove_if_orphaned(folder: Path) -> bool:
    try:
        lock_fd = _open_lock(folder)  # made where it is missing: its run was killed before it could
    except OSError:
        return False
    try:
        fcntl.flock(lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not os.fstat(lock_fd).st_nlink:  # another sweeper was first, and its name may be in use again
            return False
    except BlockingIOError:
        return False
    else:
        _remove(folder)
        return True
    finally:
        os.close(lock_fd)


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        log.error("a temporary directory could not be removed", path=str(folder))
    with suppress(OSError):  # another run of the same job may have its directory here
        folder.parent.rmdir()
