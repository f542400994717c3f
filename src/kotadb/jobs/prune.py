"""What has ended long ago is deleted: rows of the queue after days, jobs after months."""

from kotadb.logs import get_logger
from kotadb.postgres import jobs
from kotadb.postgres.database import Database
from kotadb.settings import Settings

DAY_SECONDS = 24 * 3600

log = get_logger(__name__)


def prune(settings: Settings, database: Database) -> None:
    """Delete jobs and queue rows that are older than the settings keep them. Dead letters go with their job."""
    queue_seconds, jobs_seconds = settings.keep_queue_days * DAY_SECONDS, settings.keep_jobs_days * DAY_SECONDS
    deleted = database.write(
        lambda connection: jobs.prune(connection, queue_seconds=queue_seconds, jobs_seconds=jobs_seconds)
    )
    if deleted:
        log.info("pruned", rows=deleted)
