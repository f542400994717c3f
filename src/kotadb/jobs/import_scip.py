"""A compiler's index of the indexed commit: its edges replace ours where it has any. See docs/decisions/0024."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from kotadb.errors import Conflict, InvalidInput
from kotadb.model import EXTRACTOR_VERSION, Index, Resolution, SymbolKind
from kotadb.postgres import repositories, scip
from kotadb.postgres.database import Connection, Database
from kotadb.scip.compiled import OTHER_COMMIT, Said, aliases, commit_of, is_mistaken, other_text, said, shown
from kotadb.scip.merging import QUOTES, Edge, Occurrence, Place, Scope, Target, merged
from kotadb.scip.reading import KEYWORDS, decoded, document
from kotadb.scip.scip_pb2 import Index as ScipIndex
from kotadb.settings import Settings

BATCH_OCCURRENCES = 100_000
"""So many references are written at a time."""


DECLARED = frozenset({
    SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.CLASS, SymbolKind.INTERFACE, SymbolKind.TYPE, SymbolKind.ENUM,
})  # fmt: skip


@dataclass
class Imported:
    """What came of an import, in references."""

    tool: str
    documents: int = 0
    confirmed: int = 0
    """The compiler says what we said."""
    replaced: int = 0
    """We said something else."""
    resolved: int = 0
    """We did not know."""
    added: int = 0
    """We had no reference there."""
    left_out: list[str] = field(default_factory=list)
    """Paths of documents that are in no tree of the commit, in an index that says that it is of the commit."""


def read_bounded(file: Path, settings: Settings) -> bytes:
    """A file that is no larger than it may be. Raises InvalidInput."""
    with file.open("rb") as opened:
        data = opened.read(settings.max_scip_bytes + 1)
    if len(data) > settings.max_scip_bytes:
        raise InvalidInput(f"The file has more than {settings.max_scip_bytes:,} bytes: see KOTADB_MAX_SCIP_BYTES")
    return data


def import_scip(database: Database, index: Index, data: bytes, *, commit: str | None = None) -> Imported:
    """Let the edges of a compiler's index win, all of them or none, in one transaction.

    It must be of the indexed commit: `commit` is what the caller says it is of, and its texts are held against ours.
    Raises Conflict where it is of something else, or the index cannot be written now; InvalidInput for what is no index
    in the SCIP format.
    """
    given = decoded(data)
    with database.transaction() as connection:
        current = _held(connection, index)
        _check_commit(current, commit, "--commit says that it is of")
        imported = _Import(connection, current, given, is_vouched=commit is not None).run()
        scip.mark_imported(connection, current, _mark(imported, data))
    return imported


def _held(connection: Connection, index: Index) -> Index:
    """The index as it is, with no run under way until the transaction ends."""
    job_id = scip.hold(connection, index)
    if job_id is not None:
        raise Conflict(f"Job {job_id} is writing this index: import when it is done (`kotadb jobs wait {job_id}`)")
    current = repositories.index(connection, index.repository_id, index.index_id)
    if current is None or (current.commit_sha, current.extractor_version) != (index.commit_sha, EXTRACTOR_VERSION):
        raise Conflict("The index is another one by now, or was made by another version: index the repository again")
    return current


def _check_commit(index: Index, commit: str | None, how: str) -> None:
    if commit is not None and commit != index.commit_sha:
        raise Conflict(
            f"The indexed commit is {index.commit_sha}, and this is an index of another one: {how} {commit}. Index "
            f"that one (`kotadb index --commit {commit}`) and name it with --ref, or have the compiler see this one",
            code=OTHER_COMMIT,
        )


def _mark(imported: Imported, data: bytes) -> dict[str, Any]:
    changed = imported.replaced + imported.resolved + imported.added
    return {
        "tool": imported.tool, "sha256": sha256(data).hexdigest(), "references": imported.confirmed + changed,
        "changed": changed, "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }  # fmt: skip


class _Import:
    def __init__(self, connection: Connection, index: Index, given: ScipIndex, *, is_vouched: bool) -> None:
        """`is_vouched`: somebody says that it is of the indexed commit."""
        self._connection = connection
        self._index = index
        self._given = given
        self._is_vouched = is_vouched
        self._files = scip.paths(connection, index)
        self._imported = Imported(_tool(given))
        self._targets: dict[str, set[Target]] = defaultdict(set)
        """Our symbols by what the compiler calls them."""
        self._unseen: Target | None = None
        """A definition in a file that the compiler saw, of which it says nothing."""
        self._classes: dict[Target, Target] = {}
        """The classes of constructors."""
        self._places: dict[str, list[int]] = defaultdict(list)
        """Where the documents of a file are in what was given, by its path."""

    def run(self) -> Imported:
        """Read all definitions, then write all references."""
        self._find_documents()
        self._read_definitions()
        self._check_whole()
        changed: dict[int, list[Occurrence]] = {}
        for file in self._of_index():
            before = scip.references(self._connection, self._index, file.file_id)
            after = merged(before, self._edges(file), file.scopes)
            self._count(before, after)
            if set(before) != set(after):
                changed[file.file_id] = after
            if sum(map(len, changed.values())) > BATCH_OCCURRENCES:
                scip.replace_references(self._connection, self._index, changed)
                changed = {}
        scip.replace_references(self._connection, self._index, changed)
        return self._imported

    def _find_documents(self) -> None:
        skipped = scip.skipped(self._connection, self._index)
        for number in range(len(self._given.documents)):
            path = document(self._given, number).relative_path
            if path in self._files:
                self._places[path].append(number)
            elif path not in skipped:
                self._imported.left_out.append(shown(path))
        self._imported.documents = len(self._places)

    def _of_index(self) -> Iterator["_File"]:
        """The files of which something is said, by their paths."""
        for path in sorted(self._places):
            yield _File(self._connection, self._index, path, self._files[path])

    def _read_definitions(self) -> None:
        """Find our symbols at the compiler's definitions, and what tells that these are of something else."""
        for file in self._of_index():
            seen: set[Place] = set()
            for each in self._said(file):
                seen.update(((each.line, each.column), _behind_quote(each)))
                if each.is_definition:
                    self._check_symbol(each)
                    self._define(file, each)
            self._unseen = self._unseen or next(file.unseen(seen), None)

    def _check_symbol(self, found: Said) -> None:
        commit = commit_of(found.symbol)
        _check_commit(self._index, commit, "its symbols are of")
        self._is_vouched = self._is_vouched or commit is not None

    def _check_whole(self) -> None:
        """Raises Conflict for files and definitions that only one side has, unless somebody says what it is of."""
        if self._is_vouched:
            return
        say = f"(if you know that it is of this commit, say so with --commit {self._index.commit_sha})"
        if self._imported.left_out:
            raise other_text(f"{self._imported.left_out[0]} is not in it {say}")
        if self._unseen is not None:
            place = f"{self._unseen.path}:{self._unseen.line}"
            raise other_text(f"{self._unseen.name!r} in {place} is not in the compiler's index {say}")

    def _define(self, file: "_File", found: Said) -> None:
        target = file.defined.get((found.line, found.column)) or file.defined.get(_behind_quote(found))
        if target is None:
            return
        self._targets[found.key].add(target)
        if target.kind is SymbolKind.CONSTRUCTOR:
            self._classes[target] = file.around(target)

    def _said(self, file: "_File") -> Iterator[Said]:
        """What all documents of a file say of it."""
        for number in self._places[file.path]:
            yield from said(document(self._given, number), file.lines)

    def _edges(self, file: "_File") -> Mapping[Place, Edge]:
        others = aliases(file.text)
        found: dict[Place, tuple[Said, set[Target]]] = {}
        for each in self._said(file):
            place = _behind_quote(each)
            if each.is_definition or place in file.defined or each.key not in self._targets:
                continue
            if not is_mistaken(each, others):
                found.setdefault(place, (each, set()))[1].update(self._meant(each))
        return {place: Edge(each, sorted(targets)) for place, (each, targets) in found.items()}

    def _meant(self, found: Said) -> set[Target]:
        """The symbols that kotadb means: of a constructor that is not called by its name, the class."""
        targets = self._targets[found.key]
        return {self._classes.get(each, each) if each.name != found.text else each for each in targets}

    def _count(self, before: Sequence[Occurrence], after: Sequence[Occurrence]) -> None:
        known = {(each.line, each.column): each for each in before}
        for each in after:
            if each.resolution is not Resolution.SCIP:
                continue
            old = known.get((each.line, each.column))
            if old is None:
                self._imported.added += 1
            elif old.target_symbol_id is None:
                self._imported.resolved += 1
            elif (old.target_file_id, old.target_symbol_id) == (each.target_file_id, each.target_symbol_id):
                self._imported.confirmed += 1
            else:
                self._imported.replaced += 1


