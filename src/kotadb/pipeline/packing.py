"""What is kept of a file: an outline, which is what other files ask for, and rows, ready but for what those decide.

Both are packed with msgpack, which is small, fast and safe to load. They depend on the file's text alone, so that they
serve every path, commit and index in which the text is found.
"""

import zlib
from collections.abc import Iterable, Sequence
from operator import itemgetter
from struct import Struct
from typing import NamedTuple, Self

import msgpack

from kotadb.languages.modules import Location
from kotadb.model import (
    ON_SYMBOLS,
    DependencyKind,
    Exports,
    FileFacts,
    Import,
    Op,
    Reference,
    ReferenceKind,
    SymbolKind,
    Types,
    unpack_positions,
)
from kotadb.pipeline.builtins import AMBIENT, builtins
from kotadb.pipeline.entry_points import Local
from kotadb.pipeline.identify import symbol_ids
from kotadb.pipeline.outline import AnyExpression, File, name_hash
from kotadb.pipeline.program import Program
from kotadb.pipeline.resolve import Resolved, is_use, name_of, resolve
from kotadb.pipeline.rows import occurrences_tail, reference_tail, symbol_tail

COMPRESSION = 4
"""zlib's level. Rows get four times smaller in 0.03 s per MB of source; 6 takes twice as long for 6 % less."""

_SYMBOL_KINDS = tuple(SymbolKind)
_DEPENDENCY_KINDS = tuple(DependencyKind)
_REFERENCE_KINDS = tuple(ReferenceKind)
_SYMBOL_NUMBERS = {kind: number for number, kind in enumerate(_SYMBOL_KINDS)}
_DEPENDENCY_NUMBERS = {kind: number for number, kind in enumerate(_DEPENDENCY_KINDS)}
_REFERENCE_NUMBERS = {kind: number for number, kind in enumerate(_REFERENCE_KINDS)}
_ON_EXPRESSIONS = frozenset(Op) - ON_SYMBOLS - {Op.NAME, Op.MODULE, Op.FROM}


class PackedFacts(NamedTuple):
    """All that is kept of a file beside its text."""

    lines: int
    has_errors: bool
    names: bytes
    """The `name_hash` of each name that it binds or exports, 4 bytes each."""
    outline: bytes
    """A packed `outline.File`."""
    rows: bytes
    """Packed `FileRows`."""
    is_generated: bool = False

    def to_bytes(self) -> bytes:
        """The same as one value."""
        packed: bytes = msgpack.packb(self)
        return packed

    @classmethod
    def of_bytes(cls, packed: bytes) -> Self:
        """What `to_bytes` made bytes of. Raises ValueError for what cannot be that."""
        return cls(*msgpack.unpackb(packed))


class OpenReference(NamedTuple):
    """A reference whose target other files decide."""

    reference: Reference
    line: int
    occurrences: int


class FileRows(NamedTuple):
    """The rows of one file behind their heads, and what is needed to make the others."""

    symbols: Sequence[bytes]
    elsewhere: Sequence[bytes]
    """References that have no target in the repository, whatever other files say."""
    here: Sequence[bytes]
    """References whose target is in the file itself."""
    uses: Sequence[Sequence[int]]
    """The pairs of symbols of the file the first of which uses the second by one of those, by their numbers."""
    open: Sequence[OpenReference]
    imports: Sequence[Import]
    occurrences: int
    """Of all references."""
    heirs: Sequence[int]
    """The symbols that extend or implement something, by their numbers."""
    local: Local


class _Elsewhere(Exception):
    """What is asked for is not in this file."""


class _NoModules:
    """The modules that a file imports, as long as nobody knows where it is."""

    def resolve(self, importer: str, specifier: str) -> Location:
        raise _Elsewhere

    def submodule(self, module: Location, name: str) -> Location:
        raise _Elsewhere

    def published(self) -> frozenset[str]:
        raise _Elsewhere

    def commands(self) -> dict[str, frozenset[str]]:
        raise _Elsewhere


class _Alone(Program):
    """A program of one file that does not know what others it is among."""

    def ambient_files(self, number: int) -> Sequence[int]:
        if self.protocols(number, AMBIENT):
            raise _Elsewhere
        return ()


