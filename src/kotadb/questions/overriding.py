"""What overrides or implements a member of a class or interface: it must change with it, and no reference says so."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kotadb.model import SymbolKind
from kotadb.postgres import reach
from kotadb.postgres.reach import Node, Row
from kotadb.questions.asking import Scope
from kotadb.questions.changes import Change

_MEMBERS = frozenset({SymbolKind.METHOD, SymbolKind.GETTER, SymbolKind.SETTER, SymbolKind.PROPERTY})
_HOLDERS = frozenset({SymbolKind.CLASS, SymbolKind.INTERFACE})

Place = tuple[int, str]
"""A file and a qualified name in it."""


def overriding(scope: Scope, changed: Iterable[Change]) -> list[Row]:
    """The steps to the members that override or implement one that changes, in whatever extends its holder directly."""
    members = {(row["file_id"], row["qualified_name"]): row for row in _members(changed)}
    holders = {(row["file_id"], _around(row)) for row in members.values()}
    classes: dict[Node, Place] = {
        (row["file_id"], row["symbol_id"]): place
        for row in reach.symbols_in(scope.connection, scope.index, {file_id for file_id, _ in holders})
        if row["kind"] in _HOLDERS and (place := (row["file_id"], row["qualified_name"])) in holders
    }
    heirs: dict[Place, list[Place]] = {}
    for row in reach.heirs(scope.connection, scope.index, classes) if classes else ():
        holder = classes[row["of_file_id"], row["of_symbol_id"]]
        heirs.setdefault((row["file_id"], row["qualified_name"]), []).append(holder)
    names = {row["name"] for row in members.values()} if heirs else set()
    found = reach.called(scope.connection, scope.index, names)
    return [step for row in found for step in _steps(row, heirs, members)]


def _members(changed: Iterable[Change]) -> Iterable[Row]:
    return (row for change in changed for row in change.symbols if row["kind"] in _MEMBERS and _around(row))


def _around(row: Row) -> str:
    """The qualified name of what a symbol is in, "" for none."""
    name: str = row["qualified_name"]
    return name.removesuffix(row["name"]).removesuffix(".")


def _steps(row: Row, heirs: Mapping[Place, Sequence[Place]], members: Mapping[Place, Row]) -> Iterable[dict[str, Any]]:
    for file_id, holder in heirs.get((row["file_id"], _around(row)), ()):
        member = members.get((file_id, f"{holder}.{row['name']}"))
        if member is not None:
            yield {
                "file_id": row["file_id"], "symbol_id": row["symbol_id"], "kind": "override", "line": row["line"],
                "target_file_id": file_id, "target_symbol_id": member["symbol_id"],
            }  # fmt: skip
