"""Which files depend on each other in a circle."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from kotadb import languages
from kotadb.model import TEXT, DependencyKind
from kotadb.pipeline import graph
from kotadb.postgres import export
from kotadb.questions.asking import Found, Parameters, Scope
from kotadb.questions.dependencies import COMPLETE
from kotadb.questions.doubts import unseen_imports

_NOT_AT_LOAD = frozenset({DependencyKind.TYPE_IMPORT.value, DependencyKind.DYNAMIC_IMPORT.value})


class _Cycle(NamedTuple):
    """Files that all reach each other."""

    paths: list[str]
    at_load: bool
    """Whether there is still a cycle in it without the edges that are for types alone or that only a call follows."""
    circle: list[str]
    """A shortest circle through one of its files, along its edges from file to file."""


def cycles(scope: Scope, asked: Parameters) -> Found:
    """The cycles of files, each with a short circle in it: from each path to the next, from the last to the first.

    `at_load` tells whether that circle closes as programs start, which is what breaks them; else every circle in the
    cycle takes an import that is for types alone or that is only followed by a call.
    """
    edges = export.file_edges(scope.connection, scope.index.repository_id, scope.index.index_id)
    content = {"cycles": [cycle._asdict() for cycle in _cycles(edges)]}
    return Found(content, *unseen_imports(scope, languages.importers(TEXT)), complete=COMPLETE)


def cycles_of(edges: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The cycles among file edges, as they are exported: `{"paths": […], "at_load": bool}`."""
    return [{"paths": cycle.paths, "at_load": cycle.at_load} for cycle in _cycles(list(edges))]


def _cycles(edges: list[Any]) -> list[_Cycle]:
    every = _targets(edges)
    loading = _targets(edge for edge in edges if _is_at_load(edge))
    found = graph.cycles(every)
    cycle_of = {path: number for number, paths in enumerate(found) for path in paths}
    at_load: dict[int, list[str]] = {}
    for paths in graph.cycles(loading):  # each lies within one of all edges
        at_load.setdefault(cycle_of[paths[0]], paths)
    return [
        _Cycle(paths, True, _circle(loading, at_load[number]))
        if number in at_load
        else _Cycle(paths, False, _circle(every, paths))
        for number, paths in enumerate(found)
    ]


def _is_at_load(edge: Mapping[str, Any]) -> bool:
    return not (edge["type_only"] or edge["deferred"] or edge["kind"] in _NOT_AT_LOAD)


def _circle(targets: Mapping[str, list[str]], paths: list[str]) -> list[str]:
    """A shortest circle through the first of the paths; it cannot leave them."""
    inside = set(paths)
    return graph.circle({path: [to for to in targets[path] if to in inside] for path in paths}, paths[0])


def _targets(edges: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Where the edges from each file go, each file once, in order."""
    targets: dict[str, dict[str, None]] = {}
    for edge in edges:
        targets.setdefault(edge["from_path"], {})[edge["to_path"]] = None
    return {path: sorted(found) for path, found in targets.items()}
