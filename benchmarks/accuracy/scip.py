"""Reads what is needed here of an index in the SCIP format: whose symbol stands where, and where it is defined.

A decoder of protocol buffers for the few fields used, by their numbers; all others are stepped over.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

DEFINITION = 1
"""The bit of `roles` that tells a definition from a reference."""


class Encoding(IntEnum):
    """What columns count."""

    UNSPECIFIED = 0
    UTF8 = 1
    UTF16 = 2
    UTF32 = 3


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A symbol at a place."""

    range: tuple[int, ...]
    """Start line, start column, end line unless it is the same, end column, all from 0; the end is behind it."""
    symbol: str
    roles: int
    enclosing_range: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Relationship:
    """What a symbol is to another."""

    symbol: str
    is_reference: bool
    is_implementation: bool
    is_type_definition: bool
    is_definition: bool


@dataclass(frozen=True, slots=True)
class Symbol:
    """A symbol that is defined in a document."""

    symbol: str
    relationships: tuple[Relationship, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A source file. An index may have several for one path, each of another compilation."""

    path: str
    encoding: Encoding
    occurrences: tuple[Occurrence, ...]
    symbols: tuple[Symbol, ...]


def documents(index: bytes) -> Iterator[Document]:
    """The documents of an index."""
    return (_document(value) for value in _blobs(index, 2))


def _document(data: bytes) -> Document:
    return Document(
        path=_text(data, 1),
        encoding=Encoding(_number(data, 6)),
        occurrences=tuple(_occurrence(value) for value in _blobs(data, 2)),
        symbols=tuple(_symbol(value) for value in _blobs(data, 3)),
    )


def _occurrence(data: bytes) -> Occurrence:
    return Occurrence(
        range=_packed(b"".join(_blobs(data, 1))),
        symbol=_text(data, 2),
        roles=_number(data, 3),
        enclosing_range=_packed(b"".join(_blobs(data, 7))),
    )


def _symbol(data: bytes) -> Symbol:
    return Symbol(_text(data, 1), tuple(_relationship(value) for value in _blobs(data, 4)))


def _relationship(data: bytes) -> Relationship:
    return Relationship(_text(data, 1), *(bool(_number(data, field)) for field in (2, 3, 4, 5)))


# ---- the names of symbols --------------------------------------------------------------------------------------------

_NAME = r"(?:`(?P<{0}quoted>(?:[^`]|``)*)`|(?P<{0}plain>[\w+$-]*))"
_LAST_DESCRIPTOR = re.compile(
    rf"(?:{_NAME.format('')}(?P<suffix>\([\w+$-]*\)\.|[/#.:!])|\({_NAME.format('parameter_')}\)"
    rf"|\[{_NAME.format('type_')}\])\Z"
)


def last_descriptor(symbol: str) -> tuple[str, str]:
    """The name at the end of a symbol, and what it is: `/` namespace, `#` type, `.` term, `().` method, `:` meta,
    `!` macro, `()` parameter, `[]` type parameter, or "" for none of these, such as a local symbol.
    """
    match = None if symbol.startswith("local ") else _LAST_DESCRIPTOR.search(symbol)
    if match is None:
        return "", ""
    quoted, plain = match["quoted"], match["plain"]
    suffix = match["suffix"]
    if suffix is None:
        suffix = "[]" if symbol.endswith("]") else "()"
        quoted = match["parameter_quoted"] or match["type_quoted"]
        plain = match["parameter_plain"] or match["type_plain"]
    return (quoted or "").replace("``", "`") or plain or "", "()." if suffix.endswith(").") else suffix


# ---- protocol buffers ------------------------------------------------------------------------------------------------


def _text(data: bytes, wanted: int) -> str:
    return b"".join(list(_blobs(data, wanted))[-1:]).decode()


def _number(data: bytes, wanted: int) -> int:
    """The last of them counts; 0 is not written."""
    return next(
        (value for number, value in reversed(list(_fields(data))) if number == wanted and type(value) is int), 0
    )


def _blobs(data: bytes, wanted: int) -> Iterator[bytes]:
    return (value for number, value in _fields(data) if number == wanted and isinstance(value, bytes))


def _packed(data: bytes) -> tuple[int, ...]:
    numbers, position = [], 0
    while position < len(data):
        number, position = _varint(data, position)
        numbers.append(number)
    return tuple(numbers)


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    position = 0
    while position < len(data):
        tag, position = _varint(data, position)
        wire = tag & 7
        if wire == 0:
            value, position = _varint(data, position)
            yield tag >> 3, value
            continue
        size = {1: 8, 5: 4}.get(wire, 0)
        if wire == 2:
            size, position = _varint(data, position)
        elif not size:
            raise ValueError(f"there is no wire type {wire}")
        yield tag >> 3, data[position : position + size]
        position += size


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
