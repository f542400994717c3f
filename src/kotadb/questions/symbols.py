"""Symbols by their names: which there are, and what one of them is.

A symbol's id is `path#qualified_name:kind`. It stays the same as long as none of the three changes; a definition that
is written several times (overloads, branches of an `if`) is one symbol with several declarations.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

from pydantic import Field

from kotadb import languages
from kotadb.errors import Ambiguous, InvalidCursor, NotFound
from kotadb.model import ReferenceKind, SymbolKind
from kotadb.postgres import symbols as stored
from kotadb.questions import doubts
from kotadb.questions.asking import MAX_OFFSET, Found, PagedParameters, Parameters, Scope
from kotadb.questions.paths import MAX_PATH

MAX_NAME = 1_000
MAX_CANDIDATES = 20
MAX_NAMED = 1_000
MAX_NAMES = 1_000
"""Names that are looked at more closely; of more than that, some are not."""
ENOUGH_NAMES = 200
"""Names that are found by their letters, with which there is no need to look for more in other ways."""
MIN_LITERAL = 3
"""Letters that a word needs to be looked up by the index of trigrams."""
MAX_MEMBERS = 500
MAX_SOURCE_LINES = 400

COMPLETE = "All definitions that the source spells out are in the index."

Row = Mapping[str, Any]

_ABOUT = ("name", "qualified_name", "kind", "path", "line", "column", "exported", "signature", "entry_point")


class Symbols(PagedParameters):
    """Which symbols are asked for."""

    query: str = Field(
        min_length=1, max_length=MAX_NAME,
        description="a name, its beginning, words of it (`usrRepo` finds `UserRepository`), or nearly it",
    )  # fmt: skip
    kind: list[SymbolKind] | None = Field(default=None, max_length=len(SymbolKind), description="only these kinds")
    exported: bool | None = Field(default=None, description="only those that are exported, or only those that are not")


class OfSymbol(Parameters):
    """A question about one symbol."""

    symbol: str = Field(
        min_length=1, max_length=MAX_PATH + MAX_NAME,
        description="an id as other answers have it, a qualified name (`Client.send`), or a name",
    )  # fmt: skip
    path: str | None = Field(default=None, max_length=MAX_PATH, description="the file that it is in, where several are")
    kind: SymbolKind | None = Field(default=None, description="its kind, where there are several")


# ---- which there are -------------------------------------------------------------------------------------------------


def symbols(scope: Scope, asked: Symbols) -> Found:
    """The symbols of a name: those that have it, that begin with it, that it abbreviates, or else resembles."""
    names = _Names(scope, asked.query, _chosen(asked))
    items, following = names.page(_start(scope, asked.cursor), asked.limit)
    unseen = doubts.unseen_text(scope, languages.names())
    content = {"query": asked.query, "symbols": items, "next_cursor": scope.cursor(following)}
    return Found(content, [*unseen.clauses, *names.doubts], unseen.skipped, complete=COMPLETE)


def _chosen(asked: Symbols) -> stored.Chosen:
    return stored.Chosen(None if asked.kind is None else [kind.value for kind in asked.kind], asked.exported)


def _start(scope: Scope, cursor: str | None) -> tuple[int, int]:
    """The way of matching and the number of symbols at which a page begins."""
    match scope.position(cursor):
        case None:
            return 0, 0
        case [int(way), int(skip)] if 0 <= way < len(_Names.WAYS) and 0 <= skip <= MAX_OFFSET:
            return way, skip
    raise InvalidCursor


class _Names:
    """The symbols that a text may mean, by the ways in which it may."""

    def __init__(self, scope: Scope, text: str, chosen: stored.Chosen) -> None:
        self.doubts: list[str] = []
        self._scope = scope
        self._text = text
        self._words = words_of(text)
        self._chosen = chosen

    def page(self, start: tuple[int, int], limit: int) -> tuple[list[dict[str, Any]], tuple[int, int] | None]:
        """So many of them, and where the next page begins if there is one."""
        items: list[dict[str, Any]] = []
        way, skip = start
        while way < len(self.WAYS):
            wanted = limit + 1 - len(items)
            rows = self.WAYS[way](self, skip, wanted)
            items += [{**about(row), "match": self._how(way, row)} for row in rows]
            if len(items) > limit:
                return items[:limit], (way, skip + len(rows) - 1)
            way, skip = way + 1, 0
        return items, None

    def _how(self, way: int, row: Row) -> str:
        if way == 0:
            return "exact" if row["name"] == self._text else "name"
        if way == 2:
            return "words" if abbreviates(self._words, words_of(row["name"])) else "part"
        return "prefix" if way == 1 else "similar"

    def _called(self, skip: int, limit: int) -> Sequence[Row]:
        return stored.called(self._scope.connection, self._scope.index, self._text, self._chosen, skip, limit)

    def _beginning(self, skip: int, limit: int) -> Sequence[Row]:
        return stored.beginning(self._scope.connection, self._scope.index, self._text, self._chosen, skip, limit)

    def _holding(self, skip: int, limit: int) -> Sequence[Row]:
        return stored.with_names(self._scope.connection, self._scope.index, self._held_names, self._chosen, skip, limit)

    @cached_property
    def _held_names(self) -> list[str]:
        """The names that the text abbreviates, then those that hold it."""
        names, low = self._candidates(), self._text.lower()
        if len(names) >= MAX_NAMES:
            self.doubts.append(f"more than {MAX_NAMES:,} names may be meant, and only the shortest were looked at")
        abbreviated = dict.fromkeys(name for name in names if abbreviates(self._words, words_of(name)))
        return [*abbreviated, *(name for name in names if name not in abbreviated and low in name.lower())]

    def _candidates(self) -> list[str]:
        """Names with its letters; where these are few also those that hold it, where there are none a word of it."""
        connection, index = self._scope.connection, self._scope.index
        spelled = stored.names_spelled(connection, index, self._text, "".join(self._words), MAX_NAMES)
        if len(spelled) >= ENOUGH_NAMES:
            self.doubts.append("names that have it in the middle were not looked for, as many others may be meant")
            return spelled
        patterns = _patterns(self._text, () if spelled else self._words)
        holding = stored.names_holding(connection, index, self._text, patterns, MAX_NAMES) if patterns else []
        return sorted({*spelled, *holding}, key=lambda name: (len(name), name))

    def _resembling(self, skip: int, limit: int) -> Sequence[Row]:
        """A name that is there is not taken for a slip of the pen."""
        if any(way(self, 0, 1) for way in self.WAYS[:-1]):
            return []
        return stored.resembling(self._scope.connection, self._scope.index, self._text, self._chosen, skip, limit)

    WAYS: ClassVar[Sequence[Callable[["_Names", int, int], Sequence[Row]]]] = (
        _called, _beginning, _holding, _resembling,
    )  # fmt: skip


def _patterns(query: str, words: Sequence[str]) -> list[str]:
    """What names match for `ilike` that hold the query, or the longest of the words and around it abbreviations."""
    if len(query) < MIN_LITERAL:
        return []
    longest = max(range(len(words)), key=lambda number: (len(words[number]), number), default=0)
    if len(words) < 2 or len(words[longest]) < MIN_LITERAL:
        return [f"%{stored.escaped(query)}%"]
    around = (
        f"{stored.escaped(word)}%" if number == longest else stored.spread(word) for number, word in enumerate(words)
    )
    return [f"%{stored.escaped(query)}%", "%" + "".join(around)]


_HUMP = re.compile("U+(?!l)|U?l+|d+")


def words_of(name: str) -> list[str]:
    """The words that a name is made of, in lower case: `getHTTPUrl2` and `get_http_url_2` are get, http, url, 2."""
    sorts = "".join("U" if c.isupper() else "l" if c.isalpha() else "d" if c.isdigit() else "_" for c in name)
    return [name[hump.start() : hump.end()].lower() for hump in _HUMP.finditer(sorts)]


def abbreviates(words: list[str], name: list[str]) -> bool:
    """Whether each word stands, in this order, for one of the name's: it begins alike and its letters are in it."""
    rest = iter(name)
    return bool(words) and all(any(_stands_for(word, whole) for whole in rest) for word in words)


