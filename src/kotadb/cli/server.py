"""`serve` and `worker`: the API in a thread, the supervisor in the main one, signals to end both."""

import signal
import socket
import threading
from types import FrameType

import uvicorn

from kotadb.errors import ConfigurationError
from kotadb.http.app import create_app
from kotadb.jobs.supervisor import Supervisor
from kotadb.logs import get_logger
from kotadb.postgres.database import Database
from kotadb.settings import Settings

log = get_logger(__name__)


def run_until_stopped(settings: Settings, database: Database, *, workers: int, api: bool) -> None:
    """Run until SIGTERM or SIGINT; a second one ends the workers without waiting for their jobs.

    Raises ConfigurationError if the port is taken.
    """
    stop, force = threading.Event(), threading.Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        (force if stop.is_set() else stop).set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
    server = _start_api(settings, database) if api else None
    log.info("ready", workers=workers)
    try:
        Supervisor(settings, database, workers).run(stop, force)
    finally:
        if server is not None:
            server.end()


class ApiServer:
    """uvicorn in a thread, where it leaves signals alone."""

    def __init__(self, config: uvicorn.Config, listener: socket.socket) -> None:
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([listener],), name="api")
        self._thread.start()

    def end(self) -> None:
        self._server.should_exit = True
        self._thread.join()


def _start_api(settings: Settings, database: Database) -> ApiServer:
    listener = _listen(settings.host, settings.port)
    host, port = listener.getsockname()[:2]
    config = uvicorn.Config(
        create_app(settings, database),
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=5,
        server_header=False,
    )
    server = ApiServer(config, listener)
    log.info("listening", url=f"http://{f'[{host}]' if ':' in host else host}:{port}")
    return server


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        raise ConfigurationError(
            f"Cannot listen on {host}:{port} ({error.strerror}): set KOTADB_HOST, KOTADB_PORT"
        ) from None
    return listener
