"""The file that a path means, and what to say where there is none."""

import re
from posixpath import normpath
from typing import Any

from kotadb.errors import NotFound
from kotadb.model import Index, Repository, SkipReason
from kotadb.postgres import graph
from kotadb.postgres.database import Connection

MAX_SUGGESTIONS = 5

_ADVICE = {
    SkipReason.EXCLUDED: "take it out of .kotadbignore and index it again",
    SkipReason.TOO_LARGE: "raise KOTADB_MAX_FILE_BYTES and index it again",
    SkipReason.PARSER_TIMEOUT: "raise KOTADB_MAX_PARSE_SECONDS and index it again",
    SkipReason.PARSER_MEMORY: "raise KOTADB_MAX_PARSER_MEMORY_BYTES and index it again",
}
_NAME = re.compile(r"\w+(?:(?:\.|::|#)\w+)*(?:\(\))?")


def find_entry(connection: Connection, repository: Repository, index: Index, path: str, folder: str) -> dict[str, Any]:
    """The entry of the commit's tree at `path`, from the root or else from `folder`. Raises NotFound, with advice."""
    candidates = [normpath(path), normpath(f"{folder}/{path}").lstrip("/")]
    found = {entry["path"]: entry for entry in graph.entries(connection, index, candidates)}
    for candidate in candidates:
        if candidate in found:
            return found[candidate]
    raise NotFound(_nothing_at(connection, repository, index, candidates[0]))


def refuse_skipped(entry: dict[str, Any]) -> None:
    """Raises NotFound if the entry was not indexed: nothing is known of what is in it."""
    if entry["skipped"] is not None:
        advice = _ADVICE.get(SkipReason(entry["skipped"]), "it has no source text that could be read")
        raise NotFound(f"{entry['path']} is not indexed, it was skipped as {entry['skipped']}: {advice}")


def _nothing_at(connection: Connection, repository: Repository, index: Index, path: str) -> str:
    commit = (index.commit_sha or "")[:12]
    inside = graph.in_folder(connection, index, path, MAX_SUGGESTIONS)
    if inside:
        return f"{path} is a folder in {repository.name} at {commit}: name a file in it, such as {', '.join(inside)}"
    similar = graph.similar(connection, index, path, MAX_SUGGESTIONS)
    nothing = f"There is no file {path} in {repository.name} at {commit}"
    if similar:
        return f"{nothing}. Did you mean {' or '.join(similar)}?"
    if _NAME.fullmatch(path):
        return f"{nothing}, and symbols cannot be asked for by name yet: give the path of a file"
    return f"{nothing}: paths start at the root of the repository, and what is not committed is not indexed"
