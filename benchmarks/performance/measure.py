"""What a command costs: wall time, CPU time of everything it starts, and the most memory that was in use at one time.

All of it comes from Linux: wait4 and /proc. A server that runs beside the command is counted with it.

- CPU of the command is exact: the kernel adds up every descendant that was waited for, and kotadb waits for all of its
  own. CPU of the server is the difference of two readings; what a backend had when it ended is with the postmaster.
- Memory is the sum of the proportional set sizes (PSS): a page that processes share counts once. It can only be
  sampled, and a sample takes milliseconds of a core, so runs that are timed need not be sampled.
"""

import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

SAMPLE_SECONDS = 0.05
GRACE_SECONDS = 30
ERROR_BYTES = 2000
TICKS = os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")

Memory = tuple[tuple[float, int], ...]
"""Samples: seconds since the start, bytes."""


class MeasurementFailed(Exception):
    """What was to be measured failed; the message says what, and what it said."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a command took, with its server if it had one. `memory` is empty unless it was asked for."""

    wall_seconds: float
    cpu_seconds: float
    memory: Memory = ()
    busy_seconds: float = 0.0
    """CPU that the whole machine spent meanwhile."""

    @property
    def others_percent(self) -> float:
        """What everybody else took of the machine: where it is much, times say little."""
        others = max(0.0, self.busy_seconds - self.cpu_seconds)
        return 100 * others / (self.wall_seconds * (os.cpu_count() or 1))

    @property
    def peak_bytes(self) -> int:
        return max((size for _, size in self.memory), default=0)


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended: what it printed, and what it took."""

    output: str
    cost: Cost


def run(
    command: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    server: int | None = None,
    sampled: bool = False,
) -> Done:
    """Run the command to its end. `server` is the process id of a postmaster that works for it.

    Raises MeasurementFailed with what the command complained of, if it fails.
    """
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        server_before, busy_before, began = server_cpu_seconds(server), machine_cpu_seconds(), time.monotonic()
        process = subprocess.Popen(
            command, env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=errors
        )
        roots = [process.pid] if server is None else [process.pid, server]
        with ended(process), _sampling(roots, sampled) as memory:
            _, status, usage = os.wait4(process.pid, 0)
            wall, busy = time.monotonic() - began, machine_cpu_seconds() - busy_before
            process.returncode = os.waitstatus_to_exitcode(status)
        cpu = usage.ru_utime + usage.ru_stime + server_cpu_seconds(server) - server_before
        if process.returncode != 0:
            said = (_end_of(output) + _end_of(errors)).strip()
            raise MeasurementFailed(f"{' '.join(command)} failed with exit code {process.returncode}: {said}")
        output.seek(0)
        return Done(output.read().decode("utf-8", "replace"), Cost(wall, cpu, tuple(memory), busy))


@contextmanager
def ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Whatever happens here, the process does not outlive it; it is asked first, as it has processes of its own."""
    try:
        yield
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                process.wait(GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _end_of(file: IO[bytes]) -> str:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - ERROR_BYTES))
    return file.read().decode("utf-8", "replace")


# ---- CPU -------------------------------------------------------------------------------------------------------------


def server_cpu_seconds(postmaster: int | None) -> float:
    """Of a server since its start: its living processes, and its backends that have ended."""
    if postmaster is None:
        return 0.0
    return sum(_cpu_seconds(pid) for pid in (postmaster, *_children(postmaster)))


def machine_cpu_seconds() -> float:
    """Of all processes of the machine since it started, without idling and waiting for disks."""
    user, nice, system, _idle, _iowait, *interrupts = (PROC / "stat").read_text().split("\n", 1)[0].split()[1:9]
    return sum(map(int, (user, nice, system, *interrupts))) / TICKS


def tree_cpu_seconds(root: int) -> float:
    """Of a process and its living descendants, with what their children had that were waited for."""
    return sum(_cpu_seconds(pid) for pid in descendants(root))


def _cpu_seconds(pid: int) -> float:
    """utime, stime, cutime and cstime: the process, and its children that were waited for."""
    with suppress(OSError):
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / TICKS
    return 0.0


# ---- memory ----------------------------------------------------------------------------------------------------------


@contextmanager
def _sampling(roots: Sequence[int], sampled: bool) -> Iterator[list[tuple[float, int]]]:
    """A list that fills with samples of all processes below the roots while the context lasts."""
    samples: list[tuple[float, int]] = []
    if not sampled:
        yield samples
        return
    _require_readable(roots)
    began = time.monotonic()

    def sample(stop: threading.Event) -> None:
        while True:
            samples.append((time.monotonic() - began, memory_bytes(roots)))
            if stop.wait(SAMPLE_SECONDS):
                return

    with beside("memory", sample):
        yield samples


@contextmanager
def beside(name: str, work: Callable[[threading.Event], None]) -> Iterator[None]:
    """Have a thread do this for as long as the context lasts: until the event that it is given."""
    stop = threading.Event()
    thread = threading.Thread(target=work, args=[stop], name=name)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _require_readable(roots: Sequence[int]) -> None:
    """Nothing may be left out in silence: in some containers even root must not look at other users' memory."""
    for root in roots:
        try:
            (PROC / str(root) / "smaps_rollup").read_bytes()
        except PermissionError:
            raise MeasurementFailed(
                f"the memory of process {root} is closed to us: give the container CAP_SYS_PTRACE, or do not be root"
            ) from None
        except OSError:  # it ended at once
            pass


def memory_bytes(roots: Sequence[int]) -> int:
    """The proportional set sizes of the processes and all of their descendants, added up."""
    return sum(_pss_bytes(pid) for root in roots for pid in descendants(root))


def _pss_bytes(pid: int) -> int:
    with suppress(OSError):  # it ended while we looked
        for line in (PROC / str(pid) / "smaps_rollup").read_bytes().splitlines():
            if line.startswith(b"Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def descendants(root: int) -> list[int]:
    """The process and all below it that are alive."""
    found = [root]
    for pid in found:
        found.extend(_children(pid))
    return found


def _children(pid: int) -> list[int]:
    """By thread: a child is listed with the one that started it."""
    children: list[int] = []
    with suppress(OSError):
        for thread in (PROC / str(pid) / "task").iterdir():
            with suppress(OSError):
                children.extend(map(int, (thread / "children").read_text().split()))
    return children
