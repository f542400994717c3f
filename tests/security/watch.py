"""How much memory the processes of a service take, seen from outside."""

import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

PAUSE_SECONDS = 0.05
PROC = Path("/proc")
SORTS = {b"kotadb.parsers.zygote_main": "parser", b"kotadb.jobs.worker": "worker"}
"""What a process is, by a part of its command line."""


class Watch:
    """Looks at everything below a process for as long as a `with`; `peaks` are bytes, by sort of process."""

    def __init__(self, process: int) -> None:
        self.peaks = {"parser": 0, "worker": 0, "git": 0}
        self.looks = 0
        self._process = process
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, name="watch")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._stop.wait(PAUSE_SECONDS):
            self.looks += 1
            waiting = children(self._process)
            while waiting:
                process = waiting.pop()
                waiting += children(process)
                with suppress(OSError):  # it may have ended
                    self._note(process)

    def _note(self, process: int) -> None:
        sort = sort_of((PROC / str(process) / "cmdline").read_bytes().split(b"\0"))
        if sort is not None:
            self.peaks[sort] = max(self.peaks[sort], peak_bytes(process))


def children(process: int) -> list[int]:
    found: list[int] = []
    with suppress(OSError):
        for thread in (PROC / str(process) / "task").iterdir():
            found += map(int, (thread / "children").read_text().split())
    return found


def sort_of(command: list[bytes]) -> str | None:
    """None for what only starts others."""
    if Path(command[0].decode("utf-8", "replace")).name.startswith("git"):
        return "git"
    return next((sort for part, sort in SORTS.items() if part in command), None)


def peak_bytes(process: int) -> int:
    """The most memory that it has had."""
    lines = (PROC / str(process) / "status").read_text().splitlines()
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)
