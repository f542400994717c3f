"""Indexing while the caller waits (`KOTADB_ASYNC_INDEXING=false`): the same task in a child process, no queue."""

import secrets
import threading
from uuid import UUID

from kotadb.errors import Busy
from kotadb.jobs import requests
from kotadb.jobs.rescue import release
from kotadb.jobs.supervisor import start_worker
from kotadb.model import IndexRequest, Job
from kotadb.postgres.database import Database
from kotadb.settings import Settings

MAX_RUNNING = 3


class SynchronousIndexer:
    """Runs at most `MAX_RUNNING` jobs at once, each in a process of its own."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database
        self._slots = threading.BoundedSemaphore(MAX_RUNNING)

    def index(self, owner_id: UUID, request: IndexRequest) -> Job:
        """Index and return the finished job, whatever its status. Raises Busy where all slots are taken."""
        if not self._slots.acquire(blocking=False):
            raise Busy(f"{MAX_RUNNING} repositories are being indexed already; try again in a moment")
        try:
            job = requests.submit(self._database, owner_id, request, enqueue=False)
            self._run(job)
            return requests.get(self._database, job.id)
        finally:
            self._slots.release()

    def _run(self, job: Job) -> None:
        name = f"synchronous:{secrets.token_hex(8)}"
        process = start_worker(self._settings, self._database.url, name, "--job", str(job.id))
        try:
            process.wait()
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            release(self._settings, self._database, name, spend_attempt=True)
