"""Sockets to listen on."""

import socket

from kotadb.errors import ConfigurationError

BACKLOG = 2048


def listen(host: str, port: int, setting: str) -> socket.socket:
    """A socket bound to the address, which `setting` names. Raises ConfigurationError."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        message = f"Cannot listen on {host}:{port} ({error.strerror}): set {setting}_HOST, {setting}_PORT"
        raise ConfigurationError(message) from None
    return listener


def url_of(listener: socket.socket) -> str:
    """Its address as a caller writes it."""
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
