"""What an index holds of a file, as a document of SCIP. Columns count bytes of UTF-8 on both sides."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from kotadb.languages import called_in_scip
from kotadb.model import ReferenceKind, SymbolKind, unpack_positions
from kotadb.scip.names import Name, outside
from kotadb.scip.scip_pb2 import (
    Document,
    Index,
    Metadata,
    Occurrence,
    PositionEncoding,
    Relationship,
    SymbolInformation,
    SymbolRole,
    TextEncoding,
    ToolInfo,
)

Row = Mapping[str, Any]

Names = Callable[[int], Mapping[int | None, Name]]
"""What the symbols of a file are called, by the file's id and theirs; the file itself by None."""

KINDS = {
    SymbolKind.FUNCTION: SymbolInformation.Function,
    SymbolKind.METHOD: SymbolInformation.Method,
    SymbolKind.CONSTRUCTOR: SymbolInformation.Constructor,
    SymbolKind.GETTER: SymbolInformation.Getter,
    SymbolKind.SETTER: SymbolInformation.Setter,
    SymbolKind.CLASS: SymbolInformation.Class,
    SymbolKind.INTERFACE: SymbolInformation.Interface,
    SymbolKind.TYPE: SymbolInformation.TypeAlias,
    SymbolKind.ENUM: SymbolInformation.Enum,
    SymbolKind.ENUM_MEMBER: SymbolInformation.EnumMember,
    SymbolKind.PROPERTY: SymbolInformation.Property,
    SymbolKind.CONSTANT: SymbolInformation.Constant,
    SymbolKind.VARIABLE: SymbolInformation.Variable,
    SymbolKind.NAMESPACE: SymbolInformation.Namespace,
    SymbolKind.MODULE: SymbolInformation.Module,
    SymbolKind.TRAIT: SymbolInformation.Trait,
    SymbolKind.STRUCT: SymbolInformation.Struct,
    SymbolKind.MACRO: SymbolInformation.Macro,
    SymbolKind.HEADING: SymbolInformation.UnspecifiedKind,
    SymbolKind.KEY: SymbolInformation.Key,
}

ROLES = {
    ReferenceKind.IMPORT: SymbolRole.Import,
    ReferenceKind.REEXPORT: SymbolRole.Import,
    ReferenceKind.WRITE: SymbolRole.WriteAccess,
    ReferenceKind.TYPE: SymbolRole.UnspecifiedSymbolRole,
    ReferenceKind.IMPLEMENTS: SymbolRole.UnspecifiedSymbolRole,
}
"""Where a type is named, no value is read; all others read one."""

TAGGED = {"test": SymbolRole.Test, "generated": SymbolRole.Generated}
"""The roles of all that is in files with these tags."""

_NAME = re.compile(rb"""[#@]?[\w$\x80-\xff]+|'[^'\\]*'|"[^"\\]*"|`[^`\\]*`""")


class FileRows(NamedTuple):
    """What is stored of a file."""

    file: Row
    text: str
    symbols: Sequence[Row]
    """In the order in which they begin."""
    references: Sequence[Row]
    relations: Sequence[Row]
    """What its symbols extend, implement or override."""


def metadata(version: str, address: str) -> bytes:
    """What an index begins with. `address` is the URL of the repository, or its absolute path."""
    root = f"file://{quote(address)}" if address.startswith("/") else address
    tool = ToolInfo(name="kotadb", version=version)
    about = Metadata(tool_info=tool, project_root=root, text_document_encoding=TextEncoding.UTF8)
    return Index(metadata=about).SerializeToString()


def part(documents: Iterable[Document] = (), external: Iterable[SymbolInformation] = ()) -> bytes:
    """A part of an index, which may stand behind others."""
    return Index(
        documents=[document.SerializeToString() for document in documents],
        external_symbols=[symbol.SerializeToString() for symbol in external],
    ).SerializeToString()


def external_symbol(symbol: str, name: str) -> SymbolInformation:
    """A symbol that no document defines."""
    return SymbolInformation(symbol=symbol, display_name=name)


def document(rows: FileRows, names: Names, external: dict[str, str]) -> Document:
    """The document of a file. What it refers to outside of the repository is added to `external`, with its name."""
    file = rows.file
    lines = rows.text.encode().split(b"\n")
    root = names(file["file_id"])[None].symbol
    roles = sum(role for tag, role in TAGGED.items() if tag in file["tags"])
    found: list[Occurrence] = [
        Occurrence(range=(0, 0, 0), symbol=root, symbol_roles=roles | SymbolRole.Definition),
        *_definitions(rows, lines, roles, names),
        *_references(rows, lines, roles, names, external),
    ]
    found.sort(key=lambda each: (*each.range, each.symbol_roles, each.symbol))
    return Document(
        relative_path=file["path"],
        language=called_in_scip(file["language"])[0],
        position_encoding=PositionEncoding.UTF8CodeUnitOffsetFromLineStart,
        occurrences=found,
        symbols=_symbols(rows, names),
    )


