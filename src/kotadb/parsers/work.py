"""What a parser process does with one file."""

from time import perf_counter
from typing import NamedTuple

from kotadb.languages import load
from kotadb.model import TEXT
from kotadb.pipeline.extract import definitions, facts_of, links, parse, text_facts
from kotadb.pipeline.packing import pack


class Result(NamedTuple):
    """Packed `PackedFacts`, and the seconds that the syntax tree, the symbols and the references took."""

    facts: bytes
    parse_seconds: float
    symbols_seconds: float
    references_seconds: float


def prepare(language: str) -> None:
    """Load a language, so that processes forked later need not."""
    if language != TEXT:
        load(language)


def work(language: str, source: bytes) -> Result:
    """What is kept of one file. `language` is a name that `languages.load` knows, or `model.TEXT`."""
    begun = perf_counter()
    if language == TEXT:
        return Result(pack(text_facts(source), language).to_bytes(), 0.0, perf_counter() - begun, 0.0)
    grammar = load(language)
    tree = parse(source, grammar)
    parsed = perf_counter()
    defined = definitions(source, tree, grammar)
    found = perf_counter()
    packed = pack(facts_of(source, tree, defined, links(source, tree, grammar, defined)), language).to_bytes()
    return Result(packed, parsed - begun, found - parsed, perf_counter() - found)
