"""Unified diffs, as git and diff write them: which files they change, and which old lines of them.

This is read here and not by a library: those there are take time that grows with the square of a line's length, or
refuse or confuse what git writes for a path with a space or an escape, or a removed line that begins with two dashes.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, NoReturn

from kotadb.errors import InvalidInput
from kotadb.pipeline.discover import decode_path

MAX_FILES = 5_000
MAX_SHOWN = 80

_HUNK = re.compile(r"@@ -([0-9]{1,9})(?:,([0-9]{1,9}))? \+([0-9]{1,9})(?:,([0-9]{1,9}))? @@")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPE = re.compile(rb'\\([abfnrtv"\\]|[0-7]{1,3})')
_ESCAPED = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
_PREFIX = re.compile("[abciow12]/")
_NOWHERE = "/dev/null"
_BINARY = ("Binary files ", "GIT binary patch")
_SIGNATURE = "-- "
"""What ends a mail, and with it the diff in it."""


class Region(NamedTuple):
    """What a hunk replaces by what: `removed` are the old lines from number `start` on, or none where it only inserts
    lines in front of that one. `after` is the last line before that is not blank, as far as the hunk shows."""

    start: int
    removed: Sequence[str]
    added: Sequence[str]
    after: int


class Hunk(NamedTuple):
    """Old lines, `old`, from number `start` on, which are replaced or are there to find the place by."""

    start: int
    old: Sequence[str]
    regions: Sequence[Region]


@dataclass
class FileDiff:
    """What happens to one file: `old` is None for one that is added, `new` for one that is deleted.

    The names are as the diff has them, with or without a prefix; see `candidates`.
    """

    old: str | None = None
    new: str | None = None
    is_git: bool = False
    is_named: bool = False
    is_renamed: bool = False
    is_binary: bool = False
    hunks: list[Hunk] = field(default_factory=list)


def parse_diff(text: str) -> list[FileDiff]:
    """The files of a diff, in its order; what is around them, as a mail or a commit's message, does not matter.

    Raises InvalidInput, with the line, for what is no unified diff or is not whole.
    """
    files = _Parser(text.removesuffix("\n").split("\n")).files()
    if not files and text.strip():
        raise InvalidInput("This is no unified diff: no file begins in it, with `diff --git` or with `---` and `+++`")
    return files


def candidates(name: str, other: str | None) -> list[str]:
    """Which paths a name may mean, the likely one first: with and without its first folder, which may be a prefix.

    `other` is the name of the other side, whose prefix is another one.
    """
    prefixed = bool(_PREFIX.match(name)) and (other is None or (other[0] != name[0] and bool(_PREFIX.match(other))))
    without = name.partition("/")[2]
    found = [without, name] if prefixed else [name, without]
    return [path for path in found if path]


class _Parser:
    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._at = 0
        self._files: list[FileDiff] = []
        self._is_after_hunk = False

    def files(self) -> list[FileDiff]:
        while self._at < len(self._lines):
            line = self._lines[self._at].rstrip("\r")
            if self._files and line.startswith("@@"):
                self._read_hunk(line)
                self._is_after_hunk = True
            else:
                self._read(line)
                self._is_after_hunk = False
                self._at += 1
        return self._files

    def _read(self, line: str) -> None:
        if line.startswith("diff --git "):
            self._begin(self._named_alike(line.removeprefix("diff --git ")))
        elif line.startswith(("diff --cc ", "diff --combined ")):
            self._refuse("this is the diff of a merge, from several commits at once: take one from HEAD")
        elif line.startswith("--- ") and self._next().startswith("+++ "):
            self._read_names(line, self._next())
        elif self._files and self._files[-1].is_git and not self._files[-1].hunks:
            self._read_extended(self._files[-1], line)
        elif self._is_after_hunk and line.startswith(("+", "-", " ")) and line != _SIGNATURE:
            self._refuse("the hunk has more lines than it says")

    def _next(self) -> str:
        return self._lines[self._at + 1].rstrip("\r") if self._at + 1 < len(self._lines) else ""

    def _begin(self, file: FileDiff) -> None:
        if len(self._files) == MAX_FILES:
            raise InvalidInput(f"The diff is of more than {MAX_FILES:,} files: ask for parts of it")
        self._files.append(file)

    def _named_alike(self, names: str) -> FileDiff:
        """Both names of a `diff --git` line, where they are equal but for a prefix; other lines tell the others."""
        file = FileDiff(is_git=True)
        if names.startswith('"'):
            quoted = _QUOTED.match(names)
            file.old, file.new = (self._name(names), self._name(names[quoted.end() + 1 :])) if quoted else (None, None)
        elif len(names) % 2:
            half = len(names) // 2
            file.old, file.new = self._name(names[:half]), self._name(names[half + 1 :])
        return file

    def _read_names(self, old: str, new: str) -> None:
        file = self._files[-1] if self._files else FileDiff()
        if not file.is_git or file.is_named or file.hunks:
            file = FileDiff()
            self._begin(file)
        if not file.is_renamed:
            file.old, file.new = self._name(old.removeprefix("--- ")), self._name(new.removeprefix("+++ "))
        file.is_named = True
        self._at += 1

    def _read_extended(self, file: FileDiff, line: str) -> None:
        if line.startswith("new file mode "):
            file.old = None
        elif line.startswith("deleted file mode "):
            file.new = None
        elif line.startswith("rename from "):
            file.old, file.is_renamed = self._name(line.removeprefix("rename from ")), True
        elif line.startswith("rename to "):
            file.new, file.is_renamed = self._name(line.removeprefix("rename to ")), True
        elif line.startswith("copy to "):  # the old file stays as it is
            file.old, file.new, file.is_renamed = None, self._name(line.removeprefix("copy to ")), True
        elif line.startswith(_BINARY):
            file.is_binary = True

    def _name(self, text: str) -> str | None:
        if not text.startswith('"'):
            name = text.partition("\t")[0]  # diff adds the time
            return None if name == _NOWHERE else decode_path(name.encode())
        quoted = _QUOTED.match(text)
        if quoted is None:
            self._refuse("a path has no closing quote")
        return decode_path(_ESCAPE.sub(_unescaped, quoted[1].encode()))

    # ---- hunks -------------------------------------------------------------------------------------------------------

    def _read_hunk(self, header: str) -> None:
        found = _HUNK.match(header)
        if found is None:
            self._refuse("this is no header of a hunk")
        first, old_left, _, new_left = (1 if number is None else int(number) for number in found.groups())
        start = first if old_left else first + 1  # a hunk that only inserts names the line before
        hunk = _HunkBuilder(start)
        self._at += 1
        while old_left > 0 or new_left > 0:
            line = self._lines[self._at] if self._at < len(self._lines) else self._refuse("a hunk is cut off")
            sort = line[:1].strip() or " "  # what is empty was a space that an editor took away
            if sort not in " +-\\":
                self._refuse("this is no line of a hunk, and the hunk is not whole")
            old_left -= sort in " -"
            new_left -= sort in " +"
            if old_left < 0 or new_left < 0:
                self._refuse("the hunk has more lines than it says")
            hunk.add(sort, line[1:].rstrip("\r"))
            self._at += 1
        self._files[-1].hunks.append(hunk.done())

    def _refuse(self, why: str) -> NoReturn:
        line = self._lines[self._at][:MAX_SHOWN] if self._at < len(self._lines) else ""
        raise InvalidInput(f"The diff cannot be read at its line {self._at + 1:,} ({line!a}): {why}")


class _HunkBuilder:
    def __init__(self, start: int) -> None:
        self._start = start
        self._old: list[str] = []
        self._regions: list[Region] = []
        self._removed: list[str] = []
        self._added: list[str] = []
        self._after = self._filled = start - 1
        """The last line that is not blank: before the region, and so far."""

    def add(self, sort: str, text: str) -> None:
        if sort == "+":
            self._added.append(text)
        elif sort == "-":
            self._removed.append(text)
            self._add_old(text)
        elif sort == " ":
            self._end_region()
            self._add_old(text)
            self._after = self._filled

    def done(self) -> Hunk:
        self._end_region()
        return Hunk(self._start, self._old, self._regions)

    def _add_old(self, text: str) -> None:
        if text.strip():
            self._filled = self._start + len(self._old)
        self._old.append(text)

    def _end_region(self) -> None:
        if self._removed or self._added:
            start = self._start + len(self._old) - len(self._removed)
            self._regions.append(Region(start, self._removed, self._added, self._after))
            self._removed, self._added = [], []


def _unescaped(escape: re.Match[bytes]) -> bytes:
    code = escape[1]
    return bytes([int(code, 8) & 0xFF]) if code.isdigit() else _ESCAPED.get(code, code)
