"""Rows in the binary format of COPY, read back as an independent reader of the manual would."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple


class ReferenceRow(NamedTuple):
    """A row of `symbol_references`."""

    repository_id: int
    index_id: int
    file_id: int
    target_file_id: int | None
    kind: str
    name: str
    enclosing_symbol_id: int | None
    target_symbol_id: int | None
    resolution: str | None
    package: str | None
    line: int
    occurrences: int
    positions: bytes


class DependencyRow(NamedTuple):
    """A row of `dependency_graph`."""

    repository_id: int
    index_id: int
    from_file_id: int
    dependency_id: int
    to_file_id: int | None
    package: str | None
    kind: str
    specifier: str | None
    type_only: bool
    line: int | None


class RelationRow(NamedTuple):
    """A row of `symbol_relations`."""

    repository_id: int
    index_id: int
    file_id: int
    symbol_id: int
    to_file_id: int
    to_symbol_id: int
    kind: str


class SymbolRow(NamedTuple):
    """A row of `symbols`."""

    repository_id: int
    index_id: int
    file_id: int
    entry_point: str | None
    symbol_id: int
    name: str
    qualified_name: str
    kind: str
    line_start: int
    line_end: int
    column_start: int
    column_end: int
    name_line: int
    name_column: int
    signature: str | None
    documentation: str | None
    exported: bool
    is_async: bool
    access: str


def _number(data: bytes) -> int:
    return int.from_bytes(data, signed=True)


def _flag(data: bytes) -> bool:
    return data != b"\0"


_READERS: dict[Any, Callable[[bytes], Any]] = {
    int: _number,
    int | None: _number,
    str: bytes.decode,
    str | None: bytes.decode,
    bool: _flag,
    bytes: bytes,
}


def reference_rows(data: bytes) -> list[ReferenceRow]:
    return [ReferenceRow(*fields) for fields in _rows(data, ReferenceRow)]


def dependency_rows(data: bytes) -> list[DependencyRow]:
    return [DependencyRow(*fields) for fields in _rows(data, DependencyRow)]


def relation_rows(data: bytes) -> list[RelationRow]:
    return [RelationRow(*fields) for fields in _rows(data, RelationRow)]


def symbol_rows(data: bytes) -> list[SymbolRow]:
    return [SymbolRow(*fields) for fields in _rows(data, SymbolRow)]


def _rows(data: bytes, row: type[Any]) -> Iterator[list[Any]]:
    readers = [_READERS[kind] for kind in row.__annotations__.values()]
    at = 0
    while at < len(data):
        assert int.from_bytes(data[at : at + 2]) == len(readers)
        at += 2
        fields = []
        for reader in readers:
            size = _number(data[at : at + 4])
            at += 4
            fields.append(reader(data[at : at + size]) if size >= 0 else None)
            at += max(size, 0)
        yield fields
    assert at == len(data)
