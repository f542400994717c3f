"""What is done for is deleted: rows of the queue after days, jobs after months, indexes that never held anything."""

from kotadb.logs import get_logger
from kotadb.postgres import jobs, repositories
from kotadb.postgres.database import Connection, Database
from kotadb.settings import Settings

DAY_SECONDS = 24 * 3600
UNUSED_INDEX_SECONDS = DAY_SECONDS
"""Whoever asked for a ref that is not there has seen by then that nothing came of it."""

PRUNED_AT_ONCE = 2_000
"""Of each kind: whoever prunes has dead workers' jobs to look after."""

log = get_logger(__name__)


def prune(settings: Settings, database: Database) -> bool:
    """Delete jobs and queue rows that are older than the settings keep them, and indexes that came to nothing.

    Dead letters go with their job. Not too many at once. Returns whether this was all.
    """
    queue_seconds, jobs_seconds = settings.keep_queue_days * DAY_SECONDS, settings.keep_jobs_days * DAY_SECONDS

    def prune_jobs(connection: Connection) -> int:
        return jobs.prune(connection, queue_seconds=queue_seconds, jobs_seconds=jobs_seconds, limit=PRUNED_AT_ONCE)

    def prune_indexes(connection: Connection) -> int:
        return repositories.prune_indexes(connection, seconds=UNUSED_INDEX_SECONDS, limit=PRUNED_AT_ONCE)

    deleted = database.write(prune_jobs) + database.write(prune_indexes)
    if deleted:
        log.info("pruned", rows=deleted)
    return deleted == 0
