"""Where parser processes come from: a process that has loaded what they need, and forks them.

A worker keeps one for all its jobs. It costs what one parser process costs, and makes a new one a matter of
milliseconds; without it each would load the languages anew, which for a small repository takes longer than the rest.
"""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from threading import Lock
from types import TracebackType
from typing import Any, NamedTuple, Self

import msgpack

from kotadb.parsers.zygote_main import FORK, LOAD, MAX_MESSAGE_BYTES, REAP

# Nothing else is passed on: a process that reads hostile text needs no database address and no credentials.
ENVIRONMENT = frozenset({"PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LANG", "LC_ALL"})


class Forked(NamedTuple):
    """A parser process, and the one that it was forked from."""

    process: int
    parent: subprocess.Popen[bytes]


class Zygote:
    """Forks parser processes; a context manager, whose end ends all of them. Threads may share it.

    The process itself is started when it is first needed, and again if it was lost.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._owed = False
        """Whether an answer is to come that nobody has waited for."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process, and so all that it has forked."""
        with self._lock:
            self._end()

    def start(self) -> None:
        """Start the process, without waiting until it is ready. Raises OSError."""
        with self._lock:
            self._started()

    def load(self, function: str, languages: Sequence[str]) -> None:
        """Have these languages loaded before the next process is forked. Does not wait. Raises OSError."""
        with self._lock:
            self._send([LOAD, function, sorted(languages)])
            self._owed = True

    def fork(self, function: str, memory_bytes: int, pipe: int, stderr: int) -> "Forked":
        """A new process that runs `child.run` with these descriptors. Raises OSError where there cannot be one."""
        with self._lock:
            process = int(self._ask([FORK, function, memory_bytes], [pipe, stderr]))
            assert self._process is not None
            return Forked(process, self._process)

    def has_lost(self, forked: "Forked") -> bool:
        """Whether the process is gone because the one that it was forked from is."""
        with self._lock:
            return forked.parent is not self._process or forked.parent.poll() is not None

    def kill(self, forked: "Forked") -> None:
        """Kill one of them, and return when it is gone. It must not have been killed before."""
        with self._lock:
            if forked.parent is not self._process or forked.parent.poll() is not None:
                return  # it is gone already
            # Nobody has waited for it yet, so its id is still its own. Its group it makes itself, soon after.
            os.kill(forked.process, signal.SIGKILL)
            with suppress(ProcessLookupError):
                os.killpg(forked.process, signal.SIGKILL)
            with suppress(OSError):
                self._ask([REAP, forked.process], [])

    def _ask(self, message: list[Any], descriptors: Sequence[int]) -> Any:
        self._send(message, descriptors)
        return self._answer()

    def _send(self, message: list[Any], descriptors: Sequence[int] = ()) -> None:
        control = self._started()
        if self._owed:
            self._answer()
        try:
            socket.send_fds(control, [msgpack.packb(message)], descriptors)
        except OSError:
            self._end()
            raise

    def _answer(self) -> Any:
        assert self._control is not None
        data = self._control.recv(MAX_MESSAGE_BYTES)
        if not data:
            self._end()
            raise ConnectionError("the process that forks parser processes has ended")
        self._owed = False
        return msgpack.unpackb(data)[0]

    def _started(self) -> socket.socket:
        if self._process is not None and self._process.poll() is not None:
            self._end()
        if self._control is None:
            with ExitStack() as opened:
                ours, theirs = map(opened.enter_context, socket.socketpair())
                self._process = _spawn(theirs.fileno())
                theirs.close()
                self._control = ours
                opened.pop_all()
        return self._control

    def _end(self) -> None:
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._control = self._process = None
        self._owed = False


def _spawn(descriptor: int) -> subprocess.Popen[bytes]:
    # -P: the current folder may be the repository that is being indexed; nothing may be imported from there.
    return subprocess.Popen(
        [sys.executable, "-P", "-X", "faulthandler", "-m", "kotadb.parsers.zygote_main", str(descriptor)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=[descriptor],
        start_new_session=True,
        env={name: value for name, value in os.environ.items() if name in ENVIRONMENT},
    )
