"""A TCP proxy in front of PostgreSQL whose connections can be made half-open: the other end is gone, and mute."""

import ctypes
import socket
import struct
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

SO_ATTACH_FILTER = 26  # asm-generic/socket.h
_DROP_ALL = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))  # one BPF instruction: return 0 bytes


class Proxy:
    """Listens on loopback and hands everything on to a Unix socket; a context manager."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self._clients: list[socket.socket] = []
        self._gone: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept, name="proxy", daemon=True)

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for client in self._clients:
                with suppress(OSError):
                    client.close()

    def cut(self) -> int:
        """Make all connections of now half-open: the kernel drops what their clients send, acknowledgements too.

        No FIN and no RST ever reaches the clients, as when a machine or a router went away. Returns how many they were.
        """
        with self._lock:
            cut = [client for client in self._clients if client.fileno() >= 0]
            program = struct.pack("HL", 1, ctypes.addressof(_DROP_ALL))
            for client in cut:
                client.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)
            self._clients = []
            self._gone += cut  # kept open: closing would tell the other end
        return len(cut)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._target)
                with self._lock:
                    self._clients.append(client)
                for source, sink in ((client, server), (server, client)):
                    threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while chunk := source.recv(65536):
                sink.sendall(chunk)
        with self._lock:
            is_cut = any(end in self._gone for end in (source, sink))
        if not is_cut:
            for end in (source, sink):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
