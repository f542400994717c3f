"""A whole commit from a mapping of paths to sources, extracted and linked as a job does it, told in words.

    refs({"a.ts": "import { f } from './b'; f()", "b.ts": "export function f() {}"}, "a.ts")
    meaning({"a.ts": "import { f } from './b'; «f»()", "b.ts": "export function f() {}"}) == "call b.ts#f"

`«name»` marks the place that a test is about; the marks are no part of the source. Sources are dedented.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from textwrap import dedent
from typing import NamedTuple

from kotadb.languages import Files, language_of, load, modules
from kotadb.model import FileFacts, SourceFile, Symbol, unpack_positions
from kotadb.pipeline.discover import tags_of
from kotadb.pipeline.entry_points import NO_ENTRIES
from kotadb.pipeline.extract import extract
from kotadb.pipeline.identify import symbol_ids
from kotadb.pipeline.link import LinkedFile, Linker
from kotadb.pipeline.packing import PackedFacts, pack, unpack_names
from support.copied import DependencyRow, ReferenceRow, dependency_rows, reference_rows, relation_rows, symbol_rows

Sources = Mapping[str, str | bytes]
Ref = tuple[str, str, str, str | None, str | None]
"""`line:column`, kind, name, target, resolution."""
_MARK = re.compile("[«»]")


class Occurrence(NamedTuple):
    """One place that refers to something. A target is `path#qualified.name`, or a path where it is a module."""

    line: int
    column: int
    kind: str
    name: str
    target: str | None
    resolution: str | None
    package: str | None
    enclosing: str | None

    def said(self) -> str:
        """Kind and target: `call b.ts#f`, `import b.ts`, `jsx (react)`, `property ?`."""
        beyond = f"({self.package})" if self.package is not None else "?"
        return f"{self.kind} {self.target or beyond}"


class Dependency(NamedTuple):
    """One edge: kind, target and what else is known. A target is a path, a package in brackets, or `?`."""

    kind: str
    target: str
    specifier: str | None
    type_only: bool
    line: int | None


class Use(NamedTuple):
    """An edge between symbols, and the first line that makes it."""

    user: str
    used: str
    line: int | None


class Mark(NamedTuple):
    """A marked place."""

    path: str
    line: int
    column: int
    text: str


class Commit:
    """The files of one commit, linked."""

    def __init__(self, files: Sources) -> None:
        self.marks: list[Mark] = []
        self.sources = {path: self._unmarked(path, source) for path, source in files.items()}
        self.ids = {path: number for number, path in enumerate(sorted(files), start=1)}
        self.facts = facts_of(self.sources)
        self.rows = linked(self.sources, self.facts, self.ids)
        self._paths = {number: path for path, number in self.ids.items()}
        self._symbols = {
            (self.ids[path], symbol_id): f"{path}#{name}"
            for path, facts in self.facts.items()
            for symbol_id, name in zip(symbol_ids(facts.symbols), named(facts.symbols), strict=True)
        }

    def _unmarked(self, path: str, source: str | bytes) -> bytes:
        if isinstance(source, bytes):
            return source
        text, *rest = _MARK.split(dedent(source))
        for number, part in enumerate(rest):
            if number % 2 == 0:
                line = text.rpartition("\n")[2]
                self.marks.append(Mark(path, text.count("\n") + 1, len(line.encode()), part))
            text += part
        return text.encode()

    def occurrences(self, path: str) -> list[Occurrence]:
        """Everything that the file refers to, by position."""
        found = (each for row in reference_rows(self.rows[path].references) for each in self._occurrences(path, row))
        return sorted(found, key=lambda occurrence: occurrence[:3])

    def _occurrences(self, path: str, row: ReferenceRow) -> list[Occurrence]:
        target = self._target(row.target_file_id, row.target_symbol_id)
        enclosing = self._symbols[self.ids[path], row.enclosing_symbol_id] if row.enclosing_symbol_id else None
        return [
            Occurrence(line, column, row.kind, row.name, target, row.resolution, row.package, enclosing)
            for line, column in unpack_positions(row.positions)
        ]

    def _target(self, file_id: int | None, symbol_id: int | None) -> str | None:
        if file_id is None:
            return None
        return self._paths[file_id] if symbol_id is None else self._symbols[file_id, symbol_id]

    def at(self, mark: Mark) -> list[Occurrence]:
        """What is referred to at the marked place."""
        place = mark.line, mark.column
        return [each for each in self.occurrences(mark.path) if (each.line, each.column) == place]

    def dependencies(self, path: str) -> list[Dependency]:
        """The edges from a file to files and packages, in the order they are stored."""
        return [self._dependency(row) for row in dependency_rows(self.rows[path].dependencies)]

    def _dependency(self, row: DependencyRow) -> Dependency:
        package = f"({row.package})" if row.package is not None else "?"
        target = self._paths[row.to_file_id] if row.to_file_id is not None else package
        return Dependency(row.kind, target, row.specifier, row.type_only, row.line)

    def relations(self, path: str) -> list[str]:
        """What the file's symbols have to do with others, in words."""
        return [
            f"{self._symbols[row.file_id, row.symbol_id]} {row.kind} {self._symbols[row.to_file_id, row.to_symbol_id]}"
            for row in relation_rows(self.rows[path].relations)
        ]

    def uses(self, path: str) -> list[Use]:
        """The edges from the file's symbols to symbols, sorted: as the view `symbol_uses` has them."""
        lines: dict[tuple[str, str], int] = {}
        for row in reference_rows(self.rows[path].references):
            target = self._target(row.target_file_id, row.target_symbol_id)
            if row.kind in ("import", "reexport") or None in (row.enclosing_symbol_id, row.target_symbol_id):
                continue
            user = self._symbols[self.ids[path], row.enclosing_symbol_id or 0]
            key = user, str(target)
            lines[key] = min(row.line, lines.get(key, row.line))
        return sorted(Use(*pair, line) for pair, line in lines.items())


