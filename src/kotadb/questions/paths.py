"""The file that a path means, and what to say where there is none."""

import re
from collections.abc import Mapping
from posixpath import normpath
from typing import Any, NamedTuple

from kotadb.errors import NotFound
from kotadb.model import SkipReason
from kotadb.postgres import graph
from kotadb.questions.asking import Scope

MAX_PATH = 4096
MAX_SUGGESTIONS = 5

_ADVICE = {
    SkipReason.EXCLUDED: "take it out of .kotadbignore and index it again",
    SkipReason.TOO_LARGE: "raise KOTADB_MAX_FILE_BYTES and index it again",
    SkipReason.PARSER_TIMEOUT: "raise KOTADB_MAX_PARSE_SECONDS and index it again",
    SkipReason.PARSER_MEMORY: "raise KOTADB_MAX_PARSER_MEMORY_BYTES and index it again",
}
_NAME = re.compile(r"\w+(?:(?:\.|::|#)\w+)*(?:\(\))?")


class Place(NamedTuple):
    """A file or a folder of an index."""

    path: str
    """"." is the root of the repository."""
    entry: dict[str, Any] | None
    """That of a file, which may be a skipped one; None for a folder."""

    @property
    def start(self) -> str:
        """What the paths of all files in the folder begin with."""
        return "" if self.path == "." else f"{self.path}/"


def place_at(scope: Scope, path: str, folder: str = "") -> Place | None:
    """The file or folder at `path`, from the root or else from `folder`; None if there is none."""
    candidates = _candidates(scope, path, folder)
    found = {entry["path"]: entry for entry in graph.entries(scope.connection, scope.index, candidates)}
    for candidate in candidates:
        is_folder = candidate == "." or graph.in_folder(scope.connection, scope.index, candidate, 1)
        if candidate in found or is_folder:
            return Place(candidate, found.get(candidate))
    return None


def find_place(scope: Scope, path: str, folder: str = "") -> Place:
    """The same. Raises NotFound if there is none, with advice."""
    place = place_at(scope, path, folder)
    if place is None:
        raise NotFound(nothing_at(scope, normpath(path)))
    return place


def find_entry(scope: Scope, path: str, folder: str = "") -> dict[str, Any]:
    """The entry of the commit's tree at `path`, from the root or else from `folder`. Raises NotFound, with advice."""
    candidates = _candidates(scope, path, folder)
    found = {entry["path"]: entry for entry in graph.entries(scope.connection, scope.index, candidates)}
    for candidate in candidates:
        if candidate in found:
            return found[candidate]
    raise NotFound(nothing_at(scope, candidates[0]))


def _candidates(scope: Scope, path: str, folder: str) -> list[str]:
    """What the path may be in the commit's tree. One on this machine will do too, if the repository lies around it."""
    path = path.removeprefix(f"{scope.repository.address}/") if path.startswith("/") else path
    return [normpath(path), normpath(f"{folder}/{path}").lstrip("/")]


def refuse_skipped(entry: Mapping[str, Any]) -> None:
    """Raises NotFound if the entry was not indexed: nothing is known of what is in it."""
    if entry["skipped"] is not None:
        reason = SkipReason(entry["skipped"])
        raise NotFound(f"{entry['path']} is not indexed, it was skipped as {reason.value}: {advice(reason)}")


def advice(reason: SkipReason) -> str:
    """What to do about a file that was skipped."""
    return _ADVICE.get(reason, "it has no source text that could be read")


def nothing_at(scope: Scope, path: str) -> str:
    """That nothing is called so, and what is similar or what to do."""
    repository, index = scope.repository, scope.index
    commit = (index.commit_sha or "")[:12]
    inside = graph.in_folder(scope.connection, index, path, MAX_SUGGESTIONS)
    if inside:
        return f"{path} is a folder in {repository.name} at {commit}: name a file in it, such as {', '.join(inside)}"
    similar = graph.similar(scope.connection, index, path, MAX_SUGGESTIONS)
    nothing = f"There is no file {path} in {repository.name} at {commit}"
    if similar:
        return f"{nothing}. Did you mean {' or '.join(similar)}?"
    if _NAME.fullmatch(path):
        return f"{nothing}, and no symbol or package of that name: `symbols` finds names that are similar"
    return f"{nothing}: paths start at the root of the repository, and what is not committed is not indexed"
