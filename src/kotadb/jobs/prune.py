"""What has ended long ago is deleted: rows of the queue after days, jobs after months."""

from kotadb.logs import get_logger
from kotadb.postgres import jobs
from kotadb.postgres.database import Database
from kotadb.settings import Settings

DAY_SECONDS = 24 * 3600
PRUNED_AT_ONCE = 2_000
"""Of each kind: whoever prunes has dead workers' jobs to look after."""

log = get_logger(__name__)


def prune(settings: Settings, database: Database) -> bool:
    """Delete jobs and queue rows that are older than the settings keep them. Dead letters go with their job.

    Not too many at once. Returns whether this was all.
    """
    queue_seconds, jobs_seconds = settings.keep_queue_days * DAY_SECONDS, settings.keep_jobs_days * DAY_SECONDS
    deleted = database.write(
        lambda connection: jobs.prune(
            connection, queue_seconds=queue_seconds, jobs_seconds=jobs_seconds, limit=PRUNED_AT_ONCE
        )
    )
    if deleted:
        log.info("pruned", rows=deleted)
    return deleted == 0
