"""How runs end that did not succeed, and how jobs come back: waiting again, dead, or left to a newer job.

Two steps, each of which may be repeated. `end` changes `index_jobs` alone, so that it works where little else does, on
a full disk for one. `requeue` then brings the queue in step; what it does not get to, the next look of any supervisor
will.
"""

from collections.abc import Callable, Collection
from typing import Any
from uuid import UUID

from kotadb import metrics
from kotadb.errors import WorkerDied
from kotadb.jobs import queue
from kotadb.logs import get_logger
from kotadb.model import Failure, Job, JobStatus
from kotadb.postgres import jobs
from kotadb.postgres.database import Connection, Database
from kotadb.postgres.jobs import Ended
from kotadb.settings import Settings

DIED = Failure(WorkerDied.code, str(WorkerDied()))

REQUEUED_AT_ONCE = 500
"""Jobs queued in one transaction at most: after a long outage, many are due."""

log = get_logger(__name__)


def end(
    connection: Connection,
    ids: list[UUID],
    failure: Failure | None,
    *,
    retries: int,
    delay: float = 0,
    stats: dict[str, Any] | None = None,
) -> Ended:
    """As `postgres.jobs.end`; what fails for good becomes a dead letter in the same transaction."""
    ended = jobs.end(connection, ids, failure, retries=retries, delay=delay, stats=stats)
    for job in ended.failed:
        queue.bury(connection, job)
    return ended


def report(ended: Ended) -> None:
    """Say what became of the jobs."""
    for job in ended.waiting:
        # Where it failed the error of this run is on it; a drain leaves none.
        log.warning("job waits again", attempt_spent=bool(job.error_code), code=job.error_code, **_names(job))
    for job in ended.superseded:
        log.warning("job superseded", **_names(job))
    for job in ended.failed:
        log.error("job failed", code=job.error_code, error=job.error_message, attempt=job.attempt, **_names(job))


def release(settings: Settings, database: Database, workers: Collection[str] = (), *, expired: bool = False) -> None:
    """Take their jobs from workers that ended and, with `expired`, from all whose lease has run out.

    They wait again at once; after their last attempt they fail.
    """

    def find(connection: Connection) -> list[jobs.Held]:
        return jobs.given_up(connection, workers, settings.lease_seconds, expired=expired)

    for job in _take(settings, database, find, DIED):
        metrics.job_rescued(_loss(job, workers))


def hand_back(settings: Settings, database: Database, workers: Collection[str]) -> None:
    """Take their jobs from workers that were drained. They wait again at once, without an attempt spent."""
    for _ in _take(settings, database, lambda connection: jobs.drained(connection, workers), None):
        metrics.job_handed_back()


def _take(
    settings: Settings, database: Database, find: Callable[[Connection], list[jobs.Held]], failure: Failure | None
) -> list[jobs.Held]:
    """End the runs that are found, and bring the queue in step. Returns what was taken."""

    def take(connection: Connection) -> tuple[list[jobs.Held], Ended]:
        taken = find(connection)
        return taken, end(connection, [job.id for job in taken], failure, retries=settings.retry_limit)

    taken, ended = database.write(take)
    report(ended)
    requeue(settings, database, [job.queue_job_id for job in taken if job.queue_job_id is not None])
    return taken


def requeue(settings: Settings, database: Database, closed: list[int]) -> None:
    """Close these rows of the queue, and queue the waiting jobs that are due and in no row of it.

    Where the API runs its jobs itself, nobody would take them from there.
    """

    def bring_in_step(connection: Connection) -> list[Job]:
        jobs.close_queue_rows(connection, closed, settings.lease_seconds)
        if not settings.async_indexing:
            return []
        waiting = jobs.unqueued(connection, settings.lease_seconds, REQUEUED_AT_ONCE)
        for job in waiting:
            jobs.set_queue_job(connection, job.id, queue.enqueue(connection, job))
        return waiting

    queued = database.write(bring_in_step)
    if queued:
        queue.tell(database)
    for job in queued:
        log.info("job queued again", **_names(job))


def give_up(database: Database, job_id: UUID) -> None:
    """Fail a waiting job that only the caller was to run, and could not."""

    def bury(connection: Connection) -> Job | None:
        job = jobs.give_up(connection, job_id, DIED, [JobStatus.PENDING])
        if job is not None:
            queue.bury(connection, job)
        return job

    if (job := database.write(bury)) is not None:
        metrics.job_rescued(metrics.Loss.WORKER_DIED)
        report(Ended([], [job], []))


def _loss(job: jobs.Held, workers: Collection[str]) -> metrics.Loss:
    """Why the job was taken: a worker whose end was seen is named."""
    return metrics.Loss.WORKER_DIED if job.worker in workers else metrics.Loss.LEASE_OVER


def _names(job: Job) -> dict[str, object]:
    return {"job_id": str(job.id), "repository_id": str(job.repository_uuid), "claim": job.claim}
