"""Which repositories there are, and which of their indexes answers."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kotadb.errors import NotFound
from kotadb.model import Index, Repository
from kotadb.postgres import repositories
from kotadb.postgres.database import Connection, Database

Position = tuple[datetime, UUID]
"""Where a page ends: creation time and id of its last item."""


@dataclass(frozen=True, slots=True)
class RepositoryOverview:
    """A repository and all its indexes."""

    repository: Repository
    indexes: tuple[Index, ...]


def list_repositories(
    database: Database, owner_id: UUID, limit: int, after: Position | None = None
) -> list[RepositoryOverview]:
    """An owner's repositories, newest first, at most `limit`."""
    with database.snapshot() as connection:
        found = repositories.list_of_owner(connection, owner_id, limit, after)
        return [_overview(connection, repository) for repository in found]


def get_repository(database: Database, owner_id: UUID, uuid: UUID) -> RepositoryOverview:
    """Raises NotFound, also for another owner's."""
    with database.snapshot() as connection:
        repository = repositories.by_uuid(connection, owner_id, uuid)
        if repository is None:
            raise NotFound("There is no such repository")
        return _overview(connection, repository)


def find_repository(database: Database, owner_id: UUID, address: str) -> RepositoryOverview:
    """The repository at a normalised address. Raises NotFound."""
    with database.snapshot() as connection:
        repository = repositories.by_address(connection, owner_id, address)
        if repository is None:
            raise NotFound(f"{address} has not been indexed: `kotadb index` does that")
        return _overview(connection, repository)


def choose_index(overview: RepositoryOverview, ref: str | None) -> Index:
    """The index of a ref (or of a commit that was indexed alone), by default of HEAD or else the newest.

    Raises NotFound if nothing was stored for it yet.
    """
    stored = [index for index in overview.indexes if index.indexed_at is not None]
    wanted = [index for index in stored if (ref or "HEAD") in (index.ref, index.pinned_sha)]
    if not wanted and ref is None:
        wanted = sorted(stored, key=lambda index: (index.indexed_at, index.index_id))[-1:]
    if not wanted:
        at = f" at {ref}" if ref else ""
        raise NotFound(f"Nothing is stored for {overview.repository.name}{at} yet")
    return wanted[0]


def _overview(connection: Connection, repository: Repository) -> RepositoryOverview:
    return RepositoryOverview(repository, tuple(repositories.indexes(connection, repository.id)))
