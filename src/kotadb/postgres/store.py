"""Writing an index: blobs in short committed batches first, then everything else at once.

Functions take a connection in a transaction of the caller's. Rows go in by COPY.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from kotadb.errors import ClaimLost
from kotadb.model import EXTRACTOR_VERSION, FileFacts, SkippedFile, SourceFile
from kotadb.pipeline.identify import symbol_ids
from kotadb.pipeline.link import LinkedFile
from kotadb.postgres.database import Connection
from kotadb.postgres.queries import query

CLAIM_LOST = "KD001"

BlobKey = tuple[str, str]
"""A blob's hash and the language it was parsed as: one blob may have names of several languages."""


@dataclass(frozen=True, slots=True)
class Blob:
    """A blob to be stored: its text and the packed facts."""

    key: BlobKey
    content: str
    facts: bytes


@dataclass(frozen=True, slots=True)
class StagedFile:
    """A file of the new index. `facts`, packed, is None where the digest says that nothing of it changed."""

    file_id: int
    file: SourceFile
    digest: bytes
    facts: bytes | None
    links: LinkedFile


@dataclass(frozen=True, slots=True)
class IndexHeader:
    """What the index says about itself."""

    commit_sha: str | None
    branch: str | None
    limits: str


def known_blobs(connection: Connection, repository_id: int) -> set[BlobKey]:
    """The blobs that this version of the extractor has been through already."""
    parameters = {"repository_id": repository_id, "extractor_version": EXTRACTOR_VERSION}
    return {(row["blob_sha"], row["language"]) for row in connection.execute(query("store.known_blobs"), parameters)}


def load_facts(connection: Connection, repository_id: int, keys: Iterable[BlobKey]) -> dict[BlobKey, bytes]:
    """The packed facts of those stored blobs."""
    parameters = {
        "repository_id": repository_id, "extractor_version": EXTRACTOR_VERSION,
        "blob_shas": sorted({blob_sha for blob_sha, _ in keys}),
    }  # fmt: skip
    rows = connection.execute(query("store.facts"), parameters)
    return {(row["blob_sha"], row["language"]): row["facts"] for row in rows}


def content(connection: Connection, repository_id: int, key: BlobKey) -> str | None:
    """The text of a stored blob."""
    parameters = {
        "repository_id": repository_id, "extractor_version": EXTRACTOR_VERSION, "blob_sha": key[0], "language": key[1],
    }  # fmt: skip
    row = connection.execute(query("store.content"), parameters).fetchone()
    return row["content"] if row is not None else None


def add_blobs(connection: Connection, repository_id: int, blobs: Sequence[Blob], *, replace: bool) -> None:
    """Store a batch of blobs. Those that are there stay as they are, unless `replace`."""
    connection.execute(query("store.stage_blobs"))
    with connection.cursor().copy(query("store.copy_blobs")) as copy:
        for blob in blobs:
            copy.write_row((*blob.key, blob.content, blob.facts))
    parameters = {"repository_id": repository_id, "extractor_version": EXTRACTOR_VERSION}
    connection.execute(query("store.replace_blobs" if replace else "store.add_blobs"), parameters)


def digests(connection: Connection, repository_id: int, index_id: int) -> dict[int, bytes]:
    """The digest of each file in the index, by file id."""
    parameters = {"repository_id": repository_id, "index_id": index_id}
    return {row["file_id"]: row["digest"] for row in connection.execute(query("store.digests"), parameters)}


def stage(connection: Connection, files: Sequence[StagedFile], skipped: Iterable[tuple[int, SkippedFile]]) -> None:
    """Bring the new index to the server, into tables that only this transaction sees."""
    connection.execute(query("store.stage_index"))
    with connection.cursor().copy(query("store.copy_files")) as copy:
        for item in files:
            copy.write_row(_file_row(item))
    with connection.cursor().copy(query("store.copy_symbols")) as copy:
        for item in files:
            for row in _symbol_rows(item):
                copy.write_row(row)
    changed = [item for item in files if item.facts is not None]
    with connection.cursor().copy(query("store.copy_references")) as copy:
        for item in changed:
            for number, reference in enumerate(item.links.reference_rows()):
                copy.write_row((item.file_id, number, *reference))
    with connection.cursor().copy(query("store.copy_dependencies")) as copy:
        for item in changed:
            for number, dependency in enumerate(item.links.dependency_rows()):
                copy.write_row((item.file_id, number, *dependency))
    with connection.cursor().copy(query("store.copy_skipped")) as copy:
        for file_id, entry in skipped:
            copy.write_row((file_id, entry.path, entry.reason.value))


def store(
    connection: Connection, job_id: UUID, claim: int, header: IndexHeader, stats: dict[str, Any], *, rewrite: bool
) -> dict[str, Any]:
    """Make what was staged the index, and complete the job: `store_indexed_data()`. Returns the job's stats.

    Raises ClaimLost if another run owns the job by now; the caller's transaction must then be rolled back.
    """
    parameters = {
        "job_id": job_id, "claim": claim, "commit_sha": header.commit_sha, "branch": header.branch,
        "extractor_version": EXTRACTOR_VERSION, "limits": header.limits, "rewrite": rewrite, "stats": Jsonb(stats),
    }  # fmt: skip
    try:
        row = connection.execute(query("store.store"), parameters).fetchone()
    except psycopg.Error as error:
        if error.sqlstate == CLAIM_LOST:
            raise ClaimLost from error
        raise
    assert row is not None
    result: dict[str, Any] = row["stats"]
    return result


def refresh_statistics(connection: Connection, files: int) -> None:
    """Have the planner know what was stored, if that is much of the tables: autovacuum comes a minute later."""
    row = connection.execute(query("store.knows_little"), {"files": files}).fetchone()
    if row is not None and row["little"]:
        connection.execute(query("store.analyze"))


def collect_blobs(connection: Connection, repository_id: int) -> int:
    """Delete the blobs that no index of the repository refers to, unless a run may be about to. Returns how many."""
    parameters = {"repository_id": repository_id}
    row = connection.execute(query("store.lock_blobs"), parameters).fetchone()
    if row is None or not row["locked"]:
        return 0
    if connection.execute(query("store.has_runs"), parameters).fetchone() is not None:
        return 0
    return connection.execute(query("store.collect_blobs"), parameters).rowcount


def _file_row(item: StagedFile) -> tuple[Any, ...]:
    file = item.file
    raw_path = None if file.path.encode() == file.raw_path else file.raw_path
    lines, has_errors = FileFacts.unpack_header(item.facts) if item.facts is not None else (None, None)
    return (
        item.file_id, file.path, raw_path, file.language, file.blob_sha, EXTRACTOR_VERSION, file.size_bytes, lines,
        has_errors, list(file.tags), item.digest,
    )  # fmt: skip


def _symbol_rows(item: StagedFile) -> Iterator[tuple[Any, ...]]:
    if item.facts is None:
        return
    symbols = FileFacts.unpack(item.facts).symbols
    for symbol_id, s in zip(symbol_ids(symbols), symbols, strict=True):
        yield (
            item.file_id, symbol_id, s.name, s.qualified_name, s.kind.value, s.line_start, s.line_end, s.column_start,
            s.column_end, s.name_line, s.name_column, s.signature, s.documentation, s.exported, s.is_async, s.access,
        )  # fmt: skip
