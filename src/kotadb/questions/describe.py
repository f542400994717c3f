"""Jobs and repositories as plain JSON values, the same for every front end."""

from datetime import datetime
from typing import Any

from kotadb.model import DeadLetter, Index, Job
from kotadb.questions.repositories import RepositoryOverview


def describe_job(job: Job) -> dict[str, Any]:
    """A job for its owner. Tracebacks stay inside."""
    return {
        "job_id": str(job.id),
        "repository_id": str(job.repository_uuid),
        "repository": job.repository_name,
        "index_id": job.index_id,
        "ref": job.ref,
        "commit_sha": job.resolved_sha or job.commit_sha,
        "branch": job.branch,
        "force": job.force,
        "status": job.status.value,
        "attempt": job.attempt,
        "next_attempt_at": _time(job.next_attempt_at),
        "history": job.history,
        "progress": None if job.step is None else _progress(job),
        "stats": job.stats,
        "error": None if job.error_code is None else {"code": job.error_code, "message": job.error_message},
        "created_at": _time(job.created_at),
        "started_at": _time(job.started_at),
        "finished_at": _time(job.finished_at),
        "updated_at": _time(job.updated_at),
    }


def describe_dead_letter(letter: DeadLetter) -> dict[str, Any]:
    """A job that failed for good, for the operator."""
    return {
        "job_id": str(letter.job_id),
        "owner": letter.owner_name,
        "repository": letter.repository_name,
        "ref": letter.ref,
        "attempt": letter.attempt,
        "error": {"code": letter.error.code, "message": letter.error.message},
        "history": letter.history,
        "traceback": letter.error.traceback,
        "died_at": _time(letter.died_at),
    }


def describe_repository(overview: RepositoryOverview) -> dict[str, Any]:
    """A repository with its indexes."""
    repository = overview.repository
    return {
        "repository_id": str(repository.uuid),
        "repository": repository.name,
        "address": repository.address,
        "created_at": _time(repository.created_at),
        "indexes": [_index(index) for index in overview.indexes],
    }


def _index(index: Index) -> dict[str, Any]:
    return {
        "index_id": index.index_id,
        "ref": index.ref,
        "commit_sha": index.commit_sha or index.pinned_sha,
        "branch": index.branch,
        "indexed_at": _time(index.indexed_at),
        "extractor_version": index.extractor_version,
        "stats": index.stats,
    }


def _progress(job: Job) -> dict[str, Any]:
    assert job.step is not None
    return {"step": job.step.value, "done": job.step_done, "total": job.step_total}


def _time(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat()
