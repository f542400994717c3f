"""The transitions a job may make: one table, drawn in docs/job_states.md, enforced in the WHERE of every write."""

from kotadb.model import JobStatus

TRANSITIONS: dict[JobStatus, frozenset[JobStatus]] = {
    JobStatus.PENDING: frozenset({JobStatus.PROCESSING, JobStatus.FAILED, JobStatus.CANCELLED}),
    JobStatus.PROCESSING: frozenset(
        {JobStatus.COMPLETED, JobStatus.SKIPPED, JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.PENDING}
    ),
    JobStatus.COMPLETED: frozenset(),
    JobStatus.SKIPPED: frozenset(),
    JobStatus.FAILED: frozenset({JobStatus.PENDING}),
    JobStatus.CANCELLED: frozenset({JobStatus.PENDING}),
}
"""From each status, the statuses that may follow."""


RETRYABLE = [JobStatus.FAILED, JobStatus.CANCELLED]
"""The statuses from which a person may have a job tried again; a run that ends early becomes pending by itself."""


def sources(to: JobStatus) -> list[JobStatus]:
    """The statuses from which a job may become `to`."""
    return [status for status, followers in TRANSITIONS.items() if to in followers]
