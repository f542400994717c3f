"""Looking up files of an index, and the edges between them. Functions take a connection in the caller's transaction."""

from collections.abc import Collection, Iterable
from typing import Any

from kotadb.model import Index, SkipReason
from kotadb.postgres.database import Connection
from kotadb.postgres.queries import query


def entries(connection: Connection, index: Index, paths: list[str]) -> list[dict[str, Any]]:
    """The entries at these paths; `skipped` is the reason of one that is not indexed."""
    return _rows(connection, "entries", index, paths=paths)


def in_folder(connection: Connection, index: Index, folder: str, limit: int) -> list[str]:
    """The first paths in a folder."""
    start = "" if folder == "." else f"{folder}/"
    return [row["path"] for row in _rows(connection, "in_folder", index, start=start, limit=limit)]


def similar(connection: Connection, index: Index, path: str, limit: int) -> list[str]:
    """Paths whose last part is that of `path`, with or without its extension; those that hold all of it first."""
    name = path.rpartition("/")[2]
    return [row["path"] for row in _rows(connection, "similar", index, name=name, path=path, limit=limit)]


def outgoing(connection: Connection, index: Index, file_id: int) -> list[dict[str, Any]]:
    """The edges from a file, without those within it."""
    return _rows(connection, "outgoing", index, file_id=file_id)


def incoming(connection: Connection, index: Index, file_id: int) -> list[dict[str, Any]]:
    """The edges to a file, without those within it."""
    return _rows(connection, "incoming", index, file_id=file_id)


def skipped(connection: Connection, index: Index, reasons: Iterable[SkipReason]) -> list[dict[str, Any]]:
    """What was skipped for one of these reasons."""
    return _rows(connection, "skipped", index, reasons=[reason.value for reason in reasons])


def files_with_errors(connection: Connection, index: Index, languages: Collection[str]) -> int:
    """How many files of these languages have syntax errors."""
    return _count(connection, "files_with_errors", index, languages)


def missing_imports(connection: Connection, index: Index, languages: Collection[str]) -> int:
    """How many imports in files of these languages lead to neither a file nor a package."""
    return _count(connection, "missing_imports", index, languages)


def _count(connection: Connection, statement: str, index: Index, languages: Collection[str]) -> int:
    [row] = _rows(connection, statement, index, languages=sorted(languages))
    count: int = row["count"]
    return count


def _rows(connection: Connection, statement: str, index: Index, **parameters: Any) -> list[dict[str, Any]]:
    parameters |= {"repository_id": index.repository_id, "index_id": index.index_id}
    return connection.execute(query(f"graph.{statement}"), parameters).fetchall()
