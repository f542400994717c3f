"""Writing an index: blobs in short committed batches first, then everything else in one transaction.

Functions take a connection in a transaction of the caller's. Rows go by COPY where they belong; an index is replaced
file by file, and of files whose digest is the same nothing is written.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, Full, Queue
from struct import Struct
from threading import Thread
from types import TracebackType
from typing import Any, NamedTuple, Self
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from kotadb.errors import ClaimLost
from kotadb.model import EXTRACTOR_VERSION, SkippedFile, SkipReason, SourceFile
from kotadb.pipeline.link import LinkedFile
from kotadb.pipeline.packing import PackedFacts
from kotadb.pipeline.rows import FLAG, data, integer, integers, text
from kotadb.postgres.database import Connection
from kotadb.postgres.queries import query

CLAIM_LOST = "KD001"

COPY_BEGIN = b"PGCOPY\n\xff\r\n\0" + bytes(8)
COPY_END = b"\xff\xff"

CHUNK_BYTES = 1024 * 1024
"""Rows of so many bytes go to the server at a time; at most CHUNKS_AHEAD more wait."""
CHUNKS_AHEAD = 4
LOOK_SECONDS = 0.2

MAX_SEGMENTS = 16
MAX_MERGED_BYTES = 32 * 1024 * 1024
"""A vocabulary that is larger is mostly data, and not looked through either."""

BlobKey = tuple[str, str]
"""A blob's hash and the language it was parsed as: one blob may have names of several languages."""


# ---- blobs -----------------------------------------------------------------------------------------------------------


class Blob(NamedTuple):
    """A blob to be stored: its text as UTF-8, and what is kept of it."""

    key: BlobKey
    content: bytes
    words: list[int]
    """As `pipeline.words.word_hashes` makes them."""
    facts: PackedFacts


def known_blobs(connection: Connection, repository_id: int) -> set[BlobKey]:
    """The blobs that this version of the extractor has been through already."""
    parameters = {"repository_id": repository_id, "extractor_version": EXTRACTOR_VERSION}
    return {(row["blob_sha"], row["language"]) for row in connection.execute(query("store.known_blobs"), parameters)}


def skipped_blobs(connection: Connection, repository_id: int) -> dict[BlobKey, SkipReason]:
    """The blobs that this version of the extractor has skipped for what they hold."""
    parameters = {"repository_id": repository_id, "extractor_version": EXTRACTOR_VERSION}
    found = connection.execute(query("store.skipped_blobs"), parameters)
    return {(row["blob_sha"], row["language"]): SkipReason(row["reason"]) for row in found}


def load_facts(connection: Connection, repository_id: int, keys: Iterable[BlobKey]) -> dict[BlobKey, PackedFacts]:
    """What is kept of those stored blobs."""
    parameters = {
        "repository_id": repository_id, "extractor_version": EXTRACTOR_VERSION,
        "blob_shas": sorted({blob_sha for blob_sha, _ in keys}),
    }  # fmt: skip
    return _facts(connection, "store.facts", parameters)


def facts_read_by(
    connection: Connection, repository_id: int, index_id: int, file_ids: Collection[int]
) -> dict[BlobKey, PackedFacts]:
    """What is kept of the files that these files of an index import from or refer to."""
    parameters = {
        "repository_id": repository_id, "index_id": index_id, "extractor_version": EXTRACTOR_VERSION,
        "file_ids": list(file_ids),
    }  # fmt: skip
    return _facts(connection, "store.facts_read_by", parameters)


def _facts(connection: Connection, name: str, parameters: dict[str, Any]) -> dict[BlobKey, PackedFacts]:
    found = connection.cursor(binary=True).execute(query(name), parameters)
    return {(row["blob_sha"], row["language"]): _packed_facts(row) for row in found}


def _packed_facts(row: dict[str, Any]) -> PackedFacts:
    return PackedFacts(row["lines"], row["has_errors"], row["names"], row["outline"], row["rows"], row["is_generated"])


def content(connection: Connection, repository_id: int, key: BlobKey) -> str | None:
    """The text of a stored blob."""
    parameters = {
        "repository_id": repository_id, "extractor_version": EXTRACTOR_VERSION, "blob_sha": key[0], "language": key[1],
    }  # fmt: skip
    row = connection.execute(query("store.content"), parameters).fetchone()
    return row["content"] if row is not None else None


def add_blobs(connection: Connection, repository_id: int, blobs: Sequence[Blob], *, replace: bool) -> list[str]:
    """Store a batch of blobs. Those that are there stay as they are; with `replace`, only if they are the same.

    Returns the hashes of those that were not.
    """
    parameters = {
        "repository_id": repository_id, "extractor_version": EXTRACTOR_VERSION,
        "blob_shas": [blob.key[0] for blob in blobs],
    }  # fmt: skip
    connection.execute(query("store.one_writer"), parameters)
    if replace:
        stored = {blob.key: blob for blob in _stored_blobs(connection, parameters)}
        wrong = [blob.key for blob in blobs if stored.get(blob.key, blob) != blob]
        gone = {"blob_shas": [sha for sha, _ in wrong], "languages": [language for _, language in wrong]}
        connection.execute(query("store.delete_blobs"), parameters | gone)
        known = stored.keys() - set(wrong)
    else:
        wrong = []
        rows = connection.execute(query("store.stored_of"), parameters).fetchall()
        known = {(row["blob_sha"], row["language"]) for row in rows}
    copy_rows(connection, "copy_blobs", (_blob_row(repository_id, blob) for blob in blobs if blob.key not in known))
    return [blob_sha for blob_sha, _ in wrong]


