"""An index file by file, as the SCIP format has it: read for an export, and with a compiler's edges written again.

The caller's transaction is a snapshot for an export; an import calls `hold` first.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import closing
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from kotadb.model import Index, ReferenceKind, Resolution, SymbolKind, pack_positions, unpack_positions
from kotadb.pipeline.rows import REFERENCE_FIELDS, head, integer, occurrences_tail, reference_tail
from kotadb.postgres.database import Connection
from kotadb.postgres.queries import query
from kotadb.postgres.store import copy_rows
from kotadb.scip.documents import FileRows
from kotadb.scip.merging import Occurrence, Scope, Target
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


# ---- a compiler's edges ----------------------------------------------------------------------------------------------


def hold(connection: Connection, index: Index) -> UUID | None:
    """Keep runs away from the index until the transaction ends. Returns the job of one that is under way."""
    connection.execute(query("scip.keep_runs_away"), _of(index))
    connection.execute(query("scip.hold"), _of(index))
    row = connection.execute(query("scip.running"), _of(index)).fetchone()
    return None if row is None else row["id"]


def paths(connection: Connection, index: Index) -> dict[str, int]:
    """The ids of the files of an index, by their paths."""
    return {row["path"]: row["file_id"] for row in connection.execute(query("scip.files"), _of(index))}


def skipped(connection: Connection, index: Index) -> set[str]:
    """The paths that an index leaves out."""
    return {row["path"] for row in connection.execute(query("scip.skipped"), _of(index))}


def lines(connection: Connection, index: Index, file_id: int) -> list[bytes]:
    """The text of a file."""
    row = _rows(connection, index, "texts", [file_id])
    content: str = row[0]["content"] if row else ""
    return content.encode().split(b"\n")


def symbols(connection: Connection, index: Index, path: str, file_id: int) -> list[tuple[Target, Scope, str]]:
    """The symbols of a file, with where they are and their qualified names."""
    return [
        (
            Target(path, row["name_line"], row["name_column"], file_id, row["symbol_id"], row["name"],
                   SymbolKind(row["kind"])),
            Scope((row["line_start"], row["column_start"]), (row["line_end"], row["column_end"]), row["symbol_id"]),
            row["qualified_name"],
        )
        for row in _rows(connection, index, "symbols", [file_id])
    ]  # fmt: skip


def references(connection: Connection, index: Index, file_id: int) -> list[Occurrence]:
    """All references of a file, each occurrence by itself."""
    return [
        Occurrence(
            line, column, ReferenceKind(row["kind"]), row["name"], row["enclosing_symbol_id"], row["target_file_id"],
            row["target_symbol_id"], None if row["resolution"] is None else Resolution(row["resolution"]),
            row["package"],
        )
        for row in _rows(connection, index, "all_references", [file_id])
        for line, column in unpack_positions(row["positions"])
    ]  # fmt: skip


def replace_references(connection: Connection, index: Index, found: Mapping[int, Iterable[Occurrence]]) -> None:
    """Make these the references of these files, and have the next run of the index link the files again."""
    file_ids = list(found)
    connection.execute(query("scip.delete_references"), _of(index) | {"file_ids": file_ids})
    copy_rows(connection, "copy_references", _packed(index, found))
    connection.execute(query("scip.mark_files"), _of(index) | {"file_ids": file_ids})


def mark_imported(connection: Connection, index: Index, imported: Mapping[str, Any]) -> None:
    """Have the index say what was imported into it, once for the same `sha256`, until it is made again."""
    parameters = {"imported": Jsonb([imported]), "sha256": imported["sha256"]}
    connection.execute(query("scip.mark_index"), _of(index) | parameters)


def _packed(index: Index, found: Mapping[int, Iterable[Occurrence]]) -> Iterator[bytes]:
    """Rows for COPY: one for all places that are otherwise the same."""
    for file_id, occurrences in found.items():
        beginning = head(REFERENCE_FIELDS, index.repository_id, index.index_id, file_id)
        places: dict[tuple[Any, ...], list[tuple[int, int]]] = defaultdict(list)
        for line, column, *rest in occurrences:
            places[tuple(rest)].append((line, column))
        for (kind, name, enclosing, target_file, target, resolution, package), at in places.items():
            place = occurrences_tail(at[0][0], len(at), pack_positions(at))
            tail = reference_tail(kind, name, enclosing, target, resolution, package, place)
            yield beginning + integer(target_file) + tail


# ---- both ------------------------------------------------------------------------------------------------------------


def _by_file(found: list[Row]) -> defaultdict[int, list[Row]]:
    by_file = defaultdict(list)
    for row in found:
        by_file[row["file_id"]].append(row)
    return by_file


def _rows(connection: Connection, index: Index, name: str, file_ids: Collection[int]) -> list[Row]:
    return connection.execute(query(f"scip.{name}"), _of(index) | {"file_ids": list(file_ids)}).fetchall()


def _of(index: Index) -> dict[str, Any]:
    return {"repository_id": index.repository_id, "index_id": index.index_id}
