"""Which jobs there are."""

from uuid import UUID

from kotadb.model import DeadLetter, Job, JobStatus
from kotadb.postgres import jobs
from kotadb.postgres.database import Database
from kotadb.questions.repositories import Position


def list_jobs(
    database: Database,
    owner_id: UUID,
    limit: int,
    after: Position | None = None,
    *,
    status: JobStatus | None = None,
    repository_uuid: UUID | None = None,
) -> list[Job]:
    """An owner's jobs, newest first, at most `limit`."""
    with database.snapshot() as connection:
        return jobs.list_of_owner(
            connection, owner_id, limit, after=after, status=status, repository_uuid=repository_uuid
        )


def latest_jobs(database: Database, limit: int, status: JobStatus | None = None) -> list[Job]:
    """The jobs of all owners, newest first, at most `limit`."""
    with database.snapshot() as connection:
        return jobs.latest(connection, limit, status)


def dead_letters(database: Database, limit: int) -> list[DeadLetter]:
    """The jobs that failed for good, of all owners, newest first, at most `limit`. Looking takes none of them."""
    with database.snapshot() as connection:
        return jobs.dead_letters(connection, limit)
