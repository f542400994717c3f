"""Commands of kotadb without the time that Python takes to start: see `support.command_server`."""

import atexit
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

READ_AT_START = ("PYTHON", "PLANTED", "LC_", "LANG", "TERM", "COLUMNS", "NO_COLOR")
"""Beginnings of variables that count when Python or a module starts, which is over there."""


def can_share(environment: Mapping[str, str]) -> bool:
    """Whether a process that was started as we were may become one with this environment."""
    return _read_at_start(environment) == _AT_OUR_START


def run_shared(
    arguments: Sequence[str | Path], environment: Mapping[str, str], folder: Path | None
) -> subprocess.CompletedProcess[str]:
    """Run `kotadb` with these arguments to its end."""
    server = _server()
    wanted = {
        "arguments": list(map(str, arguments)), "environment": dict(environment), "folder": str(folder or Path.cwd()),
    }  # fmt: skip
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        code = server.run(json.dumps(wanted).encode(), [output.fileno(), errors.fileno()])
        texts = [_text(file.fileno()) for file in (output, errors)]
    return subprocess.CompletedProcess(["kotadb", *arguments], code, *texts)


def _read_at_start(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith(READ_AT_START)}


_AT_OUR_START = _read_at_start(os.environ)


def _text(file: int) -> str:
    return os.pread(file, os.fstat(file).st_size, 0).decode().replace("\r\n", "\n")


class _Server:
    """One for this process. It ends when it is closed, or with us, and a command that runs ends with it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "support.command_server", str(theirs.fileno())], pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            )  # fmt: skip

    def run(self, order: bytes, descriptors: list[int]) -> int:
        try:
            with self._lock:
                socket.send_fds(self._orders, [order], descriptors)
                answer = self._orders.recv(64)
            assert answer, "the server of commands has ended"
        except BaseException:  # pytest's limit, for one: an answer that comes later would be taken for the next one's
            self.close()
            _server.cache_clear()
            raise
        return int(answer)

    def close(self) -> None:
        self._orders.close()
        self._process.kill()
        self._process.wait()


@cache
def _server() -> _Server:
    server = _Server()
    atexit.register(server.close)
    return server
