"""Indexing while the caller waits (`KOTADB_ASYNC_INDEXING=false`): the same task in a child process, no queue."""

import secrets
import subprocess
import threading
import time
from collections.abc import Callable
from uuid import UUID

from kotadb.errors import Busy
from kotadb.jobs import requests
from kotadb.jobs.rescue import give_up, release
from kotadb.jobs.supervisor import POLL_SECONDS, start_worker
from kotadb.jobs.workspace import clear, sweep
from kotadb.model import IndexRequest, Job, JobStatus
from kotadb.postgres.database import Database
from kotadb.settings import Settings

MAX_RUNNING = 3


class SynchronousIndexer:
    """Runs at most `MAX_RUNNING` jobs at once, each in a process of its own, without retries."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database
        self._slots = threading.BoundedSemaphore(MAX_RUNNING)
        self._running: set[subprocess.Popen[bytes]] = set()

    def index(self, owner_id: UUID, request: IndexRequest) -> Job:
        """Index and return the finished job, whatever its status. Raises Busy where all slots are taken."""
        return self._finished(lambda: requests.submit(self._database, owner_id, request, enqueue=False))

    def retry(self, job_id: UUID, owner_id: UUID, *, confined: bool = False) -> Job:
        """Try a job again and return it finished. Raises Busy, NotFound, Conflict."""
        return self._finished(
            lambda: requests.retry(self._database, job_id, owner_id, confined=confined, enqueue=False)
        )

    def drain(self, force: threading.Event) -> None:
        """Take no more; let what runs finish until the drain's limit or `force`, then end it."""
        deadline = time.monotonic() + self._settings.drain_seconds
        free = 0
        while free < MAX_RUNNING and time.monotonic() < deadline and not force.is_set():
            free += self._slots.acquire(timeout=POLL_SECONDS)
        for process in list(self._running):
            process.kill()

    def _finished(self, make: Callable[[], Job]) -> Job:
        if not self._slots.acquire(blocking=False):
            raise Busy(f"{MAX_RUNNING} repositories are being indexed already; try again in a moment")
        try:
            # Nobody else looks after what another API left when it was killed.
            release(self._settings, self._database, expired=True)
            sweep(self._settings.temp_dir)
            job = make()
            self._run(job)
            return self._ended(job)
        finally:
            self._slots.release()

    def _run(self, job: Job) -> None:
        name = f"synchronous:{secrets.token_hex(8)}"
        process = start_worker(self._settings, self._database.url, name, "--job", str(job.id))
        self._running.add(process)
        try:
            process.wait()
        finally:
            self._running.discard(process)
            clear(self._settings.temp_dir, job.id)
            release(self._settings, self._database, [name])

    def _ended(self, job: Job) -> Job:
        """The job as it ended. Where the same request came twice, the other one's child may still be at it."""
        while not (job := requests.get(self._database, job.id)).status.is_terminal:
            if job.status is JobStatus.PENDING:  # our child ended before it could claim, or was taken its claim
                give_up(self._database, job.id)
            else:
                release(self._settings, self._database, expired=True)
                time.sleep(POLL_SECONDS)  # it is another thread's, or another API's
        return job
