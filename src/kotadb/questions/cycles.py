"""Which files depend on each other in a circle."""

from collections.abc import Iterable, Mapping
from typing import Any

from kotadb.model import DependencyKind
from kotadb.pipeline.graph import cycles

_NOT_AT_LOAD = frozenset({DependencyKind.TYPE_IMPORT.value, DependencyKind.DYNAMIC_IMPORT.value})


def cycles_of(edges: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The cycles among file edges, as `{"paths": […], "at_load": bool}`.

    `at_load` tells whether there is still a cycle in it without the edges that are for types alone or that are only
    followed when a call is reached: it is these that break programs as they start.
    """
    edges = list(edges)
    loading = cycles(_targets(edge for edge in edges if not edge["type_only"] and edge["kind"] not in _NOT_AT_LOAD))
    return [
        {"paths": paths, "at_load": any(set(part) <= set(paths) for part in loading)}
        for paths in cycles(_targets(edges))
    ]


def _targets(edges: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Where the edges from each file go, each file once, in order."""
    targets: dict[str, dict[str, None]] = {}
    for edge in edges:
        targets.setdefault(edge["from_path"], {})[edge["to_path"]] = None
    return {path: sorted(found) for path, found in targets.items()}
