"""Which kotadb services run on this machine, so that `kotadb stop` finds them.

Each holds a lock on a file named by its pid: a file that can be locked is left from one that was killed.
"""

import fcntl
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kotadb.errors import KotaError
from kotadb.settings import Settings

POLL_SECONDS = 0.1
GRACE_SECONDS = 10
"""How much longer than the drain's limit a service may take to end."""


@contextmanager
def registered(settings: Settings) -> Iterator[None]:
    """Be findable for as long as the context lasts."""
    folder = _folder(settings)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / str(os.getpid())
    with file.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        try:
            yield
        finally:
            file.unlink(missing_ok=True)


def stop_registered(settings: Settings) -> int:
    """Ask every service to stop, and wait until it has. Returns how many there were."""
    running = [file for file in _files(settings) if _is_held(file)]
    for file in running:
        with suppress(ProcessLookupError):
            os.kill(int(file.name), signal.SIGTERM)
    deadline = time.monotonic() + settings.drain_seconds + GRACE_SECONDS
    while any(_is_held(file) for file in running) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)  # another process's lock cannot be waited for with a limit
    left = [file.name for file in running if _is_held(file)]
    if left:
        raise KotaError(f"Process {', '.join(left)} does not stop; run this again to end its jobs at once")
    return len(running)


def _folder(settings: Settings) -> Path:
    return settings.data_dir / "running"


def _files(settings: Settings) -> list[Path]:
    folder = _folder(settings)
    return [file for file in folder.iterdir() if file.name.isdecimal()] if folder.is_dir() else []


def _is_held(file: Path) -> bool:
    try:
        with file.open("r") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            file.unlink(missing_ok=True)
            return False
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
