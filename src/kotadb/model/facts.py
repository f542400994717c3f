"""What is known of one file from its text alone: compact values, packed with msgpack."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

import msgpack

from kotadb.model.references import NO_LINKS, Links

EXTRACTOR_VERSION = 2
"""Version of what extraction and resolution write. Stored facts of another version are not used.

1: files and symbols of TypeScript, TSX, JavaScript, JSX and Python.
2: imports, exports, types and references; a constant that shares its name with a type is a symbol.
"""


class SymbolKind(StrEnum):
    FUNCTION = "function"
    METHOD = "method"
    CONSTRUCTOR = "constructor"
    GETTER = "getter"
    SETTER = "setter"
    CLASS = "class"
    INTERFACE = "interface"
    TYPE = "type"
    ENUM = "enum"
    ENUM_MEMBER = "enum_member"
    PROPERTY = "property"
    CONSTANT = "constant"
    VARIABLE = "variable"
    NAMESPACE = "namespace"
    MODULE = "module"
    TRAIT = "trait"
    STRUCT = "struct"
    MACRO = "macro"
    HEADING = "heading"
    KEY = "key"


@dataclass(frozen=True, slots=True)
class Symbol:
    """A definition.

    Lines count from 1, columns from 0 in UTF-8 bytes; `line_end` is the last line of the definition and `column_end`
    the column after its last byte. `qualified_name` joins the names of the enclosing symbols with dots. `signature` is
    the declaration without its body on one line; `documentation` the doc comment or docstring as plain text; `access`
    is "public", "protected" or "private".
    """

    name: str
    qualified_name: str
    kind: SymbolKind
    line_start: int
    line_end: int
    column_start: int
    column_end: int
    name_line: int
    name_column: int
    signature: str | None = None
    documentation: str | None = None
    exported: bool = False
    is_async: bool = False
    access: str = "public"


@dataclass(frozen=True, slots=True)
class FileFacts:
    """All that was extracted from one file. `symbols` are in the order of their position."""

    lines: int
    has_errors: bool
    symbols: tuple[Symbol, ...] = ()
    links: Links = NO_LINKS

    def pack(self) -> bytes:
        """The facts as bytes, to send and to store."""
        symbols = [
            [
                s.name, s.qualified_name, s.kind.value, s.line_start, s.line_end, s.column_start, s.column_end,
                s.name_line, s.name_column, s.signature, s.documentation, s.exported, s.is_async, s.access,
            ]
            for s in self.symbols
        ]  # fmt: skip
        packed: bytes = msgpack.packb([self.lines, self.has_errors, symbols, self.links])
        return packed

    @classmethod
    def unpack(cls, packed: bytes) -> Self:
        """The facts that `pack` made bytes of. Raises ValueError for other bytes."""
        lines, has_errors, rows, links = msgpack.unpackb(packed, strict_map_key=False)
        return cls(lines, has_errors, tuple(_symbol(row) for row in rows), Links.of_rows(links))

    @staticmethod
    def unpack_header(packed: bytes) -> tuple[int, bool]:
        """`lines` and `has_errors` alone, without unpacking the rest."""
        unpacker = msgpack.Unpacker()
        unpacker.feed(packed)
        unpacker.read_array_header()
        return unpacker.unpack(), unpacker.unpack()


def _symbol(row: list[Any]) -> Symbol:
    name, qualified_name, kind, *rest = row
    return Symbol(name, qualified_name, SymbolKind(kind), *rest)
