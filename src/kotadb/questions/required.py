"""What words a text must hold for a pattern to match in it, so that an index of words can look it up.

Never more than must be: a text that the pattern matches in has them, whatever it is. What is not plain (classes,
repetitions) is left open, and where nothing is left that could be looked up there is no requirement.
"""

import re
from typing import NamedTuple

from kotadb.pipeline.words import WORD

MAX_ALTERNATIVES = 16
MAX_DEPTH = 40
MAX_PIECES = 3
"""More of one alternative take longer to look up than they leave out; the longest ones do."""

# Text holds no NUL: here it stands for anything at all. A choice of texts, each with what may be anywhere between.
_GAP = "\0"
_Texts = tuple[str, ...]
_ANYTHING: _Texts = (_GAP,)
_NOTHING: _Texts = ("",)
_BOUNDARY = "\1"
"""Stands for RE2's `\\b`; where a text has it itself, it is between words too."""

_LONG = re.compile(r"\w{3}")
_QUOTED = re.compile(r"\\Q(.*?)(?:\\E|\Z)|(\\.|[^\\])", re.DOTALL)
_META = re.compile(r"[\\.+*?()|\[\]{}^$]")
_REPETITION = re.compile(r"(?:[*+?]|\{(\d+)(?:,\d*)?\})\??")
_GROUP = re.compile(r"\((?:\?(?:P?<[^>]*>|([A-Za-z-]*)([:)])))?")
_CLASS = re.compile(r"\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]", re.DOTALL)
_FEW = re.compile(r"\[([A-Za-z0-9]{1,4})\]")
_OPEN_ESCAPE = re.compile(r"\\(?:[pP](?:\{[^}]*\}|.)|x(?:\{[^}]*\}|..)|[0-7]{1,3}|[dDwWsSafnrtv])", re.DOTALL)
_WORD_BOUNDARY = re.compile(r"\\b")
_EMPTY_ESCAPE = re.compile(r"\\[ABz]")


class Piece(NamedTuple):
    """Some word begins or ends with this, is this, or holds it."""

    text: bytes
    begins: bool
    """Whether the word begins with it."""
    ends: bool


class Required(NamedTuple):
    """Every text that matches has, for one of the alternatives, words with all of its pieces."""

    alternatives: tuple[tuple[Piece, ...], ...]
    any_case: bool
    """Whether upper and lower case are the same."""


def required_by_literal(text: str, *, any_case: bool, word: bool = False) -> Required | None:
    """What a text must hold that this one occurs in, as a word maybe; None if an index cannot tell."""
    return _required((text,), any_case=any_case, word=word)


def required_by_regex(pattern: str, *, any_case: bool, word: bool = False) -> Required | None:
    """What a text must hold that a pattern of RE2's matches in, one that RE2 accepts; None if an index cannot tell."""
    reader = _Reader(unquoted(pattern))
    try:
        texts = reader.alternation(0)
    except _Unclear:
        return None
    return _required(texts, any_case=any_case or reader.folds, word=word) if reader.is_at_end else None


def unquoted(pattern: str) -> str:
    r"""The same pattern without `\Q…\E`."""
    return _QUOTED.sub(lambda found: found[2] or _META.sub(r"\\\g<0>", found[1]), pattern)


def _required(texts: _Texts, *, any_case: bool, word: bool) -> Required | None:
    alternatives = {_pieces(f" {text} " if word else text, any_case=any_case) for text in texts}
    return Required(tuple(sorted(alternatives)), any_case) if all(alternatives) else None


def _pieces(text: str, *, any_case: bool) -> tuple[Piece, ...]:
    """The pieces of words in it; where it ends or has a gap, the word may go on."""
    found = set()
    for run in (run.encode() for run in text.split(_GAP)):
        for word in WORD.finditer(run):
            begins = _is_edge(run, word.start() - 1, word[0][:1], any_case)
            found.add(Piece(word[0], begins, _is_edge(run, word.end(), word[0][-1:], any_case)))
    return tuple(sorted(found, key=lambda piece: (-len(piece.text), piece))[:MAX_PIECES])


