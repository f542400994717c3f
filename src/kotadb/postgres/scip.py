"""Reading an index file by file, as the SCIP format has it. The caller's transaction must be a snapshot."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import closing
from typing import Any

from kotadb.model import Index
from kotadb.postgres.database import Connection
from kotadb.postgres.queries import query
from kotadb.scip.documents import FileRows
from kotadb.scip.names import Name, names

BATCH_FILES = 200
BATCH_BYTES = 4 * 1024 * 1024
MAX_NAMES = 500_000
"""So many names are kept at hand, some 200 MB at worst; after that they are looked up again."""

Row = dict[str, Any]


def batches(connection: Connection, index: Index) -> Iterator[list[Row]]:
    """The files of an index in the order of their paths, some at a time."""
    batch: list[Row] = []
    size = 0
    with closing(connection.cursor(name="scip_files")) as cursor, cursor:
        for row in cursor.execute(query("scip.files"), _of(index)):
            batch.append(row)
            size += row["size_bytes"]
            if len(batch) >= BATCH_FILES or size >= BATCH_BYTES:
                yield batch
                batch, size = [], 0
    if batch:
        yield batch


def rows(connection: Connection, index: Index, files: list[Row]) -> list[FileRows]:
    """All that is stored of these files."""
    file_ids = [file["file_id"] for file in files]
    texts = {row["file_id"]: row["content"] for row in _rows(connection, index, "texts", file_ids)}
    symbols, references, relations = (
        _by_file(_rows(connection, index, name, file_ids)) for name in ("symbols", "references", "relations")
    )
    return [
        FileRows(file, texts.get(number, ""), symbols[number], references[number], relations[number])
        for file, number in zip(files, file_ids, strict=True)
    ]


class NamesAtHand:
    """What the symbols of files are called: looked up for many files at once, and kept for the next ones."""

    def __init__(self, connection: Connection, index: Index, beginning: str) -> None:
        """`beginning` is as of `scip.names.names`."""
        self._connection = connection
        self._index = index
        self._beginning = beginning
        self._names: dict[int, dict[int | None, Name]] = {}
        self._count = 0

    def __call__(self, file_id: int) -> dict[int | None, Name]:
        """Those of a file that was loaded last."""
        return self._names.get(file_id, {})

    def load(self, file_ids: Collection[int]) -> None:
        """Have those of these files at hand."""
        if self._count > MAX_NAMES:
            self._names, self._count = {}, 0
        missing = [file_id for file_id in file_ids if file_id not in self._names]
        if not missing:
            return
        symbols = _by_file(_rows(self._connection, self._index, "names", missing))
        for row in _rows(self._connection, self._index, "paths", missing):
            file_id = row["file_id"]
            self._names[file_id] = names(self._beginning, row["path"], symbols[file_id])
            self._count += len(self._names[file_id])


def _by_file(found: list[Row]) -> defaultdict[int, list[Row]]:
    by_file = defaultdict(list)
    for row in found:
        by_file[row["file_id"]].append(row)
    return by_file


def _rows(connection: Connection, index: Index, name: str, file_ids: Collection[int]) -> list[Row]:
    return connection.execute(query(f"scip.{name}"), _of(index) | {"file_ids": list(file_ids)}).fetchall()


def _of(index: Index) -> dict[str, Any]:
    return {"repository_id": index.repository_id, "index_id": index.index_id}
