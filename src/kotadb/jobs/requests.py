"""What front ends do with jobs: submit, look, cancel, try again. Each is one transaction."""

from uuid import UUID

import psycopg

from kotadb.errors import Conflict, NotFound
from kotadb.git.sources import names_path, parse_commit, parse_local_below, parse_ref, parse_requested
from kotadb.jobs import queue
from kotadb.jobs.states import RETRYABLE, sources
from kotadb.jobs.supervisor import is_of_this_process
from kotadb.model import IndexRequest, Job, JobStatus, Repository
from kotadb.postgres import jobs, repositories
from kotadb.postgres.database import Connection, Database
from kotadb.settings import Settings


def confined(
    settings: Settings, repository: str, *, ref: str | None = None, commit_sha: str | None = None, force: bool = False
) -> IndexRequest:
    """What callers from elsewhere ask for: local repositories only below the operator's roots, and public hosts.

    Raises InvalidRepository, InvalidRef and Forbidden.
    """
    source = (
        parse_local_below(repository, settings.local_roots)
        if names_path(repository)
        else parse_requested(repository, settings.git_allowed_hosts)
    )
    return IndexRequest(
        address=source.address,
        name=source.name,
        ref=None if ref is None else parse_ref(ref),
        commit_sha=None if commit_sha is None else parse_commit(commit_sha),
        force=force,
        confined=True,
    )


def submit(database: Database, owner_id: UUID, request: IndexRequest, *, enqueue: bool = True) -> Job:
    """The job for this request: a new one, or the one that waits for the same already.

    The job's row and the queue's are written together. With `enqueue` false the caller runs the job itself.
    """

    def attempt(connection: Connection) -> Job | None:
        repository = repositories.ensure(connection, owner_id, request.address, request.name)
        if not repositories.hold(connection, repository.id):  # it was deleted between our two looks: make it anew
            return None
        return _submit(connection, owner_id, repository, request, enqueue=enqueue)

    while (job := database.write(attempt)) is None:
        pass
    if enqueue:
        queue.tell(database)
    return job


def _submit(
    connection: Connection, owner_id: UUID, repository: Repository, request: IndexRequest, *, enqueue: bool
) -> Job:
    pinned_sha = None if request.index_ref else request.commit_sha
    index_id = repositories.ensure_index(connection, repository.id, request.index_ref, pinned_sha)
    job = jobs.insert(connection, owner_id, repository, index_id, request)
    if enqueue and job.queue_job_id is None:  # new, or it waited for its retry, or for an API that was to run it itself
        return jobs.set_queue_job(connection, job.id, queue.enqueue(connection, job))
    return job


def get(database: Database, job_id: UUID, owner_id: UUID | None = None) -> Job:
    """The job. Raises NotFound, also for another owner's."""
    with database.transaction() as connection:
        return _existing(connection, job_id, owner_id)


def is_run_here(database: Database, job_id: UUID) -> bool:
    """Whether a worker that this process has started runs the job."""
    with database.transaction() as connection:
        worker = jobs.run_by(connection, job_id)
    return worker is not None and is_of_this_process(worker)


def cancel(database: Database, job_id: UUID, owner_id: UUID | None = None) -> Job:
    """Cancel a job that waits or runs; a run stops within seconds and stores nothing. Raises NotFound, Conflict."""

    def attempt(connection: Connection) -> Job:
        job = _existing(connection, job_id, owner_id)
        cancelled = jobs.cancel(connection, job_id, sources(JobStatus.CANCELLED))
        if cancelled is None:
            raise Conflict(f"The job is {job.status}: it cannot be cancelled")
        return cancelled

    return database.write(attempt)


def retry(
    database: Database, job_id: UUID, owner_id: UUID | None = None, *, confined: bool = False, enqueue: bool = True
) -> Job:
    """Have a failed or cancelled job wait again, with fresh attempts. Raises NotFound, Conflict.

    `confined` is a caller as of an `IndexRequest`, whoever asked for the job at first.
    """

    def attempt(connection: Connection) -> Job:
        job = _existing(connection, job_id, owner_id)
        return _retry(connection, job, confined=confined, enqueue=enqueue)

    try:
        job = database.write(attempt)
    except psycopg.errors.UniqueViolation:
        raise Conflict("The same request is queued already") from None
    if enqueue:
        queue.tell(database)
    return job


def _retry(connection: Connection, job: Job, *, confined: bool, enqueue: bool) -> Job:
    if job.repository_id is None or not repositories.hold(connection, job.repository_id):
        raise Conflict("The job's repository was deleted: index it again instead")
    if job.status not in RETRYABLE:
        raise Conflict(f"The job is {job.status}: it cannot be tried again")
    pinned_sha = None if job.ref else job.commit_sha
    index_id = repositories.ensure_index(connection, job.repository_id, job.ref, pinned_sha)
    retried = jobs.retry(connection, job.id, index_id, RETRYABLE, confined=confined)
    if retried is None:
        raise Conflict("The same request is queued already")
    jobs.drop_dead_letter(connection, retried.id)
    if not enqueue:
        return retried
    return jobs.set_queue_job(connection, retried.id, queue.enqueue(connection, retried))


def dismiss(database: Database, job_id: UUID) -> None:
    """Take a job's dead letter out of its queue; the job stays failed. Raises NotFound."""
    if not database.write(lambda connection: jobs.drop_dead_letter(connection, job_id)):
        raise NotFound("There is no such dead letter")


def remove_repository(database: Database, repository: Repository) -> None:
    """Delete a repository and its indexes; its jobs are cancelled."""
    cancellable = sources(JobStatus.CANCELLED)
    # First by themselves: a run that is storing gives way then, and the deletion need not wait for all of it.
    database.write(lambda connection: repositories.cancel_jobs(connection, repository.id, cancellable))
    database.write(lambda connection: repositories.delete(connection, repository.id, cancellable))


def remove_index(database: Database, repository: Repository, index_id: int) -> None:
    """Delete one index of a repository; its jobs are cancelled. Raises NotFound."""
    cancellable = sources(JobStatus.CANCELLED)
    database.write(lambda connection: repositories.cancel_jobs(connection, repository.id, cancellable, index_id))
    if not database.write(lambda at: repositories.delete_index(at, repository.id, index_id, cancellable)):
        raise NotFound("There is no such index")


def _existing(connection: Connection, job_id: UUID, owner_id: UUID | None) -> Job:
    job = jobs.get(connection, job_id, owner_id)
    if job is None:
        raise NotFound("There is no such job")
    return job
