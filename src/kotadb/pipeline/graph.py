"""The sixth step: what depends on what. Also the cycles in it, found when they are asked for."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from kotadb.languages.modules import MISSING, Location
from kotadb.model import DependencyKind, Import
from kotadb.pipeline.program import Program


class Dependency(NamedTuple):
    """An edge from a file by an import: to a file, to a package, or with neither to something that is missing."""

    kind: DependencyKind
    to_file: str | None = None
    package: str | None = None
    specifier: str | None = None
    """As the source has it."""
    type_only: bool = False
    line: int | None = None


def imports(program: Program, number: int, found: Iterable[Import]) -> Iterator[Dependency]:
    """The edges from a file's imports, each once, in the order of the source."""
    edges: dict[Dependency, None] = {}
    for item in found:
        for location in _destinations(program, number, item):
            edge = Dependency(item.kind, location.path, location.package, item.specifier, item.type_only, item.line)
            edges.setdefault(edge)
    yield from edges


def _destinations(program: Program, number: int, item: Import) -> Iterator[Location]:
    """The modules that an import loads: those it names in a package, and the package itself for its own names."""
    module = program.location(number, item.specifier)
    submodules = [program.submodule(number, module, name) for name in item.names]
    for submodule in submodules:
        if submodule != MISSING:
            yield submodule
    if MISSING in submodules or (not submodules and module.folder is None):  # a folder by itself loads no file
        yield module


def cycles(edges: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """The strongly connected components that are cycles: of more than one node, or of one with an edge to itself.

    Nodes are sorted in each, and the cycles by their first node. Tarjan's algorithm (1972), without recursion.
    """
    search = _Components(edges)
    found = [component for node in sorted(edges) for component in search.from_node(node)]
    return sorted(sorted(part) for part in found if len(part) > 1 or part[0] in edges.get(part[0], ()))


def circle(edges: Mapping[str, Iterable[str]], start: str) -> list[str]:
    """A shortest way along the edges from a node back to itself, without its end; empty if there is none."""
    before: dict[str, str] = {}
    queue = deque([start])
    while queue:
        node = queue.popleft()
        for target in edges.get(node, ()):
            if target == start:
                return _way(before, node)
            if target not in before:
                before[target] = node
                queue.append(target)
    return []


def _way(before: Mapping[str, str], end: str) -> list[str]:
    way = [end]
    while way[-1] in before:
        way.append(before[way[-1]])
    return way[::-1]


class _Components:
    def __init__(self, edges: Mapping[str, Iterable[str]]) -> None:
        self._edges = edges
        self._index: dict[str, int] = {}
        self._lowest: dict[str, int] = {}
        self._open: dict[str, None] = {}
        """The nodes seen whose component is not complete, in the order they were seen."""

    def from_node(self, start: str) -> Iterator[list[str]]:
        """The components reached from a node that were not reached before."""
        if start in self._index:
            return
        path = [(start, self._enter(start))]
        while path:
            node, targets = path[-1]
            target = next(targets, None)
            if target is None:
                path.pop()
                if path:
                    self._lower(path[-1][0], self._lowest[node])
                if self._lowest[node] == self._index[node]:
                    yield self._closed(node)
            elif target not in self._index:
                path.append((target, self._enter(target)))
            elif target in self._open:
                self._lower(node, self._index[target])

    def _enter(self, node: str) -> Iterator[str]:
        self._index[node] = self._lowest[node] = len(self._index)
        self._open[node] = None
        return iter(self._edges.get(node, ()))

    def _lower(self, node: str, index: int) -> None:
        self._lowest[node] = min(self._lowest[node], index)

    def _closed(self, node: str) -> list[str]:
        component = []
        while True:
            last, _ = self._open.popitem()
            component.append(last)
            if last == node:
                return component
