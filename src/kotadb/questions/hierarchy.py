"""What a class or interface inherits from and what inherits from it; what a member overrides and what overrides it."""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, NamedTuple

from pydantic import Field

from kotadb import languages
from kotadb.errors import InvalidInput
from kotadb.model import SymbolKind
from kotadb.postgres import reach
from kotadb.postgres import symbols as stored
from kotadb.postgres.database import Connection
from kotadb.postgres.reach import Node, Row
from kotadb.questions import doubts
from kotadb.questions.asking import Found, Scope
from kotadb.questions.symbols import MAX_CANDIDATES, OfSymbol, about, find_symbol, symbol_id

MAX_DEPTH = 30
MAX_ITEMS = 1_000
MAX_FOLLOWED = 5_000
"""Symbols after which no further step is taken."""

COMPLETE = "Every class and interface that the source spells out is known, with what it names as its bases."

_TYPES = frozenset({SymbolKind.CLASS, SymbolKind.INTERFACE, SymbolKind.ENUM, SymbolKind.TYPE})
_MEMBERS = frozenset({SymbolKind.METHOD, SymbolKind.GETTER, SymbolKind.SETTER, SymbolKind.PROPERTY})

Follow = Callable[[Connection, Any, Collection[Node]], Iterable[Row]]


class OfHierarchy(OfSymbol):
    """Whose hierarchy, and how much of it."""

    depth: int = Field(default=MAX_DEPTH, ge=1, le=MAX_DEPTH, description="steps to follow, up and down")
    limit: int = Field(default=200, ge=1, le=MAX_ITEMS, description="items of each list at most")


class _Step(NamedTuple):
    """How one symbol is related to one nearer to the start."""

    distance: int
    node: Node
    near: Node
    kind: str


class _Followed(NamedTuple):
    """The steps, nearest first, and after which distance they end though there may be more; None if that is all."""

    steps: list[_Step]
    end: int | None


def hierarchy(scope: Scope, asked: OfHierarchy) -> Found:
    """What a class or interface extends and implements, and what does so with it; of a member, what it overrides.

    `above` and `below` have each symbol once, by distance, with the `relation` of it (`extends`, `implements` or
    `overrides`) and to which nearer one (`of`). `elsewhere` are bases that are of packages, or of which
    nothing is known; of a member those of its class.
    Raises InvalidInput for a symbol that has no hierarchy, NotFound and Ambiguous.
    """
    row, others = find_symbol(scope, asked)
    if row["kind"] not in _TYPES | _MEMBERS:
        raise InvalidInput(
            f"{row['qualified_name']} is a {row['kind']}: classes, interfaces and members have a hierarchy"
        )
    start = {(row["file_id"], number) for number in row["symbol_ids"]}
    above = _followed(scope, reach.above, start, asked.depth)
    below = _followed(scope, reach.below, start, asked.depth)
    elsewhere = _elsewhere(scope, _classes(scope, row, start, above.steps))
    content = {
        "symbol": about(row),
        "above": _described(scope, above.steps, row, start)[: asked.limit],
        "below": _described(scope, below.steps, row, start)[: asked.limit],
        "elsewhere": elsewhere[: asked.limit],
        "totals": {"above": len(above.steps), "below": len(below.steps), "elsewhere": len(elsewhere)},
        "others": [symbol_id(other) for other in others[:MAX_CANDIDATES]],
    }
    return _found(scope, asked, content, row, (above, below))


def _followed(scope: Scope, follow: Follow, start: Collection[Node], depth: int) -> _Followed:
    """All that is reached, a level at a time; each symbol by its first step."""
    seen = set(start)
    steps: list[_Step] = []
    level: Collection[Node] = start
    distance = 0
    while level and distance < depth and len(steps) < MAX_FOLLOWED:
        distance += 1
        new: dict[Node, _Step] = {}
        for row in follow(scope.connection, scope.index, level):
            node = row["file_id"], row["symbol_id"]
            if node not in seen:
                new.setdefault(node, _Step(distance, node, (row["near_file_id"], row["near_symbol_id"]), row["kind"]))
        seen.update(new)
        steps += new.values()
        level = new.keys()
    return _Followed(steps, distance if level else None)


