"""What changes in an index: the symbols of whole files, or those that a diff touches, which is committed nowhere."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from posixpath import normpath
from typing import Any

from kotadb import languages
from kotadb.model import TEXT
from kotadb.postgres import graph, reach
from kotadb.postgres import symbols as stored
from kotadb.questions.asking import Scope
from kotadb.questions.diffs import FileDiff, Hunk, Region, candidates
from kotadb.questions.doubts import counted
from kotadb.questions.paths import find_entry
from kotadb.questions.symbols import OfSymbol, find_symbol

FILES_AT_ONCE = 50
"""Texts that are held at the same time, to compare a diff with."""
MAX_NAMED = 5

_DOES_NOTHING = re.compile(r"\s*($|#|//|/\*|\*|import\b|from\b|\}\s*from\b|export\b.*\bfrom\b)")
"""Lines outside of symbols that change nothing for whoever imports the file: blank ones, comments, imports."""

Row = Mapping[str, Any]


@dataclass
class Change:
    """What happens to one file. `symbols` are the innermost ones that are touched.

    `touches_module`: whoever imports the file depends on the change, as it is outside of its symbols, or the file's
    place or existence. `entry` is None where the commit has no such file.
    """

    path: str
    change: str
    entry: Row | None = None
    old_path: str | None = None
    touches_module: bool = False
    symbols: list[Row] = field(default_factory=list)

    @property
    def language(self) -> str:
        return languages.language_of(self.path) or TEXT


def of_files(scope: Scope, paths: Sequence[str], folder: str) -> list[Change]:
    """Whole files that change, with all that is in them; also skipped ones. Raises NotFound, with advice."""
    entries = {entry["path"]: entry for entry in (find_entry(scope, path, folder) for path in paths)}
    changes = [Change(path, "modified", entry, touches_module=True) for path, entry in entries.items()]
    found = _symbols(scope, changes)
    for change in changes:
        change.symbols = found.get(_file_id(change), [])
    return changes


def of_symbols(scope: Scope, names: Sequence[str]) -> list[Change]:
    """Symbols that change, with all that is in them. Raises NotFound and Ambiguous, with advice."""
    named: dict[str, set[str]] = {}
    for name in names:
        symbol, _ = find_symbol(scope, OfSymbol(repository=str(scope.repository.uuid), symbol=name))
        named.setdefault(symbol["path"], set()).add(symbol["qualified_name"])
    changes = [Change(path, "modified", find_entry(scope, path)) for path in sorted(named)]
    found = _symbols(scope, changes)
    for change in changes:
        starts = tuple(f"{name}." for name in named[change.path])
        change.symbols = [
            row for row in found.get(_file_id(change), []) if f"{row['qualified_name']}.".startswith(starts)
        ]
    return changes


def of_diff(scope: Scope, files: Sequence[FileDiff]) -> tuple[list[Change], list[str]]:
    """What a diff changes, and why it may be more: it is from another commit."""
    named = [file for file in files if file.old or file.new]
    entries = _entries(scope, named)
    pairs = [(_change(file, entries), file) for file in named]
    symbols = _symbols(scope, [change for change, _ in pairs])
    for change, file in pairs:
        _touch(change, file, symbols.get(_file_id(change), []))
    clauses = [
        *_say("file of the diff is", "files of the diff are", "not in the commit", _absent(pairs)),
        *_say("file of the diff has", "files of the diff have", "other lines in the commit", _other(scope, pairs)),
        *([f"{len(files) - len(named):,} files of the diff have no name"] if len(named) < len(files) else ()),
    ]
    return merged(change for change, _ in pairs), clauses


# ---- which files -----------------------------------------------------------------------------------------------------


def _candidates(name: str | None, other: str | None) -> list[str]:
    return [] if name is None else [normpath(path) for path in candidates(name, other)]


def _entries(scope: Scope, files: Iterable[FileDiff]) -> dict[str, Row]:
    names = {path for file in files for path in (*_candidates(file.old, file.new), *_candidates(file.new, file.old))}
    return {entry["path"]: entry for entry in graph.entries(scope.connection, scope.index, list(names))}


def _change(file: FileDiff, entries: Mapping[str, Row]) -> Change:
    """Which file of the commit it is; without git's word for it, one whose old name is not there may have the new."""
    old, new = _candidates(file.old, file.new), _candidates(file.new, file.old)
    if not old:
        path = _existing(new, entries)
        return Change(path, "added", entries.get(path))
    path = _existing(old if file.is_git else [*old, *new], entries)
    if file.is_renamed and new:
        return Change(new[0], "renamed", entries.get(path), path, touches_module=True)
    if not new:
        return Change(path, "deleted", entries.get(path), touches_module=True)
    is_new = path not in entries and bool(file.hunks) and not any(hunk.old for hunk in file.hunks)
    return Change(path, "added" if is_new else "modified", entries.get(path), touches_module=file.is_binary)


def _existing(paths: Sequence[str], entries: Mapping[str, Row]) -> str:
    return next((path for path in paths if path in entries), paths[0])


def _file_id(change: Change) -> int | None:
    return None if change.entry is None else change.entry["file_id"]


def _absent(pairs: Iterable[tuple[Change, FileDiff]]) -> list[str]:
    return [change.old_path or change.path for change, _ in pairs if change.entry is None and change.change != "added"]


