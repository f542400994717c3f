"""Sort what a language's query found in one file: the symbols by position, and beside them what belongs to symbols."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from tree_sitter import Node, Tree

from kotadb.languages import Language
from kotadb.languages.grammar import HEADS, SCOPE_HEADS, SYMBOL_HEADS, Head
from kotadb.model import SymbolKind

Captures = Mapping[str, list[Node]]
_PLACED = SYMBOL_HEADS | SCOPE_HEADS


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
    for pattern, captures in language.matches(tree):
        head = next(capture for capture in captures if capture in HEADS)
        role, kind = HEADS[head]
        if role in _PLACED:
            layout.matches.append(_match(pattern, role, kind, captures[head][0], captures))
        else:
            _note(layout, role, captures, source, language.rules.gap)
    layout.matches = _first_of_each_name(sorted(layout.matches, key=_position))
    return layout


def _match(pattern: int, head: Head, kind: SymbolKind, node: Node, captures: Captures) -> Match:
    name = captures.get("name") or captures.get("names")
    end = node.end_byte
    return Match(node.start_byte, -end, name[0].start_byte if name else end, pattern, head, kind, node, captures)


def _position(match: Match) -> tuple[int, ...]:
    return match[:4]


def _first_of_each_name(matches: Iterable[Match]) -> list[Match]:
    """Without those whose name a pattern that is written before theirs has matched too."""
    first: dict[int, int] = {}
    kept = list(matches)
    for match in kept:
        if match.head in SYMBOL_HEADS:
            first[match.name_start] = min(match.pattern, first.get(match.name_start, match.pattern))
    return list(
        _without_repeats(match for match in kept if first.get(match.name_start, match.pattern) == match.pattern)
    )


def _without_repeats(matches: Iterable[Match]) -> Iterator[Match]:
    last = None
    for match in matches:
        if match[:4] != last:
            yield match
        last = match[:4]


def _note(layout: Layout, head: Head, captures: Captures, source: bytes, gap: re.Pattern[bytes]) -> None:
    """Put what is no symbol where the symbols it belongs to will look for it."""
    match head:
        case Head.WRAPPER:
            _note_wrapper(layout, captures)
        case Head.DECORATOR:
            decorator = captures["decorator"][0]
            goes_on = _skip(gap, source, decorator.end_byte)
            layout.decorator_before[goes_on] = decorator
            layout.after_decorator[decorator.start_byte] = goes_on
        case Head.DOC:
            _note_doc(layout, captures, source, gap)
        case Head.EXPORT_NAME:
            layout.exported_names.update(_decoded(name) for name in captures["export.name"])
        case Head.EXPORT_LIST:
            layout.lists_exports = True


def _note_wrapper(layout: Layout, captures: Captures) -> None:
    for wrapped in captures["wrapped"]:
        layout.wrapper_by_id[wrapped.id] = captures["wrapper"][0]
        if "export" in captures:
            layout.exported_ids.add(wrapped.id)
        if "ambient" in captures:
            layout.ambient_ids.add(wrapped.id)


def _note_doc(layout: Layout, captures: Captures, source: bytes, gap: re.Pattern[bytes]) -> None:
    doc = captures["doc"][0]
    for documented in captures.get("documented", ()):
        layout.doc_by_id[documented.id] = doc
    if "documented" not in captures:
        layout.doc_before[_skip(gap, source, doc.end_byte)] = doc


def _skip(gap: re.Pattern[bytes], source: bytes, start: int) -> int:
    match = gap.match(source, start)
    return match.end() if match is not None else start


def _decoded(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")