class _EveryName:
    def __contains__(self, name: object) -> bool:
        return True


def pack(facts: FileFacts, language: str) -> PackedFacts:
    """What is kept of a file."""
    ids = symbol_ids(facts.symbols)
    alone = _File(facts, language, ids)
    numbers, outline = _outline(alone.file, [each.reference.expression for each in alone.open])
    # In the order of their keys, by which the tables' indexes grow at their ends.
    in_order = sorted(zip(ids, facts.symbols, strict=True), key=itemgetter(0))
    rows = [
        [symbol_tail(symbol_id, symbol) for symbol_id, symbol in in_order],
        alone.elsewhere, alone.here, sorted(alone.uses),
        [_open_row(each, numbers[each.reference.expression]) for each in alone.open],
        [[i.specifier, _DEPENDENCY_NUMBERS[i.kind], i.type_only, i.line, i.names] for i in facts.links.imports],
        alone.occurrences, sorted({*facts.links.types.bases, *facts.links.types.interfaces}),
        [[number for number, symbol in enumerate(facts.symbols) if symbol.exported], alone.decorated,
         facts.links.exports.listed is not None],
    ]  # fmt: skip
    return PackedFacts(
        facts.lines, facts.has_errors, _names(facts.links.exports), outline, _compressed(rows), facts.is_generated
    )  # fmt: skip


def _compressed(value: object) -> bytes:
    return zlib.compress(msgpack.packb(value), COMPRESSION)


class _File:
    """The references of one file, sorted by whether it alone says what they refer to."""

    def __init__(self, facts: FileFacts, language: str, ids: Sequence[int]) -> None:
        symbols, links = facts.symbols, facts.links
        self.file = file = File(
            [symbol.name for symbol in symbols], [symbol.qualified_name for symbol in symbols],
            [symbol.kind for symbol in symbols], ids, links.exports, links.types, links.expressions,
        )  # fmt: skip
        self.uses: set[tuple[int, int]] = set()
        self.occurrences = 0
        self.decorated: list[tuple[int, str]] = []
        """As in `Local`."""
        self._program = _Alone([""], [_NoModules()], [builtins(language)], lambda _: file, _EveryName())
        self._undecided: set[int] = set()
        """Expressions that other files decide."""
        elsewhere: list[tuple[Resolved, int, int]] = []
        here: list[tuple[Resolved, int, int]] = []
        undecided: list[tuple[Reference, int, int]] = []
        for reference in links.references:
            positions = unpack_positions(reference.positions)
            line, occurrences = positions[0][0], len(positions)
            self.occurrences += occurrences
            if reference.kind is ReferenceKind.DECORATOR and reference.enclosing >= 0:
                self.decorated.append((reference.enclosing, name_of(self._program, 0, reference.expression)))
            found = self._resolved(reference)
            if found is None:
                undecided.append((reference, line, occurrences))
            else:
                (elsewhere if found.target is None else here).append((found, line, occurrences))
        self.elsewhere = [self._tail(*each) for each in elsewhere]
        self.here = [self._tail(*each) for each in here]
        self.open = [OpenReference(*each) for each in undecided]

    def _tail(self, found: Resolved, line: int, occurrences: int) -> bytes:
        ids = self.file.ids
        enclosing = ids[found.enclosing] if found.enclosing >= 0 else None
        target = ids[found.target[1]] if found.target is not None else None
        if found.target is not None and is_use(found):
            self.uses.add((found.enclosing, found.target[1]))
        return reference_tail(
            found.kind, found.name, enclosing, target, found.resolution, None,
            occurrences_tail(line, occurrences, found.positions),
        )  # fmt: skip

    def _resolved(self, reference: Reference) -> Resolved | None:
        """What it refers to; None if other files decide that."""
        number = reference.expression
        op, operand, _, _ = self.file.expressions[number]
        if number in self._undecided or (op in _ON_EXPRESSIONS and operand in self._undecided):
            self._undecided.add(number)
            return None
        try:
            return resolve(self._program, 0, reference)
        except _Elsewhere:
            self._undecided.add(number)
            return None