def _is_edge(run: bytes, at: int, letter: bytes, any_case: bool) -> bool:
    """Whether a word ends at that place, which is next to this letter of it."""
    if not 0 <= at < len(run):
        return False
    # To RE2 only ASCII has word characters: at `\b` there may be others, next to a letter that is none or can be none.
    return run[at : at + 1] != _BOUNDARY.encode() or (letter.isascii() and not (any_case and letter in b"kKsS"))


def _is_selective(texts: _Texts) -> bool:
    return all(_LONG.search(text) for text in texts)


class _Unclear(Exception):
    """Something that only RE2 understands."""


class _Reader:
    """Reads a pattern from left to right; what it returns is what each part requires."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0
        self.folds = False
        """Whether a flag in the pattern makes upper and lower case the same, for some part of it at least."""

    @property
    def is_at_end(self) -> bool:
        return self._at == len(self._pattern)

    def alternation(self, depth: int) -> _Texts:
        if depth > MAX_DEPTH:
            raise _Unclear
        found = self._concatenation(depth)
        while self._pattern.startswith("|", self._at):
            self._at += 1
            found = (*found, *self._concatenation(depth))
        return _chosen(found) if len(found) <= MAX_ALTERNATIVES else _ANYTHING

    def _concatenation(self, depth: int) -> _Texts:
        found = _NOTHING
        while not self.is_at_end and self._pattern[self._at] not in "|)":
            found = _then(found, self._repeated(depth))
        return found

    def _repeated(self, depth: int) -> _Texts:
        found = self._single(depth)
        while repetition := self._take(_REPETITION):
            can_be_none = repetition[0][0] in "*?" or (repetition[1] is not None and int(repetition[1]) == 0)
            found = _ANYTHING if can_be_none else tuple(text + _GAP for text in found)
        return found

    def _single(self, depth: int) -> _Texts:
        char = self._pattern[self._at]
        if char == "(":
            return self._group(depth)
        if char == "[":
            return self._class()
        if char == "\\":
            return self._escape()
        self._at += 1
        if char == ".":
            return _ANYTHING
        return _NOTHING if char in "^$" else (char,)

    def _group(self, depth: int) -> _Texts:
        opened = self._take(_GROUP)
        assert opened is not None
        flags, end = opened[1] or "", opened[2]
        self.folds = self.folds or "i" in flags
        if end == ")":
            if _REPETITION.match(self._pattern, self._at):  # it repeats what is before the flags
                raise _Unclear
            return _NOTHING
        found = self.alternation(depth + 1)
        if not self._pattern.startswith(")", self._at):
            raise _Unclear
        self._at += 1
        return found

    def _class(self) -> _Texts:
        if few := self._take(_FEW):
            return _chosen(tuple(few[1]))
        if self._take(_CLASS) is None:
            raise _Unclear
        return _ANYTHING

    def _escape(self) -> _Texts:
        if self._take(_OPEN_ESCAPE):
            return _ANYTHING
        if self._take(_EMPTY_ESCAPE):
            return _NOTHING
        if self._take(_WORD_BOUNDARY):
            return (_BOUNDARY,)
        char = self._pattern[self._at + 1 : self._at + 2]
        if not char.isascii() or char.isalnum():
            raise _Unclear
        self._at += 2
        return (char,)

    def _take(self, expected: re.Pattern[str]) -> re.Match[str] | None:
        found = expected.match(self._pattern, self._at)
        if found is not None:
            self._at = found.end()
        return found


def _chosen(texts: _Texts) -> _Texts:
    """A choice between texts. `[kK]` is `(?i:k)` to RE2, at times the sign for kelvin with it; and so the long s."""
    return _ANYTHING if {"k", "K"} <= set(texts) or {"s", "S"} <= set(texts) else texts


def _then(left: _Texts, right: _Texts) -> _Texts:
    """One after the other; where that makes too many, the one of them that an index can look up."""
    if len(left) * len(right) <= MAX_ALTERNATIVES:
        return tuple(a + b for a in left for b in right)
    if _is_selective(left):
        return tuple(text + _GAP for text in left)
    return tuple(_GAP + text for text in right)
