"""Where a text occurs in the files of an index."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any

import re2
from pydantic import Field, StringConstraints

from kotadb import languages
from kotadb.errors import InvalidCursor, InvalidInput
from kotadb.model import TEXT
from kotadb.pipeline.discover import tags_of
from kotadb.postgres import graph
from kotadb.postgres import search as stored
from kotadb.postgres.search import Declaring, FileFilter
from kotadb.questions.asking import Found, PagedParameters, Scope, Tagged
from kotadb.questions.doubts import UNREAD, counted, unread
from kotadb.questions.globs import PathFilter, path_filter
from kotadb.questions.matcher import Line, Matcher, Text
from kotadb.questions.scan import IN_OTHER_CASE, START, Position, Scan, Shown

MAX_TEXT = 400
"""Bytes that are shown of a line."""
MAX_LEAD = 100
"""Bytes that are shown before a match, of a line that is longer than that."""
MAX_NUMBER = 2**31 - 1

Glob = Annotated[str, StringConstraints(min_length=1, max_length=300)]


class Search(PagedParameters):
    """What is searched for, and in which files."""

    query: str = Field(min_length=1, max_length=1000, description="text within one line, or a regular expression")
    regex: bool = Field(
        default=False,
        description="the query is a regular expression of RE2's kind, within one line; `^` and `$` are the beginning "
        "and end of a line, `\\A` and `\\z` of the file",
    )
    case: bool = Field(default=False, description="upper and lower case differ")
    word: bool = Field(default=False, description="no letter, digit or underscore before the match nor after it")
    path: tuple[Glob, ...] = Field(
        default=(),
        max_length=20,
        description="only files that one of these globs means (`src/**/*.ts`, `*.py`, `docs/`), none that `!…` means",
    )
    language: tuple[Glob, ...] = Field(default=(), max_length=20, description="only files in one of these languages")
    tests: Tagged = Field(default=Tagged.INCLUDE, description="files that are tests")
    generated: Tagged = Field(default=Tagged.INCLUDE, description="files that are generated")
    context: int = Field(default=0, ge=0, le=5, description="lines shown before a match, and after it")


def search(scope: Scope, asked: Search) -> Found:
    """The lines where a text occurs, or where a regular expression matches, grouped by file.

    Files that declare a symbol of that name come first (not so for a regular expression), then those that have it in
    the case it is written in, and of each the tests last; else they are in the order of their paths. A page is `limit`
    lines, and may end within a file. Each line is there once, with its first match: `column` and `length` in bytes of
    UTF-8, of the whole line; `text` is at most 400 bytes of it and begins at `text_column`. `definition` tells whether
    a match in it is the name of a symbol that is declared there.

    `files_found` and `lines_found` are all that there are if `all_counted`, else as many as are known by now.

    Raises InvalidInput for an expression that RE2 does not take, and for a language that there is not.
    """
    matcher = Matcher(asked.query, regex=asked.regex, case=asked.case, word=asked.word)
    paths = path_filter(asked.path)
    wanted = FileFilter(_languages(asked.language), asked.tests, asked.generated, paths.included, paths.excluded)
    scan = Scan(scope, matcher, wanted, _declaring(scope, asked), asked.limit, _position(scope.position(asked.cursor)))
    scan.run()
    content = {
        "files": _files(scope, matcher, scan.shown, asked.context),
        "files_found": scan.files,
        "lines_found": scan.lines,
        "all_counted": scan.counted and not scan.unsearched,
        "next_cursor": scope.cursor(scan.next),
    }
    reasons = _unread(scope, asked, paths)
    doubts = [*_unsearched(scan), *([unread(reasons)] if reasons else ())]
    return Found(content, doubts, reasons.total() + scan.unsearched, complete=_complete(scope, scan, wanted))


# ---- what is asked for -----------------------------------------------------------------------------------------------


def _languages(named: Sequence[str]) -> list[str] | None:
    known = (*languages.names(), TEXT)
    for name in named:
        if name not in known:
            raise InvalidInput(f"language: there is no {name}; there are {', '.join(known)}")
    return list(named) or None


def _declaring(scope: Scope, asked: Search) -> Declaring:
    if asked.regex:
        return Declaring([], [])
    declaring = stored.declaring(scope.connection, scope.index, asked.query)
    return Declaring(declaring.exactly, []) if asked.case else declaring


def _position(position: Any) -> Position:
    """Raises InvalidCursor if it is none of ours."""
    if position is None:
        return START
    if not isinstance(position, list) or len(position) != len(START):
        raise InvalidCursor
    if not all(isinstance(number, int) and 0 <= number <= MAX_NUMBER for number in position):
        raise InvalidCursor
    if position[0] > IN_OTHER_CASE:
        raise InvalidCursor
    return Position(*position)


# ---- what was found --------------------------------------------------------------------------------------------------


def _files(scope: Scope, matcher: Matcher, shown: Sequence[Shown], context: int) -> list[dict[str, Any]]:
    is_declared = _declared(scope, shown)
    files: list[dict[str, Any]] = []
    last = None
    for file, text, line in shown:
        if file["file_id"] != last:
            last = file["file_id"]
            files.append({"path": file["path"], "language": file["language"], "tags": file["tags"], "matches": []})
        spans = (_place(text, line, *span) for span in matcher.spans(text, line))
        definition = any(is_declared(file["file_id"], line.number, *span) for span in spans)
        files[-1]["matches"].append(_match(text, line, context) | {"definition": definition})
    return files


def _declared(scope: Scope, shown: Sequence[Shown]) -> Callable[[int, int, int, int], bool]:
    """Whether a symbol's name is in that file, at that line, column and of that many bytes."""
    files, lines = {found.file["file_id"] for found in shown}, {found.line.number for found in shown}
    names = {
        (row["file_id"], row["name_line"], row["name_column"], len(row["name"].encode()))
        for row in stored.declared(scope.connection, scope.index, files, lines)
    }
    return lambda *place: place in names


