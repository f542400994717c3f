"""Looking for definitions that nobody refers to. Functions take a connection in the caller's transaction."""

from collections.abc import Mapping
from typing import Any

from kotadb.model import Index
from kotadb.postgres.database import Connection
from kotadb.postgres.planning import hash_joins
from kotadb.postgres.queries import query

Row = dict[str, Any]
Position = tuple[int, str, int, int]
"""Rank, path, line and id of a definition: what they are sorted by."""


def definitions(
    connection: Connection, index: Index, after: Position | None, **parameters: Any
) -> tuple[list[Row], dict[int, int], int]:
    """A page of them, how many there are of each rank, and how many are left out; for parameters see the statement."""
    keys = ("after_rank", "after", "after_line", "after_id")
    position = dict(zip(keys, after or (None,) * len(keys), strict=True))
    with hash_joins(connection):
        rows = _rows(connection, "definitions", index, **position, **parameters)
    counts: Mapping[str, int] = rows[0]["counts"]
    found = [row for row in rows if row["path"] is not None]
    return found, {int(rank): count for rank, count in counts.items()}, rows[0]["left_out"]


def _rows(connection: Connection, statement: str, index: Index, **parameters: Any) -> list[Row]:
    parameters |= {"repository_id": index.repository_id, "index_id": index.index_id}
    return connection.execute(query(f"unused.{statement}"), parameters).fetchall()
