"""What a compiler knows about a checkout, read from its SCIP index and made comparable.

All is told by places, (path, line from 1, column from 0 in UTF-8 bytes), never by the names of symbols, which every
indexer makes up for itself. Rules:

- Documents and occurrences that are there several times, once per compilation, are one.
- A place with several symbols accepts the definition of any of them.
- Columns are UTF-16 unless the document says otherwise, and are converted with the source text.

Left out of what is expected, and held against nobody who agrees with the oracle there:

- local symbols (`local 7`), parameters and type parameters;
- properties of object literals (`name0:`): kotadb has symbols for what is declared;
- symbols without a definition in the repository, such as the standard library's: a target for those is wrong;
- keys: members of a type that are named with nothing before them to tell whose they are, as in object literals, JSX
  (attributes and tags such as `<h1>`) and keyword arguments. kotadb looks up what is written `a.b`, and says nothing
  of those. They are counted apart.

Not looked at, whoever has something there:

- definitions, as references: they are in the other comparison;
- modules as symbols, which have an empty definition at the start of their file: what imports lead to is measured by
  itself;
- what is no name: string literals (`'./context'`, `Env['Variables']`), keywords that stand for something (`this`,
  `super`, `default`);
- in an index of scip-python, a place whose text is not the symbol's name, unless it is an alias: it takes one name for
  another where a package re-exports them (`httpx.Timeout` for `create_ssl_context`);
- symbols that are local or the repository's, and yet have no definition in the index: the oracle lost them.

`new C()` may lead to the class or to its constructor: kotadb says the first, scip-typescript the second.

scip-python takes the second and later `def` of a name, such as a property's setter, for a reference to the first; they
are definitions here.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from kotadb.scip.columns import in_bytes
from kotadb.scip.reading import DEFINITION, KEYWORDS, decoded, documents
from kotadb.scip.scip_pb2 import Document
from kotadb.scip.symbols import last_descriptor

CONSTRUCTOR = "`<constructor>`()."
"""How scip-typescript calls it."""

_NAME = re.compile(r"#?[^\W\d][\w$]*|[$_][\w$]*")
_DEF = re.compile(r"\s*(?:async\s+)?def\s+")
_MEMBER = re.compile(r"[#:](?:[\w+$-]+|`(?:[^`]|``)+`)(?:\(\))?\.\Z")
_KEYWORD_ARGUMENT = re.compile(r"\s*=(?!=)")
_ALIAS = re.compile(r"\b(\w+)\s+as\s+(\w+)")


def is_name(text: str) -> bool:
    """Whether a definition is looked at: `default`, a computed and a quoted name are none."""
    return text != "default" and _NAME.fullmatch(text) is not None


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
    """With the suffix that tells what kind of symbol it is, as `last_descriptor` gives it."""
    other_definitions: frozenset[Place]
    """Those that need not be found."""
    references: Mapping[Place, frozenset[Place]]
    """With the places of the definitions, any of which is right."""
    suffixes: Mapping[Place, str]
    """The kinds of the symbols that `references` are to, for reports."""
    others: Mapping[Place, frozenset[Place]]
    """References that need not be found, with the only targets that are right; there may be none."""
    keys: frozenset[Place]
    """Those of `others` that lead to a definition in the repository, but are keys."""
    ignored: frozenset[Place]


class _Sighting(NamedTuple):
    """An occurrence of a symbol, with the text that stands there."""

    place: Place
    text: str
    symbol: str
    is_definition: bool
    is_key: bool

    @property
    def key(self) -> str:
        """The symbol; a local one is known in its file only."""
        return f"{self.place.path} {self.symbol}" if self.symbol.startswith("local ") else self.symbol

    @property
    def names(self) -> tuple[str, ...]:
        """The symbols whose definitions are right here."""
        own_class = self.symbol.removesuffix(CONSTRUCTOR)
        return (self.key,) if own_class == self.symbol else (self.key, own_class)

    @property
    def is_wanted(self) -> bool:
        return last_descriptor(self.symbol)[1] in ("#", ".", "().", "/", "!")

    @property
    def is_module(self) -> bool:
        return self.is_definition and not self.text

    @property
    def is_python(self) -> bool:
        return self.symbol.startswith("scip-python ")


def read_oracle(index: Path, checkout: Path) -> Oracle:
    """The oracle's knowledge, for a checkout that is what was indexed."""
    sightings: set[_Sighting] = set()
    aliases: dict[str, set[tuple[str, str]]] = {}
    for document in documents(decoded(index.read_bytes())):
        text = _text(checkout / document.relative_path)
        aliases[document.relative_path] = set(_ALIAS.findall(text))
        sightings |= set(_sightings(document, text.encode().split(b"\n")))
    return _cleaned(sightings, aliases)


