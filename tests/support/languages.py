"""Source in, symbols out."""

from textwrap import dedent

from kotadb.languages import load
from kotadb.model import FileFacts, Symbol
from kotadb.pipeline.extract import extract


def facts_of(language: str, source: str | bytes) -> FileFacts:
    """The facts of a source; a text is dedented first."""
    content = dedent(source).encode() if isinstance(source, str) else source
    loaded = load(language)
    return extract(content, loaded)


def symbols_of(language: str, source: str | bytes) -> dict[str, Symbol]:
    """The symbols of a source by their qualified names."""
    return {symbol.qualified_name: symbol for symbol in facts_of(language, source).symbols}
