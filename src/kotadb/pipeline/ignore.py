"""`.kotadbignore`: gitignore's rules, read from the root of the repository and from nowhere else.

Our own reading of them, since strangers write these patterns: libraries turn them into plain regular expressions, in
which `a*a*a*a*b` takes hours for a long name. `fnmatch.translate` makes one per path segment that never goes back
behind a star, and the loop below does the same for `**`; a match is then at worst the product of the two lengths.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import translate

from kotadb.errors import LimitExceeded

MAX_RULES = 500
"""What follows the last of them is not read: each rule is tried on each path of what may be 200,000."""

MAX_RULE_CHARACTERS = 4096

MAX_STEPS = 50_000_000
"""Segments that are looked at for all paths together, half a minute of them: rules of a thousand folders and a `**`,
and as deep paths, could take days. Forty rules about names take 8 million in 200,000 files."""

STEP_CHARACTERS = 1000
"""A long name costs more steps: one for so many pairs of a character in it and one in the pattern."""

_PIECES = re.compile(r"\\(?P<escaped>.)|(?P<class>\[[!^]?\]?[^\]]*\])|(?P<plain>.)", re.DOTALL)
"""A class with a backslash or a class of its own inside, `[\\]]` or `[[:alpha:]]`, is read as fnmatch reads it."""

Segment = re.Pattern[str] | None
"""Matches one segment of a path; None stands for `**`, any number of them."""


_NOTHING = re.compile(r"(?!)")


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the file. It is about whole paths if there is a slash in it, else about names at any depth."""

    segments: tuple[Segment, ...]
    is_path: bool
    is_negated: bool
    folders_only: bool


class Exclusion:
    """Says of paths, one after the other, whether the rules in a text exclude them.

    What was said of the folders of the last path is known for the next: a listing has them side by side.
    """

    def __init__(self, text: str) -> None:
        rules = [rule for line in text.split("\n") if (rule := _rule(line)) is not None][:MAX_RULES]
        self._rules = rules[::-1]  # the last that matches decides
        self._steps = 0
        self._folders: list[tuple[str, bool]] = []
        """The folders of the last path, each with whether it is excluded; none stands below one that is."""

    def __call__(self, path: str) -> bool:
        """Whether a path, given with slashes from the root, is excluded. Raises LimitExceeded."""
        if not self._rules:
            return False
        parts = path.split("/")
        self._leave(parts)
        while len(self._folders) < len(parts) - 1 and not self._is_below_excluded():
            depth = len(self._folders) + 1
            self._folders.append((parts[depth - 1], self._decided(parts[:depth], is_folder=True)))
        # Nothing below an excluded folder can be included again.
        return self._is_below_excluded() or self._decided(parts, is_folder=False)

    def _leave(self, parts: Sequence[str]) -> None:
        """Forget the folders that this path is not in."""
        common = 0
        for (folder, _), part in zip(self._folders, parts[:-1], strict=False):
            if folder != part:
                break
            common += 1
        del self._folders[common:]

    def _is_below_excluded(self) -> bool:
        return bool(self._folders) and self._folders[-1][1]

    def _decided(self, parts: Sequence[str], *, is_folder: bool) -> bool:
        for rule in self._rules:
            if is_folder or not rule.folders_only:
                matches, steps = _matches(rule.segments, parts if rule.is_path else parts[-1:])
                self._count(steps)
                if matches:
                    return not rule.is_negated
        return False

    def _count(self, steps: int) -> None:
        self._steps += steps
        if self._steps > MAX_STEPS:
            raise LimitExceeded(
                "The rules of .kotadbignore take too long to match: use fewer of them, and fewer `**`.",
                code="ignore_rules",
            )


def exclusion(text: str) -> Callable[[str], bool]:
    """Whether a path, given with slashes from the root, is excluded by the rules in `text`.

    Raises LimitExceeded where the rules, with as many paths, take too long.
    """
    return Exclusion(text)


def _rule(line: str) -> Rule | None:
    pattern = _without_trailing_spaces(line.removesuffix("\r"))
    if not pattern or pattern.startswith("#") or len(pattern) > MAX_RULE_CHARACTERS:
        return None
    is_negated = pattern.startswith("!")
    pattern = pattern.removeprefix("!")
    folders_only = pattern.endswith("/")
    pattern = pattern.removesuffix("/")
    is_path = "/" in pattern
    names = pattern.removeprefix("/").split("/")
    if not all(names):
        return None  # "", "/", "a//b": git never matches these
    segments = [None if len(name) > 1 and not name.strip("*") else _segment(name) for name in names]
    if segments[-1] is None:
        segments.append(_segment("*"))  # all that is inside, not the folder itself
    return Rule(tuple(segments), is_path, is_negated, folders_only)


def _without_trailing_spaces(line: str) -> str:
    stripped = line.rstrip(" ")
    backslashes = len(stripped) - len(stripped.rstrip("\\"))
    return line[: len(stripped) + 1] if backslashes % 2 else stripped


def _segment(name: str) -> Segment:
    """One segment's pattern: `*`, `?`, `[a-z]`, `[!a]`, `[^a]`, and a backslash before what is meant literally."""
    return re.compile(translate("".join(_as_fnmatch(piece) for piece in _PIECES.finditer(name))))


def _as_fnmatch(piece: re.Match[str]) -> str:
    if (escaped := piece["escaped"]) is not None:
        return f"[{escaped}]" if escaped in "*?[" else escaped
    if piece["class"] is not None:
        return re.sub(r"^\[\^", "[!", piece["class"])
    return piece["plain"]


def _matches(segments: Sequence[Segment], parts: Sequence[str]) -> tuple[bool, int]:
    """Match one by one; on a mismatch let the last `**` take one part more. Earlier ones need never be asked again.

    Returns the number of steps, too.
    """
    segment = part = steps = 0
    retry: tuple[int, int] | None = None
    while part < len(parts):
        matcher = segments[segment] if segment < len(segments) else _NOTHING
        steps += 1 + (len(matcher.pattern) * len(parts[part]) // STEP_CHARACTERS if matcher else 0)
        if matcher is None:
            segment += 1
            retry = (segment, part)
        elif matcher.match(parts[part]):
            segment, part = segment + 1, part + 1
        elif retry is None:
            return False, steps
        else:
            segment, part = retry[0], retry[1] + 1
            retry = (segment, part)
    return all(matcher is None for matcher in segments[segment:]), steps
