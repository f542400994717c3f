"""Going through the files of an index in the order of an answer, until its page is full.

The index of words knows which files may match; where they are too many, or it cannot tell, all files are searched, as
far as the time goes.
"""

import time
from collections.abc import Generator, Iterator
from contextlib import closing
from itertools import chain
from typing import Any, NamedTuple

from kotadb.errors import InvalidCursor
from kotadb.postgres import search
from kotadb.postgres.search import Declaring, FileFilter, Place
from kotadb.questions.asking import Scope
from kotadb.questions.lookup import lookup
from kotadb.questions.matcher import Line, Matcher, OutOfTime, Text, searched

SECONDS = 2.0
"""After this a page ends as it is; what may match is looked up before."""
COUNTED_BYTES = 2 * 1024 * 1024
"""All matches are counted, if that is to search so much at most."""
COUNTED_LINES = 2_000
"""So many lines are counted that are not on the page."""
MIN_BATCH_BYTES = 128 * 1024
MAX_BATCH_BYTES = 4 * 1024 * 1024
MAX_BATCH_FILES = 500

IN_ITS_CASE = 2
IN_OTHER_CASE = 3
"""Ranks of files that do not declare what is searched for; 0 and 1 are of those that do, in its case and in another."""

Row = dict[str, Any]


class Position(NamedTuple):
    """Where a page ends: after that line of a file, or after the file if `line` is 0; and what is known by then."""

    rank: int
    file_id: int
    line: int
    files: int
    """That match, of all of them if `counted`, else up to here."""
    lines: int
    counted: int
    unsearched: int


START = Position(0, 0, 0, 0, 0, 0, 0)


class Shown(NamedTuple):
    """A line on the page."""

    file: Row
    text: Text
    line: Line


class _Ranked(NamedTuple):
    rank: int
    file: Row


