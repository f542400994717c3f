"""Sort what a language's query found in one file: the symbols by position, and beside them what belongs to symbols."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from tree_sitter import Node, QueryCursor, Tree

from kotadb.languages import Language
from kotadb.languages.grammar import HEADS, SCOPE_HEADS, SYMBOL_HEADS, Head, Rules
from kotadb.model import SymbolKind
from kotadb.pipeline.text import decode

Captures = Mapping[str, list[Node]]
_PLACED = SYMBOL_HEADS | SCOPE_HEADS | {Head.TAKEN}


class Match(NamedTuple):
    """A symbol or a scope. Sorted, an outer one comes before those in it, and a symbol before the scope it binds."""

    start: int
    minus_end: int
    name_start: int
    """Of the name in bytes; for a scope past its end."""
    pattern: int
    head: Head
    kind: SymbolKind
    node: Node
    captures: Captures


@dataclass
class Layout:
    """Everything that was found in a file. Offsets are bytes, `by_id` keys are node ids."""

    matches: list[Match] = field(default_factory=list)
    wrapper_by_id: dict[int, Node] = field(default_factory=dict)
    """The statement around a definition."""
    exported_ids: set[int] = field(default_factory=set)
    ambient_ids: set[int] = field(default_factory=set)
    decorator_before: dict[int, Node] = field(default_factory=dict)
    """The decorator that belongs to what starts at an offset."""
    after_decorator: dict[int, int] = field(default_factory=dict)
    """Where what a decorator at an offset belongs to goes on."""
    doc_before: dict[int, Node] = field(default_factory=dict)
    """The comment that documents what starts at an offset."""
    doc_by_id: dict[int, Node] = field(default_factory=dict)
    exported_names: set[str] = field(default_factory=set)
    lists_exports: bool = False


def lay_out(source: bytes, tree: Tree, language: Language) -> Layout:
    """Run the language's query over the tree."""
    layout = Layout()
    notes = _Notes(layout, source, language.rules)
    for pattern, captures in QueryCursor(language.definitions).matches(tree.root_node):
        head = next(capture for capture in captures if capture in HEADS)
        role, kind = HEADS[head]
        if role in _PLACED:
            layout.matches.append(_match(pattern, role, kind, captures[head][0], captures))
        else:
            notes.take(role, captures)
    layout.matches = _first_of_each_name(sorted(layout.matches, key=_position))
    return layout


def _match(pattern: int, head: Head, kind: SymbolKind, node: Node, captures: Captures) -> Match:
    name = captures.get("name") or captures.get("names")
    end = node.end_byte
    return Match(node.start_byte, -end, name[0].start_byte if name else end, pattern, head, kind, node, captures)


def _position(match: Match) -> tuple[int, ...]:
    return match[:4]


def _first_of_each_name(matches: list[Match]) -> list[Match]:
    """Without the symbols whose name a pattern that is written before theirs has matched too."""
    first: dict[int, int] = {}
    for match in matches:
        if match.head in SYMBOL_HEADS:
            first[match.name_start] = min(match.pattern, first.get(match.name_start, match.pattern))
    return list(
        _without_repeats(
            match for match in matches if match.head not in SYMBOL_HEADS or first[match.name_start] == match.pattern
        )
    )


def _without_repeats(matches: Iterable[Match]) -> Iterator[Match]:
    last = None
    for match in matches:
        if match[:4] != last:
            yield match
        last = match[:4]


class _Notes:
    """Puts what is no symbol where the symbols it belongs to will look for it."""

    def __init__(self, layout: Layout, source: bytes, rules: Rules) -> None:
        self._layout = layout
        self._source = source
        self._rules = rules
        self._gap = (0, 0)
        """Start and end of the last gap: many comments in a row share one, and it must not be read for each again."""

    def take(self, head: Head, captures: Captures) -> None:
        match head:
            case Head.WRAPPER:
                self._take_wrapper(captures)
            case Head.DECORATOR:
                self._take_decorator(captures["decorator"][0])
            case Head.DOC:
                self._take_doc(captures["doc"][0], captures.get("documented", []))
            case Head.EXPORT_NAME:
                self._layout.exported_names.update(decode(name.text or b"") for name in captures["export.name"])
            case Head.EXPORT_LIST:
                self._layout.lists_exports = True

    def _take_wrapper(self, captures: Captures) -> None:
        for wrapped in captures["wrapped"]:
            self._layout.wrapper_by_id[wrapped.id] = captures["wrapper"][0]
            if "export" in captures:
                self._layout.exported_ids.add(wrapped.id)
            if "ambient" in captures:
                self._layout.ambient_ids.add(wrapped.id)

    def _take_decorator(self, decorator: Node) -> None:
        goes_on = self._after_gap(decorator.end_byte)
        self._layout.decorator_before[goes_on] = decorator
        self._layout.after_decorator[decorator.start_byte] = goes_on

    def _take_doc(self, doc: Node, documented: list[Node]) -> None:
        if not self._source.startswith(self._rules.doc_prefix, doc.start_byte):
            return
        for node in documented:
            self._layout.doc_by_id[node.id] = doc
        if not documented:
            self._layout.doc_before[self._after_gap(doc.end_byte)] = doc

    def _after_gap(self, start: int) -> int:
        if not self._gap[0] <= start <= self._gap[1]:
            end = start
            while match := self._rules.gap.match(self._source, end):
                end = match.end()
            self._gap = (start, end)
        return self._gap[1]
