"""`index_jobs` in the database. Functions take a connection in a transaction of the caller's.

Which transitions are allowed is decided in `jobs.states`; here `allowed` makes it a condition of the write.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import DictRow, class_row
from psycopg.types.json import Jsonb

from kotadb.model import DeadLetter, Failure, Index, IndexRequest, Job, JobStatus, Repository, Step
from kotadb.postgres.database import Connection
from kotadb.postgres.queries import query

_FIELDS = [field.name for field in fields(Job)]


def insert(connection: Connection, owner_id: UUID, repository: Repository, index_id: int, request: IndexRequest) -> Job:
    """The job for this request: a new one, or the one that waits for the same. A new one has no `queue_job_id` yet."""
    parameters = {
        "owner_id": owner_id, "repository_id": repository.id, "repository_uuid": repository.uuid,
        "repository_name": repository.name, "index_id": index_id, "ref": request.index_ref,
        "commit_sha": request.commit_sha, "force": request.force, "confined": request.confined,
    }  # fmt: skip
    job = _first(connection, "jobs.join_waiting", parameters) or _first(connection, "jobs.enqueue", parameters)
    assert job is not None
    return job


def set_queue_job(connection: Connection, job_id: UUID, queue_job_id: int) -> Job:
    """Remember which row of the queue carries the job. Returns the job with it."""
    job = _first(connection, "jobs.set_queue_job", {"id": job_id, "queue_job_id": queue_job_id})
    assert job is not None
    return job


def get(connection: Connection, job_id: UUID, owner_id: UUID | None = None) -> Job | None:
    """The job, if it is there and, where an owner is given, that owner's."""
    name = "jobs.get" if owner_id is None else "jobs.get_of_owner"
    return _first(connection, name, {"id": job_id, "owner_id": owner_id})


def list_of_owner(
    connection: Connection,
    owner_id: UUID,
    limit: int,
    *,
    after: tuple[datetime, UUID] | None = None,
    status: JobStatus | None = None,
    repository_uuid: UUID | None = None,
) -> list[Job]:
    """Newest first, at most `limit`, after the one with that creation time and id."""
    at, after_id = after or (None, None)
    parameters = {
        "owner_id": owner_id, "limit": limit, "after": at, "after_id": after_id, "status": status,
        "repository_uuid": repository_uuid,
    }  # fmt: skip
    return [_job(row) for row in connection.execute(query("jobs.of_owner"), parameters)]


def latest(connection: Connection, limit: int, status: JobStatus | None = None) -> list[Job]:
    """Of all owners, newest first, at most `limit`."""
    return [_job(row) for row in connection.execute(query("jobs.latest"), {"limit": limit, "status": status})]


def claim(
    connection: Connection, job_id: UUID, worker: str, allowed: Sequence[JobStatus], queue_job_id: int | None = None
) -> Job | None:
    """Take the job for one run, with a new claim number; None if its status does not allow that.

    None also if it came by a row of the queue that no longer carries it: it waits for its retry, or has a newer row.
    Raises psycopg's UniqueViolation while another run of the same index is under way.
    """
    connection.execute(query("jobs.lock_blobs"), {"id": job_id})
    parameters = {"id": job_id, "worker": worker, "queue_job_id": queue_job_id, "allowed": _names(allowed)}
    return _first(connection, "jobs.claim", parameters)


def beat(connection: Connection, job_id: UUID, claim: int, step: Step, done: int, total: int | None) -> bool:
    """Say that the run is alive and where it is. Returns whether it still holds its claim."""
    parameters = {"id": job_id, "claim": claim, "step": step.value, "done": done, "total": total}
    return connection.execute(query("jobs.beat"), parameters).rowcount == 1


def holds(connection: Connection, job_id: UUID, claim: int) -> bool:
    """Whether the run with this claim still owns the job."""
    return connection.execute(query("jobs.holds"), {"id": job_id, "claim": claim}).fetchone() is not None