def _stored_blobs(connection: Connection, parameters: dict[str, Any]) -> Iterator[Blob]:
    for row in connection.cursor(binary=True).execute(query("store.stored_with_content"), parameters):
        yield Blob((row["blob_sha"], row["language"]), row["content"].encode(), row["words"], _packed_facts(row))


_BLOB_HEAD = Struct("!hiq").pack
_BLOB_FIELDS = 12


def _blob_row(repository_id: int, blob: Blob) -> bytes:
    blob_sha, language = blob.key
    facts = blob.facts
    return b"".join(
        (
            _BLOB_HEAD(_BLOB_FIELDS, 8, repository_id), text(blob_sha), text(language), integer(EXTRACTOR_VERSION),
            data(blob.content), integers(blob.words), integer(facts.lines), FLAG[facts.has_errors], data(facts.names),
            data(facts.outline), data(facts.rows), FLAG[facts.is_generated],
        )
    )  # fmt: skip


def copy_rows(connection: Connection, name: str, rows: Iterable[bytes]) -> None:
    """Send rows in the binary format by the COPY statement of that name."""
    with connection.cursor().copy(query(f"store.{name}")) as copy:
        copy.write(COPY_BEGIN)
        for row in rows:
            copy.write(row)
        copy.write(COPY_END)


# ---- words -----------------------------------------------------------------------------------------------------------


def add_words(connection: Connection, repository_id: int, words: Collection[bytes]) -> None:
    """Add words to the vocabulary of a repository, as a segment of their own."""
    if words:
        connection.execute(
            query("store.add_words"), {"repository_id": repository_id, "words": b"\n".join(sorted(words))}
        )


def tidy_words(connection: Connection, repository_id: int) -> None:
    """Have new words in the index of words, and make the vocabulary one segment where many have the same words."""
    connection.execute(query("store.put_words_in_place"))
    parameters = {"repository_id": repository_id}
    row = connection.execute(query("store.segments"), parameters).fetchone()
    if row is None or row["segments"] < 2 or row["bytes"] > MAX_MERGED_BYTES:
        return
    if row["segments"] > MAX_SEGMENTS or row["bytes"] > 2 * row["largest"]:
        taken = connection.cursor(binary=True).execute(query("store.take_segments"), parameters)
        add_words(connection, repository_id, set().union(*(row["words"].split(b"\n") for row in taken)))


# ---- the index that is there -----------------------------------------------------------------------------------------


class StoredFile(NamedTuple):
    """A file of an index, as it was stored."""

    file_id: int
    path: str
    blob_sha: str
    language: str
    tags: list[str]
    digest: bytes
    names: bytes
    reads: bytes | None
    entries: list[str]
    """Both as in `LinkedFile`."""


def stored_files(connection: Connection, repository_id: int, index_id: int) -> dict[int, StoredFile]:
    """The files of an index by their ids."""
    parameters = {"repository_id": repository_id, "index_id": index_id}
    rows = connection.cursor(binary=True).execute(query("store.files"), parameters)
    return {row["file_id"]: StoredFile(**row) for row in rows}


def stored_skips(connection: Connection, repository_id: int, index_id: int) -> set[str]:
    """The paths that an index leaves out."""
    parameters = {"repository_id": repository_id, "index_id": index_id}
    return {row["path"] for row in connection.execute(query("store.skipped"), parameters)}


# ---- the new one -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class IndexHeader:
    """What the index says about itself."""

    commit_sha: str | None
    branch: str | None
    limits: str
    manifests: Mapping[str, Sequence[str] | None]
    """As in `model.Index`."""


