"""What a change may break: what depends on what changes, step by step, and the tests that come by it."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple, Self

from pydantic import ConfigDict, Field, model_validator

from kotadb import languages
from kotadb.model import DependencyKind, SkipReason, SymbolKind
from kotadb.postgres import reach
from kotadb.postgres.reach import Node, Row
from kotadb.questions import changes
from kotadb.questions.asking import Found, Parameters, Scope
from kotadb.questions.changes import MAX_NAMED, Change
from kotadb.questions.diffs import parse_diff
from kotadb.questions.doubts import counted, unseen_imports
from kotadb.questions.paths import MAX_PATH
from kotadb.questions.steps import Step, follow

MAX_FILES = 200
MAX_DIFF = 8 * 2**20
MAX_DEPTH = 10
MAX_ITEMS = 1_000

COMPLETE = "Every name that could mean what changes was told apart, and all that depends on it was followed to its end."

_SPECIAL = re.compile("__.+__")
_LOADS = frozenset(DependencyKind) - {DependencyKind.USE}


class Impact(Parameters):
    """What changes, and how far to follow it."""

    model_config = ConfigDict(strict=True)

    paths: list[str] = Field(
        default_factory=list, max_length=MAX_FILES, description="files that change, with all that is in them"
    )
    folder: str = Field(default="", max_length=MAX_PATH, description="a folder that the paths may be from instead")
    symbols: list[str] = Field(
        default_factory=list, max_length=MAX_FILES, description="symbols that change, by id or name, with their members"
    )
    diff: str | None = Field(
        default=None,
        max_length=MAX_DIFF,
        description="a unified diff against the indexed commit, as `git diff` prints it",
    )
    depth: int = Field(default=5, ge=1, le=MAX_DEPTH, description="steps to follow")
    limit: int = Field(default=200, ge=1, le=MAX_ITEMS, description="items of each list at most")

    @model_validator(mode="after")
    def _is_about_something(self) -> Self:
        if not self.paths and not self.symbols and self.diff is None:
            raise ValueError("name the files that change in `paths`, or `symbols`, or give a `diff`")
        if any(not 0 < len(path) <= MAX_PATH for path in self.paths):
            raise ValueError(f"a path has 1 to {MAX_PATH:,} characters")
        return self


def impact(scope: Scope, asked: Impact) -> Found:
    """What depends on files or on the symbols that a diff changes, by distance, with the reasons and the tests to run.

    `affected` has symbols, and files for what is outside of symbols; `tests` has the files of tests, nearest first. The
    diff need not be committed anywhere. Raises NotFound if the commit has no such file, and InvalidInput for a diff
    that cannot be read.
    """
    changed, doubts = _changes(scope, asked)
    steps, end = follow(scope, changed, asked.depth)
    files = reach.files(scope.connection, scope.index, _files(changed, steps))
    code = [step for step in steps if not files[step.node[0]]["is_test"]]
    tests = _tests(changed, steps, files)
    exported = [(change, row) for change in changed for row in change.symbols if row["exported"]]
    content = {
        "changed": _changed(changed, asked.limit),
        "exported_api": [_exported(*each) for each in exported[: asked.limit]],
        "affected": _affected(scope, code, files, asked.limit),
        "tests": _described_tests(scope, tests, files, asked.limit),
        "totals": {
            "changed": len(changed),
            "changed_symbols": sum(len(change.symbols) for change in changed),
            "exported_api": len(exported),
            "affected": len(code),
            "affected_files": len({step.node[0] for step in code}),
            "tests": len(tests),
        },
    }
    return _found(scope, asked, content, [*doubts, *_cut(content, asked, end)], changed, steps)


def _changes(scope: Scope, asked: Impact) -> tuple[list[Change], list[str]]:
    by_diff, doubts = changes.of_diff(scope, parse_diff(asked.diff or ""))
    whole = changes.of_files(scope, asked.paths, asked.folder)
    named = {change.path for change in whole}
    parts = changes.merged([*by_diff, *changes.of_symbols(scope, asked.symbols)])
    return [*whole, *(change for change in parts if change.path not in named)], doubts


# ---- the answer ------------------------------------------------------------------------------------------------------


def _files(changed: Iterable[Change], steps: Iterable[Step]) -> set[int]:
    """All files that are spoken of."""
    nodes = [node for step in steps for node in (step.node, step.target)]
    return {file_id for file_id, _ in nodes} | {
        change.entry["file_id"] for change in changed if change.entry is not None
    }


def _changed(changed: Iterable[Change], limit: int) -> list[dict[str, Any]]:
    left = limit
    described = []
    for change in islice(changed, limit):
        described.append(_change(change, left))
        left = max(0, left - len(change.symbols))
    return described


def _change(change: Change, limit: int) -> dict[str, Any]:
    return {
        "path": change.path,
        "change": change.change,
        "old_path": change.old_path,
        "skipped": None if change.entry is None else change.entry["skipped"],
        "outside_symbols": change.touches_module,
        "symbols": [_symbol(row) for row in change.symbols[:limit]],
    }


def _symbol(row: Row) -> dict[str, Any]:
    return {column: row[column] for column in ("qualified_name", "kind", "line", "exported")}


def _exported(change: Change, row: Row) -> dict[str, Any]:
    return {"path": change.path, **{column: row[column] for column in ("qualified_name", "kind", "line")}}


def _affected(scope: Scope, steps: Sequence[Step], files: Mapping[int, Row], limit: int) -> list[dict[str, Any]]:
    ordered = sorted(steps, key=lambda step: (step.distance, files[step.node[0]]["path"], step.line, step.node[1] or 0))
    shown = ordered[:limit]
    names = _names(scope, shown)
    return [
        {
            "distance": step.distance,
            "path": files[step.node[0]]["path"],
            **_named(names.get(step.node)),
            "why": _why(step, files, names),
        }
        for step in shown
    ]


def _named(row: Row | None) -> dict[str, Any]:
    if row is None:
        return {"symbol": None, "kind": None, "line": None}
    return {"symbol": row["qualified_name"], "kind": row["kind"], "line": row["line"]}


def _why(step: Step, files: Mapping[int, Row], names: Mapping[Node, Row]) -> dict[str, Any]:
    """The line that makes the step, and what it leads to; no symbol means the file."""
    target = names.get(step.target)
    return {
        "kind": step.kind,
        "line": step.line,
        "path": files[step.target[0]]["path"],
        "symbol": None if target is None else target["qualified_name"],
    }


def _names(scope: Scope, steps: Iterable[Step]) -> dict[Node, Row]:
    nodes = {node for step in steps for node in (step.node, step.target) if node[1] is not None}
    return reach.named(scope.connection, scope.index, nodes) if nodes else {}


class _Test(NamedTuple):
    """A file of tests, with the nearest of its steps; none if the file itself changes."""

    path: str
    step: Step | None
    symbols: int

    @property
    def order(self) -> tuple[int, bool, str]:
        """Nearest first, and of those at the same distance what uses before what only imports."""
        if self.step is None:
            return 0, False, self.path
        return self.step.distance, self.step.kind in _LOADS, self.path


def _tests(changed: Iterable[Change], steps: Iterable[Step], files: Mapping[int, Row]) -> list[_Test]:
    ids = [change.entry["file_id"] for change in changed if change.entry is not None and change.change != "deleted"]
    found = {file_id: _Test(files[file_id]["path"], None, 0) for file_id in ids if files[file_id]["is_test"]}
    by_file: dict[int, list[Step]] = {}
    for step in steps:
        if files[step.node[0]]["is_test"]:
            by_file.setdefault(step.node[0], []).append(step)
    for file_id, inside in by_file.items():
        tests = [_Test(files[file_id]["path"], step, len(inside)) for step in inside]
        first = min(tests, key=lambda test: (test.order, test.step.line if test.step else 0))
        found.setdefault(file_id, first)
    return sorted(found.values(), key=lambda test: test.order)


def _described_tests(
    scope: Scope, tests: Sequence[_Test], files: Mapping[int, Row], limit: int
) -> list[dict[str, Any]]:
    shown = tests[:limit]
    names = _names(scope, [test.step for test in shown if test.step is not None])
    return [
        {
            "path": test.path,
            "distance": test.step.distance if test.step else 0,
            "affected": test.symbols,
            "why": _why(test.step, files, names) if test.step else None,
        }
        for test in shown
    ]


# ---- what may be missing ---------------------------------------------------------------------------------------------


def _cut(content: Mapping[str, Any], asked: Impact, end: int | None) -> list[str]:
    """Why the answer is not all of it: lists that end at the limit, and what is further away."""
    totals = content["totals"]
    long = [f"{asked.limit:,} of {totals[key]:,} {noun} are given" for key, noun in _LISTS if totals[key] > asked.limit]
    if end is not None:
        long.append(f"what is further away than {counted(end, 'step', 'steps')} was not looked at")
    return long


_LISTS = (
    ("changed", "changed files"),
    ("changed_symbols", "changed symbols"),
    ("exported_api", "changed exports"),
    ("affected", "affected symbols"),
    ("tests", "files of tests"),
)


def _found(
    scope: Scope,
    asked: Impact,
    content: Mapping[str, Any],
    doubts: Sequence[str],
    changed: Sequence[Change],
    steps: Sequence[Step],
) -> Found:
    among = frozenset[str]().union(*(languages.importers(change.language) for change in changed))
    names = {row["qualified_name"].rpartition(".")[2] for change in changed for row in change.symbols}
    count = reach.unresolved(scope.connection, scope.index, names, among) if names else 0
    reached = {step.node for step in steps if step.node[1] is not None}
    unseen = unseen_imports(scope, among)
    clauses = [
        *doubts,
        *_not_looked_into(changed),
        *_special(changed),
        *_unresolved(count),
        *(_further(scope, reached) if not count and reached else ()),
        *unseen.clauses,
    ]
    return Found(content, clauses, unseen.skipped, count + unseen.unresolved, complete=COMPLETE)


def _not_looked_into(changed: Iterable[Change]) -> list[str]:
    """The doubt about files whose symbols are not known: text without a parser here, and what was skipped."""
    paths = [change.path for change in changed if change.entry is not None and not _has_symbols(change, change.entry)]
    return (
        [f"{counted(len(paths), 'file that changes was', 'files that change were')} not looked into"] if paths else []
    )


def _special(changed: Iterable[Change]) -> list[str]:
    """The doubt about `__str__` and its like."""
    names = {row["qualified_name"] for change in changed for row in change.symbols if _is_special(row)}
    return [f"Python calls {', '.join(sorted(names)[:MAX_NAMED])} without naming it"] if names else []


def _is_special(row: Row) -> bool:
    return row["kind"] == SymbolKind.METHOD and bool(_SPECIAL.fullmatch(row["name"]))


def _has_symbols(change: Change, entry: Row) -> bool:
    """Whether they were looked for; a binary file has none."""
    if entry["skipped"] is not None:
        return bool(entry["skipped"] == SkipReason.BINARY)
    return change.language in languages.names()


def _unresolved(count: int) -> list[str]:
    if not count:
        return []
    return [f"{counted(count, 'reference', 'references')} to something called like what changes could not be resolved"]


def _further(scope: Scope, reached: Collection[Node]) -> list[str]:
    if not reach.has_unresolved(scope.connection, scope.index, reached):
        return []
    return ["references to something that is called like what is affected could not be resolved"]
