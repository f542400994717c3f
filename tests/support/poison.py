"""Work for parser processes that does what the text of the file says, to see what the pool makes of it.

Imported by the child alone. Any text that is not one of the words below is parsed: its facts are its length, and the
process that did it.
"""

import contextlib
import fcntl
import os
import resource
import signal
import sys
from pathlib import Path

import msgpack

Result = tuple[bytes, float, float, float]


def work(language: str, source: bytes) -> Result:
    word, _, argument = source.decode("utf-8", "replace").partition(" ")
    behaviour = BEHAVIOURS.get(word)
    if behaviour is not None:
        behaviour(argument)
    return msgpack.packb([len(source), os.getpid()]), 0.25, 0.5, 0.125


def length_and_process(facts: bytes) -> tuple[int, int]:
    length, process = msgpack.unpackb(facts)
    return length, process


def _crash(_: str) -> None:
    os.abort()


def _killed(_: str) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _hang(_: str) -> None:
    while True:
        pass


def _memory(_: str) -> None:
    hoard = []
    while True:
        hoard.append(bytearray(16 * 1024 * 1024))


def _once(path: str) -> None:
    """Crash, but not if it happened before."""
    if not Path(path).exists():
        Path(path).touch()
        os.abort()


def _native_memory(_: str) -> None:
    os.write(2, b"tree-sitter failed to allocate 4096 bytes\n")
    os.abort()


def _raise(_: str) -> None:
    raise RuntimeError("no \x1b[31mway")


def _exit(_: str) -> None:
    sys.exit(7)


def _talk(_: str) -> None:
    print("not a frame" * 1000)  # noqa: T201 (that it goes nowhere is the point)
    with contextlib.suppress(OSError):
        while True:
            os.write(2, b"x" * 65536)


def _report(path: str) -> None:
    """Write what this process is to the file `path`."""
    limits = [
        resource.getrlimit(limit)[0] for limit in (resource.RLIMIT_CORE, resource.RLIMIT_AS, resource.RLIMIT_DATA)
    ]
    report = {
        "modules": sorted(sys.modules),
        "environment": dict(os.environ),
        "limits": limits,
        "search_path": sys.path,
        "session": os.getsid(0) == os.getpid(),
        "descriptors": len(list(Path("/proc/self/fd").iterdir())) - 1,
    }
    Path(path).write_bytes(msgpack.packb(report))


def _meet(arguments: str) -> None:
    """Say hello through the FIFO `there`, and go on when somebody writes to the FIFO `back`."""
    there, back = arguments.split(" ")
    Path(there).write_bytes(b"%d\n" % os.getpid())
    Path(back).read_bytes()


def _count(path: str) -> None:
    """Add to the lines of `path` how many processes are here at this time, itself included."""
    with Path(path).open("a+") as book:
        _write_down(book.fileno(), +1)
        for _ in range(20_000):  # long enough for others to come, where they can
            pass
        _write_down(book.fileno(), -1)


def _write_down(descriptor: int, change: int) -> None:
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    lines = os.pread(descriptor, 1 << 20, 0).split()
    os.write(descriptor, b"%d\n" % ((int(lines[-1]) if lines else 0) + change))
    fcntl.flock(descriptor, fcntl.LOCK_UN)


BEHAVIOURS = {
    "crash": _crash,
    "killed": _killed,
    "hang": _hang,
    "memory": _memory,
    "once": _once,
    "native-memory": _native_memory,
    "raise": _raise,
    "exit": _exit,
    "talk": _talk,
    "report": _report,
    "meet": _meet,
    "count": _count,
}
