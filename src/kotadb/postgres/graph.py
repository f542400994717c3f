"""Looking up files of an index, and the edges between them. Functions take a connection in the caller's transaction."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from kotadb.model import Index, SkipReason
from kotadb.postgres.database import Connection
from kotadb.postgres.queries import query


class Direction(StrEnum):
    """Which way edges are followed."""

    OUT = "out"
    IN = "in"


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


def files_in(connection: Connection, index: Index, start: str) -> list[dict[str, Any]]:
    """`file_id`, `language` and `has_errors` of the files whose paths begin so."""
    return _rows(connection, "files_in", index, start=start)


def languages_importing(connection: Connection, index: Index, package: str) -> list[str]:
    """The languages of the files that import a package."""
    return [row["language"] for row in _rows(connection, "languages_importing", index, package=package)]


@dataclass(frozen=True)
class Edges:
    """Which edges are meant: imports of these kinds, and uses of symbols.

    Where `symbol_ids` is not None, only the uses of or by these. `within` says that edges between the files themselves
    count, and not only those that lead out of them.
    """

    imports: Sequence[str]
    uses: bool
    symbol_ids: Sequence[int] | None = None
    within: bool = False


def next_files(
    connection: Connection, index: Index, direction: Direction, file_ids: Sequence[int], edges: Edges
) -> dict[int, int]:
    """The files at the other end of the edges from (or to) these, each with one of these that it is next to."""
    rows = _rows(connection, f"next_{direction}", index, file_ids=list(file_ids), **_chosen(edges))
    return {row["file_id"]: row["near"] for row in rows}


def importing(connection: Connection, index: Index, package: str, imports: Sequence[str]) -> dict[int, int]:
    """The files that import a package, as `next_files` has them."""
    rows = _rows(connection, "importing", index, package=package, imports=list(imports))
    return {row["file_id"]: row["file_id"] for row in rows}


def edges_between(
    connection: Connection,
    index: Index,
    direction: Direction,
    file_ids: Sequence[int],
    others: Sequence[int],
    edges: Edges,
) -> list[dict[str, Any]]:
    """The edges from (or to) these files to the others, in the order of the source."""
    return _rows(
        connection, f"edges_{direction}", index, file_ids=list(file_ids), others=list(others), **_chosen(edges)
    )


def imports_of_package(
    connection: Connection, index: Index, package: str, imports: Sequence[str], others: Sequence[int]
) -> list[dict[str, Any]]:
    """The imports of a package in these files."""
    return _rows(connection, "imports_of_package", index, package=package, imports=list(imports), others=list(others))


def outside(
    connection: Connection, index: Index, file_ids: Sequence[int], imports: Sequence[str], limit: int
) -> list[dict[str, Any]]:
    """The imports of these files that lead to a package, or nowhere."""
    return _rows(connection, "outside", index, file_ids=list(file_ids), imports=list(imports), limit=limit)


def named_files(connection: Connection, index: Index, file_ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """`path`, `tags` and `skipped` of files by their ids."""
    return {row["file_id"]: row for row in _rows(connection, "named_files", index, file_ids=list(file_ids))}


def symbols_within(connection: Connection, index: Index, file_id: int, qualified_name: str) -> list[int]:
    """The ids of the symbols of that name in a file, and of all that are inside of them."""
    rows = _rows(connection, "symbols_within", index, file_id=file_id, qualified_name=qualified_name)
    return [row["symbol_id"] for row in rows]


def _chosen(edges: Edges) -> dict[str, Any]:
    return {
        "imports": list(edges.imports) if edges.symbol_ids is None else [], "uses": edges.uses,
        "symbol_ids": None if edges.symbol_ids is None else list(edges.symbol_ids), "within": edges.within,
    }  # fmt: skip


def skipped(connection: Connection, index: Index, reasons: Iterable[SkipReason]) -> list[dict[str, Any]]:
    """What was skipped for one of these reasons."""
    return _rows(connection, "skipped", index, reasons=[reason.value for reason in reasons])


def committed(connection: Connection, index: Index) -> dict[str, str | None]:
    """The paths of the commit, each with its blob if it is indexed."""
    return {row["path"]: row["blob_sha"] for row in _rows(connection, "committed", index)}


def files_with_errors(connection: Connection, index: Index) -> Counter[str]:
    """How many files have syntax errors, by language."""
    return _by_language(connection, "files_with_errors", index)


def missing_imports(connection: Connection, index: Index) -> Counter[str]:
    """How many imports lead to neither a file nor a package, by the language of the file that they are in."""
    return _by_language(connection, "missing_imports", index)


def _by_language(connection: Connection, statement: str, index: Index) -> Counter[str]:
    return Counter({row["language"]: row["count"] for row in _rows(connection, statement, index)})


def _rows(connection: Connection, statement: str, index: Index, **parameters: Any) -> list[dict[str, Any]]:
    parameters |= {"repository_id": index.repository_id, "index_id": index.index_id}
    return connection.execute(query(f"graph.{statement}"), parameters).fetchall()
