"""Bodies of requests and responses; they make the OpenAPI document."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class IndexBody(BaseModel):
    """What to index."""

    model_config = ConfigDict(extra="forbid", strict=True)

    repository: str = Field(
        min_length=1, max_length=2048, description="https URL, owner/name, or an allowed local path"
    )
    ref: str | None = Field(default=None, max_length=255, description="branch, tag or full ref; HEAD by default")
    commit_sha: str | None = Field(default=None, description="a full commit hash: that commit and no other")
    force: bool = Field(default=False, description="rebuild even if the commit is indexed already")


class Accepted(BaseModel):
    """A job that will be done."""

    job_id: UUID
    repository_id: UUID
    status: str


class Progress(BaseModel):
    """Where a running job is. `total` is null where the step cannot tell."""

    step: str
    done: int
    total: int | None


class JobFailure(BaseModel):
    """Why a job ended without success, or has to wait for its next attempt."""

    code: str
    message: str | None


class FailedRun(BaseModel):
    """A run of a job that did not succeed."""

    attempt: int
    claim: int
    step: str | None
    code: str
    message: str | None
    started_at: datetime | None
    failed_at: datetime


class JobBody(BaseModel):
    """A job."""

    job_id: UUID
    repository_id: UUID
    repository: str
    index_id: int
    ref: str | None
    commit_sha: str | None
    branch: str | None
    force: bool
    status: str
    attempt: int
    next_attempt_at: datetime | None = Field(description="of a job that waits for another attempt; null: at once")
    history: list[FailedRun] = Field(description="the runs that failed, oldest first, the last twenty")
    progress: Progress | None
    stats: dict[str, Any] | None
    error: JobFailure | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    updated_at: datetime


class IndexSummary(BaseModel):
    """One index of a repository; `indexed_at` is null until something is stored."""

    index_id: int
    ref: str | None
    commit_sha: str | None
    branch: str | None
    indexed_at: datetime | None
    extractor_version: int | None
    stats: dict[str, Any] | None


class RepositoryBody(BaseModel):
    """A repository and its indexes: the 200 newest where there are more."""

    repository_id: UUID
    repository: str
    address: str
    created_at: datetime
    indexes: list[IndexSummary]


class JobPage(BaseModel):
    """Jobs, newest first. `next_cursor` is null on the last page."""

    items: list[JobBody]
    next_cursor: str | None


class RepositoryPage(BaseModel):
    """Repositories, newest first. `next_cursor` is null on the last page."""

    items: list[RepositoryBody]
    next_cursor: str | None


class Health(BaseModel):
    """The process answers."""

    status: str


class Readiness(BaseModel):
    """Whether requests can be served; workers are reported, not decisive."""

    status: str
    workers: int


class Problem(BaseModel):
    """An error (RFC 9457). `code` is stable, `detail` says what to do."""

    type: str
    title: str
    status: int
    detail: str
    code: str
