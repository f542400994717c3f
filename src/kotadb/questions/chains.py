"""How one file depends on another: the shortest chains of files that lead there."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice, pairwise
from typing import Any, NamedTuple

from pydantic import Field

from kotadb.postgres import reach
from kotadb.questions.asking import Found, Parameters, Scope
from kotadb.questions.dependencies import COMPLETE, no_imports
from kotadb.questions.doubts import UNREAD, counted, leading_nowhere
from kotadb.questions.paths import MAX_PATH, find_entry, refuse_skipped

MAX_CHAINS = 20

Pair = tuple[int, int]
Chain = Sequence[int]


class Chains(Parameters):
    """Between which files, and along what."""

    from_path: str = Field(min_length=1, max_length=MAX_PATH, description="the file that depends")
    to_path: str = Field(min_length=1, max_length=MAX_PATH, description="the file that is depended on")
    folder: str = Field(default="", max_length=MAX_PATH, description="a folder that the paths may be from instead")
    types: bool = Field(default=True, description="also along imports that are for types alone")
    uses: bool = Field(
        default=False, description="also straight to a file whose symbols are used, past those that only hand them on"
    )
    limit: int = Field(default=3, ge=1, le=MAX_CHAINS, description="chains of the same length at most")


class _Ways(NamedTuple):
    """The shortest chains that were found, all that were looked at on the way, and whether there are more chains."""

    chains: list[Chain]
    reached: set[int]
    are_more: bool


def path(scope: Scope, asked: Chains) -> Found:
    """How a file depends on another one: the shortest chains of imports, each step with the lines that make it.

    Imports, because they are what can be cut: whatever uses a symbol of another file has a chain of imports to it.
    Chains by way of tests are given only if there are no others, with `through_tests`. Raises NotFound if the commit
    has no such file.
    """
    start, end = (find_entry(scope, name, asked.folder) for name in (asked.from_path, asked.to_path))
    refuse_skipped(start)
    ways = _ways(scope, asked, start["file_id"], end["file_id"], tests=False)
    through_tests = not ways.chains
    if through_tests:
        ways = _ways(scope, asked, start["file_id"], end["file_id"], tests=True)
    content = {
        "from_path": start["path"],
        "to_path": end["path"],
        "length": len(ways.chains[0]) - 1 if ways.chains else None,
        "chains": _described(scope, asked, ways.chains),
        "through_tests": through_tests and bool(ways.chains),
    }
    doubt = reach.in_doubt(scope.connection, scope.index, ways.reached, UNREAD)
    clauses = [
        *([f"{counted(doubt.unread, 'file', 'files')} on the way could not be read"] if doubt.unread else ()),
        *([f"{counted(doubt.broken, 'file', 'files')} on the way with syntax errors"] if doubt.broken else ()),
        *leading_nowhere(doubt.missing),
        *([f"{len(ways.chains):,} of several chains of this length are given"] if ways.are_more else ()),
    ]
    return Found(
        content, clauses, doubt.unread + doubt.broken, doubt.missing, no_imports({start["language"]}), COMPLETE
    )


def _ways(scope: Scope, asked: Chains, start: int, end: int, *, tests: bool) -> _Ways:
    """Breadth first, until a level reaches the end."""
    before: dict[int, list[int]] = {}
    seen, level = {start}, [start]
    while level and end not in before:
        edges = reach.imported(scope.connection, scope.index, level, types=asked.types, uses=asked.uses)
        new = _new(edges, seen, end)
        for first, second in new if tests else _without_tests(scope, new, end):
            before.setdefault(second, []).append(first)
            seen.add(second)
        level = [file for file in dict.fromkeys(second for _, second in new) if file in before and file != end]
    found = list(islice(_chains(before, start, end), asked.limit + 1)) if end in before else []
    return _Ways(found[: asked.limit], seen, len(found) > asked.limit)


def _new(edges: Iterable[Pair], seen: set[int], end: int) -> list[Pair]:
    """The edges to files that were not reached before; the end is where the start is, for a circle."""
    return [(first, second) for first, second in edges if second == end or second not in seen]


def _without_tests(scope: Scope, edges: list[Pair], end: int) -> list[Pair]:
    files = reach.files(scope.connection, scope.index, {second for _, second in edges})
    return [(first, second) for first, second in edges if second == end or not files[second]["is_test"]]


def _chains(before: Mapping[int, Sequence[int]], start: int, end: int) -> Iterator[Chain]:
    """Every chain from the start to the end; none of them is followed into a dead end. Without recursion: they may be
    long."""
    open_ends: list[list[int]] = [[file, end] for file in reversed(before[end])]
    while open_ends:
        chain = open_ends.pop()
        if chain[0] == start:
            yield chain
        else:
            open_ends += [[file, *chain] for file in reversed(before[chain[0]])]


def _described(scope: Scope, asked: Chains, chains: Sequence[Chain]) -> list[dict[str, Any]]:
    files = reach.files(scope.connection, scope.index, {file for chain in chains for file in chain})
    pairs = {pair for chain in chains for pair in pairwise(chain)}
    lines: dict[Pair, list[dict[str, Any]]] = {}
    for edge in reach.edges(scope.connection, scope.index, pairs, types=asked.types, uses=asked.uses):
        lines.setdefault((edge["from_file_id"], edge["to_file_id"]), []).append(_edge(edge))
    return sorted((_chain(chain, lambda file: files[file]["path"], lines) for chain in chains), key=_paths)


def _chain(chain: Chain, path_of: Callable[[int], str], lines: Mapping[Pair, list[dict[str, Any]]]) -> dict[str, Any]:
    return {
        "paths": [path_of(file) for file in chain],
        "steps": [
            {"from_path": path_of(first), "to_path": path_of(second), "lines": lines[first, second]}
            for first, second in pairwise(chain)
        ],
    }


def _paths(chain: Mapping[str, Any]) -> list[str]:
    paths: list[str] = chain["paths"]
    return paths


def _edge(row: Mapping[str, Any]) -> dict[str, Any]:
    return {column: row[column] for column in ("kind", "specifier", "line", "type_only", "symbol")}
