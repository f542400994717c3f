"""Jobs whose worker is gone are taken back: at once where its end was seen, otherwise when its lease has run out."""

from uuid import UUID

from kotadb import metrics
from kotadb.errors import WorkerDied
from kotadb.jobs import queue
from kotadb.logs import get_logger
from kotadb.model import Job, JobStatus
from kotadb.postgres import jobs
from kotadb.postgres.database import Database
from kotadb.settings import Settings

DIED = "The process that ran the job ended without finishing it"

log = get_logger(__name__)


def release(settings: Settings, database: Database, worker: str | None, *, spend_attempt: bool) -> None:
    """Take its jobs from a worker that ended; with None, from all whose lease has run out.

    They wait again, in a new row of the queue; after their last attempt they fail.
    """
    failure = WorkerDied(DIED)
    with database.transaction() as connection:
        released = jobs.release(
            connection, worker, lease_seconds=settings.lease_seconds, spend_attempt=spend_attempt,
            retry_limit=settings.retry_limit, failure=failure,
        )  # fmt: skip
        for job in released.waiting:
            jobs.set_queue_job(connection, job.id, queue.enqueue(connection, job))
    taken = len(released.waiting) + len(released.failed) + len(released.superseded)
    metrics.jobs_taken_back(taken, _loss(worker, spend_attempt=spend_attempt))
    for job in released.waiting:
        log.warning("job waits again", attempt_spent=spend_attempt, **_names(job))
    for job in released.superseded:
        log.warning("job superseded", **_names(job))
    for job in released.failed:
        log.error("job failed", code=failure.code, **_names(job))


def give_up(database: Database, job_id: UUID) -> None:
    """Fail a waiting job that only the caller was to run, and could not."""
    with database.transaction() as connection:
        jobs.give_up(connection, job_id, WorkerDied(DIED), [JobStatus.PENDING])
    metrics.jobs_taken_back(1, metrics.Loss.WORKER_DIED)
    log.error("job failed", code=WorkerDied.code, job_id=str(job_id))


def queue_stranded(settings: Settings, database: Database) -> None:
    """Queue the waiting jobs that no row of the queue carries any more."""
    with database.transaction() as connection:
        stranded = jobs.stranded(connection, settings.lease_seconds)
        for job in stranded:
            jobs.set_queue_job(connection, job.id, queue.enqueue(connection, job))
    for job in stranded:
        log.warning("stranded job queued again", **_names(job))


def _loss(worker: str | None, *, spend_attempt: bool) -> metrics.Loss | None:
    """Why the jobs were taken: a worker whose end was seen is named; no attempt is spent where it was told to end."""
    if not spend_attempt:
        return None
    return metrics.Loss.LEASE_OVER if worker is None else metrics.Loss.WORKER_DIED


def _names(job: Job) -> dict[str, object]:
    return {"job_id": str(job.id), "repository_id": str(job.repository_uuid), "claim": job.claim}
