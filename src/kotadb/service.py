"""`kotadb serve`, `worker` and `mcp`: what runs until it is told to stop, put together."""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from importlib import import_module
from types import FrameType
from typing import Annotated

import typer
from starlette.types import ASGIApp

from kotadb.access.keys import create_first_key
from kotadb.cli.context import Session, open_session
from kotadb.cli.output import err, out, visible
from kotadb.cli.running import registered
from kotadb.errors import ConfigurationError
from kotadb.jobs.supervisor import Supervisor
from kotadb.jobs.synchronous import SynchronousIndexer
from kotadb.local.background import Background
from kotadb.logs import get_logger
from kotadb.mcp.clients import PLACES, Client, snippet, unshown
from kotadb.metrics import counting
from kotadb.postgres.database import Database
from kotadb.settings import Settings

API_CONNECTIONS = 10
API_PATIENCE_SECONDS = 5
"""A caller is told sooner than a job that the database is away."""

log = get_logger(__name__)


def serve(
    host: Annotated[str | None, typer.Option(help="address to listen on (KOTADB_HOST)")] = None,
    port: Annotated[int | None, typer.Option(help="port to listen on (KOTADB_PORT)")] = None,
    workers: Annotated[int | None, typer.Option(min=0, help="worker processes (KOTADB_WORKERS); 0: API only")] = None,
) -> None:
    """Run the HTTP API and its workers until stopped."""
    with (
        open_session(
            "info", max_connections=API_CONNECTIONS, patience=API_PATIENCE_SECONDS, is_service=True
        ) as session,
        registered(session.settings),
    ):
        stop, force = stop_signals()
        key = create_first_key(session.database)
        if key is not None:
            out.print(f"This is the first start. Your API key, shown this once:\n\n  {key}\n")
        changes = {"host": host, "port": port, "workers": workers}
        settings = session.settings.model_copy(update={k: v for k, v in changes.items() if v is not None})
        from kotadb.http.server import ApiServer  # here, so that no other command waits for the web framework

        with measured(settings, session.database), ApiServer(settings, session.database, mounted_mcp, stop, force):
            supervise(settings, session, settings.workers if settings.async_indexing else 0, stop, force)


def worker(
    workers: Annotated[int | None, typer.Option(min=1, help="worker processes (KOTADB_WORKERS)")] = None,
) -> None:
    """Run workers alone until stopped."""
    with open_session("info", is_service=True) as session, registered(session.settings):
        if not session.settings.async_indexing:
            raise ConfigurationError("KOTADB_ASYNC_INDEXING is false: the API runs jobs itself, without workers")
        signals = stop_signals()
        with measured(session.settings, session.database):
            supervise(session.settings, session, workers or session.settings.workers, *signals)


@asynccontextmanager
async def mounted_mcp(
    settings: Settings, database: Database, synchronous: SynchronousIndexer | None
) -> AsyncIterator[ASGIApp]:
    """The tools for /mcp. What they are made of is imported when they are wanted, beside requests that are answered."""
    remote = await asyncio.to_thread(import_module, "kotadb.mcp.remote")
    async with remote.serving(settings, database, synchronous) as app:
        yield app


def mcp(
    print_config: Annotated[
        Client | None, typer.Option(help="print what this client's configuration needs, and nothing else")
    ] = None,
) -> None:
    """Answer a coding agent's questions, over the Model Context Protocol on standard input and output."""
    if print_config is not None:
        _print_config(print_config)
        return
    if sys.stdin.isatty():
        err.print("This speaks to programs: `kotadb mcp --print-config CLIENT` tells how to have them start it.")
    with (
        open_session(is_service=True) as session,
        registered(session.settings),
        Background(session) as background,
    ):
        stop, _ = stop_signals()
        answering = threading.Thread(target=_answer, args=(session, background, stop), name="mcp", daemon=True)
        answering.start()
        stop.wait()
    if answering.is_alive():
        os._exit(0)  # it reads from standard input, and nothing interrupts that


def _answer(session: Session, background: Background, stop: threading.Event) -> None:
    from kotadb.mcp.stdio import serve  # here, so that no other command waits for it

    try:
        serve(session, background)
    finally:
        stop.set()


def _print_config(client: Client) -> None:
    err.print(f"for {visible(PLACES[client])}:")
    typer.echo(snippet(client))
    if unshown():
        err.print(
            f"[yellow]not shown, but set here:[/yellow] {', '.join(unshown())}; add them if the client may know them"
        )


def stop_signals() -> tuple[threading.Event, threading.Event]:
    """Two events: SIGTERM or SIGINT came once, and it came again: end without waiting for what is under way."""
    stop, force = threading.Event(), threading.Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        (force if stop.is_set() else stop).set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
    return stop, force


@contextmanager
def measured(settings: Settings, database: Database) -> Iterator[None]:
    """Count what happens for as long as the context lasts, and show it at /metrics."""
    with counting(settings.data_dir / "metrics"):
        from kotadb.http.metrics import MetricsServer  # here, as above

        with MetricsServer(settings, database.url):
            yield


def supervise(
    settings: Settings, session: Session, workers: int, stop: threading.Event, force: threading.Event
) -> None:
    """Keep the workers running until told to stop."""
    log.info("ready", workers=workers)
    if workers:
        Supervisor(settings, session.database, workers).run(stop, force)
    else:
        stop.wait()
