"""What expressions stand for: plain values, how they were found, and how type parameters in them are replaced."""

from collections.abc import Iterable, Iterator, Mapping
from enum import IntEnum
from typing import NamedTuple, TypeAlias

from kotadb.languages.modules import MISSING, Location
from kotadb.model import Resolution

HOW = (Resolution.SCOPE, Resolution.IMPORT, Resolution.MEMBER, Resolution.TYPE)
"""The ways to a target, the surest first. An answer that took several ways is as sure as the last of them here."""
SCOPE, IMPORT, MEMBER, TYPE = range(4)

MAX_ALTERNATIVES = 8
"""Of one value: with more, the first ones are kept."""
MAX_WEIGHT = 60
"""Values that one holds, all in all; with more, its type arguments are forgotten. Types that grow with each call of a
chain would take memory and time without bound."""

Target: TypeAlias = tuple[int, int]
"""A symbol: the numbers of its file and of itself in that file."""
Variable: TypeAlias = tuple[int, str]
"""A type parameter: the number of its file, and its name there."""


class Sort(IntEnum):
    """What a value is."""

    DECLARED = 0
    """The symbols `targets` themselves, with type arguments `parts`; several where a name was declared so often."""
    INSTANCE = 1
    """Something whose type is one of the symbols `targets`, with type arguments `parts`."""
    SUPER = 2
    """The same, but for the bases of that type only."""
    MODULE = 3
    """The module at `location`."""
    OUTSIDE = 4
    """Something of the package `location.package`."""
    FUNCTION = 5
    """A function without a name: the expression `targets`, by its file and number."""
    TUPLE = 6
    """The same for a tuple."""
    OBJECT = 7
    """The same for an object without a class."""
    VARIABLE = 8
    """The type parameter `variable`; `parts` has what it extends, if that is known."""
    UNION = 9
    """Any of `parts`."""
    TYPE_OF = 10
    """The type whose value is the first of `parts`."""


class Value(NamedTuple):
    """What an expression stands for, and how that was found: an index of HOW."""

    sort: Sort
    how: int
    targets: tuple[Target, ...] = ()
    location: Location = MISSING
    parts: tuple["Value | None", ...] = ()
    bound: "tuple[tuple[Variable, Value], ...]" = ()
    """What type parameters stand for in what the value is made of."""
    variable: Variable | None = None
    is_this: bool = False
    """It is the object that a method was called on, whatever its class may be."""
    literal: "str | Target | None" = None
    """The literal or member of an enum that it is, where that is all it can be."""
    weight: int = 1


_MADE_OF_PARTS = frozenset({Sort.UNION, Sort.TYPE_OF})
_LATE = frozenset({Sort.FUNCTION, Sort.TUPLE, Sort.OBJECT})
"""Those whose parts are looked at when they are asked for."""

THIS: Variable = (-1, "this")
"""Is bound to what a method was called on."""


def union(values: Iterable[Value | None]) -> Value | None:
    """Any of these; None if nothing is known of them."""
    distinct: dict[object, Value] = {}
    for value in values:
        for each in alternatives(value):
            distinct.setdefault((each.sort, each.targets, each.location, each.variable, each.literal), each)
    found = tuple(distinct.values())[:MAX_ALTERNATIVES]
    if len(found) <= 1:
        return found[0] if found else None
    return weighed(Value(Sort.UNION, max(each.how for each in found), parts=found))


def alternatives(value: Value | None) -> tuple[Value, ...]:
    """The values that it may be."""
    if value is None:
        return ()
    if value.sort is not Sort.UNION:
        return (value,)
    return tuple(part for part in value.parts if part is not None)


def unnamed(value: Value | None) -> Value | None:
    """The same value, reached by another name: not the symbol, but what that holds."""
    return value and Value(Sort.UNION, value.how, parts=alternatives(value), weight=value.weight)


def weighed(value: Value) -> Value:
    """The same with its weight, and without what would make it too heavy."""
    weight = 1 + sum(part.weight for part in value.parts if part is not None) + sum(of.weight for _, of in value.bound)
    if weight <= MAX_WEIGHT:
        return value._replace(weight=weight)
    return _light(value, value.parts if value.sort in _MADE_OF_PARTS else ())


def _light(value: Value, parts: tuple[Value | None, ...] = ()) -> Value:
    if value.sort is Sort.VARIABLE:
        return value._replace(parts=(None,), weight=1)
    light = tuple(part and _light(part) for part in parts)
    return value._replace(parts=light, bound=(), weight=1 + len(light))


def has_variables(value: Value | None) -> bool:
    """Whether a type parameter is in it."""
    if value is None:
        return False
    if value.sort is Sort.VARIABLE or value.is_this:
        return True
    if value.sort in _LATE:
        return True  # what it is made of is not known yet
    return value.weight > 1 and any(map(has_variables, value.parts))


def variables(value: Value | None) -> Iterator[Variable]:
    """The type parameters that are type arguments in a value."""
    for part in value.parts if value is not None else ():
        if part is not None and part.variable is not None:
            yield part.variable
        else:
            yield from variables(part)


def substituted(value: Value | None, bound: Mapping[Variable, Value]) -> Value | None:
    """The value with what its type parameters stand for."""
    if value is None or not bound:
        return value
    sort = value.sort
    if sort is Sort.VARIABLE:
        assert value.variable is not None
        return bound.get(value.variable, value)
    if value.is_this and THIS in bound:
        return bound[THIS]
    if sort in _LATE or (sort is Sort.DECLARED and value.bound):
        inner = {name: substituted(of, bound) or of for name, of in value.bound}
        return weighed(value._replace(bound=tuple({**bound, **inner}.items())))
    if value.weight == 1 and not value.parts:
        return value
    parts = tuple(substituted(part, bound) for part in value.parts)
    if parts == value.parts:
        return value
    return union(parts) if sort is Sort.UNION else weighed(value._replace(parts=parts))
