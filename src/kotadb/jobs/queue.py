"""The queue: procrastinate, kept to four calls. A queue row carries a job; `index_jobs` is the truth about it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import procrastinate
import psycopg
from procrastinate import App, PsycopgConnector

from kotadb.model import Job
from kotadb.postgres.database import CONNECTION_ARGUMENTS, SEARCH_PATH, Connection

QUEUE = "index-repo"
TASK = "index-repo"

Handler = Callable[[UUID], None]

# Enqueueing runs on the caller's connection, so this connector is never opened.
_enqueuer = App(connector=procrastinate.SyncPsycopgConnector())


def enqueue(connection: Connection, job: Job) -> int:
    """Put the job into the queue in the caller's transaction: both rows are there, or neither. Returns the queue's id.

    The lock is the index's: jobs of one index run one after another, those of two branches side by side.
    """
    deferrer = _enqueuer.configure_task(TASK, queue=QUEUE, lock=f"index:{job.index_id}", connection=connection)
    return deferrer.defer(job_id=str(job.id), repository_id=str(job.repository_uuid), commit_sha=job.commit_sha)


async def _set_search_path(connection: psycopg.AsyncConnection[Any]) -> None:
    """The queue's SQL names its tables without their schema."""
    await connection.execute("select set_config('search_path', %s, false)", [SEARCH_PATH])
    await connection.commit()


def worker_app(url: str, handler: Handler) -> App:
    """The queue as a worker sees it: `handler` is called in a thread with the id of each job."""
    app = App(
        connector=PsycopgConnector(
            conninfo=url,
            kwargs=CONNECTION_ARGUMENTS,
            configure=_set_search_path,
            min_size=1,
            max_size=3,
        )
    )

    @app.task(name=TASK, queue=QUEUE)
    def index_repo(job_id: str, repository_id: str, commit_sha: str | None) -> None:
        handler(UUID(job_id))

    return app
