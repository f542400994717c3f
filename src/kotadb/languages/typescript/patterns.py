"""The two kinds of patterns in configurations: names with one star, and globs of paths.

Both come from the repository and may be hostile: neither is ever matched by backtracking over several stars.
"""

import fnmatch
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Generic, NamedTuple, TypeVar

_T = TypeVar("_T")

_STAR = "*"
_MAX_SUFFIXES = 100
"""Keys that differ only in what follows the star; each is tried. There are thousands of prefixes in real mappings."""
_ANYTHING = "**"
_INSTALLED = frozenset({"node_modules", "bower_components", "jspm_packages"})


class Match(NamedTuple, Generic[_T]):
    """What a key stands for, and the text in the place of its star."""

    key: str
    value: _T
    star: str


class StarMap(Generic[_T]):
    """Names, some with one `*`, as in `paths`, `exports` and `imports`: an exact one first, then the longest prefix."""

    def __init__(self, entries: Mapping[str, _T]) -> None:
        self._exact = entries
        self._suffixes: dict[str, list[str]] = defaultdict(list)
        for key in sorted((key for key in entries if key.count(_STAR) == 1), key=len, reverse=True):
            prefix, _, suffix = key.partition(_STAR)
            if len(self._suffixes[prefix]) < _MAX_SUFFIXES:
                self._suffixes[prefix].append(suffix)
        self._lengths = sorted({len(prefix) for prefix in self._suffixes}, reverse=True)

    def keys(self) -> Iterable[str]:
        return self._exact.keys()

    def match(self, name: str) -> Match[_T] | None:
        if name in self._exact and _STAR not in name:
            return Match(name, self._exact[name], "")
        for length in self._lengths:
            prefix = name[:length]
            for suffix in self._suffixes.get(prefix, ()) if len(prefix) == length else ():
                if name.endswith(suffix) and len(name) >= length + len(suffix):
                    key = f"{prefix}{_STAR}{suffix}"
                    return Match(key, self._exact[key], name[length : len(name) - len(suffix)])
        return None


class Glob:
    """A pattern of paths: `*` and `?` within a name, `**` for any number of folders.

    One that `includes` files means, as TypeScript has it, neither hidden nor installed ones unless it names them.
    """

    def __init__(self, pattern: str, *, includes: bool = False) -> None:
        self._includes = includes
        self._segments = [_segment(name, includes) for name in pattern.split("/")] if pattern else []
        self._prefix = re.split(r"[^/]*[*?]", pattern, maxsplit=1)[0].rstrip("/")

    def matches(self, path: str) -> bool:
        """The segments one by one; where they do not fit, the last `**` takes one more folder."""
        if not path.startswith(self._prefix):  # most paths, without a closer look
            return False
        names, segments = path.split("/"), self._segments
        at = position = 0
        restart: tuple[int, int] | None = None
        while position < len(names):
            segment = segments[at] if at < len(segments) else None
            if at < len(segments) and segment is None:
                restart = (at, position)
                at += 1
            elif segment is not None and segment(names[position]):
                at, position = at + 1, position + 1
            elif restart is None or self._stops_at(names[restart[1]]):
                return False
            else:
                restart = (restart[0], restart[1] + 1)
                at, position = restart[0] + 1, restart[1]
        return all(segment is None for segment in segments[at:])

    def _stops_at(self, name: str) -> bool:
        return self._includes and (name.startswith(".") or name in _INSTALLED)


def _segment(name: str, includes: bool) -> Callable[[str], object] | None:
    """What tells whether a name fits; None stands for `**`."""
    if name == _ANYTHING:
        return None
    if "*" not in name and "?" not in name:
        return name.__eq__
    visible = r"(?!\.)" if includes and name[0] in "*?" else ""
    return re.compile(visible + fnmatch.translate(name.replace("[", "[[]"))).match


class GlobSet:
    """Paths that one of the patterns matches and, of those, none of the exceptions."""

    def __init__(self, included: Iterable[Glob], excluded: Iterable[Glob]) -> None:
        self._included = tuple(included)
        self._excluded = tuple(excluded)

    def matches(self, path: str) -> bool:
        return any(glob.matches(path) for glob in self._included) and not any(
            glob.matches(path) for glob in self._excluded
        )
