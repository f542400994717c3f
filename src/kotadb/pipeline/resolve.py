"""The fifth step: what each reference of a file refers to."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from kotadb.model import DEFAULT, Op, Reference, ReferenceKind, Resolution, SymbolKind
from kotadb.pipeline.program import HOW, Program, Sort, Target, Value

_IN_TYPES = frozenset({ReferenceKind.TYPE, ReferenceKind.IMPLEMENTS})
_ANYWHERE = frozenset({ReferenceKind.IMPORT, ReferenceKind.REEXPORT, ReferenceKind.EXTENDS})
_ONLY_TYPES = frozenset({SymbolKind.INTERFACE, SymbolKind.TYPE})
_NAMES_TYPES = _ONLY_TYPES | {SymbolKind.CLASS, SymbolKind.ENUM, SymbolKind.NAMESPACE}


class Resolved(NamedTuple):
    """A reference with its target. Files and symbols are numbers as in `Program` and `FileFacts`."""

    kind: ReferenceKind
    name: str
    """What it refers to; the occurrences may hold an alias."""
    enclosing: int
    positions: bytes
    target_file: str | None = None
    """The path of the target's file; without `target` the file is the target, as a module."""
    target: Target | None = None
    resolution: Resolution | None = None
    package: str | None = None
    """The package outside of the repository that the target is in."""


def resolve(program: Program, number: int, references: Iterable[Reference]) -> Iterator[Resolved]:
    """The references of the file with this number, in their order."""
    for reference in references:
        yield _resolved(program, number, reference, program.value(number, reference.expression))


def _resolved(program: Program, number: int, reference: Reference, value: Value | None) -> Resolved:
    kind, expression, enclosing, positions = reference
    if value is not None and value.sort is Sort.DECLARED:
        target = _picked(program, value.targets, kind)
        file = program.files[target[0]]
        if kind is ReferenceKind.CALL and program.kind(target) in (SymbolKind.CLASS, SymbolKind.ENUM):
            kind = ReferenceKind.INSTANTIATION
        return Resolved(kind, file.names[target[1]], enclosing, positions, file.path, target, HOW[value.how])
    name = _name(program, number, expression)
    if value is not None and value.sort is Sort.MODULE:
        return Resolved(kind, name, enclosing, positions, target_file=value.location.path)
    package = value.location.package if value is not None else None
    return Resolved(kind, name, enclosing, positions, package=package)


def _picked(program: Program, targets: tuple[Target, ...], kind: ReferenceKind) -> Target:
    """The declaration that is meant, where a type and a value share a name."""
    if len(targets) == 1 or kind in _ANYWHERE:
        return targets[0]
    for target in targets:
        symbol = program.kind(target)
        if symbol in _NAMES_TYPES if kind in _IN_TYPES else symbol not in _ONLY_TYPES:
            return target
    return targets[0]


def _name(program: Program, number: int, expression: int) -> str:
    """What a reference without a target refers to, by the name that it has where it comes from."""
    file = program.files[number]
    op, _, name = file.expressions[expression]
    if op is Op.SYMBOL:
        return file.names[file.expressions[expression].operand]
    if op is Op.NAME:
        for bound in file.exports.scope.get(name or "", ()):
            imported = file.expressions[bound]
            if imported.op in (Op.FROM, Op.MODULE) and imported.name and imported.name != DEFAULT:
                return imported.name
    return name or ""
