"""Owners, their keys and repositories, and the indexes of these."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Owner:
    """A tenant: everything belongs to one."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Key:
    """An API key as it may be shown; the secret is known only to its holder."""

    id: UUID
    owner_name: str
    name: str
    prefix: str
    created_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository of an owner. `id` is for tables, `uuid` for the world."""

    id: int
    uuid: UUID
    owner_id: UUID
    address: str
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class TokenSource:
    """Where the token for a repository, or for a whole host, comes from: a variable or a file, one of the two."""

    address: str
    username: str
    token_env: str | None
    token_file: str | None


@dataclass(frozen=True, slots=True)
class Index:
    """A repository at a ref as asked for, or at `pinned_sha`. What it holds is None until the first store.

    `limits` are the settings that decide what is skipped, `manifests` the paths whose text says where modules
    are, with the words that were looked for in it, or None where all of it was read.
    """

    index_id: int
    repository_id: int
    ref: str | None
    pinned_sha: str | None
    commit_sha: str | None
    branch: str | None
    indexed_at: datetime | None
    extractor_version: int | None
    limits: str | None
    manifests: dict[str, list[str] | None] | None
    stats: dict[str, Any] | None
