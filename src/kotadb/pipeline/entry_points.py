"""Which symbols something calls that is not in the repository: frameworks, test runners, whoever installs a package.

What leads into a file from outside (`Entries`) follows from manifests and from what published modules hand on; all else
that marks a symbol is said by its own file.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from kotadb.languages.grammar import Rules
from kotadb.languages.modules import Modules
from kotadb.model import EntryPoint, Exports, Op, SymbolKind
from kotadb.pipeline.outline import AnyExpression, File
from kotadb.pipeline.program import Program

Entries = frozenset[str]
"""Names that a file exports to the outside: `ALL` of them, or these; `name()` is run as a command."""

ALL = "*"
NO_ENTRIES: Entries = frozenset()

_OUTERMOST = frozenset({SymbolKind.FUNCTION, SymbolKind.CLASS})


# ---- what leads into files -------------------------------------------------------------------------------------------


class HandedOn(NamedTuple):
    """What a file exports of another module: under which name, and which name of that one; ALL for all of them."""

    name: str
    specifier: str
    taken: str


def handed_on(file: File) -> list[HandedOn]:
    """What a file exports of others. Where all that is bound can be taken, only what it lists is meant to be."""
    exports = file.exports
    names = exports.exported if exports.exported is not None else dict.fromkeys(exports.listed or (), ())
    found = [HandedOn(ALL, specifier, ALL) for specifier in exports.stars]
    for name in names:
        for op, operand, taken, _ in _meant(file, name):
            if op == Op.MODULE:
                found.append(HandedOn(name, taken or "", ALL))
            elif op == Op.FROM:
                found.append(HandedOn(name, file.expressions[operand][2] or "", taken or ""))
    return found


def _meant(file: File, name: str) -> Iterator[AnyExpression]:
    """The expressions that are exported under a name, as the outermost scope knows them."""
    exports: Exports = file.exports
    names = exports.scope if exports.exported is None else exports.exported
    for number in names.get(name, ()):
        op, _, inner, _ = file.expressions[number]
        if op == Op.NAME:
            yield from (file.expressions[each] for each in exports.scope.get(inner or "", ()))
        else:
            yield file.expressions[number]


def entries(program: Program, modules: Iterable[Modules]) -> dict[int, Entries]:
    """What leads into files from outside, by their numbers: into those that packages publish, and on from there."""
    found: dict[int, Entries] = {}
    pending: list[tuple[int, Entries]] = []
    for family in modules:
        pending += _numbered(program, dict.fromkeys(family.published(), frozenset({ALL})))
        commands = {path: frozenset(f"{name}()" for name in names) for path, names in family.commands().items()}
        pending += _numbered(program, commands)
    while pending:
        number, names = pending.pop()
        new = names - found.get(number, NO_ENTRIES)
        if new:
            found[number] = found.get(number, NO_ENTRIES) | new
            pending += _beyond(program, number, new)
    return {number: frozenset({ALL, *(n for n in names if n.endswith("()"))}) if ALL in names else names
            for number, names in found.items()}  # fmt: skip


def _numbered(program: Program, entries: Mapping[str, Entries]) -> Iterator[tuple[int, Entries]]:
    numbers = ((program.number(path), names) for path, names in entries.items())
    return ((number, names) for number, names in numbers if number is not None)


def _beyond(program: Program, number: int, names: Entries) -> Iterator[tuple[int, Entries]]:
    """Where these names lead from a file."""
    for name, specifier, taken in handed_on(program.files[number]):
        passed = names if name == ALL else frozenset({taken}) if ALL in names or name in names else NO_ENTRIES
        target = program.number(program.location(number, specifier).path) if passed else None
        if target is not None:
            yield target, passed


# ---- what they mean for symbols --------------------------------------------------------------------------------------


class Local(NamedTuple):
    """What the text of a file alone says of its symbols, by their numbers."""

    exported: Sequence[int]
    decorated: Sequence[tuple[int, str]]
    """With the name of each decorator."""
    lists: bool
    """Whether the file lists what it exports."""


def marks(
    file: Callable[[], File], local: Local, led: Entries, rules: Rules, *, is_test: bool
) -> dict[int, EntryPoint]:
    """The symbols of a file that are called from outside, by their numbers, each with the most telling reason.

    `file` gives the outline, where that is needed.
    """
    is_plain = re.compile(rules.plain_decorators or "(?!)").fullmatch
    decorated = (number for number, name in local.decorated if not is_plain(name))
    return {
        **dict.fromkeys(_published(file, local, led) if led else (), EntryPoint.EXPORTED),
        **dict.fromkeys(local.exported if local.lists else (), EntryPoint.LISTED),
        **dict.fromkeys(decorated, EntryPoint.DECORATOR),
        **dict.fromkeys(_tests(file(), rules.tests) if is_test and rules.tests else (), EntryPoint.TEST),
        **dict.fromkeys(_commands(file(), led) if led else (), EntryPoint.SCRIPT),
    }


def _published(file: Callable[[], File], local: Local, led: Entries) -> Iterable[int]:
    """What is exported under the names, and what can be reached in that."""
    if ALL in led:
        return local.exported
    known = file()
    outermost = {operand for name in led for op, operand, _, _ in _meant(known, name) if op == Op.SYMBOL}
    names = {known.qualified_names[number] for number in outermost}
    inside = (number for number in local.exported if known.qualified_names[number].partition(".")[0] in names)
    return outermost.union(inside)


def _tests(file: File, names: str) -> Iterator[int]:
    is_called = re.compile(names).fullmatch
    for number, (name, qualified, kind) in enumerate(zip(file.names, file.qualified_names, file.kinds, strict=True)):
        if is_called(name) and (kind is SymbolKind.METHOD or (kind in _OUTERMOST and name == qualified)):
            yield number


def _commands(file: File, led: Entries) -> Iterator[int]:
    for name in led:
        if name.endswith("()"):
            bound = file.exports.scope.get(name.removesuffix("()"), ())
            yield from (operand for op, operand, _, _ in map(file.expressions.__getitem__, bound) if op == Op.SYMBOL)
