"""Whether the database can be used, as `/ready` and `kotadb doctor` tell it."""

import psycopg

from kotadb.errors import DatabaseUnavailable, NoSpace
from kotadb.postgres.database import Connection
from kotadb.postgres.migrate import check_schema, check_server
from kotadb.postgres.queries import query


def check(connection: Connection) -> None:
    """Raises DatabaseUnavailable or SchemaMismatch unless everything can be read and written."""
    check_server(connection)
    try:
        check_schema(connection)
    except psycopg.errors.InsufficientPrivilege as error:
        raise DatabaseUnavailable("The role may not use the schema kotadb: make it the schema's owner") from error
    row = connection.execute(query("health.writable")).fetchone()
    if row is None or not row["writable"]:
        raise DatabaseUnavailable("The database is read-only: a standby, or set so")


def check_space(connection: Connection) -> None:
    """Raises NoSpace if the database cannot grow. Writes to find out, and keeps nothing of it."""
    try:
        connection.execute(query("health.write"))
    except psycopg.errors.DiskFull as error:
        raise NoSpace(
            "The database's disk is full: jobs wait until there is space again", code="database_full"
        ) from error


def is_session_pooled(connection: Connection) -> bool:
    """Whether statements outside a transaction reach the same server process each time.

    A transaction-mode pooler hands out another one each time; staging tables and LISTEN cannot work through it.
    """
    connection.execute("select set_config('kotadb.probe', 'here', false)")
    connection.commit()
    pids = {connection.info.backend_pid}
    for _ in range(3):
        row = connection.execute(query("health.session")).fetchone()
        connection.commit()
        assert row is not None
        pids.add(row["pid"])
        if row["probe"] != "here":
            return False
    return len(pids) == 1
