"""The API's own server: uvicorn in a thread, where it leaves signals to the process."""

import socket
import threading
from types import TracebackType
from typing import Self

import uvicorn

from kotadb.errors import ConfigurationError
from kotadb.http.app import create_app
from kotadb.logs import get_logger
from kotadb.postgres.database import Database
from kotadb.settings import Settings

GRACE_SECONDS = 5
"""How long answers that are under way may take at the end."""

log = get_logger(__name__)


class ApiServer:
    """The API for as long as the context lasts. Raises ConfigurationError if its port cannot be had."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._listener = listen(settings.host, settings.port)
        config = uvicorn.Config(
            create_app(settings, database),
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
            server_header=False,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._listener],), name="api")

    def __enter__(self) -> Self:
        self._thread.start()
        host, port = self._listener.getsockname()[:2]
        log.info("listening", url=f"http://{f'[{host}]' if ':' in host else host}:{port}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join()


def listen(host: str, port: int) -> socket.socket:
    """A socket bound to the address. Raises ConfigurationError."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        message = f"Cannot listen on {host}:{port} ({error.strerror}): set KOTADB_HOST, KOTADB_PORT"
        raise ConfigurationError(message) from None
    return listener
