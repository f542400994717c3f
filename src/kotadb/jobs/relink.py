"""What of a new commit has to be linked: all of it, or what an index that is there lets be told from its changes."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from kotadb.jobs.blobs import ParseResult
from kotadb.jobs.tracker import Run
from kotadb.languages import Files
from kotadb.model import EXTRACTOR_VERSION, Index, SkippedFile, SourceFile
from kotadb.pipeline.changes import Changed, touched
from kotadb.pipeline.entry_points import NO_ENTRIES, Entries, handed_on
from kotadb.pipeline.packing import PackedFacts, unpack_names, unpack_outline
from kotadb.postgres.store import (
    BlobKey,
    StoredFile,
    content,
    facts_read_by,
    load_facts,
    stored_files,
    stored_skips,
)

Read = Mapping[str, Sequence[str] | None]
"""Paths whose text was read, with the words that were looked for in it, or None for all of it: `Index.manifests`."""


class Plan(NamedTuple):
    """How to make the index of a new commit from the one that is there."""

    numbers: Sequence[int]
    """Places of the files that have to be linked, in the order of their ids, which is that of the tables' indexes."""
    stored: Mapping[int, StoredFile]
    """The files that are there, by their ids."""
    gone: Collection[int]
    """Ids of those that are not any more."""
    known_names: Collection[int]
    """Hashes of all names that are bound in the new commit."""
    manifests: Read
    """What said where the modules are of files that are not linked again."""
    entries: Mapping[int, Entries] | None
    """What leads into the files from outside, by their places, if that is as it was; None if it has to be looked at."""


class Facts:
    """What is kept of the files of a commit, loaded when it is asked for."""

    def __init__(self, run: Run, files: Sequence[SourceFile], parsed: ParseResult) -> None:
        self._run = run
        self._files = files
        self._facts = dict(parsed.facts)

    def __call__(self, number: int) -> PackedFacts:
        """What is kept of the file with this place."""
        key = _key(self._files[number])
        if key not in self._facts:
            self.load([number])
        return self._facts[key]

    def load(self, numbers: Iterable[int]) -> None:
        """Have these at hand."""
        self._load({_key(self._files[number]) for number in numbers})

    def load_what_was_read(self, file_ids: Collection[int]) -> None:
        """Have at hand what these files of the index refer to: they are likely to do so again."""
        run = self._run
        with run.database.transaction() as connection:
            self._facts |= facts_read_by(connection, run.repository_id, run.job.index_id, file_ids)

    def _load(self, keys: set[BlobKey]) -> None:
        missing = keys - self._facts.keys()
        if missing:
            with self._run.database.transaction() as connection:
                self._facts |= load_facts(connection, self._run.repository_id, missing)

    def of(self, keys: Iterable[BlobKey]) -> Mapping[BlobKey, PackedFacts]:
        """What is kept of these blobs."""
        self._load(set(keys))
        return self._facts


class Manifests:
    """The texts that say where modules are, and an account of what is asked of them."""

    def __init__(self, run: Run, files: Iterable[SourceFile]) -> None:
        self._run = run
        self._keys = {file.path: _key(file) for file in files}
        self._read: set[str] = set()
        self._searched: dict[str, set[str]] = {}

    def files(self, paths: Iterable[str]) -> Files:
        """What module resolution may look at."""
        return Files(frozenset(paths), self._text, self._mentions)

    def read_since(self, before: Read) -> Read:
        """What was asked, and what had been asked before."""
        whole = self._read | {path for path, words in before.items() if words is None}
        searched = {path: set(words) for path, words in before.items() if words is not None}
        for path, words in self._searched.items():
            searched.setdefault(path, set()).update(words)
        parts = {path: sorted(words) for path, words in searched.items() if path not in whole}
        return parts | dict.fromkeys(sorted(whole))

    def _text(self, path: str) -> str | None:
        self._read.add(path)
        return _content(self._run, self._keys.get(path))

    def _mentions(self, path: str, words: tuple[str, ...]) -> bool:
        self._searched.setdefault(path, set()).update(words)
        text = _content(self._run, self._keys.get(path)) or ""
        return any(word in text for word in words)


def _content(run: Run, key: BlobKey | None) -> str | None:
    if key is None:
        return None
    with run.database.transaction() as connection:
        return content(connection, run.repository_id, key)