def _open_row(each: OpenReference, expression: int) -> list[object]:
    kind, _, enclosing, positions = each.reference
    return [_REFERENCE_NUMBERS[kind], expression, enclosing, positions, each.line, each.occurrences]


def _names(exports: Exports) -> bytes:
    hashes = sorted({name_hash(name) for names in (exports.scope, exports.exported or ()) for name in names})
    return Struct(f"!{len(hashes)}I").pack(*hashes)


def _outline(file: File, wanted: Iterable[int]) -> tuple[dict[int, int], bytes]:
    """The packed file, with only those expressions that can be asked for; and their new numbers by the old ones."""
    exports, types = file.exports, file.types
    numbers = _kept(file, wanted)

    def bound(names: dict[str, list[int]]) -> dict[str, list[int]]:
        return {name: [numbers[each] for each in bound] for name, bound in names.items()}

    packed = _compressed(
        [
            file.names, file.qualified_names, bytes(_SYMBOL_NUMBERS[kind] for kind in file.kinds), file.ids,
            [bound(exports.scope), exports.exported and bound(exports.exported), exports.stars, exports.listed],
            [
                {symbol: numbers[each] for symbol, each in types.values.items()},
                {symbol: numbers[each] for symbol, each in types.signatures.items()},
                *(
                    {symbol: [numbers[each] for each in several] for symbol, several in named.items()}
                    for named in (types.bases, types.interfaces, types.parameters)
                ),
                sorted(types.loose),
            ],
            [_renumbered(file.expressions[old], numbers) for old in numbers],
        ]
    )  # fmt: skip
    return numbers, packed


def _kept(file: File, wanted: Iterable[int]) -> dict[int, int]:
    """New numbers, in the same order, of these expressions and of all that exports and types lead to."""
    exports, types = file.exports, file.types
    pending = {*wanted, *types.values.values(), *types.signatures.values()}
    for several in (exports.scope, exports.exported or {}, types.bases, types.interfaces, types.parameters):
        pending.update(*several.values())
    kept: set[int] = set()
    while pending:
        number = pending.pop()
        op, operand, _, parts = file.expressions[number]
        kept.add(number)
        inner = parts if op in ON_SYMBOLS else (operand, *parts)
        pending.update(each for each in inner if each >= 0 and each not in kept)
    return {old: new for new, old in enumerate(sorted(kept))}


def _renumbered(expression: AnyExpression, numbers: dict[int, int]) -> AnyExpression:
    op, operand, name, parts = expression
    kept = operand if operand < 0 or op in ON_SYMBOLS else numbers[operand]
    return op, kept, name, tuple(numbers[part] if part >= 0 else part for part in parts)


def unpack_outline(packed: bytes) -> File:
    """What the program knows of a file, from what `pack` kept."""
    names, qualified_names, kinds, ids, exports, types, expressions = msgpack.unpackb(
        zlib.decompress(packed), use_list=False, strict_map_key=False
    )
    values, signatures, bases, interfaces, parameters, loose = types
    return File(
        names, qualified_names, tuple(map(_SYMBOL_KINDS.__getitem__, kinds)), ids, Exports(*exports),
        Types(values, signatures, bases, interfaces, parameters, frozenset(loose)), expressions,
    )  # fmt: skip


def unpack_rows(packed: bytes) -> FileRows:
    """The rows of a file, from what `pack` kept."""
    symbols, elsewhere, here, uses, open_references, imports, occurrences, heirs, local = msgpack.unpackb(
        zlib.decompress(packed), use_list=False
    )
    return FileRows(
        symbols,
        elsewhere,
        here,
        uses,
        [
            OpenReference(Reference(_REFERENCE_KINDS[kind], expression, enclosing, positions), line, count)
            for kind, expression, enclosing, positions, line, count in open_references
        ],
        [Import(specifier, _DEPENDENCY_KINDS[kind], *rest) for specifier, kind, *rest in imports],
        occurrences,
        heirs,
        Local(*local),
    )


def unpack_names(packed: bytes) -> tuple[int, ...]:
    """The hashes of the names that a file binds or exports."""
    return Struct(f"!{len(packed) // 4}I").unpack(packed)
