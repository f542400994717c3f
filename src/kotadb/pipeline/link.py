"""Steps five and six for a whole commit: rows of references, dependencies and relations, file by file, ready to be
stored."""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from hashlib import blake2b
from struct import Struct
from typing import NamedTuple

from kotadb.languages import rules
from kotadb.languages.modules import Modules
from kotadb.model import EXTRACTOR_VERSION, EntryPoint, SourceFile
from kotadb.pipeline import entry_points, graph, rows
from kotadb.pipeline.builtins import builtins
from kotadb.pipeline.entry_points import NO_ENTRIES, Entries
from kotadb.pipeline.names import EVERYTHING, MAX_READS
from kotadb.pipeline.packing import FileRows, OpenReference, PackedFacts, unpack_outline, unpack_rows
from kotadb.pipeline.program import Program
from kotadb.pipeline.relations import relations
from kotadb.pipeline.resolve import Resolved, is_use, resolve
from kotadb.pipeline.rows import NULL, integer, occurrences_tail, reference_tail
from kotadb.pipeline.values import Target

GENERATED = "generated"
"""The tag of files that programs write."""


class LinkedFile(NamedTuple):
    """All rows of one file, in the format of COPY, and what is said about them."""

    symbols: bytes
    references: bytes
    dependencies: bytes
    relations: bytes
    symbol_count: int
    reference_count: int
    """Occurrences."""
    dependency_count: int
    """Imports, and uses of one symbol by another."""
    reads: bytes | None
    """Hashes of what was read of the program to link it (`outline.read_hash`), 4 bytes each; None for everything."""
    tags: Sequence[str]
    entries: Sequence[str]
    """What leads into the file from outside, sorted (`entry_points.Entries`)."""
    digest: bytes
    """16 bytes that differ whenever anything of this does, or anything of the file."""


class ResolvedFile(NamedTuple):
    """A file of the commit, by its place, and what its open references refer to."""

    number: int
    kept: FileRows
    found: Sequence[Resolved]


