"""The API's own server: uvicorn in a thread, where it leaves signals to the process."""

import threading
from types import TracebackType
from typing import Self

import uvicorn

from kotadb.http.app import create_app
from kotadb.http.limits import MAX_HEAD_BYTES
from kotadb.http.listener import listen, url_of
from kotadb.http.mounted import Mountable
from kotadb.http.protocol import Protocol
from kotadb.jobs.synchronous import SynchronousIndexer
from kotadb.logs import get_logger
from kotadb.postgres.database import Database
from kotadb.settings import Settings

GRACE_SECONDS = 5
"""How long answers that are under way may take at the end."""

log = get_logger(__name__)


class ApiServer:
    """The API for as long as the context lasts, with `mcp` at /mcp. Raises ConfigurationError if it can have no port.

    Sets `stop` should the server end by itself. At the end of the context work that callers wait for may finish until
    the drain's limit or `force`.
    """

    def __init__(
        self, settings: Settings, database: Database, mcp: Mountable, stop: threading.Event, force: threading.Event
    ) -> None:
        self._stop = stop
        self._force = force
        self._synchronous = None if settings.async_indexing else SynchronousIndexer(settings, database)
        self._listener = listen(settings.host, settings.port, "KOTADB")
        self.url = url_of(self._listener)
        config = uvicorn.Config(
            create_app(settings, database, self._synchronous, mcp),
            http=Protocol,
            ws="none",
            h11_max_incomplete_event_size=MAX_HEAD_BYTES,
            proxy_headers=False,  # nothing depends on where a caller is, or says it is
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
            server_header=False,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._serve, name="api")

    def __enter__(self) -> Self:
        self._thread.start()
        log.info("listening", url=self.url)
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