class _File:
    """A file of the index, with what is needed to read what a compiler says of it."""

    def __init__(self, connection: Connection, index: Index, path: str, file_id: int) -> None:
        self.path = path
        self.file_id = file_id
        self.lines = scip.lines(connection, index, file_id)
        symbols = scip.symbols(connection, index, path, file_id)
        self.scopes: list[Scope] = [scope for _, scope, _ in symbols]
        self.defined: dict[Place, Target] = {(target.line, target.column): target for target, _, _ in symbols}
        self._named = {name: target for target, _, name in symbols}
        self._names = {target.symbol_id: name for target, _, name in symbols}

    @property
    def text(self) -> str:
        """All of it."""
        return b"\n".join(self.lines).decode()

    def unseen(self, seen: Collection[Place]) -> Iterator[Target]:
        """The declarations that stand at none of these places; compilers know all of them."""
        for place, target in self.defined.items():
            if target.kind in DECLARED and target.name not in KEYWORDS and place not in seen:
                yield target

    def around(self, target: Target) -> Target:
        """The symbol that another one is in; itself for none."""
        outer = self._names[target.symbol_id].removesuffix(target.name).removesuffix(".")
        return self._named.get(outer, target)


def _tool(given: ScipIndex) -> str:
    """Who made it, as it says itself."""
    tool = given.metadata.tool_info
    return shown(f"{tool.name} {tool.version}".strip() or "unknown")


def _behind_quote(found: Said) -> Place:
    """Where the name begins: an indexer may say that quotes belong to it."""
    return found.line, found.column + found.text.startswith(QUOTES)
