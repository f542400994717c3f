"""How often a key may ask: a bucket of tokens for each, shared by all API processes.

The bucket is a row in the database. A process takes a block of tokens from it and serves requests from that block, so
that a request mostly costs no statement; nor does one that is refused, since the process remembers until when.
"""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from kotadb.errors import RateLimited
from kotadb.postgres import access
from kotadb.postgres.database import Connection

BLOCKS_IN_BUCKET = 60
"""A block is what flows in within a second: no process keeps more than that from the others, and a process writes to
the row of a key that asks without end about twice a second."""

MAX_SHARES = 10_000
"""Keys that a process remembers. To forget costs a key no more than the rest of a block."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a key has left, as far as this process can tell; `full_after` seconds without requests it has all again."""

    limit: int
    remaining: int
    full_after: int


@dataclass(slots=True)
class _Share:
    """What a process has and knows of a bucket. `looked_at` and `refused_until` are by its own clock."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    tokens: int = 0
    in_bucket: float = 0
    looked_at: float = 0
    refused_until: float = 0


class RateLimits:
    """The limit of `per_minute` requests for each key, as many of them at once as have not been used for a minute.

    0 limits nothing. Keys are told apart by the hash of their secret.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._capacity = per_minute
        self._per_second = per_minute / 60
        self._block = max(1, per_minute // BLOCKS_IN_BUCKET)
        self._clock = clock
        self._shares: dict[bytes, _Share] = {}
        self._lock = threading.Lock()

    def check(self, secret_sha256: bytes) -> None:
        """Raises RateLimited for a key that is known to have nothing left, without asking the database."""
        share = self._shares.get(secret_sha256)
        if share is not None:
            self._check(share)

    def charge(self, connection: Connection, key_id: UUID, secret_sha256: bytes) -> Allowance | None:
        """Take the token that a request costs. Raises RateLimited if there is none."""
        if not self._capacity:
            return None
        share = self._share(secret_sha256)
        with share.lock:
            self._check(share)
            if not share.tokens:
                self._take_block(connection, key_id, share)
            share.tokens -= 1
            remaining = min(self._capacity, int(share.tokens + self._level(share)))
            return Allowance(self._capacity, remaining, self._seconds_to_fill(remaining))

    def _share(self, secret_sha256: bytes) -> _Share:
        with self._lock:
            if len(self._shares) >= MAX_SHARES and secret_sha256 not in self._shares:
                self._shares.clear()
            return self._shares.setdefault(secret_sha256, _Share())

    def _take_block(self, connection: Connection, key_id: UUID, share: _Share) -> None:
        share.tokens, share.in_bucket = access.take_tokens(
            connection, key_id, capacity=self._capacity, per_second=self._per_second, block=self._block
        )
        share.looked_at = self._clock()
        if not share.tokens:  # until there is a whole block: less would be gone at once, at a statement each time
            share.refused_until = share.looked_at + (self._block - share.in_bucket) / self._per_second
            self._check(share)

    def _check(self, share: _Share) -> None:
        wait = share.refused_until - self._clock()
        if wait > 0:
            raise RateLimited(self._capacity, math.ceil(wait), self._seconds_to_fill(self._level(share)))

    def _level(self, share: _Share) -> float:
        """Tokens in the bucket by now, if no other process has taken any."""
        return min(self._capacity, share.in_bucket + (self._clock() - share.looked_at) * self._per_second)

    def _seconds_to_fill(self, tokens: float) -> int:
        return math.ceil((self._capacity - tokens) / self._per_second)
