"""Breaks of guards that are in the database, for the time of one check."""

from collections.abc import Callable

from kotadb.postgres.database import Connection, Database


def unguard(database: Database, broken: str | None) -> None:
    """Disable what the database does for the guard of this name, if it does something."""
    if broken in _UNGUARD:
        with database.transaction() as connection:
            _UNGUARD[broken](connection)


def _no_fence(connection: Connection) -> None:
    """A store asks for no claim."""
    row = connection.execute("select pg_get_functiondef('store_indexed_data'::regproc) as source").fetchone()
    assert row is not None
    fenced: str = row["source"]
    unfenced = fenced.replace("and claim = p_claim and status = 'processing'", "")
    assert unfenced != fenced
    connection.execute(unfenced.encode())


def _two_runs(connection: Connection) -> None:
    connection.execute("drop index index_jobs_one_run")


def _no_foreign_keys(connection: Connection) -> None:
    """Nothing goes with its repository."""
    found = connection.execute(
        """select format('alter table %s drop constraint %I', conrelid::regclass, conname) as drop from pg_constraint
           where contype = 'f' and connamespace = 'kotadb'::regnamespace
               and conrelid::regclass::text not like '%procrastinate%'"""
    ).fetchall()
    for row in found:
        connection.execute(row["drop"].encode())


_UNGUARD: dict[str, Callable[[Connection], None]] = {
    "fence": _no_fence,
    "foreign_keys": _no_foreign_keys,
    "lock": _two_runs,
}
