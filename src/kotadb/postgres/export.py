"""Reading a whole index, row by row, through server-side cursors: its size does not matter."""

from collections.abc import Iterator
from typing import Any

from kotadb.postgres.database import Connection
from kotadb.postgres.queries import query

RECORDS = {"file": "export.files", "skipped": "export.skipped", "symbol": "export.symbols"}
"""The kinds of records and their queries, in the order of export."""

BATCH_ROWS = 5_000


def rows(connection: Connection, repository_id: int, index_id: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every record of an index as (kind, columns). The caller's transaction must be a snapshot."""
    parameters = {"repository_id": repository_id, "index_id": index_id}
    for record, name in RECORDS.items():
        with connection.cursor(name=f"export_{record}") as cursor:
            cursor.itersize = BATCH_ROWS
            cursor.execute(query(name), parameters)
            for row in cursor:
                yield record, row
