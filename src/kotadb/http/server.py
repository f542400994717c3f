"""The API's own server: uvicorn in a thread, where it leaves signals to the process."""

import socket
import threading
from types import TracebackType
from typing import Self

import uvicorn

from kotadb.errors import ConfigurationError
from kotadb.http.app import create_app
from kotadb.jobs.synchronous import SynchronousIndexer
from kotadb.logs import get_logger
from kotadb.postgres.database import Database
from kotadb.settings import Settings

GRACE_SECONDS = 5
"""How long answers that are under way may take at the end."""

BACKLOG = 2048

log = get_logger(__name__)


class ApiServer:
    """The API for as long as the context lasts. Raises ConfigurationError if its port cannot be had.

    Sets `stop` should the server end by itself. At the end of the context work that callers wait for may finish until
    the drain's limit or `force`.
    """

    def __init__(self, settings: Settings, database: Database, stop: threading.Event, force: threading.Event) -> None:
        self._stop = stop
        self._force = force
        self._synchronous = None if settings.async_indexing else SynchronousIndexer(settings, database)
        self._listener = listen(settings.host, settings.port)
        config = uvicorn.Config(
            create_app(settings, database, self._synchronous),
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
            server_header=False,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._serve, name="api")

    def __enter__(self) -> Self:
        self._thread.start()
        host, port = self._listener.getsockname()[:2]
        log.info("listening", url=f"http://{f'[{host}]' if ':' in host else host}:{port}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._synchronous is not None:
            self._synchronous.drain(self._force)
        self._server.should_exit = True
        self._thread.join()

    def _serve(self) -> None:
        try:
            self._server.run([self._listener])
        finally:
            self._stop.set()


def listen(host: str, port: int) -> socket.socket:
    """A socket bound to the address. Raises ConfigurationError."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        message = f"Cannot listen on {host}:{port} ({error.strerror}): set KOTADB_HOST, KOTADB_PORT"
        raise ConfigurationError(message) from None
    return listener
