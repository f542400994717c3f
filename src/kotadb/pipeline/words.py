"""The words of a text, by which search finds the files that may hold what is looked for.

A word is as long as it can be: ASCII letters, digits, underscores, and any bytes of other scripts, whatever they are.
So it depends on no locale where words end. A file keeps the hashes of its words; the words themselves are the
vocabulary of its repository, in which the ones that hold a piece of a word are found by looking through it.
"""

import re
import zlib
from collections.abc import Iterable

WORD = re.compile(rb"[0-9A-Za-z_\x80-\xff]+")
MAX_WORD_BYTES = 128
LONG = b"\0"
"""Stands for all words that are longer: data more often than names, and each of them like no other."""


def words(content: bytes) -> set[bytes]:
    """The different words of a text in UTF-8, LONG among them if it has longer ones than are kept."""
    found = set(WORD.findall(content))
    long = {word for word in found if len(word) > MAX_WORD_BYTES}
    return (found - long) | {LONG} if long else found


def word_hashes(repository_id: int, found: Iterable[bytes]) -> list[int]:
    """The hashes of words in a repository, signed numbers of 32 bits, in order: each repository has its own.

    They share an index with those of all other repositories, which then have next to nothing in common.
    """
    seed = zlib.crc32(repository_id.to_bytes(8))  # a small number would be as if the first letter was another
    return sorted({zlib.crc32(word, seed) - 2**31 for word in found})