def plan(
    run: Run,
    current: Index | None,
    files: Sequence[SourceFile],
    ids: Sequence[int],
    skipped: Sequence[tuple[int, SkippedFile]],
    facts: Facts,
) -> Plan:
    """What has to be linked for the commit with these files and ids; `current` is the index, if it can be kept."""
    order = sorted(range(len(files)), key=ids.__getitem__)
    with run.database.transaction() as connection:
        stored = stored_files(connection, run.repository_id, run.job.index_id)
        skips = stored_skips(connection, run.repository_id, run.job.index_id)
    gone = stored.keys() - set(ids)
    if current is not None and not gone and _same_places(files, ids, skipped, stored, skips):
        manifests = current.manifests or {}
        changed = [number for number in order if files[number].blob_sha != stored[ids[number]].blob_sha]
        if not any(_says_otherwise(run, manifests, stored[ids[number]], files[number]) for number in changed):
            return _partly(order, changed, files, ids, stored, facts, manifests)
    facts.load(order)
    names = {name for number in order for name in unpack_names(facts(number).names)}
    return Plan(order, stored, gone, names, {}, None)


def _same_places(
    files: Sequence[SourceFile],
    ids: Sequence[int],
    skipped: Iterable[tuple[int, SkippedFile]],
    stored: Mapping[int, StoredFile],
    skips: set[str],
) -> bool:
    """Whether every import leads where it led: the paths are the same, and so is what becomes of each."""

    def is_same(file: SourceFile, file_id: int) -> bool:
        known = stored.get(file_id)
        return known is not None and (known.path, known.language) == (file.path, file.language)

    return all(map(is_same, files, ids)) and {entry.path for _, entry in skipped} == skips


def _says_otherwise(run: Run, manifests: Read, before: StoredFile, after: SourceFile) -> bool:
    """Whether the new text of a file may say something else about where modules are."""
    if after.path not in manifests:
        return False
    words = manifests[after.path]
    if words is None:
        return True
    texts = [_content(run, key) or "" for key in ((before.blob_sha, before.language), _key(after))]
    return any((word in texts[0]) != (word in texts[1]) for word in words)


def _partly(
    order: Sequence[int],
    changed: Sequence[int],
    files: Sequence[SourceFile],
    ids: Sequence[int],
    stored: Mapping[int, StoredFile],
    facts: Facts,
    manifests: Read,
) -> Plan:
    """Only what changed, and what read something that is different now."""
    before = {number: stored[ids[number]] for number in order}
    kept = facts.of([(before[number].blob_sha, before[number].language) for number in changed])
    facts.load(changed)
    differing = []
    for number in changed:
        old = kept[before[number].blob_sha, before[number].language]
        outlines = unpack_outline(old.outline), unpack_outline(facts(number).outline)
        differing.append(Changed(files[number].path, *outlines))
    others = _names(before[number].names for number in before.keys() - set(changed))
    names_before = _names(before[number].names for number in changed)
    names_after = _names(facts(number).names for number in changed)
    reads = {number: before[number].reads for number in order}
    again = touched(differing, (names_before ^ names_after) - others, reads) | set(changed)
    tags = {number for number in order if not set(files[number].tags) <= set(before[number].tags)}
    numbers = [number for number in order if number in again or number in tags]
    facts.load(numbers)
    facts.load_what_was_read([ids[number] for number in numbers])
    entries = {number: frozenset(before[number].entries) for number in order}
    leads_elsewhere = any(
        before[number].entries and handed_on(each.before) != handed_on(each.after)
        for number, each in zip(changed, differing, strict=True)
    )
    return Plan(numbers, stored, (), others | names_after, manifests, None if leads_elsewhere else entries)


def led_elsewhere(todo: Plan, entries: Mapping[int, Entries], ids: Sequence[int]) -> Iterator[int]:
    """The places of files that are not to be linked so far, though something else leads into them from outside."""
    linked = set(todo.numbers)
    for number, file_id in enumerate(ids):
        if number not in linked and entries.get(number, NO_ENTRIES) != frozenset(todo.stored[file_id].entries):
            yield number


def _names(packed: Iterable[bytes]) -> set[int]:
    names: set[int] = set()
    for each in packed:
        names.update(unpack_names(each))
    return names


def usable(run: Run, index: Index, limits: str) -> Index | None:
    """The index, if what it holds was made the same way and may be kept."""
    same = (index.extractor_version, index.limits) == (EXTRACTOR_VERSION, limits)
    return index if same and not run.job.force else None


def _key(file: SourceFile) -> BlobKey:
    return file.blob_sha, file.language
