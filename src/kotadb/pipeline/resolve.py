"""The fifth step: what each reference of a file refers to."""

from typing import NamedTuple

from kotadb.model import DEFAULT, Op, Reference, ReferenceKind, Resolution, SymbolKind
from kotadb.pipeline.program import Program
from kotadb.pipeline.values import HOW, Sort, Target, Value, alternatives

_IN_TYPES = frozenset({ReferenceKind.TYPE, ReferenceKind.IMPLEMENTS})
_IMPORTS = frozenset({ReferenceKind.IMPORT, ReferenceKind.REEXPORT})
_ANYWHERE = _IMPORTS | {ReferenceKind.EXTENDS}
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


def resolve(program: Program, number: int, reference: Reference) -> Resolved:
    """A reference of the file with this number."""
    kind, expression, enclosing, positions = reference
    value = _meant(program.value(number, expression))
    if value is not None and value.sort is Sort.DECLARED:
        target = _picked(program, value.targets, kind)
        file = program.files[target[0]]
        path = program.paths[target[0]]
        if kind is ReferenceKind.CALL and program.kind(target) in (SymbolKind.CLASS, SymbolKind.ENUM):
            kind = ReferenceKind.INSTANTIATION
        return Resolved(kind, file.names[target[1]], enclosing, positions, path, target, HOW[value.how])
    name = name_of(program, number, expression)
    if value is not None and value.sort is Sort.MODULE:
        return Resolved(kind, name, enclosing, positions, target_file=value.location.path)
    package = value.location.package if value is not None and value.sort is Sort.OUTSIDE else None
    return Resolved(kind, name, enclosing, positions, package=package)


def _meant(value: Value | None) -> Value | None:
    """What counts of all that it may be: the first in the repository, or what is no symbol of it at all."""
    if value is not None and value.sort is Sort.UNION and len(value.parts) == 1:
        return None  # not the symbol, but what holds it
    found = [each for each in alternatives(value) if each.sort in (Sort.DECLARED, Sort.MODULE, Sort.OUTSIDE)]
    for each in found:
        if each.sort is Sort.DECLARED and each.targets[0][0] >= 0:
            return each
    return next((each for each in found if each.sort is not Sort.DECLARED), None)


def is_use(resolved: Resolved) -> bool:
    """Whether it makes the symbol around it depend on a symbol."""
    return resolved.target is not None and resolved.enclosing >= 0 and resolved.kind not in _IMPORTS


def _picked(program: Program, targets: tuple[Target, ...], kind: ReferenceKind) -> Target:
    """The declaration that is meant, where a type and a value share a name."""
    if len(targets) == 1 or kind in _ANYWHERE:
        return targets[0]
    for target in targets:
        symbol = program.kind(target)
        if symbol in _NAMES_TYPES if kind in _IN_TYPES else symbol not in _ONLY_TYPES:
            return target
    return targets[0]


def name_of(program: Program, number: int, expression: int) -> str:
    """What a reference without a target refers to, by the name that it has where it comes from."""
    file = program.files[number]
    op, operand, name, _ = file.expressions[expression]
    if op == Op.SYMBOL:
        return file.names[operand]
    if op == Op.NAME:
        for bound in file.exports.scope.get(name or "", ()):
            imported, _, taken, _ = file.expressions[bound]
            if imported in (Op.FROM, Op.MODULE) and taken and taken != DEFAULT:
                return taken
    return name or ""
