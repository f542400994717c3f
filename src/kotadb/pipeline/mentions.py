"""Run a language's `references` query over one file, and sort what it found: scopes, regions, names, statements."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from tree_sitter import Node, QueryCursor, Tree

from kotadb.languages import Language
from kotadb.languages.mentions import Family, Heading, Mention

Captures = Mapping[str, list[Node]]


class Name(NamedTuple):
    """A match that is about one name. Offsets are bytes."""

    start: int
    pattern: int
    heading: Heading
    node: Node
    captures: Captures


class Mentions(NamedTuple):
    """All that the query found in one file."""

    scopes: list[tuple[int, int, Mention]]
    """Start, minus end, and sort, so that an outer one comes before those in it."""
    names: list[Name]
    """By position; of several matches of one name that whose pattern is written first."""
    imports: list[Name]
    exported: "Regions"
    """The statements that export what they declare: EXPORTED, EXPORTED_DEFAULT."""
    type_checking: "Regions"
    in_type: "Regions"


class Regions:
    """Parts of the source that mean something for what is in them; of nested ones the outermost counts."""

    def __init__(self, spans: Iterable[tuple[tuple[int, int], Mention]]) -> None:
        self._starts: list[int] = []
        self._spans: list[tuple[int, Mention]] = []
        for (start, minus_end), mention in sorted(spans):
            if not self._spans or start >= self._spans[-1][0]:
                self._starts.append(start)
                self._spans.append((-minus_end, mention))

    def find(self, offset: int) -> Mention | None:
        """What the region around the offset is; None if there is none."""
        index = bisect_right(self._starts, offset) - 1
        if index < 0:
            return None
        end, mention = self._spans[index]
        return mention if offset < end else None


def find_mentions(tree: Tree, language: Language) -> Mentions:
    """What the language's query says of this file."""
    assert language.references is not None
    scopes: set[tuple[int, int, Mention]] = set()
    names: dict[int, Name] = {}
    imports: dict[int, Name] = {}
    regions: dict[tuple[int, int], tuple[int, Mention]] = {}
    aliases: set[int] = set()
    headings = language.headings
    for pattern, captures in QueryCursor(language.references).matches(tree.root_node):
        heading = headings[pattern]
        family = heading.family
        for node in captures[heading.head]:
            start = node.start_byte
            if start == node.end_byte:
                continue  # what the parser says is missing
            if family is Family.SCOPE:
                scopes.add((start, -node.end_byte, heading.mention))
            elif family is Family.REGION:
                span = start, -node.end_byte
                regions[span] = min(regions.get(span, (pattern, heading.mention)), (pattern, heading.mention))
            elif family is Family.IMPORT:
                _keep_first(imports, captures["specifier"][0].start_byte, Name(start, pattern, heading, node, captures))
            elif start not in names or pattern < names[start].pattern:
                names[start] = Name(start, pattern, heading, node, captures)
        if "alias" in captures:
            aliases.add(captures["alias"][0].start_byte)
    return Mentions(
        scopes=sorted(scopes),
        names=sorted((name for name in names.values() if name.start not in aliases), key=_start),
        imports=[imports[start] for start in sorted(imports)],
        exported=_regions(regions, Mention.EXPORTED_DEFAULT, Mention.EXPORTED),
        type_checking=_regions(regions, Mention.TYPE_CHECKING),
        in_type=_regions(regions, Mention.IN_TYPE),
    )


def _regions(found: Mapping[tuple[int, int], tuple[int, Mention]], *sorts: Mention) -> Regions:
    return Regions((span, mention) for span, (_, mention) in found.items() if mention in sorts)


def _keep_first(found: dict[int, Name], key: int, name: Name) -> None:
    if key not in found or name.pattern < found[key].pattern:
        found[key] = name


def _start(name: Name) -> int:
    return name.start
