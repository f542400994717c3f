"""What /metrics shows of the database, read on a connection of its own: no pool has to have one free."""

from dataclasses import dataclass

import psycopg

from kotadb.errors import DatabaseUnavailable
from kotadb.postgres.database import Connection, connect
from kotadb.postgres.queries import query


@dataclass(frozen=True, slots=True)
class Numbers:
    """One state of the database. Times are seconds by its clock; ages are None where there was never a worker."""

    jobs: dict[str, int]
    oldest_waiting: float
    dead_letters: dict[str, int]
    workers: int
    newest_heartbeat: float | None
    oldest_heartbeat: float | None


def read(url: str, lease_seconds: float, limit_seconds: float) -> Numbers:
    """Look, and change nothing. Raises DatabaseUnavailable."""
    try:
        with connect(url) as connection:
            connection.execute("set transaction isolation level repeatable read, read only")
            connection.execute(query("metrics.limit"), {"milliseconds": round(limit_seconds * 1000)})
            return _read(connection, lease_seconds)
    except psycopg.Error as error:
        raise DatabaseUnavailable(str(error)) from error


def _read(connection: Connection, lease_seconds: float) -> Numbers:
    waiting = connection.execute(query("metrics.oldest_waiting")).fetchone()
    workers = connection.execute(query("metrics.workers"), {"lease": lease_seconds}).fetchone()
    assert waiting is not None
    assert workers is not None
    return Numbers(
        jobs={row["status"]: row["jobs"] for row in connection.execute(query("metrics.jobs"))},
        oldest_waiting=waiting["seconds"],
        dead_letters={row["code"]: row["letters"] for row in connection.execute(query("metrics.dead_letters"))},
        workers=workers["alive"],
        newest_heartbeat=workers["newest"],
        oldest_heartbeat=workers["oldest"],
    )
