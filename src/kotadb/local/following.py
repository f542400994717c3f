"""Following a job to its end, and seeing to it that somebody works: workers that are alive, or one of our own."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Self

from kotadb.errors import Conflict, KotaError
from kotadb.jobs import requests
from kotadb.jobs.supervisor import Supervisor
from kotadb.local.session import Session
from kotadb.model import Job, JobStatus
from kotadb.questions.health import readiness

POLL_SECONDS = 0.1
LOOK_SECONDS = 2.0
"""How often a job is looked after: whoever was to work on it may have ended."""


class Following:
    """A job that is followed for as long as the context lasts. A worker of our own ends with the context."""

    def __init__(self, session: Session, job: Job) -> None:
        self._session = session
        self._own_worker = ExitStack()
        self._is_alive: Callable[[], bool] | None = None
        self._next_look = 0.0
        self.job = job

    @property
    def has_own_worker(self) -> bool:
        """Whether nobody else was there to work."""
        return self._is_alive is not None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._own_worker.close()

    def look(self) -> Job:
        """The job as it is now. Where no worker is alive, one of our own is started.

        Raises KotaError if that could not be run; its lines in the log say why.
        """
        self.job = requests.get(self._session.database, self.job.id)
        if not self.job.status.is_terminal:
            self._see_to_it()
        return self.job

    def leave(self) -> Job:
        """Follow no longer: workers that are alive go on, a job that only our own does is cancelled. Returns it.

        Our own may also be one that was started for a job before, and has not ended: it may take this one, or has.
        """
        try:
            if self.has_own_worker or self._is_for_our_own():
                return requests.cancel(self._session.database, self.job.id)
        except Conflict:  # it ended at this very moment
            pass
        return requests.get(self._session.database, self.job.id)

    def _is_for_our_own(self) -> bool:
        self.job = requests.get(self._session.database, self.job.id)
        if self.job.status is JobStatus.PENDING:
            return bool(_our_own)
        return requests.is_run_here(self._session.database, self.job.id)

    def _see_to_it(self) -> None:
        if self._is_alive is None and time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + LOOK_SECONDS
            if readiness(self._session.database, self._session.settings.lease_seconds) == 0:
                self._is_alive = self._own_worker.enter_context(_worker(self._session))
        if self._is_alive is not None and not self._is_alive():
            raise KotaError("The worker could not be run; the lines above say why")


_our_own: set[threading.Thread] = set()
"""Supervisors with a worker that this process has started because there was none, and that have not ended."""


@contextmanager
def _worker(session: Session) -> Iterator[Callable[[], bool]]:
    """A supervisor with one worker beside us; yields whether it is still there."""
    stop, force = threading.Event(), threading.Event()
    supervisor = Supervisor(session.settings, session.database, 1)
    thread = threading.Thread(target=supervisor.run, args=(stop, force), name="supervisor")
    thread.start()
    _our_own.add(thread)
    try:
        yield thread.is_alive
    finally:
        stop.set()
        try:
            thread.join()
        except KeyboardInterrupt:
            force.set()
            thread.join()
        _our_own.discard(thread)


def follow_to_its_end(session: Session, job: Job) -> Job:
    """The job as it ended. An interrupt is passed on, and the job left as `Following.leave` does."""
    with Following(session, job) as following:
        try:
            while not (job := following.look()).status.is_terminal:
                time.sleep(POLL_SECONDS)  # the job may be worked on anywhere: its row is where all look
        except KeyboardInterrupt:
            following.leave()
            raise
        return job
