"""`kotadb doctor`: whether everything that kotadb stands on is there, a line each."""

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import typer

from kotadb.cli.context import settings_for
from kotadb.cli.output import out, visible, visible_lines
from kotadb.errors import ConfigurationError, KotaError
from kotadb.git.command import git_version
from kotadb.languages import load, names
from kotadb.postgres import health, jobs
from kotadb.postgres.database import connect, without_password
from kotadb.postgres.embedded import database_url
from kotadb.postgres.migrate import check_server
from kotadb.settings import Settings

LEAST_FREE_BYTES = 1024**3


def doctor() -> None:
    """Check this installation. Exit code 1 if something needs to be done."""
    settings = settings_for("warning")
    with ExitStack() as stack:
        failures = sum(not _report(name, check) for name, check in _checks(settings, stack))
    raise typer.Exit(1 if failures else 0)


def _checks(settings: Settings, stack: ExitStack) -> Iterator[tuple[str, Callable[[], str]]]:
    yield "python", lambda: sys.version.split()[0]
    yield "git", git_version
    yield "languages", lambda: ", ".join(load(name).name for name in names())
    yield "temporary folder", lambda: _free(settings)
    url: list[str] = []
    yield "database", lambda: _server(settings, stack, url)
    if url:
        yield "connection", lambda: _connection(url[0])
        yield "schema", lambda: _schema(url[0], settings)


def _report(name: str, check: Callable[[], str]) -> bool:
    try:
        found = check()
    except KotaError as error:
        out.print(f"[red]✗[/red] {name:<18}{visible_lines(error.message)}")
        return False
    out.print(f"[green]✓[/green] {name:<18}{visible(found)}")
    return True


def _free(settings: Settings) -> str:
    try:
        free = shutil.disk_usage(settings.temp_dir).free
    except OSError as error:
        raise ConfigurationError(f"{settings.temp_dir}: {error.strerror}: set KOTADB_TEMP_DIR") from None
    if free < LEAST_FREE_BYTES:
        raise ConfigurationError(f"only {free / 2**20:,.0f} MB free in {settings.temp_dir}: set KOTADB_TEMP_DIR")
    return f"{settings.temp_dir}, {free / 2**30:,.0f} GB free"


def _server(settings: Settings, stack: ExitStack, url: list[str]) -> str:
    kind = "DATABASE_URL" if settings.database_url else "embedded"
    found = stack.enter_context(database_url(settings))
    with connect(found) as connection:
        check_server(connection)
        version = connection.info.server_version
    url.append(found)
    return f"{kind}, PostgreSQL {version // 10000}.{version % 10000}, {without_password(found)}"


def _schema(url: str, settings: Settings) -> str:
    with connect(url) as connection:
        health.check(connection)
        workers = jobs.live_workers(connection, settings.lease_seconds)
    return f"in step with this version; {workers} workers alive"


def _connection(url: str) -> str:
    with connect(url) as connection:
        if not health.is_session_pooled(connection):
            raise ConfigurationError(
                "DATABASE_URL goes through a pooler in transaction mode: use a direct or a session-mode connection"
            )
    return "direct, or in session mode"
