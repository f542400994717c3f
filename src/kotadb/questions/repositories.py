"""Which repositories there are, and which of their indexes answers."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kotadb.errors import NotFound
from kotadb.model import Index, Repository
from kotadb.postgres import repositories
from kotadb.postgres.database import Connection, Database
from kotadb.questions.asking import choose

SHOWN_INDEXES = 200
"""Of each repository: any ref that is asked for makes one, and an answer holds many repositories."""

Position = tuple[datetime, UUID]
"""Where a page ends: creation time and id of its last item."""


@dataclass(frozen=True, slots=True)
class RepositoryOverview:
    """A repository and its newest indexes, at most `SHOWN_INDEXES`."""

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


def is_indexed(database: Database, owner_id: UUID, address: str) -> bool:
    """Whether anything is stored for the repository at a normalised address."""
    with database.snapshot() as connection:
        repository = repositories.by_address(connection, owner_id, address)
        return repository is not None and repositories.last_stored_index(connection, repository.id) is not None


def choose_index(database: Database, repository: Repository, ref: str | None) -> Index:
    """The index of a ref (or of a commit that was indexed alone), by default of HEAD or else the newest.

    Raises NotFound if nothing was stored for it yet.
    """
    with database.snapshot() as connection:
        return choose(connection, repository, ref)


def _overview(connection: Connection, repository: Repository) -> RepositoryOverview:
    return RepositoryOverview(repository, tuple(repositories.indexes(connection, repository.id, SHOWN_INDEXES)))