def _stands_for(word: str, whole: str) -> bool:
    letters = iter(whole)
    return word[0] == whole[0] and all(letter in letters for letter in word)


# ---- one of them -----------------------------------------------------------------------------------------------------


def symbol_id(row: Row) -> str:
    """The id of a symbol."""
    return f"{row['path']}#{row['qualified_name']}:{row['kind']}"


def find_symbol(scope: Scope, asked: OfSymbol) -> tuple[Row, list[Row]]:
    """The symbol that is meant, and others that the name could mean.

    A name means the symbol that is called exactly so, with its qualified name, before one that only ends so. Raises
    NotFound with what is similar, and Ambiguous with the candidates.
    """
    by_id = _by_id(scope, asked.symbol)
    if by_id is not None:
        return by_id, []
    rows = _named(scope, asked)
    if not rows:
        raise NotFound(_no_symbol(scope, asked.symbol))
    best = [row for row in rows if row["qualified_name"] == asked.symbol] or rows
    if len(best) > 1:
        candidates = [_candidate(row) for row in best[:MAX_CANDIDATES]]
        more = f", the first {MAX_CANDIDATES} of which are given" if len(best) > MAX_CANDIDATES else ""
        message = f"{asked.symbol} means {len(best):,} symbols{more}: ask for one by its id, or say its path or kind"
        raise Ambiguous(message, candidates)
    return best[0], [row for row in rows if row is not best[0]]


