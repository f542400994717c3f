"""The words for a job's life."""

from enum import StrEnum


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
