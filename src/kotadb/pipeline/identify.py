"""Ids: computed from what they name, so that an edit changes the ids of nothing else."""

from collections import Counter
from collections.abc import Iterable
from hashlib import blake2b

from kotadb.model import Symbol


def file_ids(raw_paths: Iterable[bytes]) -> dict[bytes, int]:
    """A positive 31-bit id for each path: a hash of it; of two that collide, the greater path takes the next number."""
    return _probe(sorted(raw_paths))


def symbol_ids(symbols: Iterable[Symbol]) -> list[int]:
    """A positive 31-bit id for each symbol of one file, from its qualified name and its ordinal among equal ones."""
    seen: Counter[str] = Counter()
    keys = []
    for symbol in symbols:
        name = symbol.qualified_name
        keys.append(f"{name}\0{seen[name]}".encode("utf-8", "surrogatepass"))
        seen[name] += 1
    ids = _probe(sorted(keys))
    return [ids[key] for key in keys]


def _probe(keys: Iterable[bytes]) -> dict[bytes, int]:
    ids: dict[bytes, int] = {}
    taken: set[int] = set()
    mask = (1 << 31) - 1
    for key in keys:
        candidate = int.from_bytes(blake2b(key, digest_size=8).digest()) & mask
        while candidate in taken:
            candidate = (candidate + 1) & mask
        taken.add(candidate)
        ids[key] = candidate
    return ids
