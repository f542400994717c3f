"""SCIP in tests: its grammar, read as strictly as it is written, and what a compiler may say of some sources."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from kotadb.scip.columns import in_bytes
from kotadb.scip.documents import part
from kotadb.scip.scip_pb2 import Document, Index, Metadata, Occurrence, PositionEncoding, SymbolRole, ToolInfo

_IDENTIFIER = r"(?:[\w+$-]+|`(?:[^`]|``)+`)"
_DESCRIPTOR = re.compile(rf"{_IDENTIFIER}(?:[/#.:!]|\([\w+$-]*\)\.)|\[{_IDENTIFIER}\]|\({_IDENTIFIER}\)", re.ASCII)
_NEEDLESS = re.compile(r"(?<!`)`[\w+$-]+`(?!`)", re.ASCII)
"""An escape of nothing; of two backticks beside each other, neither is one of a pair around something."""


def descriptors(symbol: str) -> list[str]:
    """The descriptors of a symbol that is not local. Fails where it is none by the grammar of SCIP."""
    rest = symbol
    for _ in range(4):  # scheme, manager, package, version
        head = re.match(r"((?:[^ ]|  )+?) (?! )", rest)
        assert head is not None, symbol
        rest = rest[head.end() :]
    found = []
    while rest:
        descriptor = _DESCRIPTOR.match(rest)
        assert descriptor is not None, symbol
        assert not _NEEDLESS.search(descriptor[0]), f"{symbol} escapes what needs no escape"
        found.append(descriptor[0])
        rest = rest[descriptor.end() :]
    assert found, symbol
    return found


class Says(NamedTuple):
    """A symbol at the `nth` place of a word in a source, from 0."""

    word: str
    nth: int
    symbol: str
    roles: int = 0


def defines(word: str, symbol: str, nth: int = 0) -> Says:
    return Says(word, nth, symbol, SymbolRole.Definition)


def refers(word: str, symbol: str, nth: int = 1, roles: int = 0) -> Says:
    return Says(word, nth, symbol, roles)


def compiled(
    sources: Mapping[str, str], said: Mapping[str, list[Says]], *, encoding: int = 0, package: str = "npm a 1"
) -> bytes:
    """A compiler's index of these sources. Symbols are descriptors, or local."""
    tool = Index(metadata=Metadata(tool_info=ToolInfo(name="compiler", version="1")))
    documents = [
        Document(
            relative_path=path,
            position_encoding=PositionEncoding.Name(encoding),
            occurrences=[
                Occurrence(
                    range=_range(sources.get(path, "").split("\n"), each, encoding),
                    symbol=each.symbol if each.symbol.startswith("local ") else f"compiler {package} {each.symbol}",
                    symbol_roles=each.roles,
                )
                for each in places
            ],
        )
        for path, places in said.items()
    ]
    return tool.SerializeToString() + part(documents)


def _range(lines: list[str], says: Says, encoding: int) -> tuple[int, int, int]:
    places = [
        (number, found.start())
        for number, line in enumerate(lines)
        for found in re.finditer(rf"(?<![\w$]){re.escape(says.word)}(?![\w$])", line)
    ]
    line, start = places[says.nth]
    width = {1: ("utf-8", 1), 3: ("utf-32-le", 4)}.get(encoding, ("utf-16-le", 2))
    units = [len(text.encode(width[0])) // width[1] for text in (lines[line][:start], says.word)]
    return line, units[0], units[0] + units[1]


def text_at(lines: list[bytes], occurrence: Occurrence, encoding: int) -> str:
    """What stands at the place of an occurrence on one line."""
    line, *columns = occurrence.range
    start, end = (in_bytes(lines[line], column, encoding) for column in columns)
    assert start is not None
    assert end is not None
    return lines[line][start:end].decode()
