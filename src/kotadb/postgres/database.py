"""Connections: one pool per process, every connection set up the same way."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Self, TypeVar

import psycopg
import psycopg_pool
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import DictRow, dict_row

from kotadb.errors import ConfigurationError, DatabaseUnavailable

Connection = psycopg.Connection[DictRow]
Result = TypeVar("Result")

SEARCH_PATH = "kotadb, public, extensions"
"""Ours and the queue's tables are in `kotadb`; pg_trgm is in `public`, or in `extensions` on Supabase."""

# A connection whose other end is gone must hold up nobody for the two hours that TCP would wait.
CONNECTION_ARGUMENTS: dict[str, Any] = {
    "application_name": "kotadb",
    "connect_timeout": 10,
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 10_000,
}

SET = "select set_config(%s, %s, false)"
IDLE_LIMIT = "idle_in_transaction_session_timeout"

RECONNECT_SECONDS = 5.0
"""The pool waits twice as long after each attempt that failed. Whoever asks after this time has it begin anew, so that
the end of a long outage is noticed at once."""

ASK_AGAIN_SECONDS = 1.0

WRITE_ATTEMPTS = 4

CONFLICTS = (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected)


def set_search_path(connection: psycopg.Connection[Any]) -> None:
    """Make our schema and the extensions' visible; commits, as a pool's configure hook must."""
    connection.execute(SET, ["search_path", SEARCH_PATH])
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
        host = str(conninfo_to_dict(url).get("host", ""))
    except psycopg.ProgrammingError:  # whose message shows the text, password and all
        host = "@"
    if "@" in host:  # the end of a password that has one itself
        raise ConfigurationError(
            "DATABASE_URL is not a connection string of PostgreSQL's (postgresql://user:password@host/name); special "
            "characters in the password must be percent-encoded, and only libpq's options may follow"
        )


def without_password(url: str) -> str:
    """The connection string as it may be shown."""
    parts = conninfo_to_dict(url)
    return f"host={parts.get('host', 'localhost')} port={parts.get('port', 5432)} dbname={parts.get('dbname', '')}"


class Database:
    """A pool of connections to one database; a context manager.

    Connections are made when first needed. `max_connections` bounds what this process takes from the server, and
    `patience` is how many seconds to wait for one of them. A transaction in which nothing happens for `idle_seconds` is
    ended by the server: its owner hangs, or is paused, and others wait for its locks.
    """

    def __init__(
        self, url: str, *, max_connections: int = 4, patience: float = 10, idle_seconds: float | None = None
    ) -> None:
        self.url = url
        self._idle_seconds = idle_seconds
        self._patience = patience
        self._pool: psycopg_pool.ConnectionPool[Connection] = psycopg_pool.ConnectionPool(
            url,
            kwargs={"row_factory": dict_row, **CONNECTION_ARGUMENTS},
            configure=self._configure,
            check=psycopg_pool.ConnectionPool.check_connection,
            min_size=0,
            max_size=max_connections,
            reconnect_timeout=RECONNECT_SECONDS,
            open=False,
        )

    def __enter__(self) -> Self:
        self._pool.open()
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.close()

    def _configure(self, connection: Connection) -> None:
        if self._idle_seconds is not None:
            connection.execute(SET, [IDLE_LIMIT, f"{self._idle_seconds:g}s"])
        set_search_path(connection)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection in a transaction: committed at the end, rolled back on an exception.

        Raises DatabaseUnavailable if no connection can be had, or it breaks; the cause is psycopg's.
        """
        try:
            connection = self._connection()
            try:
                with connection.transaction():
                    yield connection
            finally:
                self._pool.putconn(connection)
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:  # a timeout of the pool is one too
            message = f"PostgreSQL at {without_password(self.url)} fails: {error}"
            raise DatabaseUnavailable(message) from error

    def _connection(self) -> Connection:
        """One from the pool. Where connections broke, the pool may leave whoever waits without one: so ask again."""
        asked_until = time.monotonic() + self._patience
        while True:
            try:
                return self._pool.getconn(min(ASK_AGAIN_SECONDS, self._patience))
            except psycopg_pool.PoolTimeout:
                if time.monotonic() >= asked_until:
                    raise

    def write(self, work: Callable[[Connection], Result]) -> Result:
        """What `work` returns, done in a transaction.

        One that PostgreSQL undid in favour of another, for a deadlock or as not serializable, is repeated at once, at
        most three times. Raises as `transaction`.
        """
        for attempts_left in reversed(range(WRITE_ATTEMPTS)):
            try:
                with self.transaction() as connection:
                    return work(connection)
            except DatabaseUnavailable as error:
                if not isinstance(error.__cause__, CONFLICTS) or not attempts_left:
                    raise
        raise AssertionError("the last attempt returns or raises")

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A read-only transaction that sees one state of the database throughout: no answer mixes two indexes."""
        with self.transaction() as connection:
            connection.execute("set transaction isolation level repeatable read, read only")
            yield connection
