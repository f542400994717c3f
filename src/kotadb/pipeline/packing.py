"""What is kept of a file: an outline, which is what other files ask for, and rows, ready but for what those decide.

Both are packed with msgpack, which is small, fast and safe to load. They depend on the file's text alone, so that they
serve every path, commit and index in which the text is found.
"""

import zlib
from collections.abc import Iterable, Sequence
from struct import Struct
from typing import NamedTuple, Self

import msgpack

from kotadb.languages.modules import Location
from kotadb.model import (
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
from kotadb.pipeline.identify import symbol_ids
from kotadb.pipeline.program import File, Program, name_hash
from kotadb.pipeline.resolve import is_use, resolve
from kotadb.pipeline.rows import occurrences_tail, reference_tail, symbol_tail

COMPRESSION = 1
"""zlib's level: rows get several times smaller in little time, and PostgreSQL need not try."""

_SYMBOL_KINDS = tuple(SymbolKind)
_DEPENDENCY_KINDS = tuple(DependencyKind)
_REFERENCE_KINDS = tuple(ReferenceKind)
_SYMBOL_NUMBERS = {kind: number for number, kind in enumerate(_SYMBOL_KINDS)}
_DEPENDENCY_NUMBERS = {kind: number for number, kind in enumerate(_DEPENDENCY_KINDS)}
_REFERENCE_NUMBERS = {kind: number for number, kind in enumerate(_REFERENCE_KINDS)}
_ON_SYMBOLS = frozenset({Op.SYMBOL, Op.SELF, Op.SUPER})


class PackedFacts(NamedTuple):
    """All that is kept of a file beside its text."""

    lines: int
    has_errors: bool
    names: bytes
    """The `name_hash` of each name that it binds or exports, 4 bytes each."""
    outline: bytes
    """A packed `program.File`."""
    rows: bytes
    """Packed `FileRows`."""

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

    number: int
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


class _Elsewhere(Exception):
    """What is asked for is not in this file."""


class _NoModules:
    """The modules that a file imports, as long as nobody knows where it is."""

    def resolve(self, importer: str, specifier: str) -> Location:
        raise _Elsewhere

    def submodule(self, module: Location, name: str) -> Location:
        raise _Elsewhere


class _EveryName:
    def __contains__(self, name: object) -> bool:
        return True


def pack(facts: FileFacts) -> PackedFacts:
    """What is kept of a file."""
    ids = symbol_ids(facts.symbols)
    alone = _File(facts, ids)
    numbers, outline = _outline(alone.file, [each.reference.expression for each in alone.open])
    rows = [
        [symbol_tail(symbol_id, symbol) for symbol_id, symbol in zip(ids, facts.symbols, strict=True)],
        alone.elsewhere, alone.here, sorted(alone.uses),
        [_open_row(each, numbers[each.reference.expression]) for each in alone.open],
        [[i.specifier, _DEPENDENCY_NUMBERS[i.kind], i.type_only, i.line, i.names] for i in facts.links.imports],
        alone.occurrences,
    ]  # fmt: skip
    return PackedFacts(
        facts.lines, facts.has_errors, _names(facts.links.exports), outline,
        zlib.compress(msgpack.packb(rows), COMPRESSION),
    )  # fmt: skip


class _File:
    """The references of one file, sorted by whether it alone says what they refer to."""

    def __init__(self, facts: FileFacts, ids: Sequence[int]) -> None:
        symbols, links = facts.symbols, facts.links
        self.file = File(
            [symbol.name for symbol in symbols], [symbol.qualified_name for symbol in symbols],
            [symbol.kind for symbol in symbols], ids, links.exports, links.types, links.expressions,
        )  # fmt: skip
        self.elsewhere: list[bytes] = []
        self.here: list[bytes] = []
        self.uses: set[tuple[int, int]] = set()
        self.open: list[OpenReference] = []
        self.occurrences = 0
        self._program = Program([""], [_NoModules()], lambda _: self.file, _EveryName())
        for number, reference in enumerate(links.references):
            self._sort(number, reference)

    def _sort(self, number: int, reference: Reference) -> None:
        positions = unpack_positions(reference.positions)
        line, occurrences = positions[0][0], len(positions)
        self.occurrences += occurrences
        try:
            found = resolve(self._program, 0, reference)
        except _Elsewhere:
            self.open.append(OpenReference(number, reference, line, occurrences))
            return
        ids = self.file.ids
        enclosing = ids[found.enclosing] if found.enclosing >= 0 else None
        target = ids[found.target[1]] if found.target is not None else None
        tail = reference_tail(
            number, found.kind, found.name, enclosing, target, found.resolution, None,
            occurrences_tail(line, occurrences, found.positions),
        )  # fmt: skip
        (self.elsewhere if target is None else self.here).append(tail)
        if found.target is not None and is_use(found):
            self.uses.add((found.enclosing, found.target[1]))


def _open_row(each: OpenReference, expression: int) -> list[object]:
    kind, _, enclosing, positions = each.reference
    return [each.number, _REFERENCE_NUMBERS[kind], expression, enclosing, positions, each.line, each.occurrences]


def _names(exports: Exports) -> bytes:
    hashes = sorted({name_hash(name) for names in (exports.scope, exports.exported or ()) for name in names})
    return Struct(f"!{len(hashes)}I").pack(*hashes)


def _outline(file: File, wanted: Iterable[int]) -> tuple[dict[int, int], bytes]:
    """The packed file, with only those expressions that can be asked for; and their new numbers by the old ones."""
    exports, types = file.exports, file.types
    numbers = _kept(file, wanted)

    def bound(names: dict[str, list[int]]) -> dict[str, list[int]]:
        return {name: [numbers[each] for each in bound] for name, bound in names.items()}

    packed: bytes = msgpack.packb(
        [
            file.names, file.qualified_names, bytes(_SYMBOL_NUMBERS[kind] for kind in file.kinds), file.ids,
            [bound(exports.scope), exports.exported and bound(exports.exported), exports.stars, exports.listed],
            [
                {symbol: numbers[each] for symbol, each in types.values.items()},
                {symbol: numbers[each] for symbol, each in types.returns.items()},
                {symbol: [numbers[each] for each in bases] for symbol, bases in types.bases.items()},
            ],
            [_renumbered(file.expressions[old], numbers) for old in numbers],
        ]
    )  # fmt: skip
    return numbers, packed


def _kept(file: File, wanted: Iterable[int]) -> dict[int, int]:
    """New numbers, in the same order, of these expressions and of all that exports and types lead to."""
    exports, types = file.exports, file.types
    pending = {*wanted, *types.values.values(), *types.returns.values()}
    for several in (exports.scope, exports.exported or {}, types.bases):
        pending.update(*several.values())
    kept: set[int] = set()
    while pending:
        number = pending.pop()
        op, operand, _ = file.expressions[number]
        kept.add(number)
        if operand >= 0 and op not in _ON_SYMBOLS and operand not in kept:
            pending.add(operand)
    return {old: new for new, old in enumerate(sorted(kept))}


def _renumbered(expression: tuple[int, int, str | None], numbers: dict[int, int]) -> tuple[int, int, str | None]:
    op, operand, name = expression
    return op, operand if operand < 0 or op in _ON_SYMBOLS else numbers[operand], name


def unpack_outline(packed: bytes) -> File:
    """What the program knows of a file, from what `pack` kept."""
    names, qualified_names, kinds, ids, exports, types, expressions = msgpack.unpackb(
        packed, use_list=False, strict_map_key=False
    )
    return File(
        names, qualified_names, tuple(map(_SYMBOL_KINDS.__getitem__, kinds)), ids, Exports(*exports), Types(*types),
        expressions,
    )  # fmt: skip


def unpack_rows(packed: bytes) -> FileRows:
    """The rows of a file, from what `pack` kept."""
    symbols, elsewhere, here, uses, open_references, imports, occurrences = msgpack.unpackb(
        zlib.decompress(packed), use_list=False
    )
    return FileRows(
        symbols,
        elsewhere,
        here,
        uses,
        [
            OpenReference(number, Reference(_REFERENCE_KINDS[kind], expression, enclosing, positions), line, count)
            for number, kind, expression, enclosing, positions, line, count in open_references
        ],
        [Import(specifier, _DEPENDENCY_KINDS[kind], *rest) for specifier, kind, *rest in imports],
        occurrences,
    )


def unpack_names(packed: bytes) -> tuple[int, ...]:
    """The hashes of the names that a file binds or exports."""
    return Struct(f"!{len(packed) // 4}I").unpack(packed)
