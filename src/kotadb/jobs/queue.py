"""The queue: procrastinate, kept to a few calls. A queue row carries a job; `index_jobs` is the truth about it."""

import asyncio
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, cast
from uuid import UUID

import procrastinate
import psycopg
import psycopg_pool
from procrastinate import App, PsycopgConnector
from procrastinate.connector import BaseConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.job_context import JobContext
from procrastinate.jobs import Job as QueueJob
from procrastinate.jobs import Status as QueueStatus
from procrastinate.manager import JobManager, NotificationCallback

from kotadb.errors import DatabaseUnavailable
from kotadb.logs import get_logger
from kotadb.model import Job
from kotadb.postgres.database import CONNECTION_ARGUMENTS, IDLE_LIMIT, SEARCH_PATH, SET, Connection, Database
from kotadb.postgres.queries import query

QUEUE = "index-repo"
TASK = "index-repo"
DEAD_LETTERS = "index-repo_dlq"
"""Where jobs arrive that failed for good. No worker takes from it."""

POLL_SECONDS = 1.0
"""How often an idle worker looks for jobs of which nobody told it: given back by the rescue, or free of their lock."""

log = get_logger(__name__)

Handler = Callable[[UUID, int], None]
"""Runs the job with this id, which came by the row of the queue with that one."""

# Enqueueing runs on the caller's connection, so this connector is never opened.
_enqueuer = App(connector=procrastinate.SyncPsycopgConnector())


def enqueue(connection: Connection, job: Job) -> int:
    """Put the job into the queue in the caller's transaction: both rows are there, or neither. Returns the queue's id.

    The lock is the index's: jobs of one index run one after another, those of two branches side by side.
    """
    deferrer = _enqueuer.configure_task(TASK, queue=QUEUE, lock=f"index:{job.index_id}", connection=connection)
    with _drivers_errors():
        return deferrer.defer(job_id=str(job.id), repository_id=str(job.repository_uuid), commit_sha=job.commit_sha)


def tell(database: Database) -> None:
    """Have idle workers look for jobs at once, now that one is committed. If this fails, their next poll finds it."""
    with suppress(DatabaseUnavailable), database.transaction() as connection:
        connection.execute(query("queue.tell"), {"queue": QUEUE})


def bury(connection: Connection, job: Job) -> None:
    """Put a job that has failed for good among the dead letters, in the transaction that fails it."""
    with _drivers_errors():
        _enqueuer.configure_task(DEAD_LETTERS, queue=DEAD_LETTERS, connection=connection).defer(
            job_id=str(job.id), repository_id=str(job.repository_uuid), commit_sha=job.commit_sha,
            repository=job.repository_name, ref=job.ref, attempt=job.attempt, history=cast("Any", job.history),
            error={"code": job.error_code, "message": job.error_message}, traceback=job.error_traceback,
        )  # fmt: skip


@contextmanager
def _drivers_errors() -> Iterator[None]:
    """Errors of the caller's connection are the driver's here as everywhere; the queue has one of its own for all."""
    try:
        yield
    except ConnectorException as error:
        raise (error.__cause__ or error) from None


async def _configure(connection: psycopg.AsyncConnection[Any], idle_seconds: float) -> None:
    """As `Database` does it: the queue's SQL, too, names its tables without their schema."""
    await connection.execute(SET, ["search_path", SEARCH_PATH])
    await connection.execute(SET, [IDLE_LIMIT, f"{idle_seconds:g}s"])
    await connection.commit()


class _JobManager(JobManager):
    """The queue's own, but for the claim, which is faster, and for what a worker does when the database fails."""

    def __init__(self, connector: BaseConnector, asked: Callable[[], None]) -> None:
        super().__init__(connector)
        self._asked = asked

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> QueueJob | None:
        """The next job that may run, claimed for this worker."""
        rows = await self.connector.execute_query_all_async(query("queue.fetch"), queue=QUEUE, worker_id=worker_id)
        self._asked()
        return QueueJob.from_row(rows[0]) if rows else None

    # The worker does not notice that its heartbeat or its listener has failed, so they do not.

    async def update_heartbeat(self, worker_id: int) -> None:
        """Others give up a worker that was paused, or without a database, for too long: it ends, and is replaced."""
        try:
            await super().update_heartbeat(worker_id)
            known = await self.connector.execute_query_all_async(query("queue.worker"), worker_id=worker_id)
        except ConnectorException as error:
            log.warning("the queue could not be told that this worker lives", error=str(error.__cause__))
            return
        if not known:
            log.warning("this worker was given up by others: it ends")
            signal.raise_signal(signal.SIGTERM)

    async def listen_for_jobs(
        self, *, on_notification: NotificationCallback, queues: Iterable[str] | None = None
    ) -> None:
        """Meanwhile it is the polls that find jobs."""
        while True:
            with suppress(ConnectorException):
                await super().listen_for_jobs(on_notification=on_notification, queues=queues)
            await asyncio.sleep(POLL_SECONDS)

    async def finish_job_by_id_async(self, job_id: int, status: QueueStatus, delete_job: bool) -> None:
        """A row that cannot be closed would hold its index's lock for as long as this worker lives: it ends."""
        try:
            await super().finish_job_by_id_async(job_id, status, delete_job)
        except ConnectorException as error:
            if isinstance(error.__cause__, psycopg.errors.RaiseException):
                log.debug("others have closed the row", queue_job_id=job_id)
                return
            log.warning("the row of a job could not be closed: this worker ends", error=str(error.__cause__))
            signal.raise_signal(signal.SIGTERM)


async def work(url: str, handler: Handler, lease_seconds: float, asked: Callable[[], None]) -> None:
    """Take jobs from the queue, until SIGTERM or the end of the database.

    `handler` is called in a thread for each, `asked` whenever the queue has answered.
    """
    app = _worker_app(url, handler, lease_seconds, asked)
    async with app.open_async():
        log.debug("worker ready", pid=os.getpid())
        await app.run_worker_async(
            queues=[QUEUE],
            concurrency=1,
            fetch_job_polling_interval=POLL_SECONDS,
            update_heartbeat_interval=lease_seconds / 3,
            stalled_worker_timeout=lease_seconds,
        )


def _worker_app(url: str, handler: Handler, lease_seconds: float, asked: Callable[[], None]) -> App:
    app = App(
        connector=PsycopgConnector(
            conninfo=url,
            kwargs=CONNECTION_ARGUMENTS,
            configure=partial(_configure, idle_seconds=lease_seconds),
            # A connection for each of the few queries, at once. A pool that keeps some, or has a limit, leaves whoever
            # waits without one for half a minute when the database ended them, and the worker hangs.
            pool_factory=psycopg_pool.AsyncNullConnectionPool,
            min_size=0,
            max_size=0,
        )
    )

    app.job_manager = _JobManager(app.connector, asked)

    @app.task(name=TASK, queue=QUEUE, pass_context=True)
    def index_repo(context: JobContext, job_id: str, repository_id: str, commit_sha: str | None) -> None:
        assert context.job.id is not None
        handler(UUID(job_id), context.job.id)

    return app
