"""Migrations, on every PostgreSQL that the tests have."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path

import pytest

from kotadb.errors import SchemaMismatch
from kotadb.postgres.database import connect
from kotadb.postgres.embedded import EmbeddedServer
from kotadb.postgres.migrate import check_copy, check_schema, migrate, our_migrations
from support.databases import create_database, drop_database

pytestmark = pytest.mark.every_server


@pytest.fixture
def empty(server: EmbeddedServer):  # type: ignore[no-untyped-def] # a plain generator of a URL
    url = create_database(server.url, "template1")
    yield url
    drop_database(server.url, url)


def test_an_empty_database_is_brought_up_once(empty: str) -> None:
    assert [version for version in migrate(empty) if not version.startswith("queue_")] == [
        migration.version for migration in our_migrations()
    ]
    assert migrate(empty) == ()
    with connect(empty) as connection:
        check_schema(connection)


def test_a_program_that_starts_does_not_wait_for_those_who_use_the_queue(url: str) -> None:
    with connect(url) as busy:
        busy.execute("lock table procrastinate_jobs in row exclusive mode")
        assert migrate(url) == ()


def test_many_processes_migrating_at_once_apply_everything_once(empty: str) -> None:
    with ThreadPoolExecutor(8) as threads:
        applied = [version for versions in threads.map(migrate, [empty] * 8) for version in versions]
    assert len(applied) == len(set(applied)) > 0


def test_a_database_behind_is_named_with_what_to_do(empty: str) -> None:
    with connect(empty) as connection, pytest.raises(SchemaMismatch, match="run `kotadb migrate`"):
        check_schema(connection)


def test_a_database_ahead_is_refused(url: str) -> None:
    with connect(url, autocommit=True) as connection:
        connection.execute("insert into schema_migrations (version) values ('29990101000000_future')")
        with pytest.raises(SchemaMismatch, match="newer than this kotadb"):
            check_schema(connection)
    with pytest.raises(SchemaMismatch, match="29990101000000_future"):
        migrate(url)


def test_what_supabase_applied_is_not_applied_again(empty: str) -> None:
    first = our_migrations()[0]
    with connect(empty, autocommit=True) as connection:
        connection.execute("create schema supabase_migrations")
        connection.execute("create table supabase_migrations.schema_migrations (version text)")
        for migration in our_migrations():
            connection.execute(migration.sql.encode())
            connection.execute(
                "insert into supabase_migrations.schema_migrations values (%s)", [migration.version.split("_")[0]]
            )
    assert first.version not in migrate(empty)
    with connect(empty) as connection:
        check_schema(connection)


def test_a_copy_in_step_is_in_step_and_a_drifted_one_is_named(tmp_path: Path) -> None:
    with resources.as_file(resources.files("kotadb.postgres") / "migrations") as ours:
        copy = shutil.copytree(ours, tmp_path / "migrations")
    (copy / "20240101000000_of_the_project_itself.sql").write_text("select 1;")
    assert check_copy(copy) == []
    first, second, *_ = (f"{migration.version}.sql" for migration in our_migrations())
    (copy / first).write_text("-- drifted")
    (copy / second).unlink()
    assert check_copy(copy) == [f"{first} differs", f"{second} is missing"]


def test_a_copy_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SchemaMismatch, match="is not a folder"):
        check_copy(tmp_path / "nowhere")
