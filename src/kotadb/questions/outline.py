"""A first look: what there is in a file, and what matters most in a folder or repository."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from pydantic import Field

from kotadb import languages
from kotadb.postgres import outline as stored
from kotadb.questions.asking import Found, Parameters, Scope
from kotadb.questions.doubts import Doubts, unseen_text
from kotadb.questions.paths import MAX_PATH, Place, find_place, refuse_skipped
from kotadb.questions.remembered import remembered

COMPLETE = "All source was read; what the budget had no room for is counted in `omitted`."

CHARACTERS_PER_TOKEN = 4
"""What tokenizers of language models make of English and of code, roughly."""

SYMBOLS_EACH = 5
"""Of each file in a map."""
MAX_SIGNATURE = 100
FILES_AT_ONCE = 16
"""Whose symbols are looked up together: of a small map, all."""
SMALLEST_ENTRY = 80
"""Characters that a file takes at least."""
SMALLEST_SYMBOL = 80


@remembered
def _degrees(scope: Scope) -> stored.Degrees:
    """All references are read for it: a million in a third of a second."""
    return stored.degrees(scope.connection, scope.index)


class OfPlace(Parameters):
    """A question about a file, a folder or all of a repository."""

    path: str | None = Field(
        default=None, max_length=MAX_PATH, description="a file or folder, from the root of the repository; default: all"
    )
    folder: str = Field(default="", max_length=MAX_PATH, description="a folder that the path may be from instead")
    tokens: int = Field(default=2000, ge=100, le=20_000, description="budget: 4 characters of JSON count as a token")


def outline(scope: Scope, asked: OfPlace) -> Found:
    """A first look at a repository, folder or file: what matters most in it, within a budget of tokens.

    Of a file it is the tree of its symbols in the order of the source; where there is not room for all, those that are
    exported go before the others, and outer ones before inner ones. Of a folder or repository it is the files that most
    other files depend on (`uses`; tests and generated files last), each with the symbols that most other files use,
    exported ones first.

    That is fan-in, as Henry and Kafura count it (Software Structure Metrics Based on Information Flow, 1981). PageRank
    was tried instead, and has the helpers first that everything leads to in the end, not the core that is built on.

    Raises NotFound where there is no such file or folder, or the file was skipped.
    """
    place = find_place(scope, asked.path or ".", asked.folder)
    if place.entry is None:
        return _map(scope, place, asked.tokens)
    refuse_skipped(place.entry)
    return _tree(scope, place.entry, asked.tokens)


class _Budget:
    """How many characters there is still room for."""

    def __init__(self, tokens: int) -> None:
        self._left = tokens * CHARACTERS_PER_TOKEN - len("[]")

    def has_room(self, value: Any) -> bool:
        """Whether there is room for the value too, and if so take it."""
        size = _characters(value) + len(",")
        if size > self._left:
            return False
        self._left -= size
        return True


def _characters(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


# ---- a folder, or everything -----------------------------------------------------------------------------------------


def _map(scope: Scope, place: Place, tokens: int) -> Found:
    limit = tokens * CHARACTERS_PER_TOKEN // SMALLEST_ENTRY
    files = stored.files(scope.connection, scope.index, place.start, _degrees(scope), limit)
    entries = list(_entries(_with_symbols(scope, files), _Budget(tokens)))
    total_files, total_symbols = stored.totals(scope.connection, scope.index, place.start)
    listed = sum(len(entry["symbols"]) for entry in entries)
    omitted = {"files": total_files - len(entries), "symbols": total_symbols - listed}
    return _found(place.path, entries, omitted, unseen_text(scope, languages.names()))


def _entries(files: Iterator[tuple[Mapping[str, Any], Sequence[Any]]], budget: _Budget) -> Iterator[dict[str, Any]]:
    for file, symbols in files:
        entry = _entry(file, file["uses"])
        if not budget.has_room(entry):
            return
        entry["symbols"] = [symbol for symbol in map(_symbol, symbols) if budget.has_room(symbol)]
        yield entry
        if len(entry["symbols"]) < len(symbols):
            return


def _with_symbols(
    scope: Scope, files: Sequence[dict[str, Any]]
) -> Iterator[tuple[Mapping[str, Any], Sequence[dict[str, Any]]]]:
    hidden = {listing for name in languages.names() if (listing := languages.rules(name).export_list) is not None}
    remaining = iter(files)
    while some := list(islice(remaining, FILES_AT_ONCE)):
        file_ids = [file["file_id"] for file in some]
        symbols = stored.best_symbols(scope.connection, scope.index, file_ids, SYMBOLS_EACH, hidden)
        yield from ((file, symbols[file["file_id"]]) for file in some)


# ---- a file ----------------------------------------------------------------------------------------------------------


def _tree(scope: Scope, file: Mapping[str, Any], tokens: int) -> Found:
    budget = _Budget(tokens)
    entry = _entry(file, stored.dependents(scope.connection, scope.index, file["file_id"]))
    budget.has_room(entry)
    limit = tokens * CHARACTERS_PER_TOKEN // SMALLEST_SYMBOL
    rows = stored.symbols(scope.connection, scope.index, file["file_id"], limit)
    listed = list(_first_with_room(rows, budget))
    entry["symbols"] = _nested(sorted(listed, key=lambda row: (row["line_start"], row["column_start"], row["line"])))
    errors = ["the file has syntax errors"] if file["has_errors"] else []
    omitted = {"files": 0, "symbols": file["symbols"] - len(listed)}
    return _found(file["path"], [entry], omitted, Doubts(errors, len(errors)))


def _first_with_room(rows: Sequence[dict[str, Any]], budget: _Budget) -> Iterator[dict[str, Any]]:
    for row in rows:
        if not budget.has_room({**_symbol(row), "children": []}):
            return
        yield row


def _nested(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each symbol below the one that it is in: that has the first part of its qualified name, and its lines."""
    outermost: list[dict[str, Any]] = []
    named: dict[str, list[tuple[int, int, dict[str, Any]]]] = {}
    for row in rows:
        node = _symbol(row)
        around = row["qualified_name"][: -len(row["name"]) - 1]
        holders = [
            holder for start, end, holder in named.get(around, ()) if start <= row["line_start"] <= end and around
        ]
        siblings = holders[-1].setdefault("children", []) if holders else outermost
        siblings.append(node)
        named.setdefault(row["qualified_name"], []).append((row["line_start"], row["line_end"], node))
    return outermost


# ---- both ------------------------------------------------------------------------------------------------------------


def _entry(file: Mapping[str, Any], uses: int) -> dict[str, Any]:
    return {**{column: file[column] for column in ("path", "language", "tags")}, "uses": uses, "symbols": []}


def _symbol(row: Mapping[str, Any]) -> dict[str, Any]:
    signature = row["signature"]
    if signature is not None and len(signature) > MAX_SIGNATURE:
        signature = signature[: MAX_SIGNATURE - 1] + "…"
    columns = {column: row[column] for column in ("qualified_name", "kind", "line", "exported", "uses")}
    return {**columns, "signature": signature}


def _found(path: str, entries: list[dict[str, Any]], omitted: Mapping[str, int], doubts: Doubts) -> Found:
    tokens = -(-_characters(entries) // CHARACTERS_PER_TOKEN)
    content = {"path": path, "entries": entries, "omitted": dict(omitted), "tokens": tokens}
    return Found(content, *doubts, complete=COMPLETE)
