"""The machine's budget of parser processes, shared by all workers: one lock file per slot.

A slot is held while a batch is parsed and no longer, so that three jobs share the cores and one job alone has them
all. The kernel gives a slot back when its holder dies, in whatever way.

Whoever wants a slot first takes the one place at the head of the line, another lock file. Without it a holder that
takes its next slot right after giving one back would always win against those who look every few milliseconds.

The budget spares the machine; it protects no data. Where no slot comes free for `patience` seconds, because a stopped
process sits on them, a batch is parsed without one rather than never.
"""

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from time import monotonic

from kotadb.errors import ConfigurationError
from kotadb.logs import get_logger
from kotadb.parsers.stop import Stop
from kotadb.settings import Settings

POLL_SECONDS = 0.002
PATIENCE_SECONDS = 10.0
LITTLE_PATIENCE_SECONDS = 0.1

log = get_logger(__name__)


class Slots:
    """Slots 0 to `count` - 1 in `folder`. One object serves all threads of a pool."""

    def __init__(self, folder: Path, count: int, patience: float = PATIENCE_SECONDS) -> None:
        self._files = [folder / f"{number}.lock" for number in range(count)]
        self._head = folder / "head-of-line.lock"
        self._full_patience = self._patience = patience
        self._turn = Lock()  # one thread per pool stands in the line

    @contextmanager
    def slot(self, stop: Stop) -> Iterator[bool]:
        """Wait for a slot and hold it; False stands for none after all the patience. Raises Stopped."""
        descriptor = self._wait_in_line(stop)
        try:
            yield descriptor is not None
        finally:
            if descriptor is not None:
                os.close(descriptor)

    def _wait_in_line(self, stop: Stop) -> int | None:
        with self._turn:
            deadline = monotonic() + self._patience
            head = _first_lock([self._head], stop, deadline)
            try:
                slot = _first_lock(self._files, stop, deadline)
            finally:
                if head is not None:
                    os.close(head)
            self._remember(slot is not None)
            return slot

    def _remember(self, got_one: bool) -> None:
        """Having waited in vain once, do not wait as long for every batch that follows."""
        if not got_one and self._patience == self._full_patience:
            log.warning("no parser slot came free; parsing without one", waited_seconds=self._patience)
        self._patience = self._full_patience if got_one else min(LITTLE_PATIENCE_SECONDS, self._full_patience)


def slot_folder(settings: Settings) -> Path:
    """The folder of the lock files, made if need be: in the data folder, else a private one for temporary files.

    Raises ConfigurationError where neither can be used.
    """
    folder = settings.data_dir / "slots"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return _private_folder(settings.temp_dir)
    return folder if os.access(folder, os.W_OK | os.X_OK) else _private_folder(settings.temp_dir)


def _private_folder(parent: Path) -> Path:
    folder = parent / f"parser-slots-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError as error:
        raise ConfigurationError(
            f"KOTADB_DATA_DIR: it cannot be written to, and neither can {folder}: {error}"
        ) from error
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise ConfigurationError(f"{folder} belongs to somebody else; remove it or set KOTADB_DATA_DIR")
    return folder


def _first_lock(files: list[Path], stop: Stop, deadline: float) -> int | None:
    """The descriptor of the first file that could be locked, or None once it is too late."""
    while True:
        for file in files:
            if (descriptor := _try_lock(file)) is not None:
                return descriptor
        if monotonic() >= deadline:
            return None
        stop.sleep(POLL_SECONDS)


def _try_lock(file: Path) -> int | None:
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
