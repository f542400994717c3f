"""A job: the words for its life, what was asked, and what is known of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class JobStatus(StrEnum):
    """Where a job is. The transitions between these are in `jobs.states`."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"

    @property
    def is_terminal(self) -> bool:
        return self not in (JobStatus.PENDING, JobStatus.PROCESSING)


class Step(StrEnum):
    """The seven steps of indexing, in their order."""

    FETCH = "fetch"
    DISCOVER = "discover"
    PARSE = "parse"
    SYMBOLS = "symbols"
    REFERENCES = "references"
    DEPENDENCIES = "dependencies"
    STORE = "store"


@dataclass(frozen=True, slots=True)
class Job:
    """A row of `index_jobs` with what belongs to it. Times are aware and on the database's clock.

    `commit_sha` is as the caller gave it, `resolved_sha` the commit that was used. `step_total` is None where the step
    cannot tell. `stats` has the keys of CONTRACTS' Stats once the job is done. `next_attempt_at` is when a job that
    waits again may run. `history` has an entry for each run that failed, the oldest first: attempt, claim, step, code,
    message, started_at, failed_at.
    """

    id: UUID
    owner_id: UUID
    repository_id: int | None
    repository_uuid: UUID
    repository_name: str
    index_id: int
    ref: str | None
    commit_sha: str | None
    force: bool
    confined: bool
    status: JobStatus
    claim: int | None
    attempt: int
    next_attempt_at: datetime | None
    history: list[dict[str, Any]]
    queue_job_id: int | None
    step: Step | None
    step_done: int
    step_total: int | None
    resolved_sha: str | None
    branch: str | None
    stats: dict[str, Any] | None
    error_code: str | None
    error_message: str | None
    error_traceback: str | None
    created_at: datetime
    started_at: datetime | None
    heartbeat_at: datetime | None
    finished_at: datetime | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a run did not succeed. `code` and `message` are for the caller, the traceback stays inside."""

    code: str
    message: str
    traceback: str | None = None


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A job that failed for good, as `index-repo_dlq` holds it. `history` is that of the job."""

    job_id: UUID
    owner_name: str
    repository_name: str
    ref: str | None
    attempt: int
    error: Failure
    history: list[dict[str, Any]]
    died_at: datetime


@dataclass(frozen=True, slots=True)
class IndexRequest:
    """What a caller asks to have indexed. `ref` None and `commit_sha` None means HEAD.

    `confined` is a caller who may name only those local repositories that lie below the operator's roots.
    """

    address: str
    name: str
    ref: str | None = None
    commit_sha: str | None = None
    force: bool = False
    confined: bool = False

    @property
    def index_ref(self) -> str | None:
        """The ref that names the index: none only for a commit given alone."""
        return self.ref or (None if self.commit_sha else "HEAD")
