"""Following the edges between symbols and between files, a level at a time.

Functions take a connection in the caller's transaction. A node is a file's id with the id of a symbol in it, or with
None for what is in the file outside of its symbols. A step to a node is a row with file_id, symbol_id, kind, line,
target_file_id and target_symbol_id: the node depends by a line of this kind on the target.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from kotadb.model import Index, SkipReason
from kotadb.postgres.database import Connection
from kotadb.postgres.queries import query

Row = Mapping[str, Any]
Node = tuple[int, int | None]


class InDoubt(NamedTuple):
    """How many of some files have syntax errors or were not read, and how many of their imports lead nowhere."""

    broken: int
    unread: int
    missing: int


def symbols_in(connection: Connection, index: Index, file_ids: Collection[int]) -> list[Row]:
    """The symbols of these files: what is around another one stands before it."""
    return _rows(connection, "symbols_in", index, file_ids=list(file_ids))


def users(connection: Connection, index: Index, symbols: Collection[Node], *, imports: bool) -> list[Row]:
    """The steps to what refers to one of the symbols, each node once; `imports`: also where it is only imported."""
    return _rows(connection, "users", index, **_columns(symbols), imports=imports)


def importers(connection: Connection, index: Index, file_ids: Collection[int], *, types: bool) -> list[Row]:
    """The steps to the files that import one of these, each once; `types`: also where it is for types alone."""
    return _rows(connection, "importers", index, file_ids=list(file_ids), types=types)


def aliases(connection: Connection, index: Index) -> dict[Node, list[Node]]:
    """What else a reference to a symbol refers to: its other declarations, and of a constructor the class. Reads all
    symbols of the index."""
    found: dict[Node, list[Node]] = {}
    for row in _rows(connection, "declared_again", index):
        nodes: list[Node] = [(row["file_id"], symbol_id) for symbol_id in row["symbol_ids"]]
        found |= dict.fromkeys(nodes, nodes)
    for row in _rows(connection, "constructors", index):
        node = (row["file_id"], row["symbol_id"])
        found[node] = [*found.get(node, ()), (row["file_id"], row["class_id"])]
    return found


def overriders(connection: Connection, index: Index, members: Collection[Node]) -> list[Row]:
    """The steps to what overrides or implements one of these members; their kind is `override`."""
    return _rows(connection, "overriders", index, **_columns(members))


def above(connection: Connection, index: Index, symbols: Collection[Node]) -> list[Row]:
    """What these extend, implement or override: file_id, symbol_id, kind, and near_file_id and near_symbol_id, which
    are of these."""
    return _rows(connection, "above", index, **_columns(symbols))


def below(connection: Connection, index: Index, symbols: Collection[Node]) -> list[Row]:
    """What extends, implements or overrides these, in the same way."""
    return _rows(connection, "below", index, **_columns(symbols))


def bases_elsewhere(connection: Connection, index: Index, classes: Collection[Node]) -> list[Row]:
    """What these classes extend or implement that is no symbol of the repository: file_id, symbol_id, kind, name, and
    package, which is None where nothing is known of it."""
    return _rows(connection, "bases_elsewhere", index, **_columns(classes))


def maybe_bases(connection: Connection, index: Index, names: Collection[str]) -> int:
    """How many classes extend or implement something of one of these names of which nothing is known."""
    return int(_rows(connection, "maybe_bases", index, names=sorted(names))[0]["count"])


def described(connection: Connection, index: Index, symbols: Collection[Node]) -> dict[Node, Row]:
    """These symbols as `postgres.symbols` has them."""
    rows = _rows(connection, "described", index, **_columns(symbols))
    return {(row["file_id"], row["symbol_id"]): row for row in rows}


def files(connection: Connection, index: Index, file_ids: Iterable[int]) -> dict[int, Row]:
    """Path, language, has_errors and is_test of these files, by id; skipped ones have no language."""
    return {row["file_id"]: row for row in _rows(connection, "files", index, file_ids=list(file_ids))}


def named(connection: Connection, index: Index, symbols: Collection[Node]) -> dict[Node, Row]:
    """Qualified name, kind and line of these symbols."""
    rows = _rows(connection, "named", index, **_columns(symbols))
    return {(row["file_id"], row["symbol_id"]): row for row in rows}


def unresolved(connection: Connection, index: Index, names: Collection[str], languages: Collection[str]) -> int:
    """How often files of these languages refer to something of one of these names of which nothing is known."""
    rows = _rows(connection, "unresolved", index, names=list(names), languages=sorted(languages))
    return int(rows[0]["count"])


def has_unresolved(connection: Connection, index: Index, symbols: Collection[Node]) -> bool:
    """Whether some file refers to something that is called as one of the symbols, and of which nothing is known."""
    return bool(_rows(connection, "has_unresolved", index, **_columns(symbols))[0]["found"])


def imported(
    connection: Connection, index: Index, file_ids: Collection[int], *, types: bool, uses: bool
) -> list[tuple[int, int]]:
    """The edges from these files to files, each once; with `uses` also those by which they use symbols."""
    rows = _rows(connection, "imported", index, file_ids=list(file_ids), types=types, uses=uses)
    return [(row["from_file_id"], row["to_file_id"]) for row in rows]


def edges(
    connection: Connection, index: Index, pairs: Collection[tuple[int, int]], *, types: bool, uses: bool
) -> list[Row]:
    """The lines that make the edges between these pairs of files: kind, specifier, type_only, line, symbol."""
    from_ids, to_ids = [first for first, _ in pairs], [second for _, second in pairs]
    return _rows(connection, "edges", index, from_ids=from_ids, to_ids=to_ids, types=types, uses=uses)


def in_doubt(connection: Connection, index: Index, file_ids: Collection[int], unread: Iterable[SkipReason]) -> InDoubt:
    """What may have gone unseen in these files; skipped for one of the reasons in `unread` means not read."""
    reasons = [reason.value for reason in unread]
    [row] = _rows(connection, "in_doubt", index, file_ids=list(file_ids), reasons=reasons)
    return InDoubt(**row)


def _columns(nodes: Collection[Node]) -> dict[str, list[int | None]]:
    """Sorted: neighbours in an index are read one after the other."""
    ordered = sorted(nodes, key=lambda node: (node[0], node[1] or 0))
    return {"file_ids": [file_id for file_id, _ in ordered], "symbol_ids": [symbol_id for _, symbol_id in ordered]}


def _rows(connection: Connection, statement: str, index: Index, **parameters: Any) -> list[Row]:
    parameters |= {"repository_id": index.repository_id, "index_id": index.index_id}
    return [*connection.execute(query(f"reach.{statement}"), parameters)]
