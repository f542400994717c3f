"""A compiler's edges among the references of a file: where it says what is meant, that is what is meant."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from kotadb.model import ReferenceKind, Resolution, SymbolKind
from kotadb.scip.compiled import Said
from kotadb.scip.scip_pb2 import SymbolRole

QUOTES = ("'", '"', "`")

_CLASSES = frozenset({SymbolKind.CLASS, SymbolKind.ENUM})
_TYPES = frozenset({SymbolKind.INTERFACE, SymbolKind.TYPE})
_MEMBERS = frozenset(
    {SymbolKind.PROPERTY, SymbolKind.GETTER, SymbolKind.SETTER, SymbolKind.METHOD, SymbolKind.ENUM_MEMBER}
)

_IDENTIFIER = re.compile(r"[#@]?[^\W\d][\w$]*|[$_][\w$]*")
_TAG = re.compile(r"(?:\A|[^\w$)\]])<\Z")

Place = tuple[int, int]
"""Line from 1, column from 0 in bytes."""


class Target(NamedTuple):
    """A symbol of the index. They sort by where they are."""

    path: str
    line: int
    column: int
    file_id: int
    symbol_id: int
    name: str
    kind: SymbolKind


class Occurrence(NamedTuple):
    """A reference at a place, with its row's columns."""

    line: int
    column: int
    kind: ReferenceKind
    name: str
    enclosing_symbol_id: int | None
    target_file_id: int | None
    target_symbol_id: int | None
    resolution: Resolution | None
    package: str | None


class Edge(NamedTuple):
    """What the compiler says of a place: any of these symbols is meant."""

    said: Said
    targets: Sequence[Target]

    @property
    def is_wanted(self) -> bool:
        """Whether kotadb has references at such places: names, and of a tag's two the first one."""
        is_name = _IDENTIFIER.fullmatch(self.said.text.split(" ")[0].strip("".join(QUOTES)))
        return is_name is not None and not self.said.before.endswith("</")

    def is_key(self, target: Target) -> bool:
        """Whether a member is named as in `{ member: 1 }`; in short form something else is read there as well."""
        return target.kind in _MEMBERS and not self.said.before.rstrip().endswith(".")


class Scope(NamedTuple):
    """A symbol with where it begins and ends, behind its last byte."""

    start: Place
    end: Place
    symbol_id: int


def merged(occurrences: Iterable[Occurrence], edges: Mapping[Place, Edge], scopes: Sequence[Scope]) -> list[Occurrence]:
    """The references of a file with the compiler's targets, and those that were not there, in the order of the source.

    `scopes` are the file's symbols.
    """
    found = [_replaced(each, edges.get((each.line, each.column))) for each in occurrences]
    known = {(each.line, each.column) for each in found}
    found += [_added(place, edge, scopes) for place, edge in edges.items() if place not in known and edge.is_wanted]
    return sorted(found, key=lambda each: (each.line, each.column, each.kind, each.name))


def _replaced(occurrence: Occurrence, edge: Edge | None) -> Occurrence:
    if edge is None:
        return occurrence
    current = occurrence.target_file_id, occurrence.target_symbol_id
    target = _chosen(edge.targets, current, writes=occurrence.kind is ReferenceKind.WRITE)
    if edge.is_key(target) and current not in ((None, None), (target.file_id, target.symbol_id)):
        return occurrence
    is_new = occurrence.kind is ReferenceKind.CALL and target.kind in _CLASSES
    return occurrence._replace(
        kind=ReferenceKind.INSTANTIATION if is_new else occurrence.kind,
        name=target.name,
        target_file_id=target.file_id,
        target_symbol_id=target.symbol_id,
        resolution=Resolution.SCIP,
        package=None,
    )


def _added(place: Place, edge: Edge, scopes: Sequence[Scope]) -> Occurrence:
    writes = bool(edge.said.roles & SymbolRole.WriteAccess)
    target = _chosen(edge.targets, (None, None), writes=writes)
    inside = [scope for scope in scopes if scope.start <= place < scope.end]
    innermost = max(inside, key=lambda scope: (scope.start, (-scope.end[0], -scope.end[1])), default=None)
    return Occurrence(
        *place,
        kind=_kind(edge.said, target),
        name=target.name,
        enclosing_symbol_id=innermost.symbol_id if innermost is not None else None,
        target_file_id=target.file_id,
        target_symbol_id=target.symbol_id,
        resolution=Resolution.SCIP,
        package=None,
    )


def _chosen(targets: Sequence[Target], current: tuple[int | None, int | None], *, writes: bool) -> Target:
    """The one that was known already, or else the first, of accessors the one that is meant."""
    return min(
        targets,
        key=lambda each: ((each.file_id, each.symbol_id) != current, (each.kind is SymbolKind.SETTER) != writes, each),
    )


def _kind(said: Said, target: Target) -> ReferenceKind:
    """What is done with the symbol, as its kind and the text around it tell."""
    if said.roles & SymbolRole.Import:
        return ReferenceKind.IMPORT
    if said.roles & SymbolRole.WriteAccess:
        return ReferenceKind.WRITE
    if target.kind in _TYPES:
        return ReferenceKind.TYPE
    if said.after.lstrip().startswith("("):
        return ReferenceKind.INSTANTIATION if target.kind in _CLASSES else ReferenceKind.CALL
    if _TAG.search(said.before):
        return ReferenceKind.JSX
    return ReferenceKind.PROPERTY if target.kind in _MEMBERS else ReferenceKind.READ
