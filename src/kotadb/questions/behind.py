"""Whether an index is behind what it was made of, as far as that can be told without asking a server."""

from pathlib import Path

from kotadb.git.layout import find_repository, tip
from kotadb.model import Index, JobStatus, Repository
from kotadb.postgres import jobs
from kotadb.postgres.database import Connection


def behind(connection: Connection, repository: Repository, index: Index) -> list[dict[str, str]]:
    """Why there may be something newer, each as `{"code", "message"}`; empty if nothing says so.

    Codes are `job_running`, `job_failed` and `head_moved`, of a repository on this machine.
    """
    return [*_jobs(connection, index), *_head(repository, index)]


def _jobs(connection: Connection, index: Index) -> list[dict[str, str]]:
    newest = jobs.newest_since(connection, index)
    if newest is None:
        return []
    if newest["status"] == JobStatus.FAILED:
        message = f"The last job failed ({newest['error_code']}): this is what an earlier one stored"
        return [{"code": "job_failed", "message": message}]
    return [{"code": "job_running", "message": f"Job {newest['id']} is {newest['status']}: it may change the answer"}]


def _head(repository: Repository, index: Index) -> list[dict[str, str]]:
    if not repository.address.startswith("/") or index.ref is None:
        return []
    found = find_repository(Path(repository.address))
    now = tip(found, index.ref) if found is not None else None
    if now is None or now == index.commit_sha:
        return []
    message = f"{index.ref} has moved since: index the repository again"
    return [{"code": "head_moved", "message": message}]
