"""What a file depends on, and what depends on it: the edges that begin or end there."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kotadb import languages
from kotadb.model import TEXT, DependencyKind, Index, Repository, Verdict
from kotadb.postgres import graph
from kotadb.postgres.database import Database
from kotadb.questions.answers import answer, blind_spots, current_index, leading_nowhere
from kotadb.questions.paths import find_entry, refuse_skipped

Edge = Mapping[str, Any]


def dependencies(
    database: Database, repository: Repository, index: Index, path: str, *, folder: str = ""
) -> dict[str, Any]:
    """The files, the packages and the missing modules that a file imports, and the symbols of files that it uses.

    `path` is from the root of the repository, or else from `folder`. Raises NotFound if the index has no such file.
    """
    with database.snapshot() as connection:
        current = current_index(connection, index)
        entry = find_entry(connection, repository, current, path, folder)
        refuse_skipped(entry)
        edges = graph.outgoing(connection, current, entry["file_id"])
    missing = [edge for edge in edges if edge["path"] is None and edge["package"] is None]
    found = answer(
        repository, current, _doubts(entry, missing),
        path=entry["path"],
        language=entry["language"],
        files=_grouped(edges, "path"),
        packages=_grouped(edges, "package"),
        missing=[_import(edge) for edge in missing],
    )  # fmt: skip
    return found if entry["language"] in languages.importers(entry["language"]) else found | _no_imports(entry)


def dependents(
    database: Database, repository: Repository, index: Index, path: str, *, folder: str = ""
) -> dict[str, Any]:
    """The files that import a file, and the symbols in them that use symbols of it; the file may be a skipped one.

    `path` is from the root of the repository, or else from `folder`. Raises NotFound if the commit has no such file.
    """
    with database.snapshot() as connection:
        current = current_index(connection, index)
        entry = find_entry(connection, repository, current, path, folder)
        edges = graph.incoming(connection, current, entry["file_id"])
        language = languages.language_of(entry["path"]) or TEXT
        doubts = blind_spots(connection, current, languages.importers(language))
    return answer(
        repository, current, doubts, path=entry["path"], skipped=entry["skipped"], files=_grouped(edges, "path")
    )


def _doubts(entry: Mapping[str, Any], missing: Sequence[Edge]) -> list[str]:
    return [
        *(["the file has syntax errors"] if entry["has_errors"] else ()),
        *leading_nowhere(len(missing)),
    ]


def _no_imports(entry: Mapping[str, Any]) -> dict[str, Any]:
    reason = f"Imports are not looked for in files of this sort ({entry['language']})."
    return {"verdict": Verdict.UNKNOWN.value, "reason": reason}


def _grouped(edges: Iterable[Edge], other: str) -> list[dict[str, Any]]:
    """The edges by the file or package at their other end, which is in the column `other`."""
    groups: dict[str, dict[str, Any]] = {}
    for edge in edges:
        if edge[other] is None:
            continue
        group = groups.setdefault(edge[other], _group(edge, other))
        if edge["kind"] == DependencyKind.USE:
            group["uses"].append({column: edge[column] for column in ("from_symbol", "to_symbol", "line")})
        else:
            group["imports"].append(_import(edge))
    return list(groups.values())


def _group(edge: Edge, other: str) -> dict[str, Any]:
    if other == "package":
        return {"package": edge["package"], "imports": []}
    return {"path": edge["path"], "skipped": edge["skipped"], "imports": [], "uses": []}


def _import(edge: Edge) -> dict[str, Any]:
    return {column: edge[column] for column in ("kind", "specifier", "line", "type_only")}