def _described(scope: Scope, steps: Sequence[_Step], row: Row, start: Collection[Node]) -> list[dict[str, Any]]:
    rows = reach.described(scope.connection, scope.index, [step.node for step in steps]) if steps else {}
    rows |= dict.fromkeys(start, row)
    ordered = sorted(
        steps, key=lambda step: (step.distance, rows[step.node]["path"], rows[step.node]["line"], step.node)
    )
    return [
        {"distance": step.distance, "relation": step.kind, "of": symbol_id(rows[step.near]), **about(rows[step.node])}
        for step in ordered
    ]


def _classes(scope: Scope, row: Row, start: Collection[Node], above: Iterable[_Step]) -> set[Node]:
    """The classes whose bases matter: the symbol and all above it, or the same of the class that it is a member of."""
    if row["kind"] in _TYPES:
        return {*start, *(step.node for step in above)}
    around = stored.container(scope.connection, scope.index, row)
    holder = around and stored.in_file(
        scope.connection, scope.index, [row["path"]], around["qualified_name"], around["kind"]
    )
    nodes = {(row["file_id"], number) for number in holder["symbol_ids"]} if holder else set()
    return {*nodes, *(step.node for step in _followed(scope, reach.above, nodes, MAX_DEPTH).steps)}


def _elsewhere(scope: Scope, classes: Collection[Node]) -> list[dict[str, Any]]:
    """The bases of these that are no symbols of the repository."""
    found = reach.bases_elsewhere(scope.connection, scope.index, classes)
    rows = reach.described(scope.connection, scope.index, {(each["file_id"], each["symbol_id"]) for each in found})
    items = [
        {
            "name": each["name"], "package": each["package"], "relation": each["kind"],
            "of": symbol_id(rows[each["file_id"], each["symbol_id"]]),
        }
        for each in found
    ]  # fmt: skip
    return sorted(items, key=lambda item: (item["of"], item["name"], item["package"] or ""))


# ---- what may be missing ---------------------------------------------------------------------------------------------


def _found(scope: Scope, asked: OfHierarchy, content: dict[str, Any], row: Row, followed: Iterable[_Followed]) -> Found:
    unknown = sum(item["package"] is None for item in content["elsewhere"])
    maybe = reach.maybe_bases(scope.connection, scope.index, {_class_name(item) for item in [row, *content["below"]]})
    unseen = doubts.unseen_text(scope, languages.importers(row["language"]))
    clauses = [
        *_cut(asked, content, followed),
        *([f"{doubts.counted(unknown, 'base', 'bases')} could not be resolved"] if unknown else ()),
        *([f"{doubts.counted(maybe, 'class has', 'classes have')} a base of such a name that could not be resolved"]
          if maybe else ()),
        *unseen.clauses,
    ]  # fmt: skip
    return Found(content, clauses, unseen.skipped, unknown + maybe, complete=COMPLETE)


def _class_name(symbol: Row) -> str:
    """The name of a class, or of the one that a member is in."""
    qualified: str = symbol["qualified_name"]
    return qualified.split(".")[-1 if symbol["kind"] in _TYPES else -2 if "." in qualified else -1]


def _cut(asked: OfHierarchy, content: dict[str, Any], followed: Iterable[_Followed]) -> list[str]:
    totals = content["totals"]
    long = [
        f"{asked.limit:,} of {total:,} that are {key} are given" for key, total in totals.items() if total > asked.limit
    ]
    ends = [each.end for each in followed if each.end is not None]
    if ends:
        long.append(f"what is further away than {doubts.counted(max(ends), 'step', 'steps')} was not looked at")
    return long
