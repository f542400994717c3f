"""Who uses a symbol: what refers to it for sure, and apart from that what may."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import Field

from kotadb import languages
from kotadb.model import ReferenceKind, unpack_positions
from kotadb.postgres import symbols as stored
from kotadb.questions import doubts
from kotadb.questions.asking import MAX_PAGE, Found, Scope
from kotadb.questions.symbols import MAX_CANDIDATES, OfSymbol, about, find_symbol, symbol_id

MAX_TEXT = 300
"""Characters of a line that are shown: cut around the name."""
COMPLETE = "Every name that could mean it was told apart."

Row = Mapping[str, Any]


class Usages(OfSymbol):
    """Whose usages, and which."""

    reference_kind: list[ReferenceKind] | None = Field(
        default=None, max_length=len(ReferenceKind), description="only these kinds of references"
    )
    limit: int = Field(default=50, ge=1, le=MAX_PAGE, description="usages on a page")
    cursor: str | None = Field(default=None, max_length=2000, description="`next_cursor` of the page before")


def usages(scope: Scope, asked: Usages) -> Found:
    """The references to a symbol, by file and line, with their text; and apart from them those that may be to it."""
    row, others = find_symbol(scope, asked)
    start = scope.offset(asked.cursor)
    kinds = [kind.value for kind in asked.reference_kind or ReferenceKind]
    used = stored.used_in(scope.connection, scope.index, row, kinds)
    total = sum(each["count"] for each in used)
    page = _page(
        scope, used, start, asked.limit, lambda files: stored.usages(scope.connection, scope.index, row, kinds, files)
    )
    following = start + asked.limit if start + asked.limit < total else None
    candidates = _candidates(scope, row, asked.limit if start == 0 else 0)
    content = {
        "symbol": about(row),
        "total": total,
        "files": len({each["file_id"] for each in used}),
        "by_kind": _summed(used),
        "usages": page,
        "next_cursor": scope.cursor(following),
        "candidates": candidates,
        "others": [symbol_id(other) for other in others[:MAX_CANDIDATES]],
    }
    unseen = doubts.unseen_text(scope, languages.importers(row["language"]))
    unresolved = _unresolved(row["name"], candidates["total"])
    return Found(content, [*unresolved, *unseen.clauses], unseen.skipped, candidates["total"], complete=COMPLETE)


def _candidates(scope: Scope, symbol: Row, limit: int) -> dict[str, Any]:
    """The first references to something of that name of which nothing is known, and how many there are."""
    name = symbol["name"]
    used = stored.maybe_used_in(scope.connection, scope.index, name, languages.importers(symbol["language"]))
    return {
        "total": sum(each["count"] for each in used),
        "files": len({each["file_id"] for each in used}),
        "usages": _page(
            scope, used, 0, limit, lambda files: stored.maybe_usages(scope.connection, scope.index, name, files)
        ),
    }


def _unresolved(name: str, count: int) -> list[str]:
    if not count:
        return []
    return [f"{doubts.counted(count, 'reference to', 'references to')} something called {name} could not be resolved"]


def _summed(used: Iterable[Row]) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for row in used:
        sums[row["kind"]] += row["count"]
    return dict(sorted(sums.items()))


class _File(NamedTuple):
    """A file with usages; sorted, tests come last."""

    is_test: bool
    path: str
    file_id: int


def _page(
    scope: Scope, used: Iterable[Row], start: int, limit: int, load: Callable[[list[int]], Iterable[Row]]
) -> list[dict[str, Any]]:
    """The usages from number `start` on, in the order of path and place; only their files are looked at."""
    counts: Counter[_File] = Counter()
    for row in used:
        counts[_File("test" in row["tags"], row["path"], row["file_id"])] += row["count"]
    passed = skipped = 0
    files = []
    for file in sorted(counts):
        if passed + counts[file] <= start:
            skipped = passed + counts[file]
        elif passed < start + limit:
            files.append(file)
        passed += counts[file]
    items = _occurrences(scope, files, load([file.file_id for file in files])) if files else []
    return items[start - skipped : start - skipped + limit]


def _occurrences(scope: Scope, files: Sequence[_File], rows: Iterable[Row]) -> list[dict[str, Any]]:
    """What each row has packed, in the order of the files and of their sources."""
    order = {file.file_id: number for number, file in enumerate(files)}
    texts = stored.contents(scope.connection, scope.index, list(order))
    lines = {file_id: text.encode().split(b"\n") for file_id, text in texts.items()}
    found = [
        (order[row["file_id"]], line, column, row["kind"], row)
        for row in rows
        for line, column in unpack_positions(row["positions"])
    ]
    return [
        {
            "path": files[number].path, "line": line, "column": column, "kind": kind, "resolution": row["resolution"],
            "enclosing": _enclosing(files[number].path, row), "test": files[number].is_test,
            "text": shown(lines[row["file_id"]][line - 1], column),
        }
        for number, line, column, kind, row in sorted(found, key=lambda each: each[:4])
    ]  # fmt: skip


def _enclosing(path: str, row: Row) -> str | None:
    if row["enclosing"] is None:
        return None
    return symbol_id({"path": path, "qualified_name": row["enclosing"], "kind": row["enclosing_kind"]})


def shown(line: bytes, column: int) -> str:
    """A line without the white space around it; of a very long one what is around the column, in bytes."""
    text = line.decode("utf-8", "replace").strip()
    if len(text) <= MAX_TEXT:
        return text
    start = max(0, column - MAX_TEXT // 3)
    part = line[start : start + MAX_TEXT].decode("utf-8", "ignore").strip()
    return f"{'…' if start else ''}{part}{'…' if start + MAX_TEXT < len(line) else ''}"
