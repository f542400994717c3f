"""Looking up the text of an index. Functions take a connection in the caller's transaction."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import psycopg

from kotadb.model import Index
from kotadb.postgres.database import Connection
from kotadb.postgres.queries import query

ROWS_AT_A_TIME = 500

ContentKey = tuple[str, str, int]
"""A blob's hash, the language it was read as, and by which version."""


@dataclass(frozen=True)
class FileFilter:
    """Which files of an index are searched."""

    languages: list[str] | None
    tests: str
    """`include`, `exclude` or `only`, of what is tagged so."""
    generated: str
    included: str | None
    """A regular expression of the paths that are, if not all."""
    excluded: str | None
    """A regular expression of the paths that are not."""


class Place(NamedTuple):
    """Where files go on: at that file or after it."""

    rank: int
    test: bool
    path: str
    itself: bool


class Declaring(NamedTuple):
    """The files that declare a symbol of the name that is searched for."""

    exactly: list[int]
    otherwise: list[int]
    """In another case."""


def files(
    connection: Connection,
    index: Index,
    wanted: FileFilter,
    declaring: Declaring,
    place: Place | None,
    blob_shas: Collection[str] | None,
) -> Iterator[dict[str, Any]]:
    """The files that are searched, in the order of the answer, with their `rank`: 0 of those that declare what is
    searched for, 1 in another case, else 2. Only those of some blobs, if any are named.
    """
    at = place or Place(0, False, "", False)
    parameters = {
        **asdict(wanted), **_ids(index),
        "declaring": declaring.exactly, "declaring_otherwise": declaring.otherwise,
        "blob_shas": None if blob_shas is None else list(blob_shas),
        "from_rank": at.rank, "from_test": at.test, "from_path": place and place.path, "from_itself": at.itself,
    }  # fmt: skip
    with connection.cursor("files to search") as cursor:
        cursor.itersize = ROWS_AT_A_TIME
        yield from cursor.execute(query("search.files"), parameters)


def file(connection: Connection, index: Index, file_id: int) -> dict[str, Any] | None:
    """The path of a file, and whether it is a test."""
    return connection.execute(query("search.file"), _ids(index) | {"file_id": file_id}).fetchone()


def has_files(connection: Connection, index: Index, wanted: FileFilter) -> bool:
    """Whether there is any file to be searched."""
    row = connection.execute(query("search.has_files"), asdict(wanted) | _ids(index)).fetchone()
    return row is not None and row["any"]


def contents(connection: Connection, index: Index, keys: Collection[ContentKey]) -> Mapping[ContentKey, bytes]:
    """The texts of blobs, as UTF-8."""
    parameters = {
        "repository_id": index.repository_id,
        "blob_shas": [key[0] for key in keys],
        "versions": sorted({key[2] for key in keys}),
    }
    rows = connection.cursor(binary=True).execute(query("search.contents"), parameters)
    return {(row["blob_sha"], row["language"], row["extractor_version"]): row["content"] for row in rows}


def vocabulary(connection: Connection, repository_id: int, max_bytes: int) -> list[bytes] | None:
    """The words of a repository's texts, in segments, each word on a line of its own; None if they are more bytes."""
    parameters = {"repository_id": repository_id}
    size = connection.execute(query("search.vocabulary_bytes"), parameters).fetchone()
    if size is None or size["bytes"] > max_bytes:
        return None
    return [row["words"] for row in connection.cursor(binary=True).execute(query("search.vocabulary"), parameters)]


def blobs(
    connection: Connection,
    repository_id: int,
    pieces: Sequence[Sequence[int]],
    alternatives: Sequence[Sequence[int]],
    limit: int,
    seconds: float,
) -> set[str] | None:
    """The blobs that have for each piece of one of the alternatives a word with one of these hashes; `limit` of them.

    Alternatives name their pieces by the numbers that these have in the list. None if it takes longer.
    """
    parameters = {
        "repository_id": repository_id,
        "pieces": [number for number, hashes in enumerate(pieces) for _ in hashes],
        "words": [each for hashes in pieces for each in hashes],
        "alternatives": [number for number, these in enumerate(alternatives) for _ in these],
        "their_pieces": [each for these in alternatives for each in these],
        "limit": limit,
    }  # fmt: skip
    try:
        with connection.transaction(force_rollback=True):  # which takes the settings back
            connection.execute(query("search.by_index"), {"milliseconds": f"{seconds * 1000:.0f}ms"})
            return {row["blob_sha"] for row in connection.execute(query("search.blobs"), parameters)}
    except psycopg.errors.QueryCanceled:
        return None


def declaring(connection: Connection, index: Index, name: str) -> Declaring:
    """The files that declare a symbol of that name."""
    rows = connection.execute(query("search.declaring"), _ids(index) | {"name": name}).fetchall()
    return Declaring(
        [row["file_id"] for row in rows if row["exactly"]], [row["file_id"] for row in rows if not row["exactly"]]
    )


def declared(
    connection: Connection, index: Index, file_ids: Collection[int], lines: Collection[int]
) -> list[dict[str, Any]]:
    """The names that symbols of these files have in these lines."""
    parameters = _ids(index) | {"file_ids": list(file_ids), "lines": list(lines)}
    return connection.execute(query("search.declared"), parameters).fetchall()


def _ids(index: Index) -> dict[str, Any]:
    return {"repository_id": index.repository_id, "index_id": index.index_id}
