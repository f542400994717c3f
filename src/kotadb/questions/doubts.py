"""What puts an answer in doubt: files that were not read, syntax errors, imports that lead nowhere."""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import NamedTuple

from kotadb import languages
from kotadb.model import TEXT, SkipReason
from kotadb.postgres import graph
from kotadb.questions.asking import Scope
from kotadb.questions.remembered import remembered

UNREAD = frozenset(
    {
        SkipReason.TOO_LARGE, SkipReason.MINIFIED, SkipReason.LFS_POINTER, SkipReason.MISSING_BLOB,
        SkipReason.PARSER_TIMEOUT, SkipReason.PARSER_CRASH, SkipReason.PARSER_MEMORY,
    }
)  # fmt: skip
"""Reasons for which source text was not read. What is excluded or vendored is left out on purpose, and the others are
no source text."""


class BlindSpots(NamedTuple):
    """What was not seen of an index, by language."""

    unread: Mapping[str, Counter[str]]
    """Files that were not read, by reason."""
    broken: Counter[str]
    """Files with syntax errors."""
    missing: Counter[str]
    """Imports that lead to neither a file nor a package."""


class Doubts(NamedTuple):
    """Why there may be more, as clauses, and how many files and names that is about."""

    clauses: list[str]
    skipped: int = 0
    unresolved: int = 0


@remembered
def blind_spots(scope: Scope) -> BlindSpots:
    """Counted once for what an index holds: that takes longer than most questions."""
    unread: dict[str, Counter[str]] = {}
    for row in graph.skipped(scope.connection, scope.index, UNREAD):
        unread.setdefault(languages.language_of(row["path"]) or TEXT, Counter())[row["reason"]] += 1
    return BlindSpots(
        unread,
        graph.files_with_errors(scope.connection, scope.index),
        graph.missing_imports(scope.connection, scope.index),
    )


def unseen_imports(scope: Scope, among: Collection[str]) -> Doubts:
    """Why imports may have gone unseen in the files of these languages."""
    spots = blind_spots(scope)
    missing = sum(spots.missing[language] for language in among)
    clauses, skipped, _ = unseen_text(scope, among)
    return Doubts([*clauses, *leading_nowhere(missing)], skipped, missing)


def unseen_text(scope: Scope, among: Collection[str]) -> Doubts:
    """Why something may have gone unseen in the files of these languages."""
    spots = blind_spots(scope)
    reasons = sum((spots.unread.get(language, Counter()) for language in among), Counter[str]())
    broken = sum(spots.broken[language] for language in among)
    clauses = [
        *([unread(reasons)] if reasons else ()),
        *([f"{counted(broken, 'file has', 'files have')} syntax errors"] if broken else ()),
    ]
    return Doubts(clauses, reasons.total() + broken)


def of_file(scope: Scope, path: str) -> Doubts:
    """Whether something of a file may have gone unseen."""
    [entry] = graph.entries(scope.connection, scope.index, [path])
    return Doubts(["the file has syntax errors"], 1) if entry["has_errors"] else Doubts([])


def leading_nowhere(missing: int) -> list[str]:
    """The doubt that so many imports leave: what they lead to may come into being later, and import others in turn."""
    return [f"{counted(missing, 'import leads', 'imports lead')} to what is not in the commit"] if missing else []


def unread(reasons: Counter[str]) -> str:
    """The doubt that files leave which were not read, by reason."""
    spelled = ", ".join(f"{reason} {count:,}" for reason, count in sorted(reasons.items()))
    return f"{counted(reasons.total(), 'source file was', 'source files were')} not read ({spelled})"


def counted(number: int, one: str, many: str) -> str:
    """A number with its noun."""
    return f"{number:,} {one if number == 1 else many}"
