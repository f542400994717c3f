"""A network of this process's own, in which every address leads here: whoever is contacted, we hear of it.

A network namespace has a routing table of its own. In this one the whole address space is local, so that a listener on
all addresses stands for every host there is, and nothing that is sent ever leaves the machine.
"""

import ctypes
import shutil
import socket
import struct
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from ipaddress import IPv4Address, IPv6Address, ip_address
from types import TracebackType
from typing import Self

CLONE_NEWNET = 0x40000000
PORTS = (22, 80, 443, 3128, 8080, 9418)
DNS_PORT = 53
IP_PKTINFO = 8  # of Linux; not every Python names it
A, AAAA = 1, 28
ROUTES = (
    ["ip", "link", "set", "lo", "up"],
    ["ip", "route", "add", "local", "0.0.0.0/0", "dev", "lo"],
    ["ip", "-6", "route", "add", "local", "::/0", "dev", "lo"],
)


def lacking() -> str | None:
    """Why this machine gives no network of its own to us."""
    if shutil.which("ip") is None or shutil.which("unshare") is None:
        return "needs ip and unshare, for a network of its own"
    tried = subprocess.run(["unshare", "-n", *ROUTES[0]], capture_output=True, check=False)
    return None if tried.returncode == 0 else "needs root, for a network of its own"


def apart(work: Callable[[], None]) -> None:
    """Do it in a thread that has such a network; so have the threads and processes that it starts."""
    failed: list[BaseException] = []

    def there() -> None:
        try:
            if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "no network of its own")
            for command in ROUTES:
                subprocess.run(command, check=True, capture_output=True)
            work()
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=there, name="apart")
    thread.start()
    thread.join()
    if failed:
        raise failed[0]


class Listeners:
    """Accepts and closes every connection to the usual ports of every address; `contacted` counts the addresses."""

    def __init__(self) -> None:
        self.contacted: Counter[str] = Counter()
        self._stack = ExitStack()
        self._sockets = [self._listen(family, port) for family in (socket.AF_INET, socket.AF_INET6) for port in PORTS]

    def _listen(self, family: socket.AddressFamily, port: int) -> socket.socket:
        listener = self._stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(("", port))
        listener.listen()
        return listener

    def __enter__(self) -> Self:
        for listener in self._sockets:
            threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for listener in self._sockets:
            listener.shutdown(socket.SHUT_RDWR)
        self._stack.close()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):  # it was shut down
            while True:
                connection, _ = listener.accept()
                self.contacted[connection.getsockname()[0]] += 1
                connection.close()


class NameServer:
    """Answers every query for a name's addresses, on every address that a resolver may ask.

    A name that changes has several sets of addresses: one for each time it is asked for, and the last for ever.
    """

    def __init__(self, names: Mapping[str, Sequence[Sequence[str]]]) -> None:
        self._names = names
        self._asked: Counter[tuple[str, int]] = Counter()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("", DNS_PORT))
        # The answer must come from the address that was asked, which on this network may be any.
        self._socket.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def _serve(self) -> None:
        with suppress(OSError):  # it was closed
            while True:
                query, control, _, sender = self._socket.recvmsg(4096, 1024)
                self._socket.sendmsg([self._answer(query)], control, 0, sender)

    def _answer(self, query: bytes) -> bytes:
        """RFC 1035: the header, the question again, and a record for each address."""
        name, end = _question(query)
        kind = struct.unpack_from("!H", query, end)[0]
        records = [self._record(kind, address) for address in self._addresses(name, kind)]
        code = 0x8180 if name in self._names else 0x8183  # no such name
        header = query[:2] + struct.pack("!HHHHH", code, 1, len(records), 0, 0)
        return header + query[12 : end + 4] + b"".join(records)

    def _addresses(self, name: str, kind: int) -> list[IPv4Address | IPv6Address]:
        sets = self._names.get(name, [[]])
        turn = min(self._asked[name, kind], len(sets) - 1)
        self._asked[name, kind] += 1
        return [address for address in map(ip_address, sets[turn]) if address.version == {A: 4, AAAA: 6}.get(kind)]

    def _record(self, kind: int, address: IPv4Address | IPv6Address) -> bytes:
        return struct.pack("!HHHIH", 0xC00C, kind, 1, 0, len(address.packed)) + address.packed


def _question(query: bytes) -> tuple[str, int]:
    """The name that is asked for, and where the question goes on behind it."""
    labels, at = [], 12
    while (size := query[at]) > 0:
        labels.append(query[at + 1 : at + 1 + size].decode("ascii", "replace"))
        at += 1 + size
    return ".".join(labels).lower(), at + 1
