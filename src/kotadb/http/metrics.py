"""`/metrics` on a port of its own, for the services with an API and for those without: it needs no web framework."""

import threading
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler
from socketserver import BaseServer, TCPServer, ThreadingMixIn
from typing import Any, Self

from kotadb.errors import ConfigurationError
from kotadb.http.listener import listen, url_of
from kotadb.http.numbers import MEDIA_TYPE, ServiceNumbers
from kotadb.logs import get_logger
from kotadb.settings import Settings

STOP_SECONDS = 0.1
"""How soon the end of the service is noticed."""

CALLER_SECONDS = 10
"""For a caller to say what it wants."""

log = get_logger(__name__)


class MetricsServer:
    """`GET /metrics` for as long as the context lasts.

    A second service on a machine finds the default port taken, and goes on without. Raises ConfigurationError where an
    address that was asked for cannot be had.
    """

    def __init__(self, settings: Settings, url: str) -> None:
        self._settings = settings
        self._numbers = ServiceNumbers(settings, url)
        self._end = ExitStack()

    def __enter__(self) -> Self:
        try:
            listener = listen(self._settings.metrics_host, self._settings.metrics_port, "KOTADB_METRICS")
        except ConfigurationError as error:
            if self._settings.model_fields_set & {"metrics_host", "metrics_port"}:
                raise
            log.warning("no port for /metrics", error=error.message)
            return self
        server = _Server(listener, self._numbers)
        thread = threading.Thread(target=server.serve_forever, args=[STOP_SECONDS], name="metrics")
        thread.start()
        for step in (server.server_close, thread.join, server.shutdown):  # the last one first
            self._end.callback(step)
        log.info("metrics", url=f"{url_of(listener)}/metrics")
        return self

    def __exit__(self, *_: object) -> None:
        self._end.close()


class _Server(ThreadingMixIn, TCPServer):
    daemon_threads = True  # the end of the service waits for no scraper

    def __init__(self, listener: Any, numbers: ServiceNumbers) -> None:
        BaseServer.__init__(self, listener.getsockname(), _Handler)
        self.socket = listener
        self.numbers = numbers


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    server_version, sys_version = "kotadb", ""
    timeout = CALLER_SECONDS

    def do_GET(self) -> None:
        if self.path.partition("?")[0] != "/metrics":
            self.send_error(404)
            return
        body = self.server.numbers.render()
        self.send_response(200)
        self.send_header("Content-Type", MEDIA_TYPE)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (its name in the base class)
        log.debug("request for metrics", line=format % args)
