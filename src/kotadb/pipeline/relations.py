"""Which class extends or implements which, and which member stands in the place of which other.

A symbol that is declared several times (overloads, branches of an `if`, an interface in two parts) is one: relations
lead from and to its first declaration.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Set
from typing import NamedTuple

from kotadb.model import RelationKind, SymbolKind
from kotadb.pipeline.outline import File, Read
from kotadb.pipeline.program import Program
from kotadb.pipeline.values import Target

MAX_SUPERTYPES = 100
"""Classes and interfaces in which what a member overrides is looked for: chains of thousands are made to be slow."""

_MEMBERS = frozenset({SymbolKind.METHOD, SymbolKind.GETTER, SymbolKind.SETTER, SymbolKind.PROPERTY})


class Relation(NamedTuple):
    """What a symbol of a file, by its number, has to do with another."""

    symbol: int
    target: Target
    kind: RelationKind


def relations(program: Program, number: int, heirs: Iterable[int], is_private: Callable[[str], bool]) -> set[Relation]:
    """Those of the classes with the numbers `heirs` in a file, and of their members.

    `is_private` tells whether a member of that name is nobody's but its class's.
    """
    found: set[Relation] = set()
    for heir in heirs:
        found.update(_extending(program, (number, heir)))
        found.update(_overriding(program, (number, heir), is_private))
    return found


# ---- classes ---------------------------------------------------------------------------------------------------------


def _extending(program: Program, heir: Target) -> Iterator[Relation]:
    """A class is related to one thing of each name: where a class and an interface share it, to the class."""
    own = _first(program, heir)
    named: dict[tuple[int, str, bool], Target] = {}
    for base, is_implemented in program.supertypes(heir):
        key = base[0], program.files[base[0]].qualified_names[base[1]], is_implemented
        if key not in named or program.kind(named[key]) is SymbolKind.INTERFACE:
            named[key] = _first(program, base)
    for (_, _, is_implemented), base in named.items():
        if base != own:
            yield Relation(own[1], base, _kind(program, own, base, is_implemented=is_implemented))


def _kind(program: Program, heir: Target, base: Target, *, is_implemented: bool) -> RelationKind:
    """An interface is implemented by a class, however that is written."""
    is_interface = [program.kind(each) is SymbolKind.INTERFACE for each in (heir, base)]
    return RelationKind.IMPLEMENTS if is_implemented or is_interface == [False, True] else RelationKind.EXTENDS


def _first(program: Program, target: Target) -> Target:
    """The first declaration of the same symbol."""
    number, symbol = target
    file = program.files[number]
    same = file.members(file.qualified_names[symbol][: -len(file.names[symbol]) - 1], file.names[symbol])
    return number, next(each for each in same if file.kinds[each] is file.kinds[symbol])


# ---- members ---------------------------------------------------------------------------------------------------------


def _overriding(program: Program, heir: Target, is_private: Callable[[str], bool]) -> Iterator[Relation]:
    number, symbol = heir
    file = program.files[number]
    inside = file.inside(file.qualified_names[symbol])
    names = {name for name in inside if not is_private(name)}
    for name, holders in _holders(program, heir, names).items():
        by_kind = {file.kinds[each]: each for each in reversed(inside[name]) if file.kinds[each] in _MEMBERS}
        for kind, own in by_kind.items():
            for holder in holders:
                target = holder[0], _member(program, holder, name, kind)
                if target != (number, own):
                    yield Relation(own, target, RelationKind.OVERRIDES)


def _holders(program: Program, heir: Target, names: Set[str]) -> dict[str, list[Target]]:
    """The classes that each of these names is inherited from: on every way up the nearest."""
    found: dict[str, list[Target]] = defaultdict(list)
    for holder, held in _upwards(program, heir, names):
        for name in held:
            found[name].append(holder)
    return {name: holders if len(holders) == 1 else _lowest(program, holders) for name, holders in found.items()}


def _upwards(program: Program, heir: Target, names: Set[str]) -> Iterator[tuple[Target, Set[str]]]:
    """The classes above with some of the names, and with which: whoever has a name is not gone beyond for it."""
    asked: dict[Target, Set[str]] = {heir: names}
    pending = [(base, names) for base, _ in program.supertypes(heir)]
    while pending:
        base, wanted = pending.pop()
        known = asked.get(base, frozenset())
        left = wanted - known
        if not left or (not known and len(asked) > MAX_SUPERTYPES):
            continue
        asked[base] = known | left
        held = _held(program, base, left)
        if held:
            yield base, held
        pending += [(above, left - held) for above, _ in program.supertypes(base)] if left - held else []


def _held(program: Program, holder: Target, names: Set[str]) -> Set[str]:
    """Those of the names that are members of a class."""
    file, around = _of(program, holder)
    inside = file.inside(around)
    return {name for name in names & inside.keys() if any(file.kinds[each] in _MEMBERS for each in inside[name])}


def _of(program: Program, holder: Target) -> tuple[File, str]:
    """The file of a class and its qualified name; all that is in it counts as read."""
    number, symbol = holder
    file = program.files[number]
    program.note(number, Read.INSIDE, file.qualified_names[symbol])
    return file, file.qualified_names[symbol]


def _member(program: Program, holder: Target, name: str, kind: SymbolKind) -> int:
    """The member of that name, of the same kind if there are several."""
    file, around = _of(program, holder)
    members = [each for each in file.members(around, name) if file.kinds[each] in _MEMBERS]
    return next((each for each in members if file.kinds[each] is kind), members[0])


def _lowest(program: Program, holders: list[Target]) -> list[Target]:
    """Those that none of the others inherits from."""
    above = {base for holder in holders for base in _all_above(program, holder)}
    return [holder for holder in holders if holder not in above]


def _all_above(program: Program, target: Target) -> Set[Target]:
    found = {target: None}
    pending = [target]
    while pending and len(found) <= MAX_SUPERTYPES:
        new = dict.fromkeys(base for base, _ in program.supertypes(pending.pop()) if base not in found)
        found |= new
        pending += new
    return found.keys() - {target}