class IndexWriter:
    """Writes the files of an index in the caller's transaction, by a thread of its own; a context manager.

    While the server stores rows the caller makes more of them. Nobody else may use the connection meanwhile. What goes
    wrong in the thread is raised here, at the next write or at the end.
    """

    def __init__(self, connection: Connection, repository_id: int, index_id: int, idle_seconds: float) -> None:
        """`idle_seconds`: after so long without rows the server is told that the transaction goes on."""
        self._connection = connection
        self._ids = {"repository_id": repository_id, "index_id": index_id}
        self._idle_seconds = idle_seconds
        self._files: list[tuple[Any, ...]] = []
        self._deleted: list[int] = []
        self._rows: dict[str, list[bytes]] = {name: [] for name in _COPIES}
        self._size = 0
        self._chunks: Queue[_Chunk | None] = Queue(CHUNKS_AHEAD)
        self._error: BaseException | None = None
        self._thread = Thread(target=self._run, name="index writer", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._hand_over()
        self._put(None)
        self._thread.join()
        if error is None and self._error is not None:
            raise self._error

    def delete(self, file_ids: Iterable[int]) -> None:
        """Take the rows of these files out of the index."""
        self._deleted += file_ids

    def write(self, file_id: int, file: SourceFile, facts: PackedFacts, linked: LinkedFile) -> None:
        """Add a file that the index does not have, or not any more."""
        self._files.append((*self._ids.values(), *_file_row(file_id, file, facts, linked)))
        made = (linked.symbols, linked.references, linked.dependencies, linked.relations)
        for name, rows in zip(_COPIES, made, strict=True):
            self._rows[name].append(rows)
            self._size += len(rows)
        if self._size >= CHUNK_BYTES:
            self._hand_over()

    def _hand_over(self) -> None:
        self._put(_Chunk(self._deleted, self._files, {name: b"".join(rows) for name, rows in self._rows.items()}))
        self._deleted, self._files, self._size = [], [], 0
        self._rows = {name: [] for name in self._rows}

    def _put(self, chunk: "_Chunk | None") -> None:
        """Wait while the server is behind, but not for a thread that has ended."""
        while self._thread.is_alive():
            with suppress(Full):
                self._chunks.put(chunk, timeout=LOOK_SECONDS)
                return
        if chunk is not None and self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            while (chunk := self._next()) is not None:
                self._store(chunk)
        except BaseException as error:  # the caller raises it
            self._error = error

    def _next(self) -> "_Chunk | None":
        while True:
            try:
                return self._chunks.get(timeout=self._idle_seconds)
            except Empty:
                self._connection.execute("select")

    def _store(self, chunk: "_Chunk") -> None:
        if chunk.deleted:
            self._connection.execute(query("store.delete_files"), {**self._ids, "file_ids": chunk.deleted})
        with self._connection.cursor().copy(query("store.copy_files")) as copy:
            for row in chunk.files:
                copy.write_row(row)
        for name, rows in chunk.rows.items():
            if rows:
                copy_rows(self._connection, name, [rows])


_COPIES = ("copy_symbols", "copy_references", "copy_dependencies", "copy_relations")
"""The statements by which the rows of a file are written."""


class _Chunk(NamedTuple):
    deleted: Sequence[int]
    files: Sequence[tuple[Any, ...]]
    rows: Mapping[str, bytes]
    """Rows in the format of COPY by the name of its statement."""


def _file_row(file_id: int, file: SourceFile, facts: PackedFacts, linked: LinkedFile) -> tuple[Any, ...]:
    raw_path = None if file.path.encode() == file.raw_path else file.raw_path
    return (
        file_id, file.path, raw_path, file.language, file.blob_sha, EXTRACTOR_VERSION, file.size_bytes, facts.lines,
        facts.has_errors, list(linked.tags), linked.digest, linked.symbol_count, linked.reference_count,
        linked.dependency_count, facts.names, linked.reads,
        list(linked.entries),
    )  # fmt: skip


def write_skipped(
    connection: Connection, repository_id: int, index_id: int, skipped: Iterable[tuple[int, SkippedFile]]
) -> None:
    """Make these, with their ids, what the index leaves out."""
    entries = list(skipped)
    blobs = [entry.blob or (None, None) for _, entry in entries]
    parameters = {
        "repository_id": repository_id, "index_id": index_id, "file_ids": [file_id for file_id, _ in entries],
        "paths": [entry.path for _, entry in entries], "reasons": [entry.reason.value for _, entry in entries],
        "blob_shas": [blob_sha for blob_sha, _ in blobs], "languages": [language for _, language in blobs],
    }  # fmt: skip
    connection.execute(query("store.delete_skipped"), parameters)
    connection.execute(query("store.add_skipped"), parameters)


def begin_shadow(connection: Connection) -> None:
    """Have what is written from now on in this transaction go to a shadow of the index, beside it."""
    connection.execute(query("store.begin_shadow"))


def end_shadow(connection: Connection, repository_id: int, index_id: int) -> list[str]:
    """Make the index what the shadow is, and be done with it. Returns the paths of the files that were not the same."""
    parameters = {"repository_id": repository_id, "index_id": index_id}
    found = connection.execute(query("store.drift"), parameters).fetchall()
    if found:
        repaired = parameters | {"file_ids": [row["file_id"] for row in found]}
        for part in ("delete", "files", "symbols", "references", "dependencies", "relations"):
            connection.execute(query(f"store.repair_{part}"), repaired)
    connection.execute(query("store.end_shadow"))
    return [row["path"] for row in found]


def store(
    connection: Connection, job_id: UUID, claim: int, header: IndexHeader, stats: dict[str, Any]
) -> dict[str, Any]:
    """Make what was written the index, and complete the job: `store_indexed_data()`. Returns the job's stats.

    Raises ClaimLost if another run owns the job by now; the caller's transaction must then be rolled back.
    """
    parameters = {
        "job_id": job_id, "claim": claim, "commit_sha": header.commit_sha, "branch": header.branch,
        "extractor_version": EXTRACTOR_VERSION, "limits": header.limits,
        "manifests": Jsonb(header.manifests), "stats": Jsonb(stats),
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
