"""Rows of the fact tables in the binary format of PostgreSQL's COPY, made where the facts are.

A row begins with the number of its fields and the ids of index and file (`head`); the rest of it, its tail, depends on
the file's text alone, so that it is made once and serves every index that the text is in. The order of the fields is
that of the COPY statements in postgres/queries/store.sql.

Source of the format: the chapter on COPY in PostgreSQL's manual, "Binary Format".
"""

import struct
from collections.abc import Iterable, Sequence
from struct import Struct

from kotadb.model import EntryPoint, ReferenceKind, RelationKind, Resolution, Symbol, SymbolKind
from kotadb.pipeline.graph import Dependency

SYMBOL_FIELDS = 19
REFERENCE_FIELDS = 13
DEPENDENCY_FIELDS = 10
RELATION_FIELDS = 7

NULL = b"\xff\xff\xff\xff"
_HEAD = Struct("!hiqiiii").pack
_INTEGER = Struct("!ii").pack
_OID_OF_INTEGER = 23
_SIX_INTEGERS = Struct("!iiiiiiiiiiii").pack
FLAG = (b"\0\0\0\1\0", b"\0\0\0\1\1")
"""Fields of type boolean: false, and true."""


def text(value: str | None) -> bytes:
    """A field of type text, or of an enum."""
    if value is None:
        return NULL
    return data(value.encode())


def data(value: bytes) -> bytes:
    """A field of type bytea, or of text that is UTF-8 already."""
    return len(value).to_bytes(4) + value


def integer(value: int | None) -> bytes:
    """A field of type integer."""
    return _INTEGER(4, value) if value is not None else NULL


def integers(values: Sequence[int]) -> bytes:
    """A field of type integer[]."""
    fields = [field for value in values for field in (4, value)]
    dimension = (len(values), 1) if values else ()  # its length, and its lower bound
    numbers = (len(dimension) // 2, 0, _OID_OF_INTEGER, *dimension, *fields)
    return data(struct.pack(f"!{len(numbers)}i", *numbers))


_SYMBOL_KINDS = {kind: text(kind.value) for kind in SymbolKind}
ENTRY_POINTS = {None: NULL} | {reason: text(reason.value) for reason in EntryPoint}
_REFERENCE_KINDS = {kind: text(kind.value) for kind in ReferenceKind}
_RELATION_KINDS = {kind: text(kind.value) for kind in RelationKind}
_RESOLUTIONS = {None: NULL} | {resolution: text(resolution.value) for resolution in Resolution}
_ACCESS = {access: text(access) for access in ("public", "protected", "private")}


def head(fields: int, repository_id: int, index_id: int, file_id: int) -> bytes:
    """What all rows of one file in one table begin with."""
    return _HEAD(fields, 8, repository_id, 4, index_id, 4, file_id)


def rows(beginning: bytes, tails: Sequence[bytes]) -> bytes:
    """Whole rows: each tail behind the same beginning."""
    return beginning + beginning.join(tails) if tails else b""


def symbol_tail(symbol_id: int, symbol: Symbol) -> bytes:
    """A row of `symbols` behind its head and why something outside calls the symbol (`ENTRY_POINTS`)."""
    s = symbol
    return b"".join(
        (
            _INTEGER(4, symbol_id), text(s.name), text(s.qualified_name), _SYMBOL_KINDS[s.kind],
            _SIX_INTEGERS(4, s.line_start, 4, s.line_end, 4, s.column_start, 4, s.column_end, 4, s.name_line, 4,
                          s.name_column),
            text(s.signature), text(s.documentation), FLAG[s.exported], FLAG[s.is_async], _ACCESS[s.access],
        )
    )  # fmt: skip


def reference_tail(
    kind: ReferenceKind,
    name: str,
    enclosing: int | None,
    target: int | None,
    resolution: Resolution | None,
    package: str | None,
    place: bytes,
) -> bytes:
    """A row of `symbol_references` behind its head and the id of the target's file. `place` is `occurrences_tail`."""
    return b"".join(
        (
            _REFERENCE_KINDS[kind], text(name), integer(enclosing), integer(target), _RESOLUTIONS[resolution],
            text(package), place,
        )
    )  # fmt: skip


def occurrences_tail(line: int, occurrences: int, positions: bytes) -> bytes:
    """The end of that row: the first line, how many there are, and all positions packed."""
    return b"".join((_INTEGER(4, line), _INTEGER(4, occurrences), data(positions)))


def dependency_rows(beginning: bytes, edges: Iterable[tuple[Dependency, int | None]]) -> bytes:
    """Rows of `dependency_graph`: edges, with the id of the file that each leads to."""
    return b"".join(
        b"".join(
            (
                beginning, integer(number), integer(file_id), text(edge.package), text(edge.kind.value),
                text(edge.specifier), FLAG[edge.type_only], integer(edge.line),
            )
        )
        for number, (edge, file_id) in enumerate(edges)
    )  # fmt: skip


def relation_rows(beginning: bytes, related: Iterable[tuple[int, int, int, RelationKind]]) -> bytes:
    """Rows of `symbol_relations`: the ids of a symbol, of the other one's file and of that one, and the kind."""
    return b"".join(
        b"".join((beginning, _INTEGER(4, symbol), _INTEGER(4, file), _INTEGER(4, target), _RELATION_KINDS[kind]))
        for symbol, file, target, kind in related
    )
