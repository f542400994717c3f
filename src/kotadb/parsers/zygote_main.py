"""The process that parser processes are forked from: `python -P -m kotadb.parsers.zygote_main FD`.

It has loaded what they need, which takes a language's grammar and queries most of a second, and shares that memory with
all of them. It never reads a file itself, has one thread, and does one thing at a time: what it is asked for by
messages through its socket. When that is closed it ends, and the kernel ends what it has forked.

Not imported by the rest of kotadb.
"""

import gc
import os
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any

import msgpack

from kotadb.parsers import child

FORK = "fork"  # [FORK, function, memory_bytes] with the descriptors of socket and standard error; answers [pid]
LOAD = "load"  # [LOAD, function, languages]; answers [True] when they are
REAP = "reap"  # [REAP, pid], of one that has been killed; answers [exit status]

MAX_MESSAGE_BYTES = 64 * 1024


def main(descriptor: int) -> None:
    """Serve until the other end of the socket is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent to decide about
    with socket.socket(fileno=descriptor) as control:
        while True:
            data, descriptors, _, _ = socket.recv_fds(control, MAX_MESSAGE_BYTES, 2)
            if not data:
                return
            _answer(control, msgpack.unpackb(data), descriptors)


def _answer(control: socket.socket, message: list[Any], descriptors: Sequence[int]) -> None:
    match message:
        case [word, str(function), list(languages)] if word == LOAD:
            _load(function, languages)
            control.sendall(msgpack.packb([True]))
        case [word, str(function), int(memory_bytes)] if word == FORK:
            _fork(control, function, memory_bytes, *descriptors)
        case [word, int(process)] if word == REAP:
            control.sendall(msgpack.packb([os.waitpid(process, 0)[1]]))


def _load(function: str, languages: Sequence[str]) -> None:
    """Have the work ready, and those of the languages that it knows. What goes wrong goes wrong again in a fork."""
    with suppress(Exception):
        child.load(function)
        if languages:
            module = import_module(function.partition(":")[0])
            for language in languages:
                module.prepare(language)


def _fork(control: socket.socket, function: str, memory_bytes: int, pipe: int, stderr: int) -> None:
    _load(function, ())
    # Extraction makes many objects and no reference cycles (a test holds that); looking for some took a third of its
    # time. What is here stays, and pages that nobody writes to are shared.
    gc.disable()
    gc.freeze()
    parent = os.getpid()
    process = os.fork()
    if process == 0:
        control.close()
        child.run(pipe, stderr, parent, memory_bytes, function)
    os.close(pipe)
    os.close(stderr)
    control.sendall(msgpack.packb([process]))


if __name__ == "__main__":
    main(int(sys.argv[1]))
