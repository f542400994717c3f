"""Reading a whole index, row by row, through server-side cursors: its size does not matter."""

from collections.abc import Iterator
from contextlib import closing
from itertools import groupby
from operator import itemgetter
from typing import Any

from kotadb.model import unpack_positions
from kotadb.postgres.database import Connection
from kotadb.postgres.queries import query

RECORDS = {
    "file": "export.files",
    "skipped": "export.skipped",
    "symbol": "export.symbols",
    "reference": "export.references",
    "dependency": "export.dependencies",
    "relation": "export.relations",
}
"""The kinds of records and their queries, in the order of export."""

BATCH_ROWS = 5_000


def rows(connection: Connection, repository_id: int, index_id: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every record of an index as (kind, columns). The caller's transaction must be a snapshot."""
    parameters = {"repository_id": repository_id, "index_id": index_id}
    connection.execute(query("export.read_all"))
    for record, name in RECORDS.items():
        # Closed twice: where the connection is gone, the first attempt only finds that out.
        with closing(connection.cursor(name=f"export_{record}")) as cursor, cursor:
            cursor.itersize = BATCH_ROWS
            cursor.execute(query(name), parameters)
            for row in _unpacked(cursor) if record == "reference" else cursor:
                yield record, row


def _unpacked(rows: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Each occurrence by itself, in the order of the source."""
    for path, packed in groupby(rows, key=itemgetter("path")):
        occurrences = [
            {"path": path, "line": line, "column": column, **_without_positions(row)}
            for row in packed
            for line, column in unpack_positions(row["positions"])
        ]
        yield from sorted(occurrences, key=itemgetter("line", "column", "kind", "name"))


def _without_positions(row: dict[str, Any]) -> dict[str, Any]:
    return {column: value for column, value in row.items() if column not in ("path", "positions")}


def file_edges(connection: Connection, repository_id: int, index_id: int) -> list[dict[str, Any]]:
    """Every edge from a file to a file, with its kind."""
    parameters = {"repository_id": repository_id, "index_id": index_id}
    return connection.execute(query("export.file_edges"), parameters).fetchall()