def merged(changes: Iterable[Change]) -> list[Change]:
    """Each file once, in the order of paths: a series of patches may have it several times."""
    by_path: dict[str, Change] = {}
    for change in changes:
        first = by_path.setdefault(change.path, change)
        first.touches_module |= change.touches_module
        first.symbols = list({row["symbol_id"]: row for row in (*first.symbols, *change.symbols)}.values())
    return [by_path[path] for path in sorted(by_path)]


def _say(one: str, many: str, what: str, paths: Sequence[str]) -> list[str]:
    """A doubt about files, with the first of them."""
    if not paths:
        return []
    more = f" and {len(paths) - MAX_NAMED:,} more" if len(paths) > MAX_NAMED else ""
    return [f"{counted(len(paths), one, many)} {what} ({', '.join(paths[:MAX_NAMED])}{more})"]


# ---- which symbols ---------------------------------------------------------------------------------------------------


def _symbols(scope: Scope, changes: Iterable[Change]) -> dict[int | None, list[Row]]:
    """The symbols of the files, by file."""
    file_ids = {file_id for change in changes if (file_id := _file_id(change)) is not None}
    symbols: dict[int | None, list[Row]] = {}
    for row in reach.symbols_in(scope.connection, scope.index, file_ids):
        symbols.setdefault(row["file_id"], []).append(row)
    return symbols


def _touch(change: Change, file: FileDiff, symbols: Sequence[Row]) -> None:
    """Set what of the file the diff changes."""
    if change.change == "deleted":
        change.symbols = list(symbols)
        return
    touched: dict[int, Row] = {}
    active = _Active(symbols)
    for region in sorted((region for hunk in file.hunks for region in hunk.regions), key=lambda region: region.start):
        if not any(line.strip() for line in (*region.removed, *region.added)):
            continue
        for lines, found in _places(region, active):
            touched |= {row["symbol_id"]: row for row in found}
            if not found and not all(_DOES_NOTHING.match(line) for line in lines):
                change.touches_module = True
    change.symbols = list(touched.values())


def _places(region: Region, active: "_Active") -> Iterator[tuple[Sequence[str], list[Row]]]:
    """The lines of a region, with the innermost symbols that each is in; one that replaces is where that one was."""
    if not region.removed:
        yield region.added, active.around(region)
        return
    outside = False
    for number, line in enumerate(region.removed, region.start):
        found = active.at(number)
        outside |= not found
        yield [line], found
    if outside:
        yield region.added, []


class _Active:
    """The symbols around a line, for lines that come in ascending order."""

    def __init__(self, symbols: Sequence[Row]) -> None:
        self._symbols = symbols
        self._next = 0
        self._open: list[Row] = []

    def at(self, line: int) -> list[Row]:
        """The innermost symbols that a line is in: several, if it has several."""
        return _innermost(self._at(line))

    def around(self, region: Region) -> list[Row]:
        """The innermost symbols that lines belong to which are inserted.

        Behind the last line of a symbol they belong to it if they are indented more: only some languages say where a
        body ends. In front of it, if they decorate it.
        """
        texts = [text for text in region.added if text.strip()]
        indent = len(texts[0]) - len(texts[0].lstrip())
        inside = [
            row for row in self._at(region.after) if row["line_end"] >= region.start or row["column_start"] < indent
        ]
        following = self._symbols[self._next] if self._next < len(self._symbols) else None
        is_next = following is not None and following["line_start"] == region.start
        decorates = is_next and texts[-1].lstrip().startswith("@")
        return [following] if following is not None and decorates else _innermost(inside)

    def _at(self, line: int) -> list[Row]:
        while self._next < len(self._symbols) and self._symbols[self._next]["line_start"] <= line:
            self._open.append(self._symbols[self._next])
            self._next += 1
        self._open = [row for row in self._open if row["line_end"] >= line]
        return self._open


def _innermost(symbols: Sequence[Row]) -> list[Row]:
    """Those that are around none of the others. What is around another stands before it."""
    return [
        row
        for row, following in zip_longest(symbols, symbols[1:])
        if following is None or not _is_around(row, following)
    ]


def _is_around(outer: Row, inner: Row) -> bool:
    return bool(inner["qualified_name"].startswith(f"{outer['qualified_name']}."))


# ---- is it of this commit? -------------------------------------------------------------------------------------------


def _other(scope: Scope, pairs: Sequence[tuple[Change, FileDiff]]) -> list[str]:
    """The files whose lines are not those that the diff has for them, or that it adds though they are there."""
    known = [(file_id, change, file) for change, file in pairs if (file_id := _file_id(change)) is not None]
    differing = {change.path for _, change, _ in known if change.change == "added"}
    read = [each for each in known if each[2].hunks]
    for start in range(0, len(read), FILES_AT_ONCE):
        some = read[start : start + FILES_AT_ONCE]
        texts = stored.contents(scope.connection, scope.index, {file_id for file_id, _, _ in some})
        differing |= {
            change.old_path or change.path
            for file_id, change, file in some
            if file_id in texts and not _fits(file.hunks, texts[file_id])
        }
    return sorted(differing)


def _fits(hunks: Iterable[Hunk], text: str) -> bool:
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    return all(
        list(hunk.old) == lines[hunk.start - 1 : hunk.start - 1 + len(hunk.old)] and hunk.start <= len(lines) + 1
        for hunk in hunks
    )
