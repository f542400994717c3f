"""Where things are in one source: offsets in bytes, lines and columns, and the symbols around a place."""

import re
from bisect import bisect_right
from collections.abc import Sequence

from tree_sitter import Node

from kotadb.model import Symbol, SymbolKind
from kotadb.pipeline.text import MAX_NAME, bounded, decode

CLASSES = frozenset({SymbolKind.CLASS, SymbolKind.INTERFACE, SymbolKind.ENUM})
"""What `this` and `self` can be an instance of."""


class Source:
    """The text of the file: pieces of it, offsets, and (line, column) pairs."""

    def __init__(self, source: bytes) -> None:
        self._bytes = source
        self.size = len(source)
        self._starts = [0, *(match.end() for match in re.finditer(rb"\n", source))]

    def text(self, node: Node) -> str:
        return self.slice(node.start_byte, node.end_byte)

    def slice(self, start: int, end: int) -> str:
        # Not the node's own text: the tree may be one of a repaired source.
        return bounded(decode(self._bytes[start:end]), MAX_NAME)

    def offset(self, line: int, column: int) -> int:
        return self._starts[line - 1] + column

    def position(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1]


class SymbolRanges:
    """Which symbols are around an offset."""

    def __init__(self, symbols: Sequence[Symbol], source: Source) -> None:
        self.symbols = symbols
        self.by_name: dict[int, int] = {}
        self.parents: list[int] = []
        self._offsets = [0]
        self._innermost = [-1]
        stack: list[tuple[int, int]] = []
        for number, symbol in enumerate(symbols):
            start = source.offset(symbol.line_start, symbol.column_start)
            self._leave(stack, start)
            self.parents.append(stack[-1][1] if stack else -1)
            self.by_name.setdefault(source.offset(symbol.name_line, symbol.name_column), number)
            stack.append((source.offset(symbol.line_end, symbol.column_end), number))
            self._note(start, number)
        self._leave(stack, source.size + 1)

    def _leave(self, stack: list[tuple[int, int]], offset: int) -> None:
        while stack and stack[-1][0] <= offset:
            end, _ = stack.pop()
            self._note(end, stack[-1][1] if stack else -1)

    def _note(self, offset: int, number: int) -> None:
        if offset < self._offsets[-1]:
            return  # ranges that overlap without one being in the other: the later one stays
        self._offsets.append(offset)
        self._innermost.append(number)

    def at(self, offset: int) -> int:
        """Number of the innermost symbol around, -1 for none."""
        return self._innermost[bisect_right(self._offsets, offset) - 1]

    def class_at(self, offset: int) -> int:
        """The same, if it is a class or its like."""
        number = self.at(offset)
        return number if number >= 0 and self.symbols[number].kind in CLASSES else -1

    def class_around(self, number: int) -> int:
        """The innermost class that the symbol is in."""
        while number >= 0 and self.symbols[number].kind not in CLASSES:
            number = self.parents[number]
        return number
