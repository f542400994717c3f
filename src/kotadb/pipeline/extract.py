"""From the source of one file to its facts.

Positions count in the bytes of the file as it is stored: a byte order mark is three bytes of line 1, a carriage return
is one at the end of its line, a tab is one, and only a line feed ends a line.
"""

from typing import NamedTuple

from tree_sitter import Parser, Tree

from kotadb.languages import Language
from kotadb.model import NO_LINKS, FileFacts, Links, Symbol
from kotadb.pipeline.captures import lay_out
from kotadb.pipeline.discover import is_generated
from kotadb.pipeline.references import references_of
from kotadb.pipeline.symbols import symbols_of
from kotadb.pipeline.text import count_lines


def parse(source: bytes, language: Language) -> Tree:
    """The syntax tree of any bytes; it covers all of them, with errors where they are not of the language.

    Positions are those of `source`; the text of a node may be that of `Rules.repair`, which differs outside of names.
    """
    parser = Parser(language.grammar)
    tree = parser.parse(source)
    if not tree.root_node.has_error:
        return tree
    repaired = language.rules.repair(source)
    if repaired == source:
        return tree
    return min(tree, parser.parse(repaired), key=_bytes_in_error)


def _bytes_in_error(tree: Tree) -> int:
    pending = [tree.root_node]
    total = 0
    while pending:
        node = pending.pop()
        if node.is_error or node.is_missing:
            total += max(1, node.end_byte - node.start_byte)
        elif node.has_error:
            pending.extend(node.children)
    return total


class Definitions(NamedTuple):
    """What a file defines."""

    symbols: tuple[Symbol, ...]
    listed: frozenset[str] | None
    """The names that it lists as what it exports; None if it lists none."""


def definitions(source: bytes, tree: Tree, language: Language) -> Definitions:
    """The fourth step: the symbols of a parsed file. `tree` must be `parse(source, language)`."""
    layout = lay_out(source, tree, language)
    listed = frozenset(layout.exported_names) if layout.lists_exports else None
    return Definitions(symbols_of(source, layout, language.rules), listed)


def links(source: bytes, tree: Tree, language: Language, defined: Definitions) -> Links:
    """What the fifth step needs to know of the file: what it imports, exports and refers to."""
    if language.references is None:
        return NO_LINKS
    return references_of(source, tree, language, defined.symbols, defined.listed)


def facts_of(source: bytes, tree: Tree, defined: Definitions, linked: Links) -> FileFacts:
    """All of it together."""
    return FileFacts(
        count_lines(source), tree.root_node.has_error, defined.symbols, linked, is_generated=is_generated(source)
    )


def extract(source: bytes, language: Language) -> FileFacts:
    """The facts of a file, from its text."""
    tree = parse(source, language)
    defined = definitions(source, tree, language)
    return facts_of(source, tree, defined, links(source, tree, language, defined))


def text_facts(source: bytes) -> FileFacts:
    """The facts of a file whose language has no parser here (`model.TEXT`)."""
    return FileFacts(lines=count_lines(source), has_errors=False, is_generated=is_generated(source))
