"""Where things are in one source: offsets in bytes, lines and columns, and the symbols around a place."""

import re
import sys
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence

import msgpack
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
        self.latin = source.decode("latin-1").replace("\0", "\x80")
        """A character for each byte. What is ASCII in it is the text; NUL is none, as in `decode`."""

    def text(self, node: Node) -> str:
        return self.slice(node.start_byte, node.end_byte)

    def slice(self, start: int, end: int) -> str:
        # Not the node's own text: the tree may be one of a repaired source.
        text = self.latin[start:end]
        if text.isascii() and end - start <= MAX_NAME:
            return text
        return bounded(decode(self._bytes[start:end]), MAX_NAME)

    def offset(self, line: int, column: int) -> int:
        return self._starts[line - 1] + column

    def line(self, offset: int) -> int:
        return bisect_right(self._starts, offset)

    def pack(self, offsets: Iterable[int]) -> bytes:
        """The places as `model.pack_positions` has them."""
        starts = self._starts
        numbers: list[int] = []
        last = 0
        for offset in offsets:
            line = bisect_right(starts, offset)
            numbers += (line - last, offset - starts[line - 1])
            last = line
        return _pack(numbers)


_pack: Callable[[list[int]], bytes] = msgpack.Packer().pack


class Nesting:
    """Spans in each other, by number: which is the innermost at an offset, `outside` where there is none."""

    def __init__(self, outside: int) -> None:
        self._offsets = [0]
        """Where another one becomes the innermost."""
        self._innermost = [outside]
        self._outside = outside
        self._around: list[tuple[int, int]] = []

    def enter(self, start: int, end: int, number: int) -> int:
        """Add one; in the order of their starts, an outer one before those in it. Gives the one around it."""
        self.leave(start)
        parent = self._around[-1][1] if self._around else self._outside
        self._around.append((end, number))
        self._note(start, number)
        return parent

    def leave(self, offset: int) -> None:
        """End all that end until this offset."""
        around = self._around
        while around and around[-1][0] <= offset:
            end, _ = around.pop()
            self._note(end, around[-1][1] if around else self._outside)

    def _note(self, offset: int, number: int) -> None:
        if offset < self._offsets[-1]:
            return  # spans that overlap without one being in the other: the later one stays
        self._offsets.append(offset)
        self._innermost.append(number)

    def at(self, offset: int) -> int:
        """The innermost one around this offset."""
        return self._innermost[bisect_right(self._offsets, offset) - 1]

    def each(self, offsets: Iterable[int]) -> list[int]:
        """The same for offsets in ascending order: one step for each instead of a search."""
        changes = zip((*self._offsets[1:], sys.maxsize), self._innermost, strict=True)
        until, number = next(changes)
        found = []
        for offset in offsets:
            while until <= offset:
                until, number = next(changes)
            found.append(number)
        return found


class SymbolRanges:
    """Which symbols are around an offset; -1 for none."""

    def __init__(self, symbols: Sequence[Symbol], source: Source) -> None:
        self.symbols = symbols
        self.by_name: dict[int, int] = {}
        self.parents: list[int] = []
        nesting = Nesting(outside=-1)
        offset = source.offset
        for number, symbol in enumerate(symbols):
            start = offset(symbol.line_start, symbol.column_start)
            end = offset(symbol.line_end, symbol.column_end)
            self.parents.append(nesting.enter(start, end, number))
            self.by_name.setdefault(offset(symbol.name_line, symbol.name_column), number)
        nesting.leave(source.size + 1)
        self.at = nesting.at
        """Number of the innermost symbol around an offset."""
        self.each = nesting.each
        """The same for offsets in ascending order."""

    def class_at(self, offset: int) -> int:
        """The same, if it is a class or its like."""
        number = self.at(offset)
        return number if number >= 0 and self.symbols[number].kind in CLASSES else -1

    def class_around(self, number: int) -> int:
        """The innermost class that the symbol is in."""
        while number >= 0 and self.symbols[number].kind not in CLASSES:
            number = self.parents[number]
        return number
