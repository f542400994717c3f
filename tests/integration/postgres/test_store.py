"""`store_indexed_data()`: fenced, atomic, idempotent, and writing only what differs."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from kotadb.errors import ClaimLost
from kotadb.jobs import requests
from kotadb.model import TEXT, FileFacts, Job, JobStatus, SkippedFile, SkipReason, SourceFile, Symbol, SymbolKind
from kotadb.pipeline.identify import file_ids
from kotadb.pipeline.link import Linker
from kotadb.pipeline.packing import pack
from kotadb.postgres import repositories
from kotadb.postgres.database import Database
from kotadb.postgres.store import (
    Blob,
    IndexHeader,
    IndexWriter,
    add_blobs,
    begin_shadow,
    collect_blobs,
    end_shadow,
    known_blobs,
    load_facts,
    store,
    stored_files,
    write_skipped,
)

pytestmark = pytest.mark.every_server

MakeJob = Callable[..., Job]
ClaimJob = Callable[[Job, str], Job]
Claimed = Callable[..., Job]
HEADER = IndexHeader("c" * 40, "main", "limits", {})
STATS = {"duration_ms": {"fetch": 1}, "peak_memory_bytes": 1}


def source(path: str, content: str) -> SourceFile:
    return SourceFile(path, path.encode(), "python", f"{hash(content) & (2**64 - 1):040x}", len(content), ("test",))


def facts(*names: str) -> FileFacts:
    return FileFacts(1, False, tuple(Symbol(name, name, SymbolKind.FUNCTION, 1, 1, 0, 9, 1, 4) for name in names))


@pytest.fixture
def claimed(make_job: MakeJob, claim_job: ClaimJob) -> Callable[..., Job]:
    """`claimed(ref=…)`: a job that is being run."""
    return lambda **wanted: claim_job(make_job(**wanted), "worker")


def store_files(
    database: Database, job: Job, files: dict[str, tuple[str, FileFacts]], *skipped: str, rewrite: bool = False
) -> dict[str, Any]:
    assert job.repository_id is not None
    assert job.claim is not None
    sources = [source(path, content) for path, (content, _) in files.items()]
    facts = [pack(known, TEXT) for _, known in files.values()]
    ids = file_ids([file.raw_path for file in sources] + [path.encode() for path in skipped])
    numbers = [ids[file.raw_path] for file in sources]
    by_path = {path.decode(): number for path, number in ids.items()}
    index = job.repository_id, job.index_id
    linker = Linker(index, sources, numbers, by_path, {}, facts.__getitem__, ())
    with database.transaction() as connection:
        blobs = [
            Blob((file.blob_sha, file.language), b"text", [1, 2], kept)
            for file, kept in zip(sources, facts, strict=True)
        ]
        add_blobs(connection, job.repository_id, blobs, replace=rewrite)
    with database.transaction() as connection:
        stored = stored_files(connection, *index)
        if rewrite:
            begin_shadow(connection)
        with IndexWriter(connection, *index, idle_seconds=10) as writer:
            writer.delete(() if rewrite else stored.keys() - set(numbers))
            for number, file in enumerate(sources):
                linked = linker.linked(linker.resolved(number))
                known = None if rewrite else stored.get(numbers[number])
                if known is None or known.digest != linked.digest:
                    writer.delete([] if known is None else [known.file_id])
                    writer.write(numbers[number], file, facts[number], linked)
        if rewrite:
            end_shadow(connection, *index)
        entries = [(by_path[path], SkippedFile(path, path.encode(), SkipReason.BINARY)) for path in skipped]
        write_skipped(connection, *index, entries)
        return store(connection, job.id, job.claim, HEADER, STATS)


def rows(database: Database, table: str) -> list[dict[str, Any]]:
    with database.transaction() as connection:
        found = connection.execute(f"select *, xmin::text as written_by from {table}".encode()).fetchall()
    return sorted(found, key=repr)


def symbols(database: Database) -> set[str]:
    return {row["name"] for row in rows(database, "symbols")}


def test_storing_completes_the_job_with_its_counts(database: Database, claimed: Claimed) -> None:
    job = claimed()
    stats = store_files(database, job, {"a.py": ("a", facts("f", "g")), "b.py": ("b", facts("h"))}, "logo.png")
    done = requests.get(database, job.id)
    assert (done.status, done.resolved_sha, done.branch) == (JobStatus.COMPLETED, "c" * 40, "main")
    assert done.stats == stats
    assert (stats["files_indexed"], stats["symbols_extracted"], stats["files_skipped"]) == (2, 3, {"binary": 1})
    assert (stats["references_found"], stats["dependencies_extracted"]) == (0, 0)
    assert stats["duration_ms"].keys() == {"fetch", "store"}
    assert done.finished_at is not None


def test_a_lost_claim_stores_nothing(database: Database, claimed: Claimed) -> None:
    job = claimed()
    requests.cancel(database, job.id)
    with pytest.raises(ClaimLost):
        store_files(database, job, {"a.py": ("a", facts("f"))})
    assert rows(database, "indexed_files") == []
    assert requests.get(database, job.id).status is JobStatus.CANCELLED


def test_an_earlier_claim_of_a_job_that_runs_again_stores_nothing(
    database: Database, claimed: Claimed, claim_job: ClaimJob
) -> None:
    first = claimed()
    with database.transaction() as connection:
        connection.execute("update index_jobs set status = 'pending' where id = %s", [first.id])
    second = claim_job(first, "another")
    with pytest.raises(ClaimLost):
        store_files(database, first, {"a.py": ("a", facts("late"))})
    store_files(database, second, {"a.py": ("a", facts("f"))})
    assert symbols(database) == {"f"}


def test_a_store_that_fails_half_way_leaves_the_old_index(database: Database, claimed: Claimed) -> None:
    store_files(database, claimed(), {"a.py": ("a", facts("old"))})
    before = rows(database, "indexed_files"), rows(database, "symbols")
    job = claimed()
    with database.transaction() as connection:
        # The last table to be written refuses, after files and symbols have been replaced.
        connection.execute("alter table indexes add constraint refuse check (commit_sha is null) not valid")
    with pytest.raises(psycopg.errors.CheckViolation):
        store_files(database, job, {"b.py": ("b", facts("new"))})
    assert (rows(database, "indexed_files"), rows(database, "symbols")) == before
    assert requests.get(database, job.id).status is JobStatus.PROCESSING


def test_a_reader_sees_the_old_index_until_it_ends(database: Database, claimed: Claimed) -> None:
    store_files(database, claimed(), {"a.py": ("a", facts("old"))})
    with database.snapshot() as connection:
        count = "select count(*) as n, min(name) as name from symbols"
        before = connection.execute(count).fetchone()
        store_files(database, claimed(), {"a.py": ("a2", facts("new", "newer"))})
        assert connection.execute(count).fetchone() == before == {"n": 1, "name": "old"}
    assert symbols(database) == {"new", "newer"}


def test_only_what_differs_is_written(database: Database, claimed: Claimed) -> None:
    files = {"same.py": ("s", facts("same")), "edited.py": ("e", facts("before")), "gone.py": ("g", facts("gone"))}
    store_files(database, claimed(), files)
    before = {row["path"]: row["written_by"] for row in rows(database, "indexed_files")}
    files = {"same.py": ("s", facts("same")), "edited.py": ("e2", facts("after")), "added.py": ("a", facts("added"))}
    store_files(database, claimed(), files)
    after = {row["path"]: row["written_by"] for row in rows(database, "indexed_files")}
    assert after.keys() == {"same.py", "edited.py", "added.py"}
    assert after["same.py"] == before["same.py"]
    assert after["edited.py"] != before["edited.py"]
    assert symbols(database) == {"same", "after", "added"}


def test_storing_the_same_twice_leaves_the_same_rows(database: Database, claimed: Claimed) -> None:
    files = {"a.py": ("a", facts("f", "f", "g"))}
    store_files(database, claimed(), files, "x.png")
    before = [rows(database, table) for table in ("indexed_files", "symbols", "skipped_files")]
    store_files(database, claimed(), files, "x.png")
    assert [rows(database, table) for table in ("indexed_files", "symbols", "skipped_files")] == before


def test_a_rebuild_of_what_is_there_writes_nothing(database: Database, claimed: Claimed) -> None:
    files = {"a.py": ("a", facts("f")), "b.py": ("b", facts("g"))}
    store_files(database, claimed(), files)
    tables = ("indexed_files", "symbols", "source_blobs")
    before = [rows(database, table) for table in tables]
    store_files(database, claimed(), files, rewrite=True)
    assert [rows(database, table) for table in tables] == before


@pytest.mark.parametrize(
    "damage",
    [
        "update symbols set line_start = line_start + 1 where name = 'f'",
        "delete from symbols where name = 'f'",
        "delete from indexed_files where path = 'a.py'",
        "update indexed_files set reads = null where path = 'a.py'",
        "update source_blobs b set rows = 'x' from indexed_files f where f.blob_sha = b.blob_sha and path = 'a.py'",
        "update source_blobs b set content = 'x' from indexed_files f where f.blob_sha = b.blob_sha and path = 'a.py'",
    ],
)
def test_a_rebuild_repairs_what_is_damaged_and_nothing_else(database: Database, claimed: Claimed, damage: str) -> None:
    def told(table: str) -> list[dict[str, Any]]:
        return sorted(({**row, "written_by": None} for row in rows(database, table)), key=repr)

    files = {"a.py": ("a", facts("f")), "b.py": ("b", facts("g"))}
    store_files(database, claimed(), files)
    tables = ("indexed_files", "symbols", "source_blobs")
    before = [told(table) for table in tables]
    healthy = [row for row in rows(database, "symbols") if row["name"] == "g"]
    with database.transaction() as connection:
        connection.execute(damage.encode())
    assert [told(table) for table in tables] != before
    store_files(database, claimed(), files, rewrite=True)
    assert [told(table) for table in tables] == before
    assert [row for row in rows(database, "symbols") if row["name"] == "g"] == healthy


def test_a_file_without_its_blob_cannot_be_stored(database: Database, claimed: Claimed) -> None:
    job = claimed()
    assert job.claim is not None
    store_files(database, job, {"a.py": ("a", facts())})
    job = claimed()
    assert job.claim is not None
    with database.transaction() as connection:
        connection.execute("delete from source_blobs")
        with pytest.raises(psycopg.Error, match="no stored blob"), connection.transaction():
            store(connection, job.id, job.claim, HEADER, STATS)


def test_indexes_of_one_repository_share_blobs_and_nothing_else(database: Database, claimed: Claimed) -> None:
    files = {"a.py": ("a", facts("f"))}
    for ref in ("main", "dev"):
        store_files(database, claimed(ref=ref), files)
    assert len(rows(database, "source_blobs")) == 1
    assert len(rows(database, "symbols")) == 2


def test_unused_blobs_are_collected_but_never_during_a_run(database: Database, claimed: Claimed) -> None:
    store_files(database, claimed(), {"a.py": ("a", facts("f"))})
    job = claimed()
    assert job.repository_id is not None
    store_files(database, job, {"a.py": ("a2", facts("f"))})
    running = claimed(ref="dev")
    with database.transaction() as connection:
        assert collect_blobs(connection, job.repository_id) == 0
    requests.cancel(database, running.id)
    with database.transaction() as connection:
        assert collect_blobs(connection, job.repository_id) == 1
        assert known_blobs(connection, job.repository_id) == {(source("a.py", "a2").blob_sha, "python")}


def test_facts_come_back_as_they_went_in(database: Database, claimed: Claimed) -> None:
    job = claimed()
    assert job.repository_id is not None
    store_files(database, job, {"a.py": ("a", facts("größer", "日本"))})
    key = (source("a.py", "a").blob_sha, "python")
    with database.transaction() as connection:
        kept = load_facts(connection, job.repository_id, [key])[key]
    assert kept == pack(facts("größer", "日本"), TEXT)


def test_deleting_an_index_leaves_the_other(database: Database, claimed: Claimed) -> None:
    main, dev = (claimed(ref=ref) for ref in ("main", "dev"))
    store_files(database, main, {"a.py": ("a", facts("f"))}, "x.png")
    store_files(database, dev, {"a.py": ("a", facts("f"))}, "x.png")
    assert main.repository_id is not None
    with database.transaction() as connection:
        repositories.delete_index(connection, main.repository_id, main.index_id, [])
    for table in ("indexed_files", "symbols", "skipped_files", "indexes"):
        assert {row["index_id"] for row in rows(database, table)} == {dev.index_id}


def test_names_of_any_length_are_stored(database: Database, claimed: Claimed) -> None:
    path, name = "d/" * 5_000 + "f.py", "n" * 100_000
    store_files(database, claimed(), {path: ("a", facts(name))}, "s/" * 5_000 + "x.png")
    assert symbols(database) == {name}
