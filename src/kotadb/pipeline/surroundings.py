"""What belongs to a definition around it: the statement it is in, its header, its decorators, its documentation."""

import re

from tree_sitter import Node

from kotadb.languages.grammar import Found, Rules
from kotadb.pipeline.captures import Layout
from kotadb.pipeline.text import MAX_DOCUMENTATION, MAX_NAME, MAX_SIGNATURE, bounded, decode, one_line

_SHORT_VALUE = 80
"""Bytes of a value that is shown in the signature, if it is on one line."""
_LONGEST_HEADER = 16 * MAX_SIGNATURE
"""Bytes that are looked at for a signature: much of a header may be space and comments."""
_HEADER_END = re.compile(r"\s*(?:=>|[={:;,])?$")
_QUOTES = (b'"', b"'")


def name_of(name: Node) -> str:
    """The name's text; of a name in quotes what is between them."""
    text = name.text or b""
    return one_line(text[1:-1] if _is_quoted(text) else text, MAX_NAME)


def name_position(name: Node) -> tuple[int, int]:
    """Row and column in bytes, both from 0, where `name_of` starts."""
    row, column = name.start_point
    return row, column + _is_quoted(name.text or b"")


def _is_quoted(text: bytes) -> bool:
    return len(text) > len("''") and text.startswith(_QUOTES)


class Surroundings:
    """Looks around the definitions of one file, in the order of the source."""

    def __init__(self, source: bytes, layout: Layout, rules: Rules) -> None:
        self._source = source
        self._layout = layout
        self._rules = rules
        self._begun: set[int] = set()
        """The offsets of the statements whose first binding has been seen."""

    def marked(self, found: Found) -> Found:
        """The same with its outermost statement, and with the marks of all that wraps it."""
        layout = self._layout
        node = found.statement or found.node
        if node.id not in layout.wrapper_by_id:
            return found
        exported, ambient = found.is_exported, found.is_ambient
        while node.id in layout.wrapper_by_id:
            exported |= node.id in layout.exported_ids
            ambient |= node.id in layout.ambient_ids
            node = layout.wrapper_by_id[node.id]
        return found._replace(statement=node, is_exported=exported, is_ambient=ambient)

    def start_of(self, found: Found) -> tuple[Node, int]:
        """The node that the definition starts with, decorators included, and the offset of its header."""
        whole = found.statement or found.node
        start = whole if self._begins(found, whole) else found.node
        header = found.node.start_byte if start is found.node and not _is_destructured(found) else whole.start_byte
        while header in self._layout.after_decorator:
            header = self._layout.after_decorator[header]
        while start.start_byte in self._layout.decorator_before:
            start = self._layout.decorator_before[start.start_byte]
        return start, header

    def _begins(self, found: Found, statement: Node) -> bool:
        """Whether it is the first definition of the statement; a part of a pattern is none that begins one."""
        if found.statement is None:
            return False
        is_first = statement.start_byte not in self._begun
        self._begun.add(statement.start_byte)
        return is_first and not _is_destructured(found)

    def signature(self, found: Found, header: int) -> str:
        """The declaration from its header to its body, on one line."""
        text = self._source[header : min(_header_end(found), header + _LONGEST_HEADER)]
        without_comments = self._rules.comment.sub(_no_comment, text)
        return _HEADER_END.sub("", one_line(without_comments, MAX_SIGNATURE))

    def documentation(self, found: Found, start: Node, header: int) -> str | None:
        doc = self._doc(found, start, header)
        if doc is None:
            return None
        text = decode(self._source[doc.start_byte : doc.end_byte])
        return bounded(self._rules.documentation(text), MAX_DOCUMENTATION) or None

    def _doc(self, found: Found, start: Node, header: int) -> Node | None:
        layout = self._layout
        if found.node.id in layout.doc_by_id:
            return layout.doc_by_id[found.node.id]
        return layout.doc_before.get(start.start_byte) or layout.doc_before.get(header)


def _is_destructured(found: Found) -> bool:
    return found.node is found.name


def _no_comment(match: re.Match[bytes]) -> bytes:
    return b" " if match["comment"] else match[0]


def _header_end(found: Found) -> int:
    if found.body is not None:
        return found.body.start_byte
    value = found.value
    if value is None:
        return found.node.end_byte
    is_short = value.end_byte - value.start_byte <= _SHORT_VALUE and value.start_point.row == value.end_point.row
    return value.end_byte if is_short else value.start_byte
