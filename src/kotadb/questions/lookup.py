"""Which blobs of a repository may match: those with the words that a pattern requires."""

from collections.abc import Iterable

import re2

from kotadb.pipeline.words import LONG, word_hashes
from kotadb.postgres import search
from kotadb.postgres.database import Connection
from kotadb.questions.matcher import line_end
from kotadb.questions.required import Piece, Required

MAX_WORDS = 1_000
"""A piece of more words than this is in so many files that looking at them as they come is as good."""
MAX_BLOBS = 20_000
"""More are as well searched as they come."""
MAX_VOCABULARY_BYTES = 32 * 1024 * 1024
"""All of it is looked through; one that is larger is mostly data."""
SECONDS = 1.0
"""The server may look for so long."""
# Next to a word there may be a character of another script, which our words go on with: in upper and lower case alike,
# or RE2 would count the sign for kelvin among ASCII.
_BEGINS = rb"(?:^|(?-i:[^\x00-\x7f]))"
_ENDS = rb"(?:$|(?-i:[^\x00-\x7f]))"


def lookup(connection: Connection, repository_id: int, required: Required) -> set[str] | None:
    """The hashes of the blobs that may match. None if they are too many to be worth it, or cannot be told."""
    segments = search.vocabulary(connection, repository_id, MAX_VOCABULARY_BYTES)
    if segments is None:
        return None
    hashes: dict[Piece, list[int]] = {}
    for piece in dict.fromkeys(piece for pieces in required.alternatives for piece in pieces):
        words = words_with(piece, segments, any_case=required.any_case)
        if words is not None:
            hashes[piece] = word_hashes(repository_id, {LONG, *words})
    numbers = {piece: number for number, piece in enumerate(hashes)}
    alternatives = [[numbers[piece] for piece in pieces if piece in numbers] for pieces in required.alternatives]
    if not all(alternatives):
        return None
    found = search.blobs(connection, repository_id, list(hashes.values()), alternatives, MAX_BLOBS + 1, SECONDS)
    return None if found is None or len(found) > MAX_BLOBS else found


def words_with(piece: Piece, segments: Iterable[bytes], *, any_case: bool) -> set[bytes] | None:
    """The words of a vocabulary that a piece may be of, None if they are more than MAX_WORDS."""
    options = re2.Options()
    options.case_sensitive = not any_case
    options.never_capture = True
    begins, ends = _BEGINS if piece.begins else b"", _ENDS if piece.ends else b""
    pattern = re2.compile(b"(?m)" + begins + re2.escape(piece.text) + ends, options)
    found: set[bytes] = set()
    for segment in segments:
        at = 0
        while at <= len(segment) and (match := pattern.search(segment, at)):
            at = line_end(segment, match.end())
            found.add(segment[segment.rfind(b"\n", 0, match.end()) + 1 : at])
            if len(found) > MAX_WORDS:
                return None
            at += 1
    return found
