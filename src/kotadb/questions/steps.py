"""Following a change: what refers to what changes, what refers to that, and so on.

All of a level is asked for at once. From symbol to symbol, and not from file to file: most files that import one use
little of it, so that after some steps by imports all of a repository would be affected by everything in it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from kotadb.model import ReferenceKind
from kotadb.postgres import reach
from kotadb.postgres.reach import Node, Row
from kotadb.questions.asking import Scope
from kotadb.questions.changes import Change
from kotadb.questions.remembered import remembered

MAX_REACHED = 5_000
"""Symbols and files after which no further step is taken: that is a change to everything, and each step takes some 10
microseconds for each of them. What is nearer is complete all the same."""

_IMPORTS = frozenset({ReferenceKind.IMPORT.value, ReferenceKind.REEXPORT.value})

OVERRIDE = "override"
"""The kind of a step to what overrides or implements a member: it must change with it, and no reference says so."""

Aliases = Mapping[Node, Sequence[Node]]


class Step(NamedTuple):
    """What makes a node depend on one nearer to the change: see `postgres.reach`."""

    distance: int
    node: Node
    target: Node
    kind: str
    line: int

    @property
    def only_imports(self) -> bool:
        """Whether it imports a symbol, and nothing there uses it."""
        return self.kind in _IMPORTS and self.target[1] is not None


class Followed(NamedTuple):
    """The steps, nearest first, and after which distance they end though there may be more; None if that is all."""

    steps: list[Step]
    end: int | None


def follow(scope: Scope, changed: Sequence[Change], depth: int) -> Followed:
    """The steps to all that depends on the changes, each node by its first one.

    What overrides a member that changes must change too, and so on; what only uses it need not change in what it is.
    Whoever imports a changed symbol depends on it being there, and nobody on them for that: if they use it there is
    another step to them, and only if there is none in their file is the import given.
    """
    aliases = _aliases(scope)
    symbols: set[Node] = {(row["file_id"], row["symbol_id"]) for change in changed for row in change.symbols}
    modules = {change.entry["file_id"] for change in changed if change.touches_module and change.entry is not None}
    seen: set[Node] = {*symbols, *((file_id, None) for file_id in modules)}
    steps: list[Step] = []
    distance, overridden = 0, symbols
    while (symbols or modules) and distance < depth and len(steps) < MAX_REACHED:
        distance += 1
        rows = _users(scope, symbols, modules, aliases, is_first=distance == 1)
        rows += reach.overriders(scope.connection, scope.index, _meant(overridden, aliases)) if overridden else []
        found = [_step(distance, row) for row in rows]
        new = _first_of_each((step for step in found if not step.only_imports), seen)
        steps += [*new, *_only_importing(found, new, seen)]
        symbols = {step.node for step in new if step.node[1] is not None}
        overridden = {step.node for step in new if step.kind == OVERRIDE}
        modules = {step.node[0] for step in new if step.node[1] is None}
    return Followed(steps, distance if symbols or modules else None)


def _step(distance: int, row: Row) -> Step:
    node, target = (row["file_id"], row["symbol_id"]), (row["target_file_id"], row["target_symbol_id"])
    return Step(distance, node, target, row["kind"], row["line"])


def _users(
    scope: Scope, symbols: Collection[Node], modules: Collection[int], aliases: Aliases, *, is_first: bool
) -> list[Row]:
    """Who refers to the symbols, and who imports the files; types alone are not loaded, but they may be gone."""
    meant = _meant(symbols, aliases)
    rows = reach.users(scope.connection, scope.index, meant, imports=is_first) if meant else []
    if modules:
        rows += reach.importers(scope.connection, scope.index, modules, types=is_first)
    return rows


def _meant(symbols: Collection[Node], aliases: Aliases) -> set[Node]:
    return {*symbols, *(alias for symbol in symbols for alias in aliases.get(symbol, ()))}


def _first_of_each(steps: Iterable[Step], seen: set[Node]) -> list[Step]:
    """The first step to each node that was not seen; they are seen from now on."""
    new: dict[Node, Step] = {}
    for step in steps:
        if step.node not in seen:
            new.setdefault(step.node, step)
    seen.update(new)
    return list(new.values())


def _only_importing(found: Iterable[Step], new: Iterable[Step], seen: Collection[Node]) -> list[Step]:
    """The steps that only import, in files where there is nothing else."""
    files = {step.node[0] for step in new}
    return [
        step for step in found if step.only_imports and step.node[0] not in files and (step.node[0], None) not in seen
    ]


@remembered
def _aliases(scope: Scope) -> Aliases:
    """What else a reference to a symbol may be meant for: looked up for all symbols, since most have nothing."""
    return reach.aliases(scope.connection, scope.index)
