"""Sockets to listen on."""

import socket

from kotadb.errors import ConfigurationError

BACKLOG = 2048


def listen(host: str, port: int, setting: str) -> socket.socket:
    """A socket bound to the address that the settings `<setting>_HOST` and `_PORT` name. Raises ConfigurationError."""
    try:
        return _bound(*socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0])
    except OSError as error:
        message = f"Cannot listen on {host}:{port} ({error.strerror}): set {setting}_HOST, {setting}_PORT"
        raise ConfigurationError(message) from None


def _bound(family: int, kind: int, protocol: int, _: str, address: tuple[str | int, ...]) -> socket.socket:
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def url_of(listener: socket.socket) -> str:
    """Its address as a caller writes it."""
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
