"""What a compiler knows about a checkout, read from its SCIP index and made comparable.

All is told by places, (path, line from 1, column from 0 in UTF-8 bytes), never by the names of symbols, which every
indexer makes up for itself. Rules:

- Documents and occurrences that are there several times, once per compilation, are one.
- A place with several symbols accepts the definition of any of them.
- Columns are UTF-16 unless the document says otherwise, and are converted with the source text.

Left out of what is expected, and held against nobody who agrees with the oracle there:

- local symbols (`local 7`), parameters and type parameters;
- properties of object literals (`name0:`): kotadb has symbols for what is declared;
- symbols without a definition in the repository, such as the standard library's: a target for those is wrong.

Not looked at, whoever has something there:

- definitions, as references: the two sides have them in the other comparison;
- modules as symbols, which have an empty definition at the start of their file: what imports lead to is measured by
  itself;
- what is no name: string literals (`'./context'`, `Env['Variables']`), keywords that stand for something (`this`,
  `super`, `default`);
- in an index of scip-python, a place whose text is not the symbol's name, unless it is an alias: it takes one name for
  another where a package re-exports them (`httpx.Timeout` for `create_ssl_context`).
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from benchmarks.accuracy import scip

KEYWORDS = frozenset({"this", "super", "default", "import", "export", "new", "constructor", "self", "__file__"})

_NAME = re.compile(r"#?[^\W\d][\w$]*|[$_][\w$]*")
_ALIAS = re.compile(r"\b(\w+)\s+as\s+(\w+)")


class Place(NamedTuple):
    """Where a name begins."""

    path: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Oracle:
    """What is expected, and how to judge what is not."""

    paths: frozenset[str]
    definitions: Mapping[Place, str]
    """With the suffix that tells what kind of symbol it is, as `scip.last_descriptor` gives it."""
    other_definitions: frozenset[Place]
    """Those that need not be found."""
    references: Mapping[Place, frozenset[Place]]
    """With the places of the definitions, any of which is right."""
    suffixes: Mapping[Place, str]
    """The kinds of the symbols that `references` are to, for reports."""
    others: Mapping[Place, frozenset[Place]]
    """References that need not be found, with the only targets that are right; there may be none."""
    ignored: frozenset[Place]


class _Sighting(NamedTuple):
    """An occurrence of a symbol, with the text that stands there."""

    place: Place
    text: str
    symbol: str
    is_definition: bool


def read_oracle(index: Path, checkout: Path) -> Oracle:
    """The oracle's knowledge, for a checkout that is what was indexed."""
    sightings: set[_Sighting] = set()
    aliases: dict[str, set[tuple[str, str]]] = {}
    for document in scip.documents(index.read_bytes()):
        text = _text(checkout / document.path)
        aliases[document.path] = set(_ALIAS.findall(text))
        sightings |= set(_sightings(document, text.split("\n")))
    return _cleaned(sightings, aliases)


def _cleaned(sightings: Iterable[_Sighting], aliases: Mapping[str, set[tuple[str, str]]]) -> Oracle:
    defined: dict[str, set[Place]] = defaultdict(set)
    used: dict[Place, list[_Sighting]] = defaultdict(list)
    for sighting in sorted(sightings):
        if sighting.is_definition:
            defined[_key(sighting)].add(sighting.place)
        used[sighting.place].append(sighting)
    modules = {sighting.symbol for here in used.values() for sighting in here if _defines_module(sighting)}
    expected: dict[Place, frozenset[Place]] = {}
    others: dict[Place, frozenset[Place]] = {}
    suffixes: dict[Place, str] = {}
    ignored: set[Place] = set()
    for place, here in used.items():
        if any(s.symbol in modules or _is_ignored(s, aliases[place.path]) for s in here):
            ignored.add(place)
            continue
        targets = frozenset(target for sighting in here for target in defined.get(_key(sighting), ()))
        wanted = [sighting.symbol for sighting in here if _is_wanted(sighting.symbol) and defined.get(sighting.symbol)]
        (expected if wanted else others)[place] = targets
        suffixes[place] = scip.last_descriptor(wanted[0])[1] if wanted else ""
    definitions: dict[Place, str] = {}
    for sighting in (sighting for here in used.values() for sighting in here if sighting.is_definition):
        if _is_wanted(sighting.symbol) and _NAME.fullmatch(sighting.text):
            definitions[sighting.place] = scip.last_descriptor(sighting.symbol)[1]
    all_definitions = frozenset(place for places in defined.values() for place in places)
    return Oracle(
        frozenset(aliases),
        definitions,
        all_definitions - definitions.keys(),
        expected,
        suffixes,
        others,
        frozenset(ignored),
    )


def _defines_module(sighting: _Sighting) -> bool:
    return sighting.is_definition and not sighting.text


def _key(sighting: _Sighting) -> str:
    """Local symbols are known in their file only."""
    is_local = sighting.symbol.startswith("local ")
    return f"{sighting.place.path} {sighting.symbol}" if is_local else sighting.symbol


def _is_wanted(symbol: str) -> bool:
    return scip.last_descriptor(symbol)[1] in ("#", ".", "().", "/", "!")


def _is_ignored(sighting: _Sighting, aliases: set[tuple[str, str]]) -> bool:
    if sighting.is_definition or sighting.text in KEYWORDS or _NAME.fullmatch(sighting.text.split(" ")[0]) is None:
        return True
    name, suffix = scip.last_descriptor(sighting.symbol)
    if not sighting.symbol.startswith("scip-python "):
        return False
    if suffix == ":":
        return True
    first = sighting.text.split(" ")[0]  # its range of `from x import a as b` may be all of `a as b`
    return bool(suffix) and first != name and (name, first) not in aliases


def _sightings(document: scip.Document, lines: list[str]) -> Iterator[_Sighting]:
    for occurrence in document.occurrences:
        line, start = occurrence.range[:2]
        source = lines[line] if line < len(lines) else ""
        # what goes on for lines, or is nothing, is no name
        text = _slice(source, start, occurrence.range[2], document.encoding) if len(occurrence.range) == 3 else ""
        column = len(_slice(source, 0, start, document.encoding).encode())
        is_definition = bool(occurrence.roles & scip.DEFINITION)
        # a name in quotes may be said to begin with them or behind them
        for begin in (column, column + 1) if text.startswith(("'", '"', "`")) else (column,):
            yield _Sighting(Place(document.path, line + 1, begin), text, occurrence.symbol, is_definition)


def _slice(line: str, start: int, end: int, encoding: scip.Encoding) -> str:
    if line.isascii() or encoding is scip.Encoding.UTF32:
        return line[start:end]
    if encoding is scip.Encoding.UTF8:
        return line.encode()[start:end].decode("utf-8", "replace")
    return line.encode("utf-16-le")[2 * start : 2 * end].decode("utf-16-le", "replace")


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace") if path.is_file() else ""