def _by_id(scope: Scope, symbol: str) -> Row | None:
    before, _, kind = symbol.rpartition(":")
    if kind not in SymbolKind.__members__.values() or "#" not in before:
        return None
    for place in (match.start() for match in re.finditer("#", before)):  # a path may have one, and so may a name
        found = stored.in_file(scope.connection, scope.index, [before[:place]], before[place + 1 :], kind)
        if found is not None:
            return found
    raise NotFound(f"There is no symbol {symbol} in the index: its file or its name may have changed")


def _named(scope: Scope, asked: OfSymbol) -> Sequence[Row]:
    """The symbols whose qualified names are, or end in, what is asked; those of another case if there are no others."""
    name = re.split(r"\.|::", asked.symbol)[-1]
    qualified = asked.symbol.replace("::", ".")
    rows = [
        row
        for row in stored.named(scope.connection, scope.index, name, MAX_NAMED)
        if asked.path in (None, row["path"]) and asked.kind in (None, row["kind"])
    ]
    same = [row for row in rows if f".{row['qualified_name']}".endswith(f".{qualified}")]
    return same or [row for row in rows if f".{row['qualified_name']}".lower().endswith(f".{qualified.lower()}")]


def _candidate(row: Row) -> dict[str, Any]:
    return {"id": symbol_id(row), "signature": row["signature"], "line": row["line"], "exported": row["exported"]}


def _no_symbol(scope: Scope, name: str) -> str:
    last = re.split(r"\.|::", name)[-1]
    similar, _ = _Names(scope, last, stored.Chosen()).page((0, 0), MAX_CANDIDATES)
    names = list(dict.fromkeys(item["qualified_name"] for item in similar))[:5]
    nothing = f"There is no symbol {name} in {scope.repository.name}"
    return f"{nothing}. Did you mean {' or '.join(names)}?" if names else f"{nothing}: `search` finds text of any sort"


def symbol(scope: Scope, asked: OfSymbol) -> Found:
    """A symbol's definition with its source, documentation and members, and how often it is used."""
    row, others = find_symbol(scope, asked)
    declared = stored.declarations(scope.connection, scope.index, row)
    lines = stored.contents(scope.connection, scope.index, [row["file_id"]])[row["file_id"]].split("\n")
    around = stored.container(scope.connection, scope.index, row)
    members = stored.members(scope.connection, scope.index, row, MAX_MEMBERS + 1)
    usages: dict[str, int] = {}
    for used in stored.used_in(scope.connection, scope.index, row, list(ReferenceKind)):
        usages[used["kind"]] = usages.get(used["kind"], 0) + used["count"]
    content = {
        "symbol": {
            **about(row),
            "async": any(each["is_async"] for each in declared),
            "access": declared[0]["access"],
            "container": around and symbol_id({**around, "path": row["path"]}),
            "declarations": [_declaration(each, lines) for each in declared],
        },
        "members": [_member(each, row["path"]) for each in members[:MAX_MEMBERS]],
        "usages": dict(sorted(usages.items())),
        "others": [symbol_id(other) for other in others[:MAX_CANDIDATES]],
    }
    errors = doubts.of_file(scope, row["path"])
    cut = [f"it has more than {MAX_MEMBERS} members"] if len(members) > MAX_MEMBERS else []
    return Found(content, [*errors.clauses, *cut], errors.skipped, complete=COMPLETE)


def about(row: Row) -> dict[str, Any]:
    """A symbol as answers about it begin."""
    return {"id": symbol_id(row), **{key: row[key] for key in _ABOUT}}


def _declaration(row: Row, lines: list[str]) -> dict[str, Any]:
    first, last = row["line_start"], row["line_end"]
    shown = min(last, first + MAX_SOURCE_LINES - 1)
    return {
        "line_start": first, "line_end": last, "signature": row["signature"], "documentation": row["documentation"],
        "source": "\n".join(line.removesuffix("\r") for line in lines[first - 1 : shown]),
        "source_cut": shown < last,
    }  # fmt: skip


def _member(row: Row, path: str) -> dict[str, Any]:
    return {
        "id": symbol_id({**row, "path": path}),
        **{key: row[key] for key in ("name", "kind", "line", "exported", "signature")},
    }
