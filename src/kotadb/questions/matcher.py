"""Finding the lines of a text that match, in time that is linear in the text whoever wrote the pattern: by RE2."""

import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import re2

from kotadb.errors import InvalidInput
from kotadb.questions.required import Required, required_by_literal, required_by_regex, unquoted

MAX_PATTERN_BYTES = 1024 * 1024
"""What a compiled pattern and the states it is in may take; RE2 keeps 128 of them."""
MAX_PROGRAM = 3000
"""Instructions of a pattern. The worst that RE2 can be made to do takes some 4 ns for each of them and each byte."""
CHUNK_BYTES = 16 * 1024
"""The clock is looked at after so much text, or after a line that is longer."""
MAX_SPANS = 200

BOM = b"\xef\xbb\xbf"
# Letters, marks, digits and connectors of any script; in RE2 itself `\w` and `\b` know ASCII alone.
_NO_WORD = r"[^\pL\pM\p{Nd}\p{Pc}]"


class OutOfTime(Exception):
    """The text is not searched to its end."""


class Line(NamedTuple):
    """A line that matches, and where its first match is: offsets in the text, the line without its end."""

    number: int
    start: int
    end: int
    match_start: int
    match_end: int


class Text(NamedTuple):
    """A text as it is searched: lines end with a newline alone, the last one with the text."""

    content: bytes
    bom: int
    """The bytes of a byte order mark, which was taken from the first line."""
    has_lines: bool


def searched(content: bytes) -> Text:
    """A text as it is searched. A carriage return before the newline belongs to the end of its line."""
    bom = len(BOM) if content.startswith(BOM) else 0
    without = content[bom:]
    if b"\r" in without:  # looking for one byte is much faster, and nearly always enough
        without = without.replace(b"\r\n", b"\n")
    return Text(without.removesuffix(b"\n"), bom, bool(without))


class Matcher:
    """Finds what a query matches, line by line."""

    def __init__(self, query: str, *, regex: bool, case: bool, word: bool) -> None:
        """Raises InvalidInput, with what RE2 says, for a pattern that is none."""
        pattern = _checked(query) if regex else _quoted(query)
        self._pattern = _Pattern(pattern, case=case, word=word)
        self._exact_pattern = None if case else _Pattern(pattern, case=True, word=word)
        required = required_by_regex if regex else required_by_literal
        self.required: Required | None = required(query, any_case=not case, word=word)

    @property
    def knows_cases(self) -> bool:
        """Whether a match may be one in another case only."""
        return self._exact_pattern is not None

    def lines(self, text: Text, deadline: float) -> Iterator[Line]:
        """The lines that match, in order. Raises OutOfTime once the monotonic clock is past the deadline."""
        content, number, counted = text.content, 1, 0
        for at, end_of_chunk in _chunks(text, deadline):
            while at <= end_of_chunk and (span := self._pattern.search(content, at, end_of_chunk)):
                start, end = content.rfind(b"\n", 0, span[0]) + 1, line_end(content, span[1])
                number, counted = number + content.count(b"\n", counted, start), start
                yield Line(number, start, end, *span)
                at = end + 1

    def matches_exactly(self, text: Text, deadline: float) -> bool:
        """Whether it matches anywhere in the case that the query is written in. Raises OutOfTime."""
        pattern = self._exact_pattern
        return pattern is None or any(pattern.search(text.content, *chunk) for chunk in _chunks(text, deadline))

    def spans(self, text: Text, line: Line) -> Iterator[tuple[int, int]]:
        """Where the matches in a line are that hold anything, at most MAX_SPANS: offsets in the text."""
        at = line.start
        for _ in range(MAX_SPANS):
            span = self._pattern.search(text.content, at, line.end) if at <= line.end else None
            if span is None:
                return
            if span[1] > span[0]:
                yield span
            at = max(span[1], at + 1)


class _Pattern:
    """A pattern that is looked for in whole lines, maybe as a word."""

    def __init__(self, pattern: str, *, case: bool, word: bool) -> None:
        self._find = _compiled(f"(?m){pattern}", case=case)
        # To look for the word itself takes RE2 ten times as long: that is only done in lines that have it in some way.
        # The neighbours are a part of what is found, so that one word may be the next one's.
        in_words = f"(?m)(?:^|{_NO_WORD})({pattern})(?:{_NO_WORD}|$)"
        self._find_word = _compiled(in_words, case=case, captures=True) if word else None

    def search(self, content: bytes, at: int, end: int) -> tuple[int, int] | None:
        """Where the first match is, from a place on that may be within a line."""
        while at <= end and (found := self._find.search(content, at, end)):
            start, stop = found.span()
            if self._find_word is None:
                return start, stop
            line_start, line_stop = max(at, content.rfind(b"\n", 0, start) + 1), line_end(content, stop)
            if word := self._find_word.search(content, line_start, line_stop):
                start, stop = word.span(1)
                return start, stop
            at = line_stop + 1
        return None


def _chunks(text: Text, deadline: float) -> Iterator[tuple[int, int]]:
    """Where whole lines begin and end that are searched at once. Raises OutOfTime between them."""
    content, at = text.content, 0
    while text.has_lines and at <= len(content):
        end = line_end(content, min(at + CHUNK_BYTES, len(content)))
        yield at, end
        at = end + 1
        if time.monotonic() > deadline and at <= len(content):
            raise OutOfTime


def line_end(content: bytes, at: int) -> int:
    """Where the line that this place is in ends."""
    end = content.find(b"\n", at)
    return len(content) if end < 0 else end


def _quoted(query: str) -> str:
    if "\n" in query:
        raise InvalidInput("query: text is looked for within one line; this has several")
    return str(re2.escape(query))


def _checked(query: str) -> str:
    r"""The pattern, if it is a whole one by itself and matches characters: a byte (`\C`) may be half of one."""
    pattern = unquoted(query)
    program = _compiled(query, case=False)
    if program.programsize > MAX_PROGRAM:
        raise InvalidInput("query: the regular expression is too large; repeat less, or name fewer characters")
    if "\\C" in pattern.replace("\\\\", ""):
        raise InvalidInput("query: invalid regular expression: \\C is not supported")
    return pattern


def _compiled(pattern: str, *, case: bool, captures: bool = False) -> Any:
    options = re2.Options()
    options.case_sensitive = case
    options.never_nl = True
    options.never_capture = not captures
    options.log_errors = False
    options.max_mem = MAX_PATTERN_BYTES
    try:
        return re2.compile(pattern.encode(), options)
    except re2.error as error:
        [said] = error.args
        raise InvalidInput(f"query: invalid regular expression: {said.decode('utf-8', 'replace')}") from None
