"""`index_jobs` in the database. Functions take a connection in a transaction of the caller's.

Which transitions are allowed is decided in `jobs.states`; here `allowed` makes it a condition of the write.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from kotadb.errors import KotaError
from kotadb.model import IndexRequest, Job, JobStatus, Repository, Step
from kotadb.postgres.database import Connection
from kotadb.postgres.queries import query

_FIELDS = [field.name for field in fields(Job)]


def insert(connection: Connection, owner_id: UUID, repository: Repository, index_id: int, request: IndexRequest) -> Job:
    """The job for this request: a new one, or the one that waits for the same. A new one has no `queue_job_id` yet."""
    parameters = {
        "owner_id": owner_id, "repository_id": repository.id, "repository_uuid": repository.uuid,
        "repository_name": repository.name, "index_id": index_id, "ref": request.index_ref,
        "commit_sha": request.commit_sha, "force": request.force,
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


def claim(connection: Connection, job_id: UUID, worker: str, allowed: Sequence[JobStatus]) -> Job | None:
    """Take the job for one run, with a new claim number; None if its status does not allow that.

    Raises psycopg's UniqueViolation while another run of the same index is under way.
    """
    connection.execute(query("jobs.lock_blobs"), {"id": job_id})
    return _first(connection, "jobs.claim", {"id": job_id, "worker": worker, "allowed": _names(allowed)})


def beat(connection: Connection, job_id: UUID, claim: int, step: Step, done: int, total: int | None) -> bool:
    """Say that the run is alive and where it is. Returns whether it still holds its claim."""
    parameters = {"id": job_id, "claim": claim, "step": step.value, "done": done, "total": total}
    return connection.execute(query("jobs.beat"), parameters).rowcount == 1


def holds(connection: Connection, job_id: UUID, claim: int) -> bool:
    """Whether the run with this claim still owns the job."""
    return connection.execute(query("jobs.holds"), {"id": job_id, "claim": claim}).fetchone() is not None


def finish(
    connection: Connection,
    job_id: UUID,
    claim: int,
    to: JobStatus,
    allowed: Sequence[JobStatus],
    *,
    resolved_sha: str | None = None,
    branch: str | None = None,
    stats: dict[str, Any] | None = None,
    code: str | None = None,
    message: str | None = None,
    traceback: str | None = None,
) -> bool:
    """End a run. Returns whether the claim still held; if not, nothing was written."""
    parameters = {
        "id": job_id, "claim": claim, "to": to.value, "allowed": _names(allowed), "resolved_sha": resolved_sha,
        "branch": branch, "stats": None if stats is None else Jsonb(stats), "code": code, "message": message,
        "traceback": traceback,
    }  # fmt: skip
    return connection.execute(query("jobs.finish"), parameters).rowcount == 1


def cancel(connection: Connection, job_id: UUID, allowed: Sequence[JobStatus]) -> Job | None:
    """Cancel the job, running or not; None if its status does not allow that."""
    job = _first(connection, "jobs.cancel", {"id": job_id, "allowed": _names(allowed)})
    if job is not None:
        connection.execute(query("jobs.cancel_queue_job"), {"queue_job_id": job.queue_job_id})
    return job


def retry(connection: Connection, job_id: UUID, index_id: int, allowed: Sequence[JobStatus]) -> Job | None:
    """Make an ended job wait again with fresh attempts, for this index.

    None if its status does not allow that, or the same request waits already.
    """
    return _first(connection, "jobs.retry", {"id": job_id, "index_id": index_id, "allowed": _names(allowed)})


@dataclass(frozen=True, slots=True)
class Released:
    """Jobs that were taken from workers: to be queued again, for ever failed, or left to a newer job of the same."""

    waiting: list[Job]
    failed: list[Job]
    superseded: list[Job]


def release(
    connection: Connection,
    worker: str | None,
    *,
    lease_seconds: float,
    spend_attempt: bool,
    retry_limit: int,
    failure: KotaError,
) -> Released:
    """Take the jobs of an ended worker away from it, or of every worker whose heartbeat is older than the lease.

    Those that may not be tried again fail with `failure`. The caller queues those that wait.
    """
    parameters: dict[str, Any] = {
        "worker": worker, "lease": lease_seconds, "spend_attempt": spend_attempt, "retry_limit": retry_limit,
        "code": failure.code, "message": failure.message,
    }  # fmt: skip
    given_up = [row["id"] for row in connection.execute(query("jobs.given_up"), parameters)]
    parameters["given_up"] = given_up
    superseded, waiting, failed = (
        [_job(row) for row in connection.execute(query(name), parameters)]
        for name in ("jobs.supersede", "jobs.hand_back", "jobs.bury")
    )
    rows = [job.queue_job_id for job in (*superseded, *waiting, *failed)]
    connection.execute(query("jobs.close_queue_jobs"), {"ids": rows})
    connection.execute(query("jobs.free_unclaimed"), parameters)
    connection.execute(query("jobs.close_finished"), parameters)
    return Released(waiting, failed, superseded)


def give_up(connection: Connection, job_id: UUID, failure: KotaError, allowed: Sequence[JobStatus]) -> None:
    """Fail a job that has no run, if its status allows that."""
    parameters = {
        "id": job_id, "code": failure.code, "message": failure.message, "allowed": _names(allowed),
    }  # fmt: skip
    connection.execute(query("jobs.give_up"), parameters)


def stranded(connection: Connection, lease_seconds: float) -> list[Job]:
    """Jobs that have waited for longer than the lease without a row in the queue. The caller queues them."""
    return [_job(row) for row in connection.execute(query("jobs.stranded"), {"lease": lease_seconds})]


def live_workers(connection: Connection, lease_seconds: float) -> int:
    """How many workers have given a sign of life within the lease, by the database's clock."""
    row = connection.execute(query("jobs.live_workers"), {"lease": lease_seconds}).fetchone()
    assert row is not None
    workers: int = row["workers"]
    return workers


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
