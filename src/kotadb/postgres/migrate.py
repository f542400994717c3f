"""Migrations: plain SQL files in order, applied once, one process at a time.

The files are named as the Supabase CLI names them (`<timestamp>_<name>.sql`), so that a Supabase project can carry a
copy of the folder; what it has applied already counts as applied here. The queue's tables come from the queue's own
package, at the version that is installed, and go into the same schema.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import psycopg
from procrastinate.schema import SchemaManager

from kotadb.errors import DatabaseUnavailable, SchemaMismatch
from kotadb.postgres.database import Connection, connect
from kotadb.postgres.queries import query

LOCK_KEY = 0x6B6F7461
"""Advisory lock that serialises migrations of one database: "kota" in ASCII."""

OLDEST_SERVER = 150000

QUEUE_CHANGES = "queue_changes_1"
"""What `change_queue` of queries/migrate.sql is recorded as: count it up with each change of that."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema. `version` is unique and sorts in the order of application."""

    version: str
    sql: str


def our_migrations() -> tuple[Migration, ...]:
    """The migrations in this package, oldest first."""
    folder = resources.files("kotadb.postgres") / "migrations"
    names = sorted(item.name for item in folder.iterdir() if item.name.endswith(".sql"))
    return tuple(Migration(name.removesuffix(".sql"), (folder / name).read_text("utf-8")) for name in names)


def migrate(url: str) -> tuple[str, ...]:
    """Bring the database up to this program's schema. Returns the versions that were applied now.

    Raises DatabaseUnavailable (too old, no pg_trgm, no permission) and SchemaMismatch (the schema is newer).
    """
    with connect(url, autocommit=True) as connection:
        check_server(connection)
        connection.execute("select pg_advisory_lock(%s)", [LOCK_KEY])
        try:
            return tuple(_apply_pending(connection))
        except psycopg.errors.InsufficientPrivilege as error:
            raise DatabaseUnavailable(
                f"Migrating needs more rights ({str(error).strip()}): make the role the database's owner, or grant it "
                "CREATE on the database"
            ) from error
        finally:
            connection.execute("select pg_advisory_unlock(%s)", [LOCK_KEY])


def check_server(connection: Connection) -> None:
    """Raises DatabaseUnavailable where the server is too old or lacks pg_trgm."""
    version = connection.info.server_version
    if version < OLDEST_SERVER:
        raise DatabaseUnavailable(f"PostgreSQL 15 or newer is needed; this server is {version // 10000}")
    if connection.execute("select from pg_available_extensions where name = 'pg_trgm'").fetchone() is None:
        raise DatabaseUnavailable(
            "The extension pg_trgm is not installed on this PostgreSQL server; it comes with the contrib package"
        )


def check_schema(connection: Connection) -> None:
    """Raises SchemaMismatch unless the schema is exactly this program's."""
    missing = sorted(_known_versions() - _applied(connection))
    if missing:
        raise SchemaMismatch(
            f"The database lacks {len(missing)} migration(s), first {missing[0]}: run `kotadb migrate`"
        )


def check_copy(folder: Path) -> list[str]:
    """How the copy of our migrations in `folder` differs from ours, a line each; files we do not know are not ours.

    Raises SchemaMismatch if the folder cannot be read.
    """
    if not folder.is_dir():
        raise SchemaMismatch(f"{folder} is not a folder")
    ours = {f"{migration.version}.sql": migration.sql for migration in our_migrations()}
    return [line for name, sql in ours.items() for line in _compare(folder / name, sql)]


def _compare(copy: Path, sql: str) -> Iterator[str]:
    if not copy.exists():
        yield f"{copy.name} is missing"
    elif copy.read_text("utf-8") != sql:
        yield f"{copy.name} differs"


def _apply_pending(connection: Connection) -> Iterator[str]:
    connection.execute(query("migrate.create_bookkeeping"))
    applied = _applied(connection)
    for migration in our_migrations():
        if migration.version not in applied:
            _apply(connection, migration.sql, migration.version)
            yield migration.version
    yield from _apply_queue(connection, applied)


def _apply_queue(connection: Connection, applied: set[str]) -> Iterator[str]:
    """The queue's own schema: whole on a new database, otherwise the steps that a newer version of it brought.

    Then our changes to it. They lock its table, so that no start of a program makes them again.
    """
    pending = [step for step in _queue_migrations() if step.version not in applied]
    if len(pending) == len(_queue_migrations()):
        _apply(connection, SchemaManager.get_schema(), *(step.version for step in pending))
    else:
        for step in pending:
            _apply(connection, step.sql, step.version)
    if pending or QUEUE_CHANGES not in applied:
        _apply(connection, query("migrate.change_queue"), QUEUE_CHANGES)
        yield pending[-1].version if pending else QUEUE_CHANGES


def _apply(connection: Connection, sql: str, *versions: str) -> None:
    with connection.transaction():
        connection.execute(sql.encode())
        for version in versions:
            connection.execute(query("migrate.record"), [version])


def _queue_migrations() -> tuple[Migration, ...]:
    folder = Path(SchemaManager.get_migrations_path())
    return tuple(Migration(f"queue_{file.stem}", file.read_text("utf-8")) for file in sorted(folder.glob("*.sql")))


def _known_versions() -> set[str]:
    return {migration.version for migration in (*our_migrations(), *_queue_migrations())} | {QUEUE_CHANGES}


def _applied(connection: Connection) -> set[str]:
    """The versions this database has. Raises SchemaMismatch if one of them is unknown to this program."""
    if connection.execute(query("migrate.has_bookkeeping")).fetchone() is None:
        return _applied_by_supabase(connection)
    applied = {row["version"] for row in connection.execute(query("migrate.applied"))}
    if newer := sorted(applied - _known_versions()):
        raise SchemaMismatch(f"The database's schema is newer than this kotadb (it has {newer[-1]}): update kotadb")
    return applied | _applied_by_supabase(connection)


def _applied_by_supabase(connection: Connection) -> set[str]:
    """Of our migrations, those that the Supabase CLI has applied; it records the timestamp alone."""
    if connection.execute(query("migrate.has_supabase")).fetchone() is None:
        return set()
    timestamps = {row["version"] for row in connection.execute(query("migrate.applied_by_supabase"))}
    return {migration.version for migration in our_migrations() if migration.version.partition("_")[0] in timestamps}
