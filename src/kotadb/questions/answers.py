"""What all answers about an index share: what they were computed from, and how far they can be relied on."""

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any

from kotadb import languages
from kotadb.errors import NotFound
from kotadb.model import TEXT, Index, Repository, SkipReason, Verdict
from kotadb.postgres import graph, repositories
from kotadb.postgres.database import Connection

FIRST_WITH_DEPENDENCIES = 2
"""The first version of the extractor that looked for imports and references."""

UNREAD = frozenset(
    {
        SkipReason.TOO_LARGE, SkipReason.MINIFIED, SkipReason.LFS_POINTER, SkipReason.MISSING_BLOB,
        SkipReason.PARSER_TIMEOUT, SkipReason.PARSER_CRASH, SkipReason.PARSER_MEMORY,
    }
)  # fmt: skip
"""Reasons for which source text that may import others was not read. What is excluded or vendored is left out on
purpose, and the others are no source text."""


def current_index(connection: Connection, index: Index) -> Index:
    """The index as this snapshot has it. Raises NotFound if it is gone."""
    current = repositories.index(connection, index.repository_id, index.index_id)
    if current is None or current.indexed_at is None:
        raise NotFound("There is no such index any more")
    return current


def answer(repository: Repository, index: Index, doubts: Iterable[str], **content: Any) -> dict[str, Any]:
    """An answer with its header. `doubts` are clauses that each say why there may be more than it holds."""
    assert index.indexed_at is not None
    verdict, reason = _verdict(index, list(doubts))
    return {
        "repository": repository.name,
        "ref": index.ref,
        "commit_sha": index.commit_sha,
        "indexed_at": index.indexed_at.isoformat(),
        "verdict": verdict.value,
        "reason": reason,
        **content,
    }


def _verdict(index: Index, doubts: list[str]) -> tuple[Verdict, str]:
    if (index.extractor_version or 0) < FIRST_WITH_DEPENDENCIES:
        return Verdict.UNKNOWN, "This was indexed by an older version, which did not look at imports; index it again."
    if doubts:
        return Verdict.LOWER_BOUND, f"There may be more: {', '.join(doubts)}."
    return Verdict.COMPLETE, "All imports that the source spells out were read, and all of them lead somewhere."


def blind_spots(connection: Connection, index: Index, among: Collection[str]) -> list[str]:
    """Why imports may have gone unseen in the files of these languages, as clauses."""
    skipped = Counter(
        row["reason"]
        for row in graph.skipped(connection, index, UNREAD)
        if (languages.language_of(row["path"]) or TEXT) in among
    )
    broken = graph.files_with_errors(connection, index, among)
    return [
        *([_unread(skipped)] if skipped else ()),
        *([f"{_counted(broken, 'file has', 'files have')} syntax errors"] if broken else ()),
        *leading_nowhere(graph.missing_imports(connection, index, among)),
    ]


def leading_nowhere(missing: int) -> list[str]:
    """The doubt that so many imports leave: what they lead to may come into being later, and import others in turn."""
    return [f"{_counted(missing, 'import leads', 'imports lead')} to what is not in the commit"] if missing else []


def _unread(skipped: Counter[str]) -> str:
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in sorted(skipped.items()))
    return f"{_counted(skipped.total(), 'source file was', 'source files were')} not read ({reasons})"


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
