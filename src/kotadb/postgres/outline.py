"""The files and symbols that matter most. Functions take a connection in the caller's transaction."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from kotadb.model import Index
from kotadb.postgres.database import Connection
from kotadb.postgres.planning import hash_joins
from kotadb.postgres.queries import query

Row = dict[str, Any]


class Degrees(NamedTuple):
    """How many other files depend on each file, and on how many it depends; the three go together."""

    file_ids: list[int]
    dependents: list[int]
    dependencies: list[int]


def degrees(connection: Connection, index: Index) -> Degrees:
    """Those of all files that have any."""
    rows = _rows(connection, "degrees", index)
    return Degrees(*([row[column] for row in rows] for column in ("file_id", "dependents", "dependencies")))


def totals(connection: Connection, index: Index, start: str) -> tuple[int, int]:
    """How many files have paths that begin like this, and how many symbols they have."""
    [row] = _rows(connection, "totals", index, start=start)
    return row["files"], row["symbols"]


def files(connection: Connection, index: Index, start: str, ranked_by: Degrees, limit: int) -> list[Row]:
    """The files whose paths begin like this, those first that most others depend on, tests and generated ones last."""
    with hash_joins(connection):
        return _rows(connection, "files", index, start=start, limit=limit, **ranked_by._asdict())


def best_symbols(
    connection: Connection, index: Index, file_ids: list[int], each: int, hidden: Collection[str]
) -> Mapping[int, list[Row]]:
    """The symbols of each file that matter most, at most so many of each, without those with a hidden name."""
    found: dict[int, list[Row]] = {file_id: [] for file_id in file_ids}
    with hash_joins(connection):
        rows = _rows(connection, "best_symbols", index, file_ids=file_ids, each=each, hidden=list(hidden))
    for row in rows:
        found[row.pop("file_id")].append(row)
    return found


def dependents(connection: Connection, index: Index, file_id: int) -> int:
    """How many other files depend on one."""
    [row] = _rows(connection, "dependents", index, file_id=file_id)
    count: int = row["count"]
    return count


def symbols(connection: Connection, index: Index, file_id: int, limit: int) -> list[Row]:
    """The symbols of a file, those first that are exported, and of these the outer ones."""
    return _rows(connection, "symbols", index, file_id=file_id, limit=limit)


def _rows(connection: Connection, statement: str, index: Index, **parameters: Any) -> list[Row]:
    parameters |= {"repository_id": index.repository_id, "index_id": index.index_id}
    return connection.execute(query(f"outline.{statement}"), parameters).fetchall()
