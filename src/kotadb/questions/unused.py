"""Which definitions nobody refers to."""

from enum import StrEnum
from typing import Annotated, Any, NamedTuple

from pydantic import Field, StringConstraints

from kotadb import languages
from kotadb.errors import InvalidCursor, InvalidInput
from kotadb.model import SymbolKind
from kotadb.postgres import unused as stored
from kotadb.questions.asking import Found, PagedParameters, Scope
from kotadb.questions.doubts import counted, unseen_text
from kotadb.questions.globs import path_filter

COMPLETE = (
    "Complete means: all source was read, and no name in it is left that may mean a definition which is not listed. "
    "Names that are only computed as the program runs, or are in files of other sorts, are not seen."
)

KINDS = frozenset(
    {
        SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.GETTER, SymbolKind.SETTER, SymbolKind.CLASS,
        SymbolKind.INTERFACE, SymbolKind.TYPE, SymbolKind.ENUM, SymbolKind.PROPERTY, SymbolKind.CONSTANT,
        SymbolKind.VARIABLE, SymbolKind.TRAIT, SymbolKind.STRUCT, SymbolKind.MACRO,
    }
)  # fmt: skip
"""Those that somebody has to name who uses them. A member of an enum may be made of its value."""

ASIDE = ("generated", "vendored", "declaration", "configuration")
"""Tags of files whose definitions are nobody's to remove, or are for the tool that the file configures."""

ALIKE = 3
"""So many members that begin alike, and that nobody refers to, are no chance: `visit_name`, `visit_call`, `visit_x`."""

MAX_DEPTH = 30
"""Of classes that are each the base of the next."""

MAX_INTEGER = 2**31 - 1

Glob = Annotated[str, StringConstraints(min_length=1, max_length=300)]


class Confidence(StrEnum):
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class _Reason(NamedTuple):
    confidence: Confidence
    sentence: str


_RANKS = {Confidence.HIGH: 1, Confidence.MEDIUM: 2, Confidence.LOW: 3}
_BY_RANK = {rank: confidence for confidence, rank in _RANKS.items()}

REASONS = {
    "unexported": _Reason(Confidence.HIGH, "Its module does not export it, and does not use it."),
    "nested": _Reason(Confidence.HIGH, "Only the function around it could use it, and does not."),
    "private": _Reason(Confidence.HIGH, "It is private by its name or modifier, and nothing refers to it."),
    "unlisted": _Reason(Confidence.MEDIUM, "Its module does not list it among what it exports; nothing refers to it."),
    "member": _Reason(Confidence.MEDIUM, "Nothing refers to this member, but its name could be computed."),
    "exported": _Reason(Confidence.LOW, "Nothing in the repository refers to it, but it is exported."),
    "registered": _Reason(
        Confidence.LOW, "Nothing refers to it, but to define it may be enough: its base may note it."
    ),
    "unclear": _Reason(
        Confidence.LOW, "There are references of this name, and what they mean is not known or not sure."
    ),
    "mentioned": _Reason(
        Confidence.LOW, "Nothing refers to it, but its name, or the start of it, is in a string or comment."
    ),
    "namesake": _Reason(
        Confidence.LOW, "Nothing refers to it, but to other members of this name: it may stand for one."
    ),
    "patterned": _Reason(
        Confidence.LOW, "Nor does anything refer to others in the file that begin like it: they are computed."
    ),
    "script": _Reason(Confidence.LOW, "The file is no module: what it defines, other scripts may use."),
    "errors": _Reason(Confidence.LOW, "The file has syntax errors, and what refers to it may be lost in them."),
}


class OfDefinitions(PagedParameters):
    """Which definitions to look at."""

    path: tuple[Glob, ...] = Field(
        default=(),
        max_length=20,
        description="only in files that one of these globs means (`src/**/*.ts`, `docs/`), none that `!…` means",
    )
    kind: SymbolKind | None = Field(default=None, description="only definitions of this kind")
    tests: bool = Field(default=False, description="also in test files, most of whose definitions their runner calls")


def unused(scope: Scope, asked: OfDefinitions) -> Found:
    """Definitions that nothing in the repository refers to, each with how sure it is that they are not used.

    Sorted by confidence. A reference from inside of a definition is none. Left out is what may be used without being
    named here: entry points (what packages export to the outside, what `__all__` lists, tests, what is decorated, what
    scripts run), what the language or a base class calls, members of classes with a base outside of the repository, of
    interfaces, types, enums and objects, and members whose name is somewhere that could not be resolved.

    Raises InvalidInput for a kind that is never unused, and InvalidCursor.
    """
    rows, counts, left_out = stored.definitions(
        scope.connection,
        scope.index,
        _position(scope, asked),
        **_rules(),
        kinds=_kinds(asked.kind),
        aside=[*ASIDE, *(() if asked.tests else ("test",))],
        **path_filter(asked.path)._asdict(),
        reasons=list(REASONS),
        ranks=[_RANKS[reason.confidence] for reason in REASONS.values()],
        depth=MAX_DEPTH,
        alike=ALIKE,
        limit=asked.limit + 1,
    )
    page = rows[: asked.limit]
    last = page[-1] if len(rows) > asked.limit else None
    content = {
        "definitions": [_definition(row) for row in page],
        "counts": {confidence.value: counts.get(rank, 0) for rank, confidence in _BY_RANK.items()},
        "left_out": left_out,
        "next_cursor": scope.cursor([last["rank"], last["path"], last["line"], last["symbol_id"]] if last else None),
    }
    return _found(scope, content, left_out)


def _position(scope: Scope, asked: OfDefinitions) -> stored.Position | None:
    position = scope.position(asked.cursor)
    match position:
        case None:
            return None
        case [int(rank), str(path), int(line), int(symbol_id)] if (
            "\0" not in path and max(map(abs, (rank, line, symbol_id))) <= MAX_INTEGER
        ):
            return rank, path, line, symbol_id
        case _:
            raise InvalidCursor


def _kinds(asked: SymbolKind | None) -> list[str]:
    """Raises InvalidInput for a kind that is never looked for: nothing would mean nothing there."""
    if asked is not None and asked not in KINDS:
        raise InvalidInput(f"Definitions of the kind {asked.value} are left out: what uses them need not name them")
    return sorted(kind.value for kind in KINDS if asked in (None, kind))


def _rules() -> dict[str, list[Any]]:
    """What languages say about names, as columns."""
    rules = {name: languages.rules(name) for name in languages.names()}
    return {
        "languages": list(rules),
        "implicit": [_whole(rule.implicit) for rule in rules.values()],
        "open": [rule.open_scope for rule in rules.values()],
    }


def _whole(pattern: str | None) -> str:
    return "^$" if pattern is None else f"^({pattern})$"


def _definition(row: dict[str, Any]) -> dict[str, Any]:
    columns = ("path", "qualified_name", "kind", "line", "line_end", "signature", "exported", "access")
    reason = REASONS[row["reason"]]
    why = {"confidence": reason.confidence.value, "code": row["reason"], "why": reason.sentence}
    return {column: row[column] for column in columns} | why


def _found(scope: Scope, content: dict[str, Any], left_out: int) -> Found:
    clauses, skipped, _ = unseen_text(scope, languages.names())
    unclear = (
        f"{counted(left_out, 'member is', 'members are')} left out because there are unresolved references of that name"
    )
    unread = f"some of these may be used in what could not be read ({' and '.join(clauses)})"
    doubts = [*([unclear] if left_out else ()), *([unread] if clauses else ())]
    return Found(content, doubts, skipped, left_out, complete=COMPLETE)
