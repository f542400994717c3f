"""Connections: one pool per process, every connection set up the same way."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import psycopg
import psycopg_pool
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import DictRow, dict_row

from kotadb.errors import ConfigurationError, DatabaseUnavailable

Connection = psycopg.Connection[DictRow]

SEARCH_PATH = "kotadb, public, extensions"
"""Ours and the queue's tables are in `kotadb`; pg_trgm is in `public`, or in `extensions` on Supabase."""

# A connection whose other end is gone must not hold a worker for the two hours that TCP would wait.
CONNECTION_ARGUMENTS: dict[str, Any] = {
    "application_name": "kotadb",
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}


def set_search_path(connection: psycopg.Connection[Any]) -> None:
    """Make our schema and the extensions' visible; commits, as a pool's configure hook must."""
    connection.execute("select set_config('search_path', %s, false)", [SEARCH_PATH])
    connection.commit()


def connect(url: str, *, autocommit: bool = False) -> Connection:
    """One connection outside any pool. Raises DatabaseUnavailable."""
    try:
        connection = psycopg.connect(url, row_factory=dict_row, autocommit=autocommit, **CONNECTION_ARGUMENTS)
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(f"PostgreSQL at {without_password(url)} cannot be reached: {error}") from error
    set_search_path(connection)
    return connection


def check_url(url: str) -> None:
    """Raises ConfigurationError if this is no connection string of PostgreSQL's."""
    try:
        conninfo_to_dict(url)
    except psycopg.ProgrammingError:  # whose message shows the text, password and all
        raise ConfigurationError(
            "DATABASE_URL is not a connection string of PostgreSQL's (postgresql://user:password@host/name); special "
            "characters in the password must be percent-encoded, and only libpq's options may follow"
        ) from None


def without_password(url: str) -> str:
    """The connection string as it may be shown."""
    parts = conninfo_to_dict(url)
    return f"host={parts.get('host', 'localhost')} port={parts.get('port', 5432)} dbname={parts.get('dbname', '')}"


class Database:
    """A pool of connections to one database; a context manager.

    Connections are made when first needed. `max_connections` bounds what this process takes from the server.
    """

    def __init__(self, url: str, *, max_connections: int = 4) -> None:
        self.url = url
        self._pool: psycopg_pool.ConnectionPool[Connection] = psycopg_pool.ConnectionPool(
            url,
            kwargs={"row_factory": dict_row, **CONNECTION_ARGUMENTS},
            configure=set_search_path,
            check=psycopg_pool.ConnectionPool.check_connection,
            min_size=0,
            max_size=max_connections,
            timeout=10,
            open=False,
        )

    def __enter__(self) -> Self:
        self._pool.open()
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.close()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection in a transaction: committed at the end, rolled back on an exception.

        Raises DatabaseUnavailable if no connection can be had, or it breaks; the cause is psycopg's.
        """
        try:
            with self._pool.connection() as connection, connection.transaction():
                yield connection
        except psycopg.OperationalError as error:  # a timeout of the pool is one too
            message = f"PostgreSQL at {without_password(self.url)} fails: {error}"
            raise DatabaseUnavailable(message) from error

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A read-only transaction that sees one state of the database throughout: no answer mixes two indexes."""
        with self.transaction() as connection:
            connection.execute("set transaction isolation level repeatable read, read only")
            yield connection