def run_by(connection: Connection, job_id: UUID) -> str | None:
    """The name of the worker that runs the job; None if it does not run."""
    row = connection.execute(query("jobs.run_by"), {"id": job_id}).fetchone()
    return None if row is None else row["worker"]


def skip(
    connection: Connection,
    job_id: UUID,
    claim: int,
    allowed: Sequence[JobStatus],
    resolved_sha: str | None,
    branch: str | None,
    stats: dict[str, Any],
) -> bool:
    """End a run that found its commit indexed. Returns whether the claim still held; if not, nothing was written."""
    parameters = {
        "id": job_id, "claim": claim, "allowed": _names(allowed), "resolved_sha": resolved_sha, "branch": branch,
        "stats": Jsonb(stats),
    }  # fmt: skip
    return connection.execute(query("jobs.skip"), parameters).rowcount == 1


def cancel(connection: Connection, job_id: UUID, allowed: Sequence[JobStatus]) -> Job | None:
    """Cancel the job, running or not; None if its status does not allow that."""
    job = _first(connection, "jobs.cancel", {"id": job_id, "allowed": _names(allowed)})
    if job is not None:
        connection.execute(query("jobs.cancel_queue_job"), {"queue_job_id": job.queue_job_id})
    return job


def retry(
    connection: Connection, job_id: UUID, index_id: int, allowed: Sequence[JobStatus], *, confined: bool
) -> Job | None:
    """Make an ended job wait again with fresh attempts, for this index, and confine it if its caller is.

    None if its status does not allow that, or the same request waits already.
    """
    parameters = {"id": job_id, "index_id": index_id, "allowed": _names(allowed), "confined": confined}
    return _first(connection, "jobs.retry", parameters)


@dataclass(frozen=True, slots=True)
class Held:
    """A running job that is about to be taken from its run, with its row locked."""

    id: UUID
    worker: str | None
    queue_job_id: int | None


def given_up(connection: Connection, workers: Collection[str], lease_seconds: float, *, expired: bool) -> list[Held]:
    """The running jobs of these workers and, with `expired`, all whose heartbeat is older than the lease."""
    parameters = {"workers": list(workers), "lease": lease_seconds, "expired": expired}
    return _held(connection, "jobs.given_up", parameters)


def drained(connection: Connection, workers: Collection[str]) -> list[Held]:
    """The running jobs of these workers, also those whose row is locked: waits for it."""
    return _held(connection, "jobs.drained", {"workers": list(workers)})


