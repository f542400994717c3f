"""The process that parses, once it has been forked (zygote_main.py).

It reads hostile text with native code, so it is built to be lost. It holds nothing but its end of a socket, has hard
limits, and ends with its parent: by a signal on Linux, elsewhere when the socket says that the other end is gone.

Not imported by the rest of kotadb. It imports as little as it can.
"""

import os
import resource
import socket
import time
import traceback
from collections.abc import Callable
from importlib import import_module
from typing import Any, NoReturn

from kotadb.lifeline import die_with_parent
from kotadb.parsers import frames

Work = Callable[[str, bytes], tuple[bytes, float, float, float]]

MAX_STDERR_BYTES = 1024 * 1024
MAX_TRACEBACK_CHARACTERS = 8192
OUT_OF_MEMORY = frames.encode([frames.MEMORY])


def run(pipe: int, stderr: int, parent: int, memory_bytes: int, function: str) -> NoReturn:
    """Be the process: parse batches until the other end of the socket is gone, and never return.

    `pipe` and `stderr` are descriptors, `function` is the work as "module:function".
    """
    try:
        os.setsid()
        os.dup2(stderr, 2)
        os.close(stderr)
        die_with_parent(parent)
        work = load(function)
        mapped_bytes = _set_limits(memory_bytes)
        with socket.socket(fileno=pipe) as connection:
            connection.sendall(frames.encode([frames.READY, mapped_bytes]))
            _serve(connection, work)
    except (EOFError, ConnectionError):
        os._exit(0)
    except BaseException:
        os.write(2, traceback.format_exc().encode())
    os._exit(1)


def load(function: str) -> Work:
    """The work of this name."""
    module, _, name = function.partition(":")
    work: Work = getattr(import_module(module), name)
    return work


def _set_limits(memory_bytes: int) -> int:
    """Limit what parsing may take. Returns the bytes of address space that are mapped before it.

    RLIMIT_AS counts address space, of which the interpreter and its libraries have mapped some already and not the same
    on every machine. The setting is therefore added to what is mapped now, and means: what parsing may take on top.
    Where the kernel does not tell what is mapped (macOS, which does not keep this limit either), none is set.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MAX_STDERR_BYTES, MAX_STDERR_BYTES))
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))  # the worker's own limit is not about parsing
    mapped = _status_bytes("VmSize")
    if mapped is not None:
        resource.setrlimit(resource.RLIMIT_AS, (mapped + memory_bytes, mapped + memory_bytes))
    return mapped or 0


def _serve(pipe: socket.socket, work: Work) -> None:
    reported = 0.0
    while True:
        for language, source in frames.read(pipe.recv):
            pipe.sendall(frames.encode([frames.STARTED]))
            pipe.sendall(_answer(work, language, source))
        spent = time.process_time()
        pipe.sendall(frames.encode([frames.DONE, _peak_bytes(), spent - reported]))
        reported = spent


def _answer(work: Work, language: str, source: bytes) -> bytes:
    try:
        return frames.encode([frames.PARSED, *work(language, source)])
    except MemoryError:
        pass
    except BaseException:  # whatever a file makes the code raise, SystemExit too, is the fault of that file alone
        return frames.encode([frames.RAISED, traceback.format_exc()[-MAX_TRACEBACK_CHARACTERS:]])
    return OUT_OF_MEMORY  # here, not above: handling the exception keeps alive what the memory went to


def _peak_bytes() -> int:
    """The most memory this process has had. `ru_maxrss` is second best: on Linux it begins with the parent's."""
    peak = _status_bytes("VmHWM")
    return peak if peak is not None else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _status_bytes(field: str) -> int | None:
    try:
        with open("/proc/self/status", "rb") as status:  # noqa: PTH123 (pathlib would be imported for this alone)
            lines: list[Any] = [line.split() for line in status]
    except OSError:
        return None
    return next((int(line[1]) * 1024 for line in lines if line[0] == field.encode() + b":"), None)
