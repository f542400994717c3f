"""Stands between a worker and git, so that no git outlives its worker. A program by itself: it imports nothing of ours.

    python -I -S guard.py PARENT_PID FILE_BYTES MEMORY_BYTES PROGRAM ARGUMENT...

It runs the program with limits on the size of the files it writes and on its memory, in the session it was started in.
When the parent dies, by SIGKILL too, every process of the session's group ends: git's helpers ignore the death of git
itself for as long as they wait for the network, and so cannot be left to a plain parent-death signal. The guard ends
with the program's exit status, or 128 + the signal that ended it.
"""

# The functions of `signal` without its enums, which would cost every git several milliseconds.
import _signal as signal  # type: ignore[import-not-found]  # typeshed leaves it out
import ctypes
import os
import resource
import sys

PR_SET_PDEATHSIG = 1
MAPPED_TIMES = 4
"""How much more address space than memory: packs are mapped, which takes no memory that others lack."""


def main() -> int:
    parent, file_bytes, memory_bytes = (int(text) for text in sys.argv[1:4])
    signal.signal(signal.SIGTERM, lambda *_: os.killpg(0, signal.SIGKILL))
    die_with(parent, signal.SIGTERM)
    guard = os.getpid()
    child = os.fork()
    if child == 0:
        run(guard, file_bytes, memory_bytes, sys.argv[4:])
    _, status = os.waitpid(child, 0)
    end_helpers()
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def die_with(parent: int, signal_number: int) -> None:
    """Have the kernel send `signal_number` when the parent dies; where it cannot, the sweeper of directories covers."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal_number))
    if os.getppid() != parent:  # it died before the kernel was told
        os._exit(1)


def run(guard: int, file_bytes: int, memory_bytes: int, command: list[str]) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    die_with(guard, signal.SIGKILL)
    limit(resource.RLIMIT_CORE, 0)
    limit(resource.RLIMIT_FSIZE, file_bytes)
    limit(resource.RLIMIT_DATA, memory_bytes)  # a server can say gigabytes in kilobytes that it compressed
    limit(resource.RLIMIT_AS, MAPPED_TIMES * memory_bytes)
    try:
        os.execv(command[0], command)  # noqa: S606 - a list of arguments, as everywhere
    except OSError as error:
        os.write(2, f"cannot run {command[0]}: {error.strerror}\n".encode())
    os._exit(127)


def limit(kind: int, value: int) -> None:
    hard = resource.getrlimit(kind)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    try:  # noqa: SIM105 - importing contextlib would cost every git a millisecond
        resource.setrlimit(kind, (value, value))
    except (OSError, ValueError):
        pass  # macOS has no RLIMIT_AS worth the name


def end_helpers() -> None:
    """End what git left behind in the group."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.killpg(0, signal.SIGTERM)


if __name__ == "__main__":
    os._exit(main())  # at once: there is nothing to tidy up
