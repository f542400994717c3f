"""To watch processes that are not our children, and to meet those that are not our own, without sleeping."""

import os
import select
import time
from pathlib import Path

import psutil

_STOPPED = "T"


def descriptors() -> int:
    """How many descriptors this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


def is_alive(process: int) -> bool:
    """Whether there is such a process, be it one that has ended and was not waited for."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def pause(process: psutil.Process) -> None:
    """Stop a process, and return once each of its threads stands still: the signal itself takes effect later."""
    process.suspend()
    while any(state != _STOPPED for state in _thread_states(process.pid)):
        time.sleep(0.001)  # the kernel tells nobody but its parent


def _thread_states(process: int) -> list[str]:
    threads = Path(f"/proc/{process}/task").iterdir()
    return [(thread / "stat").read_text().rpartition(")")[2].split()[0] for thread in threads]


class Watch:
    """Knows when a process ends, also one of another parent; zombies have ended. Make it while the process lives."""

    def __init__(self, process: int) -> None:
        self._descriptor = os.pidfd_open(process)

    def ends_within(self, seconds: float) -> bool:
        """Wait for the end, and stop watching."""
        try:
            return bool(select.select([self._descriptor], [], [], seconds)[0])
        finally:
            os.close(self._descriptor)


class Meeting:
    """A place where a file says it is being parsed ("meet …" of `support.poison`), and waits to be sent on."""

    def __init__(self, folder: Path, name: str = "meeting") -> None:
        self._there = folder / f"{name}-there"
        self._back = folder / f"{name}-back"
        os.mkfifo(self._there)
        os.mkfifo(self._back)

    @property
    def source(self) -> bytes:
        """The text of the file that comes here."""
        return f"meet {self._there} {self._back}".encode()

    def wait(self) -> int:
        """Wait until the file is being parsed; the process that does it."""
        return int(self._there.read_bytes())

    def send_on(self) -> None:
        self._back.write_bytes(b"go")
