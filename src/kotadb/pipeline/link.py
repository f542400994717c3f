"""Steps five and six for a whole commit: rows of references and dependencies, file by file, ready to be stored."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from hashlib import blake2b
from typing import NamedTuple, Self

import msgpack

from kotadb.languages.modules import Modules
from kotadb.model import FileFacts, Import, Reference, Symbol, unpack_positions
from kotadb.pipeline import graph, program
from kotadb.pipeline.identify import symbol_ids
from kotadb.pipeline.program import Program, Target
from kotadb.pipeline.resolve import Resolved, resolve


class ReferenceRow(NamedTuple):
    """All occurrences of one reference in a file, as stored. Symbols are named by their ids in their files."""

    name: str
    kind: str
    enclosing_symbol_id: int | None
    target_file_id: int | None
    target_symbol_id: int | None
    resolution: str | None
    package: str | None
    occurrences: int
    positions: bytes


class DependencyRow(NamedTuple):
    """One edge from a file, as stored."""

    to_file_id: int | None
    package: str | None
    kind: str
    specifier: str | None
    type_only: bool
    line: int | None
    from_symbol_id: int | None
    to_symbol_id: int | None


class LinkedFile(NamedTuple):
    """The rows of one file, packed, for they wait until all files are done."""

    references: bytes
    dependencies: bytes

    @classmethod
    def of(cls, references: Iterable[ReferenceRow], dependencies: Iterable[DependencyRow]) -> Self:
        """The rows, packed."""
        return cls(msgpack.packb(list(references)), msgpack.packb(list(dependencies)))

    def digest(self) -> bytes:
        """16 bytes that differ whenever a row does."""
        return blake2b(self.references + self.dependencies, digest_size=16).digest()

    def reference_rows(self) -> list[ReferenceRow]:
        return [ReferenceRow(*row) for row in msgpack.unpackb(self.references)]

    def dependency_rows(self) -> list[DependencyRow]:
        return [DependencyRow(*row) for row in msgpack.unpackb(self.dependencies)]


class _Facts(NamedTuple):
    """What is kept of one file beside its place in the program."""

    symbols: tuple[Symbol, ...]
    imports: tuple[Import, ...]
    references: tuple[Reference, ...]


class Linker:
    """Links the files of one commit. Feed it all of them, then ask for the rows of each by its place.

    `file_ids` has the ids of all files by path, those included that are not indexed; `modules` what finds the modules
    of a language.
    """

    def __init__(self, file_ids: Mapping[str, int], modules: Mapping[str, Modules]) -> None:
        self._file_ids = file_ids
        self._modules = modules
        self._files: list[program.File] = []
        self._facts: list[_Facts] = []
        self._symbol_ids: dict[int, list[int]] = {}

    def add(self, path: str, language: str, facts: FileFacts) -> None:
        """Take the next file."""
        links = facts.links
        self._files.append(program.file(path, self._modules.get(language), facts.symbols, links))
        self._facts.append(_Facts(facts.symbols, links.imports, links.references))

    @cached_property
    def _program(self) -> Program:
        return Program(self._files)

    def resolved(self, number: int) -> list[Resolved]:
        """The references of a file, resolved."""
        return list(resolve(self._program, number, self._facts[number].references))

    def linked(self, number: int, resolved: Sequence[Resolved]) -> LinkedFile:
        """The rows of a file, for what `resolved` gave for it."""
        edges = (*graph.imports(self._program, number, self._facts[number].imports), *graph.uses(resolved))
        return LinkedFile.of(
            (self._reference_row(number, item) for item in resolved),
            (self._dependency_row(number, edge) for edge in edges),
        )

    def _reference_row(self, number: int, item: Resolved) -> ReferenceRow:
        return ReferenceRow(
            name=item.name,
            kind=item.kind.value,
            enclosing_symbol_id=self._symbol_id((number, item.enclosing)) if item.enclosing >= 0 else None,
            target_file_id=self._file_id(item.target_file),
            target_symbol_id=self._symbol_id(item.target),
            resolution=item.resolution.value if item.resolution is not None else None,
            package=item.package,
            occurrences=len(unpack_positions(item.positions)),
            positions=item.positions,
        )

    def _dependency_row(self, number: int, edge: graph.Dependency) -> DependencyRow:
        return DependencyRow(
            to_file_id=self._file_id(edge.to_file),
            package=edge.package,
            kind=edge.kind.value,
            specifier=edge.specifier,
            type_only=edge.type_only,
            line=edge.line,
            from_symbol_id=self._symbol_id((number, edge.from_symbol)) if edge.from_symbol is not None else None,
            to_symbol_id=self._symbol_id(edge.to_symbol),
        )

    def _file_id(self, path: str | None) -> int | None:
        return self._file_ids[path] if path is not None else None

    def _symbol_id(self, target: Target | None) -> int | None:
        if target is None:
            return None
        number, symbol = target
        if number not in self._symbol_ids:
            self._symbol_ids[number] = symbol_ids(self._facts[number].symbols)
        return self._symbol_ids[number][symbol]