def relations(files: Sources) -> list[str]:
    """All relations in words, sorted: `b.ts#B extends a.ts#A`."""
    commit = Commit(files)
    return sorted(each for path in commit.rows for each in commit.relations(path))


def entry_points(files: Sources) -> dict[str, str]:
    """Why something outside calls symbols, by `path#qualified.name`."""
    rows = {path: symbol_rows(linked.symbols) for path, linked in Commit(files).rows.items()}
    return {
        f"{path}#{row.qualified_name}": row.entry_point
        for path, found in rows.items()
        for row in found
        if row.entry_point is not None
    }


def named(symbols: Iterable[Symbol]) -> Iterator[str]:
    """Their qualified names; the second of one name has `(2)` behind it, and so on."""
    seen: Counter[str] = Counter()
    for symbol in symbols:
        name = symbol.qualified_name
        seen[name] += 1
        yield name if seen[name] == 1 else f"{name}({seen[name]})"


def facts_of(sources: Mapping[str, bytes]) -> dict[str, FileFacts]:
    """The facts of the files that have a language."""
    found = {}
    for path, source in sources.items():
        language = language_of(path)
        if language is not None:
            found[path] = extract(source, load(language))
    return found


def linked(
    sources: Mapping[str, bytes], facts: Mapping[str, FileFacts], ids: Mapping[str, int]
) -> dict[str, LinkedFile]:
    """The rows of every file by path, from what is kept of each; files are linked in the order of `facts`."""
    packed = {
        path: PackedFacts.of_bytes(pack(known, str(language_of(path))).to_bytes()) for path, known in facts.items()
    }
    linker = linker_of(sources, packed, ids)
    entries = linker.entries()
    return {
        path: linker.linked(linker.resolved(number), entries.get(number, NO_ENTRIES))
        for number, path in enumerate(facts)
    }


def linker_of(sources: Mapping[str, bytes], packed: Mapping[str, PackedFacts], ids: Mapping[str, int]) -> Linker:
    """What links these files, which are in the order of `packed`."""
    texts = {path: source.decode(errors="replace") for path, source in sources.items()}
    files = [SourceFile(path, path.encode(), str(language_of(path)), "", 0, tags_of(path)) for path in packed]
    kept = list(packed.values())
    names = {name for each in kept for name in unpack_names(each.names)}
    return Linker(
        (1, 1), files, [ids[file.path] for file in files], ids, modules(Files(frozenset(sources), texts.get)),
        kept.__getitem__, names,
    )  # fmt: skip


def refs(files: Sources, path: str) -> list[Ref]:
    """All references of one file."""
    return [
        (f"{each.line}:{each.column}", each.kind, each.name, each.target, each.resolution)
        for each in Commit(files).occurrences(path)
    ]


def marked(files: Sources) -> list[Occurrence]:
    """What is referred to at the marked places; one that is marked must refer to one thing."""
    commit = Commit(files)
    assert commit.marks, "nothing is marked"
    found = []
    for mark in commit.marks:
        (occurrence,) = commit.at(mark)
        found.append(occurrence)
    return found


def meanings(files: Sources) -> list[str | None]:
    """The references at all marked places in words; None for a place that refers to nothing."""
    commit = Commit(files)
    assert commit.marks, "nothing is marked"
    return [" + ".join(each.said() for each in commit.at(mark)) or None for mark in commit.marks]


def meaning(files: Sources) -> str | None:
    """The same for the only marked place."""
    (found,) = meanings(files)
    return found


def dependencies(files: Sources, path: str) -> list[Dependency]:
    """The edges from one file to files and packages."""
    return Commit(files).dependencies(path)


def uses(files: Sources, path: str) -> list[Use]:
    """The edges from one file's symbols to symbols."""
    return Commit(files).uses(path)