class Linker:
    """Links the files of one commit, in any order.

    `index` has the ids of repository and index, `ids` those of the files, and `by_path` those of all entries of the
    commit, which a file may import without their being indexed. `modules` has what finds the modules of a language,
    `facts` gives what is kept of a file, by its place in `files`, and `known_names` is as in `Program`.
    """

    def __init__(
        self,
        index: tuple[int, int],
        files: Sequence[SourceFile],
        ids: Sequence[int],
        by_path: Mapping[str, int],
        modules: Mapping[str, Modules],
        facts: Callable[[int], PackedFacts],
        known_names: Container[int],
    ) -> None:
        self._index = index
        self._files = files
        self._ids = ids
        self._by_path = by_path
        self._facts = facts
        self._modules = list({id(family): family for family in modules.values()}.values())
        self._program = Program(
            [file.path for file in files],
            [modules.get(file.language) for file in files],
            [builtins(file.language) for file in files],
            lambda number: unpack_outline(facts(number).outline),
            known_names,
        )

    def entries(self) -> dict[int, Entries]:
        """What leads into the files from outside of the repository, by their places."""
        return entry_points.entries(self._program, self._modules)

    def resolved(self, number: int) -> "ResolvedFile":
        """What the references of a file refer to."""
        self._program.reads = set()
        kept = unpack_rows(self._facts(number).rows)
        return ResolvedFile(number, kept, [resolve(self._program, number, each.reference) for each in kept.open])

    def linked(self, resolved: "ResolvedFile", led: Entries = NO_ENTRIES) -> LinkedFile:
        """The rows of the file that was resolved last, into which so much leads from outside."""
        number, kept, found = resolved
        file, file_id = self._files[number], self._ids[number]
        edges = list(graph.imports(self._program, number, kept.imports))
        decided = [self._tail(number, *each) for each in zip(kept.open, found, strict=True)]
        dependencies = rows.dependency_rows(
            self._head(rows.DEPENDENCY_FIELDS, file_id),
            [(edge, self._by_path[edge.to_file] if edge.to_file is not None else None) for edge in edges],
        )
        related = self._related(number, kept.heirs)
        reads = _packed(self._program.reads)
        tags = _tags(file, self._facts(number))
        marks = self._marks(number, kept, led)
        self._program.forget(number)
        head = self._head(rows.REFERENCE_FIELDS, file_id)
        return LinkedFile(
            symbols=self._symbols(number, kept, marks),
            references=rows.rows(head + NULL, kept.elsewhere)
            + rows.rows(head + integer(file_id), kept.here)
            + rows.rows(head, decided),
            dependencies=dependencies,
            relations=related,
            symbol_count=len(kept.symbols),
            reference_count=kept.occurrences,
            dependency_count=len(edges) + self._uses(number, kept, found),
            reads=reads,
            tags=tags,
            entries=sorted(led),
            digest=_digest(
                file,
                tags,
                *decided,
                dependencies,
                related,
                reads or b"-",
                *(name.encode() for name in sorted(led)),
                *(b"%d %s" % (symbol, reason.encode()) for symbol, reason in sorted(marks.items())),
            ),
        )

    def _head(self, fields: int, file_id: int) -> bytes:
        return rows.head(fields, *self._index, file_id)

    def _tail(self, number: int, reference: OpenReference, found: Resolved) -> bytes:
        """The row of a reference behind its head, with the id of the target's file."""
        target_file = self._by_path[found.target_file] if found.target_file is not None else None
        return integer(target_file) + reference_tail(
            found.kind,
            found.name,
            self._symbol_id((number, found.enclosing)) if found.enclosing >= 0 else None,
            self._symbol_id(found.target) if found.target is not None else None,
            found.resolution,
            found.package,
            occurrences_tail(reference.line, reference.occurrences, found.positions),
        )

    def _marks(self, number: int, kept: FileRows, led: Entries) -> dict[int, EntryPoint]:
        """Why something outside calls symbols of the file, by their numbers."""
        file = self._files[number]
        if not kept.symbols:
            return {}
        return entry_points.marks(
            lambda: self._program.files[number], kept.local, led, rules(file.language), is_test="test" in file.tags
        )

    def _symbols(self, number: int, kept: FileRows, marks: Mapping[int, EntryPoint]) -> bytes:
        head = self._head(rows.SYMBOL_FIELDS, self._ids[number])
        if not marks:
            return rows.rows(head + NULL, kept.symbols)
        ids = self._program.files[number].ids
        in_order = sorted(range(len(ids)), key=ids.__getitem__)  # as the rows are
        return b"".join(
            head + rows.ENTRY_POINTS[marks.get(symbol)] + row
            for symbol, row in zip(in_order, kept.symbols, strict=True)
        )

    def _related(self, number: int, heirs: Sequence[int]) -> bytes:
        """The rows of what classes of the file have to do with others."""
        if not heirs:
            return b""
        access = rules(self._files[number].language).access
        found = relations(self._program, number, heirs, lambda name: access(name, None) == "private")
        head = self._head(rows.RELATION_FIELDS, self._ids[number])
        by_ids = sorted(
            (self._symbol_id((number, symbol)), self._ids[target[0]], self._symbol_id(target), kind)
            for symbol, target, kind in found
        )
        return rows.relation_rows(head, by_ids)

    def _symbol_id(self, target: Target) -> int:
        return self._program.files[target[0]].ids[target[1]]

    def _uses(self, number: int, kept: FileRows, resolved: Sequence[Resolved]) -> int:
        """How many pairs there are of a symbol of the file and one that it uses."""
        pairs = {(each.enclosing, each.target) for each in resolved if is_use(each)}
        pairs.update((enclosing, (number, target)) for enclosing, target in kept.uses)
        return len(pairs)


def _packed(reads: set[int]) -> bytes | None:
    if EVERYTHING in reads or len(reads) > MAX_READS:
        return None
    return Struct(f"!{len(reads)}I").pack(*sorted(reads))


def _tags(file: SourceFile, facts: PackedFacts) -> tuple[str, ...]:
    """What the path and the first lines of a file say that it is for."""
    return (*file.tags, GENERATED) if facts.is_generated and GENERATED not in file.tags else file.tags


def _digest(file: SourceFile, tags: Iterable[str], *parts: bytes) -> bytes:
    digest = blake2b(digest_size=16)
    about = (file.raw_path, file.blob_sha.encode(), file.language.encode(), b"%d" % EXTRACTOR_VERSION,
             *(tag.encode() for tag in tags))  # fmt: skip
    for part in (*about, *parts):
        digest.update(b"%d:" % len(part))
        digest.update(part)
    return digest.digest()