class Scan:
    """One page. `run` fills it, the rest says what came of it."""

    def __init__(
        self, scope: Scope, matcher: Matcher, wanted: FileFilter, declaring: Declaring, limit: int, after: Position
    ) -> None:
        self._connection, self._index = scope.connection, scope.index
        self._matcher, self._wanted, self._declaring, self._limit = matcher, wanted, declaring, limit
        self._after = after
        self._last = after
        self._place = self._place_of(after)
        self._settled: set[int] = set()
        """Files that are not of the last rank: they match as it is written, or not at all."""
        self._read = 0
        self._to_read = COUNTED_BYTES
        self._to_count = COUNTED_LINES
        self._searched_any = False
        self._deadline = 0.0
        self.shown: list[Shown] = []
        self.files, self.lines, self.unsearched = after.files, after.lines, after.unsearched
        """Files and lines that match, as far as that is known, and files that could not be searched in time."""
        self.is_full = False
        self.is_out_of_time = False
        self.counted = bool(after.counted)
        """Whether these are all that there are."""
        self._end_of_page: Position | None = None

    @property
    def next(self) -> Position | None:
        """Where the next page begins, None if there is none."""
        end = self._end_of_page if self.is_full else self._last if self.is_out_of_time else None
        if end is None or not self.counted:
            return end
        return end._replace(files=self.files, lines=self.lines, counted=1, unsearched=self.unsearched)

    def run(self) -> None:
        """Search until the page is full, everything was searched, or the time is over."""
        required = self._matcher.required
        blobs = lookup(self._connection, self._index.repository_id, required) if required is not None else None
        self._deadline = time.monotonic() + SECONDS
        with closing(self._batches(blobs)) as batches:
            self.counted = all(map(self._search, batches)) or self.counted

    # ---- which files -------------------------------------------------------------------------------------------------

    def _place_of(self, position: Position) -> Place | None:
        if position == START:
            return None
        file = search.file(self._connection, self._index, position.file_id)
        if file is None:
            raise InvalidCursor
        return Place(min(position.rank, IN_ITS_CASE), file["test"], file["path"], position.line > 0)

    def _batches(self, blobs: set[str] | None) -> Generator[list[_Ranked], None, None]:
        """The files after the last one that was searched, as many together as are read at once."""
        batch: list[_Ranked] = []
        size, room = 0, MIN_BATCH_BYTES
        for ranked in self._ranked(blobs):
            batch.append(ranked)
            size += ranked.file["size_bytes"]
            if size >= room or len(batch) >= MAX_BATCH_FILES:
                yield batch
                batch, size, room = [], 0, min(2 * room, MAX_BATCH_BYTES)
        if batch:
            yield batch

    def _ranked(self, blobs: set[str] | None) -> Iterator[_Ranked]:
        place, is_last_rank = self._place, self._last.rank == IN_OTHER_CASE
        if not is_last_rank:
            for file in self._rows(place, blobs):
                yield _Ranked(file["rank"], file)
        if self._matcher.knows_cases:
            for file in self._rows(place if is_last_rank else None, blobs):
                if file["rank"] == IN_ITS_CASE and file["file_id"] not in self._settled:
                    yield _Ranked(IN_OTHER_CASE, file)

    def _rows(self, place: Place | None, blobs: set[str] | None) -> Iterator[Row]:
        return search.files(self._connection, self._index, self._wanted, self._declaring, place, blobs)

    # ---- what is in them ---------------------------------------------------------------------------------------------

    def _search(self, batch: list[_Ranked]) -> bool:
        """Whether to go on after it."""
        contents = search.contents(self._connection, self._index, {_key(ranked.file) for ranked in batch})
        for ranked in batch:
            text = searched(contents[_key(ranked.file)])
            try:
                self._look(ranked, text)
            except OutOfTime:
                if self._searched_any:
                    self.is_out_of_time = True
                    return False
                self.unsearched += 1
            self._done(ranked, text)
            if self.is_full and self._read >= self._to_read:
                return False
        self.is_out_of_time = time.monotonic() > self._deadline
        return not self.is_out_of_time

    def _done(self, ranked: _Ranked, text: Text) -> None:
        rank, file = ranked
        self._searched_any = True
        self._read += len(text.content)
        self._place = Place(min(rank, IN_ITS_CASE), file["test"], file["path"], False)
        self._last = Position(rank, file["file_id"], 0, self.files, self.lines, 0, self.unsearched)

    def _look(self, ranked: _Ranked, text: Text) -> None:
        lines = self._matcher.lines(text, self._deadline)
        first = next(lines, None)
        if first is None or not self._is_of_rank(ranked, text):
            if first is None:
                self._settled.add(ranked.file["file_id"])
            return
        self._take(ranked, text, list(self._new(ranked, chain([first], lines))))

    def _is_of_rank(self, ranked: _Ranked, text: Text) -> bool:
        if ranked.rank < IN_ITS_CASE or not self._matcher.knows_cases:
            return True
        in_its_case = self._matcher.matches_exactly(text, self._deadline)
        if in_its_case:
            self._settled.add(ranked.file["file_id"])
        return in_its_case == (ranked.rank == IN_ITS_CASE)

    def _new(self, ranked: _Ranked, lines: Iterator[Line]) -> Iterator[Line]:
        """The lines that were on no page before, no more than matter."""
        resumed = self._after.line if self._is_resumed(ranked) else 0
        room = self._limit - len(self.shown)
        for line in lines:
            if line.number > resumed:
                yield line
                room -= 1
                if room < 0 and not self._may_count():
                    return

    def _may_count(self) -> bool:
        """Whether one more line may be counted that is not on the page."""
        if self.counted or self._to_count == 0:
            self._to_read = 0
            return False
        self._to_count -= 1
        return True

    def _is_resumed(self, ranked: _Ranked) -> bool:
        return self._after.line > 0 and (ranked.rank, ranked.file["file_id"]) == self._after[:2]

    def _take(self, ranked: _Ranked, text: Text, lines: list[Line]) -> None:
        if not lines:
            return
        new = lines[: self._limit - len(self.shown)]
        files = self.files + (0 if self._is_resumed(ranked) else 1)
        if new:
            self.shown += (Shown(ranked.file, text, line) for line in new)
            self._end_of_page = Position(
                ranked.rank, ranked.file["file_id"], new[-1].number, files, self.lines + len(new), 0, self.unsearched
            )
        self.is_full = self.is_full or len(lines) > len(new)
        if not self.counted:
            self.files, self.lines = files, self.lines + len(lines)


def _key(file: Row) -> search.ContentKey:
    return file["blob_sha"], file["language"], file["extractor_version"]