# ---- occurrences -----------------------------------------------------------------------------------------------------


def _definitions(rows: FileRows, lines: Sequence[bytes], roles: int, names: Names) -> Iterable[Occurrence]:
    own = names(rows.file["file_id"])
    for row in rows.symbols:
        yield Occurrence(
            range=_range(lines, row["name_line"], row["name_column"], row["name"]),
            symbol=own[row["symbol_id"]].symbol,
            symbol_roles=roles | SymbolRole.Definition,
            enclosing_range=_whole(row),
        )


def _references(
    rows: FileRows, lines: Sequence[bytes], roles: int, names: Names, external: dict[str, str]
) -> Iterable[Occurrence]:
    manager = called_in_scip(rows.file["language"])[1]
    for row in rows.references:
        symbol = _target(row, manager, names, external)
        if symbol is None:
            continue
        role = roles | ROLES.get(ReferenceKind(row["kind"]), SymbolRole.ReadAccess)
        for line, column in unpack_positions(row["positions"]):
            place = _range(lines, line, column, row["name"])
            yield Occurrence(range=place, symbol=symbol, symbol_roles=role)


def _target(row: Row, manager: str, names: Names, external: dict[str, str]) -> str | None:
    """The symbol that a reference is to, None where that is not known."""
    if row["target_file_id"] is None:
        symbol = outside(manager, row["package"], row["name"])
        external[symbol] = row["name"] or row["package"]
        return symbol
    name = names(row["target_file_id"]).get(row["target_symbol_id"])
    if name is None:
        return None
    if row["is_skipped"]:
        external[name.symbol] = row["name"]
    return name.symbol


def _range(lines: Sequence[bytes], line: int, column: int, name: str) -> tuple[int, int, int]:
    """Where a name stands: an alias may stand in its place, and so may quotes around it."""
    text = lines[line - 1] if line <= len(lines) else b""
    expected = name.encode()
    found = _NAME.match(text, column)
    if found is not None and not (text.startswith(expected, column) and len(expected) > len(found[0])):
        return line - 1, column, found.end()
    return line - 1, column, column + (len(expected) if text.startswith(expected, column) else 0)


def _whole(row: Row) -> tuple[int, ...]:
    start = (row["line_start"] - 1, row["column_start"])
    if row["line_end"] == row["line_start"]:
        return *start, row["column_end"]
    return *start, row["line_end"] - 1, row["column_end"]


# ---- symbols ---------------------------------------------------------------------------------------------------------


def _symbols(rows: FileRows, names: Names) -> list[SymbolInformation]:
    """Each symbol once, in the order in which they begin; first the file itself."""
    file, own = rows.file, names(rows.file["file_id"])
    root = SymbolInformation(
        symbol=own[None].symbol, kind=SymbolInformation.File, display_name=file["path"].rpartition("/")[2]
    )
    made = {root.symbol: root}
    for row in rows.symbols:
        name = own[row["symbol_id"]]
        if name.symbol not in made:
            made[name.symbol] = _symbol(row, name, called_in_scip(file["language"])[0])
        if row["documentation"] and row["documentation"] not in made[name.symbol].documentation:
            made[name.symbol].documentation.append(row["documentation"])
    _relate(rows, names, made)
    return list(made.values())


def _symbol(row: Row, name: Name, language: str) -> SymbolInformation:
    signature = Document(language=language, text=row["signature"]) if row["signature"] else None
    return SymbolInformation(
        symbol=name.symbol,
        kind=KINDS[SymbolKind(row["kind"])],
        display_name=row["name"],
        signature_documentation=signature,
        enclosing_symbol=name.enclosing or "",
    )


def _relate(rows: FileRows, names: Names, made: Mapping[str, SymbolInformation]) -> None:
    """What a symbol extends or implements; what a member overrides, and what a function overloads, is meant with it."""
    own = names(rows.file["file_id"])
    related: dict[str, dict[str, Relationship]] = defaultdict(dict)
    for row in rows.relations:
        source, target = own.get(row["symbol_id"]), names(row["target_file_id"]).get(row["target_symbol_id"])
        if source is not None and target is not None and source.symbol != target.symbol:
            related[source.symbol][target.symbol] = Relationship(
                symbol=target.symbol, is_implementation=True, is_reference=row["is_member"]
            )
    for name in own.values():
        if name.first is not None and name.first != name.symbol:
            related[name.symbol].setdefault(name.first, Relationship(symbol=name.first, is_reference=True))
    for symbol, relations in related.items():
        made[symbol].relationships.extend(relations[target] for target in sorted(relations))
