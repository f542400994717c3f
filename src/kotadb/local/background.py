"""Jobs that are followed in the background, so that who asked for them may do something else."""

import threading
from types import TracebackType
from typing import Self
from uuid import UUID

from kotadb.errors import KotaError
from kotadb.jobs import requests
from kotadb.local.following import POLL_SECONDS, Following
from kotadb.local.session import Session
from kotadb.logs import get_logger
from kotadb.model import IndexRequest, Job

log = get_logger(__name__)


class Background:
    """Has repositories indexed for as long as the context lasts. At its end jobs are left as `Following.leave` does."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads: dict[UUID, threading.Thread] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        for thread in list(self._threads.values()):
            thread.join()

    def index(self, request: IndexRequest) -> Job:
        """Have it indexed. Returns the job, which has only begun."""
        job = requests.submit(self._session.database, self._session.owner.id, request)
        self.follow(job)
        return job

    def follow(self, job: Job) -> None:
        """See to it that somebody works on this job."""
        with self._lock:
            running = self._threads.get(job.id)
            if not self._stop.is_set() and (running is None or not running.is_alive()):
                self._threads[job.id] = threading.Thread(target=self._follow, args=(job,), name=f"job {job.id}")
                self._threads[job.id].start()

    def _follow(self, job: Job) -> None:
        try:
            with Following(self._session, job) as following:
                while not following.look().status.is_terminal:
                    if self._stop.wait(POLL_SECONDS):
                        following.leave()
                        return
        except KotaError as error:
            log.error("a job is not followed any more", job_id=str(job.id), error=error.message)
