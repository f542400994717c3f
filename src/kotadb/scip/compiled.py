"""What a compiler's index says of a file, held against the text that is indexed: whose symbol stands where."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from kotadb.errors import Conflict, InvalidInput
from kotadb.scip.columns import in_bytes
from kotadb.scip.reading import DEFINITION, KEYWORDS
from kotadb.scip.scip_pb2 import Document, Occurrence
from kotadb.scip.symbols import LOCAL, Suffix, last_descriptor

NAMED = frozenset({Suffix.NAMESPACE, Suffix.TYPE, Suffix.TERM, Suffix.METHOD, Suffix.MACRO})
"""What is called by the name of its descriptor; indexers number those of others, such as keys of object literals."""

OTHER_COMMIT = "other_commit"

MAX_SHOWN = 200
MAX_AROUND = 100
"""Bytes on both sides of a place that are looked at: a line may be very long."""

_WORD = re.compile(r"[\w$]")
_KIND = re.compile(r"<[^>]*>")
_AROUND = "'\"`[]#@"
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_ALIAS = re.compile(r"\b(\w+)\s+as\s+(\w+)")
_CARELESS = "scip-python "
"""What the symbols begin with of an indexer that takes one name for another where a package re-exports them."""


class Said(NamedTuple):
    """A symbol at a place: line from 1, column from 0 in bytes, with the text there and some on both sides of it."""

    path: str
    line: int
    column: int
    text: str
    before: str
    after: str
    symbol: str
    roles: int

    @property
    def is_definition(self) -> bool:
        return bool(self.roles & DEFINITION)

    @property
    def key(self) -> str:
        """The symbol; a local one is known in its file only."""
        return f"{self.path} {self.symbol}" if self.symbol.startswith(LOCAL) else self.symbol


def said(document: Document, lines: Sequence[bytes]) -> Iterator[Said]:
    """What a document says of names that stand on one line; `lines` is the text of its file.

    Raises Conflict where the index cannot be of this text: at a place that the text does not have, that begins or ends
    within a word, or where a definition has another name. Compilers' indexes of a commit have none of these, and those
    of an edited file soon do. Raises InvalidInput for a place that is none.
    """
    for occurrence in document.occurrences:
        found = _said(document, occurrence, lines)
        if found is None:
            raise other_text(f"{shown(document.relative_path)} has no place {_place(occurrence)}")
        if not found.text or len(occurrence.range) == 4:
            continue
        if _cuts(found.before, found.text) or _cuts(found.text, found.after):
            raise other_text(f"{found.path} has a longer word at {_place(occurrence)}")
        if found.is_definition and not _is_called(found):
            name = last_descriptor(found.symbol)[0]
            raise other_text(f"{found.path} has {shown(found.text)!r} at {_place(occurrence)}, not {shown(name)!r}")
        yield found


def other_text(why: str) -> Conflict:
    """The error for an index of something else than the indexed commit."""
    return Conflict(
        f"This index was not made of the indexed commit: {why}. Index the commit that the compiler saw, or have it see "
        "this one, without uncommitted changes",
        code=OTHER_COMMIT,
    )


def shown(text: str) -> str:
    """Text of the index as it may be stored and shown."""
    return text[:MAX_SHOWN].replace("\0", "\ufffd")


def commit_of(symbol: str) -> str | None:
    """The commit that a symbol's package is of, if the indexer was told to say so in place of a version."""
    parts = symbol.split(" ", 4)
    return parts[3] if len(parts) == 5 and _COMMIT.fullmatch(parts[3]) else None


def aliases(text: str) -> set[tuple[str, str]]:
    """Names with what else the text calls them: `name as other`."""
    return set(_ALIAS.findall(text))


def is_mistaken(found: Said, others: set[tuple[str, str]]) -> bool:
    """Whether the indexer takes one name for another here, or a keyword for one; `others` are the text's aliases."""
    name = last_descriptor(found.symbol)[0]
    text = found.text.split(" ")[0]  # the range of `from x import a as b` may be all of `a as b`
    if not name or text == name:
        return False
    return text in KEYWORDS or (found.symbol.startswith(_CARELESS) and (name, text) not in others)


def _said(document: Document, occurrence: Occurrence, lines: Sequence[bytes]) -> Said | None:
    """What it says; None where the text has no such place."""
    place = tuple(occurrence.range)
    if len(place) not in (3, 4):
        raise InvalidInput(f"A place in {shown(document.relative_path)} has {len(place)} numbers; SCIP writes 3 or 4")
    last = place[2] if len(place) == 4 else place[0]
    if not 0 <= place[0] <= last < len(lines):
        return None
    line = lines[place[0]]
    start = in_bytes(line, place[1], document.position_encoding)
    end = in_bytes(lines[last], place[-1], document.position_encoding)
    if start is None or end is None or (last == place[0] and end < start):
        return None
    around = line[max(0, start - MAX_AROUND) : start], line[start:end], line[end : end + MAX_AROUND]
    before, text, after = (part.decode(errors="ignore") for part in around)
    return Said(
        document.relative_path, place[0] + 1, start, text, before, after, occurrence.symbol, occurrence.symbol_roles
    )


def _cuts(left: str, right: str) -> bool:
    return bool(left and right and _WORD.match(left[-1]) and _WORD.match(right[0]))


def _is_called(found: Said) -> bool:
    """Whether the definition's text is the symbol's name, as indexers see it: `<get>x`, `<constructor>`, `"x"`."""
    name, suffix = last_descriptor(found.symbol)
    plain = _KIND.sub("", name, count=1).strip(_AROUND)
    return suffix not in NAMED or plain in ("", found.text.strip(_AROUND)) or found.text in KEYWORDS


def _place(occurrence: Occurrence) -> str:
    return f"{occurrence.range[0] + 1}:{occurrence.range[1]}"