def _cleaned(sightings: Iterable[_Sighting], aliases: Mapping[str, set[tuple[str, str]]]) -> Oracle:
    defined: dict[str, set[Place]] = defaultdict(set)
    used: dict[Place, list[_Sighting]] = defaultdict(list)
    for sighting in sorted(sightings):
        if sighting.is_definition:
            defined[sighting.key].add(sighting.place)
        used[sighting.place].append(sighting)
    is_ignored = _ignoring(used, defined, aliases)
    expected: dict[Place, frozenset[Place]] = {}
    others: dict[Place, frozenset[Place]] = {}
    suffixes: dict[Place, str] = {}
    ignored = frozenset(place for place, here in used.items() if any(map(is_ignored, here)))
    keys: set[Place] = set()
    for place in used.keys() - ignored:
        wanted = [sighting for sighting in used[place] if sighting.is_wanted and sighting.key in defined]
        is_key = bool(wanted) and all(sighting.is_key for sighting in wanted)
        keys |= {place} if is_key else set()
        targets = frozenset(target for s in used[place] for name in s.names for target in defined.get(name, ()))
        (expected if wanted and not is_key else others)[place] = targets
        suffixes[place] = last_descriptor(wanted[0].symbol)[1] if wanted else ""
    definitions = _definitions(used)
    others_defined = frozenset(place for places in defined.values() for place in places) - definitions.keys()
    return Oracle(frozenset(aliases), definitions, others_defined, expected, suffixes, others, frozenset(keys), ignored)


def _definitions(used: Mapping[Place, list[_Sighting]]) -> dict[Place, str]:
    return {
        sighting.place: last_descriptor(sighting.symbol)[1]
        for here in used.values()
        for sighting in here
        if sighting.is_definition and sighting.is_wanted and is_name(sighting.text)
    }


def _ignoring(
    used: Mapping[Place, list[_Sighting]],
    defined: Mapping[str, set[Place]],
    aliases: Mapping[str, set[tuple[str, str]]],
) -> Callable[[_Sighting], bool]:
    """Tells which sightings are not looked at."""
    modules = {sighting.symbol for here in used.values() for sighting in here if sighting.is_module}
    packages = {_package(key) for key in defined}

    def is_ignored(sighting: _Sighting) -> bool:
        first = sighting.text.split(" ")[0]  # the range of `from x import a as b` may be all of `a as b`
        if sighting.is_definition or sighting.symbol in modules:
            return True
        if first in KEYWORDS or _NAME.fullmatch(first) is None:
            return True
        if sighting.key not in defined and _package(sighting.key) in packages:
            return True
        return sighting.is_python and _is_mistaken(sighting.symbol, first, aliases[sighting.place.path])

    return is_ignored


def _is_mistaken(symbol: str, text: str, aliases: set[tuple[str, str]]) -> bool:
    name, suffix = last_descriptor(symbol)
    return suffix == ":" or (bool(suffix) and text != name and (name, text) not in aliases)


def _package(key: str) -> str:
    """What a symbol begins with: scheme, manager, name and version."""
    return "local" if " local " in key else " ".join(key.split(" ")[:4])


def _sightings(document: Document, lines: list[bytes]) -> Iterator[_Sighting]:
    for occurrence in document.occurrences:
        line, start = occurrence.range[:2]
        source = lines[line] if line < len(lines) else b""
        column = in_bytes(source, start, document.position_encoding) or 0
        # what goes on for lines, or is nothing, is no name
        is_name = len(occurrence.range) == 3
        end = in_bytes(source, occurrence.range[2], document.position_encoding) if is_name else column
        before, text, after = (part.decode() for part in (source[:column], source[column:end], source[end:]))
        is_definition = bool(occurrence.symbol_roles & DEFINITION)
        if occurrence.symbol.startswith("scip-python ") and _DEF.fullmatch(before):
            is_definition = True
        # a name in quotes may be said to begin with them or behind them
        for begin in (column, column + 1) if text.startswith(("'", '"', "`")) else (column,):
            place = Place(document.relative_path, line + 1, begin)
            is_key = not is_definition and _is_key(occurrence.symbol, before, after)
            yield _Sighting(place, text, occurrence.symbol, is_definition, is_key)


def _is_key(symbol: str, before: str, after: str) -> bool:
    """In TypeScript a member without a qualifier is a key; in Python it may be a name in the class's own body."""
    if _MEMBER.search(symbol) is None or symbol.endswith(CONSTRUCTOR) or before.rstrip().endswith("."):
        return False
    return not symbol.startswith("scip-python ") or _KEYWORD_ARGUMENT.match(after) is not None


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace") if path.is_file() else ""
