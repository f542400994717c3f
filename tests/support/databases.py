"""Databases for tests: cloned from a migrated template, in some ten milliseconds each."""

import fcntl
from pathlib import Path
from threading import Event
from uuid import uuid4

from psycopg import sql

from kotadb.postgres.database import connect
from kotadb.postgres.migrate import migrate

TEMPLATE = "migrated"


def create_template(server_url: str, lock: Path) -> None:
    """Make the template once per server, whichever test process comes first."""
    with lock.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with connect(server_url, autocommit=True) as connection:
            if connection.execute("select from pg_database where datname = %s", [TEMPLATE]).fetchone() is not None:
                return
            connection.execute("create database unfinished")
            migrate(database_url(server_url, "unfinished"))
            connection.execute(sql.SQL("alter database unfinished rename to {}").format(sql.Identifier(TEMPLATE)))


def create_database(server_url: str, template: str = TEMPLATE) -> str:
    """A new database; returns its URL."""
    name = f"test_{uuid4().hex}"
    with connect(server_url, autocommit=True) as connection:
        connection.execute(
            # Which takes half as long as writing it all to the log first.
            sql.SQL("create database {} template {} strategy file_copy").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
    return database_url(server_url, name)


def drop_database(server_url: str, url: str) -> None:
    """Drop it if it is there, whoever is still connected."""
    name = url.partition("?")[0].rpartition("/")[2]
    with connect(server_url, autocommit=True) as connection:
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


def database_url(server_url: str, name: str) -> str:
    base, _, options = server_url.partition("?")
    return f"{base.rpartition('/')[0]}/{name}?{options}"


def wait_until_somebody_waits(url: str) -> None:
    """Return once a session of this database waits for a lock; pytest's own limit ends a wait in vain."""
    waiting = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    pause = Event()
    with connect(url, autocommit=True) as connection:
        while connection.execute(waiting).fetchone() is None:
            pause.wait(0.01)
