"""Symbols by their names, and what refers to them. Functions take a connection in the caller's transaction.

A row that is a symbol has path, language, tags, file_id, name, qualified_name, kind, exported, line, column,
signature and entry_point, of its first declaration where there are several.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kotadb.model import Index
from kotadb.postgres.database import Connection
from kotadb.postgres.queries import query

Row = Mapping[str, Any]

LEAST_SIMILARITY = 0.4
"""The share of their trigrams that two names have in common: a slip of the pen leaves more. With 0.3, pg_trgm's
default, the index finds four times as many names, and takes as much longer."""


def named(connection: Connection, index: Index, name: str, limit: int) -> list[Row]:
    """The symbols of this name, in any case; each with its `symbol_ids`."""
    return _rows(connection, "named", index, name=name, limit=limit)


@dataclass(frozen=True)
class Chosen:
    """Which symbols are meant: of these kinds, exported or not; None for all."""

    kinds: Sequence[str] | None = None
    exported: bool | None = None

    def parameters(self) -> dict[str, Any]:
        return {"kinds": None if self.kinds is None else list(self.kinds), "exported": self.exported}


def called(connection: Connection, index: Index, name: str, chosen: Chosen, skip: int, limit: int) -> list[Row]:
    """The symbols of this name, in any case; those in the same case first, and tests last."""
    return _rows(connection, "called", index, name=name, skip=skip, limit=limit, **chosen.parameters())


def beginning(connection: Connection, index: Index, name: str, chosen: Chosen, skip: int, limit: int) -> list[Row]:
    """The symbols whose names begin so, in any case, and go on; by name."""
    pattern = f"{escaped(name.lower())}%"
    return _rows(
        connection, "beginning", index, name=name, pattern=pattern, skip=skip, limit=limit, **chosen.parameters()
    )


def names_spelled(connection: Connection, index: Index, name: str, letters: str, limit: int) -> list[str]:
    """The shortest names of symbols that do not begin so, but with the first of `letters`, and have all in order."""
    low = letters.lower()
    rows = _rows(
        connection, "names_spelled", index,
        pattern=f"{escaped(name.lower())}%", first_letter=f"{escaped(low[:1])}%", letters=spread(low), limit=limit,
    )  # fmt: skip
    return [row["name"] for row in rows]


def names_holding(connection: Connection, index: Index, name: str, patterns: Sequence[str], limit: int) -> list[str]:
    """The shortest names of symbols that do not begin so, but match one of the patterns for `ilike`."""
    rows = _rows(
        connection, "names_holding", index,
        pattern=f"{escaped(name.lower())}%", patterns=list(patterns), limit=limit,
    )  # fmt: skip
    return [row["name"] for row in rows]


def with_names(
    connection: Connection, index: Index, names: Sequence[str], chosen: Chosen, skip: int, limit: int
) -> list[Row]:
    """The symbols of these names, in this very case, in their order; tests last of each."""
    return _rows(connection, "with_names", index, names=list(names), skip=skip, limit=limit, **chosen.parameters())


def resembling(connection: Connection, index: Index, name: str, chosen: Chosen, skip: int, limit: int) -> list[Row]:
    """The symbols whose names are like this one by pg_trgm's measure, the likest first."""
    connection.execute(query("symbols.resemblance"), {"least": LEAST_SIMILARITY})
    return _rows(connection, "resembling", index, name=name, skip=skip, limit=limit, **chosen.parameters())


def escaped(text: str) -> str:
    """The text in a pattern for `like`."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def spread(letters: str) -> str:
    """A pattern for `like`: these letters, with anything between and after them."""
    return "".join(f"{escaped(letter)}%" for letter in letters)


def in_file(connection: Connection, index: Index, paths: Sequence[str], qualified_name: str, kind: str) -> Row | None:
    """The symbol of that qualified name and kind in one of these files, with its `symbol_ids`."""
    rows = _rows(connection, "in_file", index, paths=list(paths), qualified_name=qualified_name, kind=kind)
    return rows[0] if rows else None


def declarations(connection: Connection, index: Index, symbol: Row) -> list[Row]:
    """Where and how the symbol is declared."""
    return _rows(connection, "declarations", index, file_id=symbol["file_id"], symbol_ids=symbol["symbol_ids"])


def members(connection: Connection, index: Index, symbol: Row, limit: int) -> list[Row]:
    """The symbols right inside of it."""
    return _rows(
        connection, "members", index,
        file_id=symbol["file_id"], qualified_name=symbol["qualified_name"], limit=limit,
    )  # fmt: skip


def container(connection: Connection, index: Index, symbol: Row) -> Row | None:
    """The symbol around it."""
    around = symbol["qualified_name"][: -len(symbol["name"]) - 1]
    rows = _rows(connection, "container", index, file_id=symbol["file_id"], qualified_name=around) if around else []
    return rows[0] if rows else None


def used_in(connection: Connection, index: Index, symbol: Row, kinds: Sequence[str]) -> list[Row]:
    """How often (`count`) each file refers to the symbol, by `kind`, of these kinds."""
    return _rows(
        connection, "used_in", index,
        file_id=symbol["file_id"], symbol_ids=symbol["symbol_ids"], kinds=list(kinds),
    )  # fmt: skip


def usages(
    connection: Connection, index: Index, symbol: Row, kinds: Sequence[str], file_ids: Collection[int]
) -> list[Row]:
    """The references to the symbol of these kinds in these files, with their packed `positions`."""
    return _rows(
        connection, "usages", index,
        file_id=symbol["file_id"], symbol_ids=symbol["symbol_ids"], kinds=list(kinds), file_ids=list(file_ids),
    )  # fmt: skip


def maybe_used_in(connection: Connection, index: Index, name: str, languages: Collection[str]) -> list[Row]:
    """How often (`count`) each file of these languages refers to something of that name of which nothing is known."""
    return _rows(connection, "maybe_used_in", index, name=name, languages=sorted(languages))


def maybe_usages(connection: Connection, index: Index, name: str, file_ids: Collection[int]) -> list[Row]:
    """Those references in these files."""
    return _rows(connection, "maybe_usages", index, name=name, file_ids=list(file_ids))


def contents(connection: Connection, index: Index, file_ids: Collection[int]) -> dict[int, str]:
    """The texts of these files."""
    rows = _rows(connection, "contents", index, file_ids=list(file_ids))
    return {row["file_id"]: row["content"] for row in rows}


def _rows(connection: Connection, statement: str, index: Index, **parameters: Any) -> list[Row]:
    parameters |= {"repository_id": index.repository_id, "index_id": index.index_id}
    return [*connection.execute(query(f"symbols.{statement}"), parameters)]
