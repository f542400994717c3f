"""Globs of paths, as regular expressions that PostgreSQL and RE2 read the same way."""

import re
from collections.abc import Iterable
from typing import NamedTuple

_TOKEN = re.compile(r"\*\*/|\*\*|\*|\?|\[!?[\w.-]+\]|\{[^{},/]*(?:,[^{},/]*)*\}|.", re.DOTALL)
_META = re.compile(r"[\\.+*?()|\[\]{}^$]")
_WILD = re.compile(r"[*?\[{]")
_FIXED = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}


class PathFilter(NamedTuple):
    """Regular expressions of whole paths: of those that are wanted, and of those that are not. None where all are."""

    included: str | None
    excluded: str | None


def path_filter(globs: Iterable[str]) -> PathFilter:
    """The filter of several globs: a path that any of them means, and none that begins with `!`.

    `*` and `?` stay within a folder, `**` goes into all of them, `[a-z]` and `{a,b}` choose. A glob without a slash is
    of the names of files and folders, anywhere. A folder means all that is in it.
    """
    wanted: list[str] = []
    unwanted: list[str] = []
    for glob in globs:
        (unwanted if glob.startswith("!") else wanted).append(_regex(glob.removeprefix("!")))
    return PathFilter(_any_of(wanted), _any_of(unwanted))


def _any_of(regexes: list[str]) -> str | None:
    return f"^(?:{'|'.join(regexes)})$" if regexes else None


def _regex(glob: str) -> str:
    from_root = glob.removeprefix("./").removeprefix("/")
    anywhere = "" if "/" in glob.rstrip("/") else "(?:.*/)?"
    inside = "" if _WILD.search(glob) and not glob.endswith("/") else ("/.*" if glob.endswith("/") else "(?:/.*)?")
    return f"{anywhere}{''.join(map(_part, _TOKEN.findall(from_root.rstrip('/'))))}{inside}"


def _part(token: str) -> str:
    if token in _FIXED:
        return _FIXED[token]
    if len(token) > 1 and token[0] == "[":
        return _chosen_character(token)
    if len(token) > 1:
        return f"(?:{'|'.join(map(_escaped, token[1:-1].split(',')))})"
    return _escaped(token)


def _chosen_character(token: str) -> str:
    """A class of what is in the brackets; a range that runs backwards is none."""
    negated, inner = ("^/", token[2:-1]) if token.startswith("[!") else ("", token[1:-1])
    chosen: list[str] = []
    for part in re.findall(r"\w-\w|.", inner):
        if len(part) == 3 and part[0] > part[2]:
            return _escaped(token)
        chosen.append(part if len(part) == 3 else f"\\{part}" if part in ".-" else part)
    return f"[{negated}{''.join(chosen)}]"


def _escaped(text: str) -> str:
    return _META.sub(r"\\\g<0>", text)
