"""`fetch` for tests: one call, each into a folder of its own, and what came of it."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kotadb.git.addresses import Resolve, resolve_host
from kotadb.git.command import Check, go_on
from kotadb.git.credentials import Credential
from kotadb.git.fetch import Fetched, fetch
from kotadb.git.objects import list_tree, read_blobs
from kotadb.git.sources import Source
from kotadb.model.files import TreeEntry
from kotadb.settings import Settings


@dataclass(frozen=True)
class Fetcher:
    """Fetches into new folders below `parent`, with `settings` unless told otherwise."""

    parent: Path
    settings: Settings
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def __call__(
        self,
        source: Source,
        *,
        ref: str | None = None,
        commit: str | None = None,
        settings: Settings | None = None,
        credential: Credential | None = None,
        roots: Sequence[Path] | None = None,
        resolve: Resolve = resolve_host,
        lock_fd: int | None = None,
        check: Check = go_on,
    ) -> Fetched:
        into = self.parent / f"job-{next(self._numbers)}"
        into.mkdir()
        return fetch(
            source, ref=ref, commit=commit, into=into, settings=settings or self.settings, credential=credential,
            roots=roots, resolve=resolve, lock_fd=lock_fd, check=check,
        )  # fmt: skip


def listing(fetched: Fetched) -> dict[bytes, TreeEntry]:
    """The entries of what was fetched, by path."""
    assert fetched.commit_sha is not None
    return {entry.path: entry for entry in list_tree(fetched.git_dir, fetched.commit_sha, max_files=10_000)}


def contents(fetched: Fetched) -> dict[bytes, bytes | None]:
    """Every blob of what was fetched, by path."""
    entries = [entry for entry in listing(fetched).values() if entry.mode != "160000"]
    blobs = read_blobs(fetched.git_dir, [entry.blob_sha for entry in entries])
    return {entry.path: content for entry, (_, content) in zip(entries, blobs, strict=True)}
