"""Caret-annotated sources: real code, and below each line what is defined on it.

::

    export async function load(url: string) {}
    //                    ^^^^ function load exported async
    const x = 1
    // <- a comment that starts below the name's first character has no room for carets

An annotation is the symbol's kind, its qualified name, and those of `exported`, `async`, `protected` and `private` that
hold. Its carets are below the symbol's name; several annotations follow each other below one line.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from kotadb.model import Symbol

CORPUS = Path(__file__).parent.parent / "corpus"
_ANNOTATION = re.compile(
    r"\s*(?:#|//) *(?P<mark>\^+|<-) (?P<kind>\w+) (?P<name>.+?)(?P<flags>(?: (?:exported|async|protected|private))*)"
)


class Definition(NamedTuple):
    """A symbol as far as an annotation tells; `column` in characters, `length` of the name, None where no caret can."""

    line: int
    column: int
    kind: str
    qualified_name: str
    flags: frozenset[str]


def files() -> list[Path]:
    return sorted(path for path in CORPUS.glob("*/*") if path.is_file())


def annotations(source: str) -> list[Definition]:
    """What the annotations of a source say is defined there."""
    found = []
    target = 0
    for number, line in enumerate(source.splitlines(), start=1):
        match = _ANNOTATION.fullmatch(line)
        if match is None:
            target = number
            continue
        column = line.index(line.strip()[0]) if match["mark"] == "<-" else match.start("mark")
        found.append(Definition(target, column, match["kind"], match["name"], frozenset(match["flags"].split())))
    return sorted(found)


def definitions(source: str, symbols: Iterable[Symbol]) -> list[Definition]:
    """Extracted symbols in the words of the annotations."""
    lines = source.split("\n")
    return sorted(
        Definition(
            line=symbol.name_line,
            column=len(lines[symbol.name_line - 1].encode()[: symbol.name_column].decode()),
            kind=symbol.kind.value,
            qualified_name=symbol.qualified_name,
            flags=_flags(symbol),
        )
        for symbol in symbols
    )


def misplaced_carets(source: str) -> list[str]:
    """Annotations whose carets are not exactly below the name."""
    wrong = []
    lines = source.splitlines()
    target = ""
    for line in lines:
        match = _ANNOTATION.fullmatch(line)
        if match is None:
            target = line
        elif match["mark"] != "<-" and not match["name"].endswith(target[match.start("mark") : match.end("mark")]):
            wrong.append(line)
    return wrong


def _flags(symbol: Symbol) -> frozenset[str]:
    said = {"exported": symbol.exported, "async": symbol.is_async, symbol.access: symbol.access != "public"}
    return frozenset(flag for flag, holds in said.items() if holds)