def held(connection: Connection, job_id: UUID, claim: int) -> list[Held]:
    """The job, if the run with this claim still owns it."""
    return _held(connection, "jobs.held", {"id": job_id, "claim": claim})


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of jobs whose run ended early: they wait again, failed for ever, or left it to a newer job."""

    waiting: list[Job]
    failed: list[Job]
    superseded: list[Job]


def end(
    connection: Connection,
    ids: list[UUID],
    failure: Failure | None,
    *,
    retries: int,
    delay: float,
    stats: dict[str, Any] | None = None,
) -> Ended:
    """End the runs of jobs that are `held`. Those that may be tried again wait for `delay` seconds.

    A failure spends the attempt, and may be tried again `retries` times; None hands the jobs back for free.
    """
    shown = failure or Failure("handed_back", "The service was stopped before the job was done")
    parameters = {
        "ids": ids, "failed": failure is not None, "retries": retries, "delay": delay, "code": shown.code,
        "message": shown.message, "traceback": shown.traceback, "stats": None if stats is None else Jsonb(stats),
    }  # fmt: skip
    if failure is not None:
        connection.execute(query("jobs.note_failure"), parameters)
    superseded, waiting, failed = (
        [_job(row) for row in connection.execute(query(name), parameters)]
        for name in ("jobs.supersede", "jobs.wait_again", "jobs.bury")
    )
    return Ended(waiting, failed, superseded)


def close_queue_rows(connection: Connection, queue_job_ids: list[int], lease_seconds: float) -> None:
    """Be done with these rows of the queue, and with those that dead workers left behind."""
    parameters = {"ids": queue_job_ids, "lease": lease_seconds}
    for name in ("jobs.close_queue_jobs", "jobs.free_unclaimed", "jobs.close_finished"):
        connection.execute(query(name), parameters)


def give_up(connection: Connection, job_id: UUID, failure: Failure, allowed: Sequence[JobStatus]) -> Job | None:
    """Fail a job that has no run; None if its status does not allow that."""
    parameters = {
        "id": job_id, "code": failure.code, "message": failure.message, "allowed": _names(allowed),
    }  # fmt: skip
    return _first(connection, "jobs.give_up", parameters)


def unqueued(connection: Connection, lease_seconds: float, limit: int) -> list[Job]:
    """Waiting jobs that are due and that no row of the queue carries, at most `limit`. The caller queues them."""
    parameters = {"lease": lease_seconds, "limit": limit}
    return [_job(row) for name in ("jobs.due", "jobs.stranded") for row in connection.execute(query(name), parameters)]


def dead_letters(connection: Connection, limit: int) -> list[DeadLetter]:
    """The jobs that failed for good, of all owners, newest first."""
    return [
        DeadLetter(
            UUID(row["args"]["job_id"]), row["owner_name"], row["args"]["repository"], row["args"]["ref"],
            row["args"]["attempt"], Failure(**row["args"]["error"], traceback=row["args"]["traceback"]),
            row["args"]["history"], row["died_at"],
        )
        for row in connection.execute(query("jobs.dead_letters"), {"limit": limit})
    ]  # fmt: skip


def drop_dead_letter(connection: Connection, job_id: UUID) -> bool:
    """Take the job's dead letter out of its queue. Returns whether there was one."""
    return connection.execute(query("jobs.drop_dead_letter"), {"job_id": str(job_id)}).rowcount > 0


def prune(connection: Connection, *, queue_seconds: float, jobs_seconds: float, limit: int) -> int:
    """Delete jobs and rows of the queue that ended so long ago, and dead letters of deleted jobs.

    At most `limit` of each. Returns how many.
    """
    deleted = connection.execute(query("jobs.prune_queue"), {"seconds": queue_seconds, "limit": limit}).rowcount
    deleted += connection.execute(query("jobs.prune_jobs"), {"seconds": jobs_seconds, "limit": limit}).rowcount
    return deleted + connection.execute(query("jobs.prune_dead_letters"), {"limit": limit}).rowcount


def live_workers(connection: Connection, lease_seconds: float) -> int:
    """How many workers have given a sign of life within the lease, by the database's clock."""
    row = connection.execute(query("jobs.live_workers"), {"lease": lease_seconds}).fetchone()
    assert row is not None
    workers: int = row["workers"]
    return workers


def newest_since(connection: Connection, index: Index) -> DictRow | None:
    """`id`, `status` and `error_code` of an index's last job, if it runs, waits, or failed after what is stored."""
    parameters = {
        "repository_id": index.repository_id, "index_id": index.index_id, "indexed_at": index.indexed_at,
    }  # fmt: skip
    return connection.execute(query("jobs.newest_since"), parameters).fetchone()


def _held(connection: Connection, name: str, parameters: dict[str, Any]) -> list[Held]:
    with connection.cursor(row_factory=class_row(Held)) as cursor:
        return cursor.execute(query(name), parameters).fetchall()


def _first(connection: Connection, name: str, parameters: dict[str, Any]) -> Job | None:
    row = connection.execute(query(name), parameters).fetchone()
    return None if row is None else _job(row)


def _job(row: DictRow) -> Job:
    values = {name: row[name] for name in _FIELDS}
    values["status"] = JobStatus(row["status"])
    values["step"] = None if row["step"] is None else Step(row["step"])
    return Job(**values)


def _names(statuses: Sequence[JobStatus]) -> list[str]:
    return [status.value for status in statuses]