def _match(text: Text, line: Line, context: int) -> dict[str, Any]:
    column, length = _place(text, line, line.match_start, line.match_end)
    start = line.start if line.end - line.start <= MAX_TEXT else max(line.start, line.match_start - MAX_LEAD)
    start = _next_character(text.content, start)
    return {
        "line": line.number,
        "column": column,
        "length": length,
        "text": _cut(text.content[start : line.end]),
        "text_column": _place(text, line, start, start)[0],
        "before": _before(text.content, line.start, context),
        "after": _after(text.content, line.end, context),
    }


def _place(text: Text, line: Line, start: int, end: int) -> tuple[int, int]:
    """Column and length of what is in a line, both in bytes."""
    return start - line.start + (text.bom if line.number == 1 else 0), end - start


def _next_character(content: bytes, at: int) -> int:
    while at < len(content) and content[at] & 0xC0 == 0x80:
        at += 1
    return at


def _cut(line: bytes) -> str:
    return line[:MAX_TEXT].decode("utf-8", "ignore")


def _before(content: bytes, start: int, lines: int) -> list[str]:
    found: list[str] = []
    while start > 0 and len(found) < lines:
        end = start - 1
        start = content.rfind(b"\n", 0, end) + 1
        found.insert(0, _cut(content[start:end]))
    return found


def _after(content: bytes, end: int, lines: int) -> list[str]:
    found: list[str] = []
    while end < len(content) and len(found) < lines:
        start = end + 1
        end = content.find(b"\n", start)
        end = len(content) if end < 0 else end
        found.append(_cut(content[start:end]))
    return found


# ---- how far that can be relied on -----------------------------------------------------------------------------------


def _unsearched(scan: Scan) -> Iterable[str]:
    if scan.unsearched:
        files = counted(scan.unsearched, "file takes", "files take")
        yield f"{files} longer to search with this expression than an answer may take"
    if scan.is_out_of_time and not scan.is_full:
        yield "the time for one answer was over before all files were searched, `next_cursor` goes on"
    elif not scan.counted:
        yield "the page was full before all files were searched, `next_cursor` goes on"


def _unread(scope: Scope, asked: Search, paths: PathFilter) -> Counter[str]:
    """Files that were not read and might be searched else, by reason."""
    rows = graph.skipped(scope.connection, scope.index, UNREAD)
    included, excluded = (None if regex is None else re2.compile(regex) for regex in paths)
    return Counter(
        row["reason"]
        for row in rows
        if (not asked.language or (languages.language_of(row["path"]) or TEXT) in asked.language)
        and (included is None or included.search(row["path"]))
        and not (excluded is not None and excluded.search(row["path"]))
        and _is_wanted(asked.tests, "test", row["path"])
        and _is_wanted(asked.generated, "generated", row["path"])
    )


def _is_wanted(tagged: Tagged, tag: str, path: str) -> bool:
    return tagged.wants(has_tag=tag in tags_of(path))


def _complete(scope: Scope, scan: Scan, wanted: FileFilter) -> str:
    if not scan.lines and not stored.has_files(scope.connection, scope.index, wanted):
        return "No file of the index passes the filters."
    return "All text that is indexed and passes the filters was searched."
