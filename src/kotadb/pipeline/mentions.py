"""Run a language's `references` query over one file, and sort what it found: scopes, regions, names, statements."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import NamedTuple, TypeAlias

from tree_sitter import Node, QueryCursor, Tree

from kotadb.languages import Language
from kotadb.languages.mentions import ABOUT_FUNCTIONS, Family, Heading, Mention
from kotadb.pipeline.positions import Nesting

Captures: TypeAlias = Mapping[str, list[Node]]


Name: TypeAlias = tuple[int, Heading, Node, Captures]
"""A match that is about one name: where it starts, what its head means, its node, and all that the match captured."""


class Mentions(NamedTuple):
    """All that the query found in one file."""

    scopes: list[tuple[int, int, Mention]]
    """Start, minus end, and sort, so that an outer one comes before those in it."""
    names: list[Name]
    """By position; of several matches of one name that whose pattern is written first."""
    imports: list[Name]
    yielded: list[Node]
    """What makes functions generators."""
    returned: list[Node]
    """What functions return."""
    signatures: list[Node]
    """What can be called in interfaces and types, without a name."""
    conditions: list[Node]
    """What tells the values of names apart."""
    exported: "Regions"
    """The statements that export what they declare: EXPORTED, EXPORTED_DEFAULT."""
    type_checking: "Regions"
    in_type: "Regions"


class Regions:
    """Parts of the source that mean something for what is in them; of nested ones the outermost counts."""

    def __init__(self, spans: Iterable[tuple[tuple[int, int], Mention]]) -> None:
        nesting = Nesting(outside=-1)
        self._mentions: list[Mention | None] = []
        last = 0
        for (start, minus_end), mention in sorted(spans):
            if start >= last:
                last = -minus_end
                nesting.enter(start, last, len(self._mentions))
                self._mentions.append(mention)
        nesting.leave(last)
        self._mentions.append(None)
        self._nesting = nesting

    def find(self, offset: int) -> Mention | None:
        """What the region around the offset is; None if there is none."""
        return self._mentions[self._nesting.at(offset)]

    def each(self, offsets: Iterable[int]) -> Iterator[Mention | None]:
        """The same for offsets in ascending order."""
        return map(self._mentions.__getitem__, self._nesting.each(offsets))


_Match: TypeAlias = tuple[int, Node, Captures]
"""The pattern, its head's node, and all captures of a match."""


def find_mentions(tree: Tree, language: Language) -> Mentions:
    """What the language's query says of this file."""
    assert language.references is not None
    names: dict[int, _Match] = {}
    rest: list[_Match] = []
    headings = language.headings
    may_miss = tree.root_node.has_error
    # The longest loop of all: what is rare is left for later, and nothing is made for what another pattern has taken.
    for pattern, captures in QueryCursor(language.references).matches(tree.root_node):
        heading = headings[pattern]
        node = captures[heading.head][0]
        if not heading.is_plain:
            rest.append((pattern, node, captures))
            continue
        start = node.start_byte
        if (start not in names or pattern < names[start][0]) and not (may_miss and start == node.end_byte):
            names[start] = pattern, node, captures
    return _sorted(names, rest, headings)


def _sorted(names: dict[int, _Match], rest: Iterable[_Match], headings: Sequence[Heading]) -> Mentions:
    scopes: set[tuple[int, int, Mention]] = set()
    imports: dict[int, _Match] = {}
    regions: dict[tuple[int, int], tuple[int, Mention]] = {}
    aliases: set[int] = set()
    rest_of: dict[Mention, list[Node]] = {mention: [] for mention in ABOUT_FUNCTIONS}
    for match in rest:
        pattern, node, captures = match
        mention, family = headings[pattern].mention, headings[pattern].family
        if "alias" in captures:
            aliases.add(captures["alias"][0].start_byte)
        start, end = node.start_byte, node.end_byte
        if start == end:
            continue  # what the parser says is missing
        if family is Family.FUNCTION:
            rest_of[mention].append(node)
        elif family is Family.SCOPE:
            scopes.add((start, -end, mention))
        elif family is Family.REGION:
            regions[start, -end] = min(regions.get((start, -end), (pattern, mention)), (pattern, mention))
        elif family is Family.IMPORT:
            _keep_first(imports, captures["specifier"][0].start_byte, match)
        else:
            _keep_first(names, start, match)
    return Mentions(
        scopes=sorted(scopes),
        names=_in_order(names, headings, aliases),
        imports=_in_order(imports, headings, frozenset()),
        yielded=rest_of[Mention.YIELDED],
        returned=rest_of[Mention.RETURNED],
        signatures=rest_of[Mention.SIGNATURE],
        conditions=rest_of[Mention.CONDITION],
        exported=_regions(regions, Mention.EXPORTED_DEFAULT, Mention.EXPORTED),
        type_checking=_regions(regions, Mention.TYPE_CHECKING),
        in_type=_regions(regions, Mention.IN_TYPE),
    )


def _in_order(found: Mapping[int, _Match], headings: Sequence[Heading], aliases: Set[int]) -> list[Name]:
    names = []
    for offset in sorted(found):
        pattern, node, captures = found[offset]
        heading = headings[pattern]
        if heading.family is not Family.IGNORE and offset not in aliases:
            names.append((node.start_byte, heading, node, captures))
    return names


def _keep_first(found: dict[int, _Match], key: int, match: _Match) -> None:
    if key not in found or match[0] < found[key][0]:
        found[key] = match


def _regions(found: Mapping[tuple[int, int], tuple[int, Mention]], *sorts: Mention) -> Regions:
    return Regions((span, mention) for span, (_, mention) in found.items() if mention in sorts)
