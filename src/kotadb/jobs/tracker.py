"""One run of a job as the database sees it: claimed, alive, at a step, ended. Every write is fenced by the claim."""

import os
import signal
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import copy_context
from typing import Any, Self, TypeVar
from uuid import UUID

import psutil
import psycopg
import structlog

from kotadb import metrics
from kotadb.errors import ClaimLost, DatabaseUnavailable, KotaError, LimitExceeded
from kotadb.jobs.failures import Fate, Verdict, judge
from kotadb.jobs.rescue import end, release, report
from kotadb.jobs.states import sources
from kotadb.logs import get_logger
from kotadb.model import Job, JobStatus, Step
from kotadb.postgres import jobs
from kotadb.postgres.database import Connection, Database
from kotadb.postgres.jobs import Ended
from kotadb.settings import Settings

TICK_SECONDS = 1.0
"""How often progress is written at most, and how soon a lost claim is noticed."""

CANCEL_SECONDS = 5

LATE_SECONDS = 30
"""How much longer than allowed a job may take before its worker is ended with it: it hangs where it does not look."""

LOST_SECONDS = 300
"""What is allowed to a run that is no longer its job's: to notice, and to tidy up if it was by its own success."""

Position = tuple[Step, int, int | None]
"""A step, how much of it is done, and of how much."""

Result = TypeVar("Result")

log = get_logger(__name__)


class Run:
    """A claimed job while it runs; a context manager that keeps its heartbeat going.

    The steps report where they are with `step` and `advance`; a thread writes that down at most once a second, and
    notices when the claim is lost. `check` raises ClaimLost then: call it wherever work can be broken off.
    """

    def __init__(self, database: Database, job: Job, settings: Settings) -> None:
        assert job.claim is not None
        assert job.repository_id is not None
        self.database = database
        self.job = job
        self.claim = job.claim
        self.repository_id = job.repository_id
        self.duration_ms: dict[Step, float] = defaultdict(float)
        self._clocked = 0.0
        self.peak_memory_bytes = 0
        self._settings = settings
        self._beat_seconds = settings.lease_seconds / 3
        self._deadline = time.monotonic() + settings.max_job_seconds
        self._position: Position = (Step.FETCH, 0, None)
        self._written: Position = self._position
        self._beaten_at = time.monotonic()
        self._storing: Connection | None = None
        self._lost = threading.Event()
        self._ended = threading.Event()
        # With a copy of the context, so that its log lines carry the job's ids.
        self._pulse = threading.Thread(target=copy_context().run, args=[self._keep_alive], name="pulse", daemon=True)

    def __enter__(self) -> Self:
        self._pulse.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._pulse.join()
        metrics.run_took(self.duration_ms)

    @property
    def is_lost(self) -> bool:
        """Whether this run is known to be no longer the job's."""
        return self._lost.is_set()

    def check(self) -> None:
        """Raises ClaimLost once that is so, and LimitExceeded once the job has taken too long."""
        if self.is_lost:
            raise ClaimLost
        if time.monotonic() > self._deadline:
            raise self._too_late()

    @contextmanager
    def step(self, step: Step, total: int | None = None) -> Iterator[None]:
        """Be at this step for as long as the context lasts; its time is counted."""
        self.check()
        self._position = (step, 0, total)
        structlog.contextvars.bind_contextvars(step=step.value)
        with self.clock(step):
            log.debug("step begins")
            yield

    @contextmanager
    def clock(self, step: Step) -> Iterator[None]:
        """Count the time of this context for a step that goes on inside another, and not for that one."""
        began, outer = time.monotonic(), self._clocked
        self._clocked = 0.0
        try:
            yield
        finally:
            elapsed = (time.monotonic() - began) * 1000
            self.duration_ms[step] += elapsed - self._clocked
            self._clocked = outer + elapsed

    def divide(self, step: Step, shares: Mapping[Step, float]) -> None:
        """Divide the time of a step among several that went on together, in proportion to their shares."""
        total, spent = sum(shares.values()), self.duration_ms[step]
        if total:
            self.duration_ms |= {part: spent * share / total for part, share in shares.items()}

    def advance(self, done: int) -> None:
        """Say how much of the step's total is done."""
        step, _, total = self._position
        self._position = (step, done, total)
        self.check()

    def note_children(self, peak_bytes: int) -> None:
        """Children that came and went between two looks had this much memory together at their peak."""
        self.peak_memory_bytes = max(self.peak_memory_bytes, psutil.Process().memory_info().rss + peak_bytes)

    def go_on_as(self, step: Step) -> None:
        """What is left of this step's total is another step's work."""
        _, done, total = self._position
        self._position = (step, done, total)
        structlog.contextvars.bind_contextvars(step=step.value)

    def stats(self) -> dict[str, Any]:
        """What the run knows of its cost, for the job's stats."""
        self._measure_memory()
        return {
            "duration_ms": {step.value: round(spent) for step, spent in self.duration_ms.items()},
            "peak_memory_bytes": self.peak_memory_bytes,
        }

    def store(self, work: Callable[[Connection], Result]) -> Result:
        """What `work` returns, done in a transaction that is broken off as soon as the claim is lost."""

        def watched(connection: Connection) -> Result:
            self._storing = connection
            try:
                self.check()
                return work(connection)
            finally:
                self._storing = None

        return self.database.write(watched)

    def skip(self, resolved_sha: str | None, branch: str | None, stats: dict[str, Any]) -> None:
        """End as skipped: the index holds this commit already. Raises ClaimLost."""
        allowed, stats = sources(JobStatus.SKIPPED), stats | self.stats()
        if not self.database.write(
            lambda connection: jobs.skip(connection, self.job.id, self.claim, allowed, resolved_sha, branch, stats)
        ):
            raise ClaimLost

    def fail(self, error: Exception) -> None:
        """End with this error: by the table in `jobs.failures` the job waits for another attempt, or has failed.

        Nothing is written if the claim is lost. If the database cannot take it for as long as the lease, the run is
        left to the rescue, which tries the job again.
        """
        verdict = judge(error)
        if verdict.fate is not Fate.DISCARD and not self.is_lost:
            log.warning(
                "run failed", code=verdict.failure.code, error=str(error), fate=verdict.fate.value,
                exc_info=None if isinstance(error, KotaError) else error,
            )  # fmt: skip
            self._record(verdict)
        if verdict.fate is Fate.DISCARD or self.is_lost:
            metrics.run_ended(metrics.Outcome.DISCARDED)
            log.warning("claim lost: nothing was stored")

    def _record(self, verdict: Verdict) -> None:
        """Write down how the run ended early, as soon as the database takes it."""
        give_up_at = time.monotonic() + self._settings.lease_seconds
        while not self.is_lost:
            try:
                return self._end(verdict)
            except ClaimLost:
                self._lost.set()
            except (psycopg.Error, DatabaseUnavailable) as trouble:
                if time.monotonic() > give_up_at:
                    log.warning("the failure could not be recorded; the job will be tried again", error=str(trouble))
                    return None
                self._lost.wait(TICK_SECONDS)
        return None

    def _end(self, verdict: Verdict) -> None:
        """End the job's run. Raises ClaimLost."""
        retries, delay = verdict.retries(self._settings), verdict.delay(self._settings, self.job.attempt)

        def write(connection: Connection) -> Ended:
            ids = [job.id for job in jobs.held(connection, self.job.id, self.claim)]
            if not ids:
                raise ClaimLost
            return end(connection, ids, verdict.failure, retries=retries, delay=delay, stats=self.stats())

        ended = self.database.write(write)
        metrics.run_ended(metrics.Outcome.RETRIED if ended.waiting else metrics.Outcome.FAILED)
        report(ended)

    def _too_late(self) -> LimitExceeded:
        limit = self._settings.max_job_seconds
        return LimitExceeded(f"The job was not done after {limit:g} s (KOTADB_MAX_JOB_SECONDS)", code="job_timeout")

    def _keep_alive(self) -> None:
        while not self._ended.wait(TICK_SECONDS):
            try:
                if time.monotonic() > self._deadline + LATE_SECONDS:
                    self._end_worker()
                if not self.is_lost:
                    self._beat()
                self._measure_memory()
            except MemoryError:
                pass  # nor is there any to say so; the run meets the same at its next step
            except (psycopg.Error, DatabaseUnavailable) as error:
                # The run itself meets the same trouble at its next write, and ends by it.
                log.warning("no heartbeat could be written", step=self._position[0].value, error=str(error))
            except Exception:  # without its heart the job would be taken from a run that is well
                log.exception("trouble while the run was looked after")

    def _beat(self) -> None:
        """Write down where the run is, if that is new or due, and look whether the claim holds."""
        position, now = self._position, time.monotonic()
        due = position != self._written or now - self._beaten_at >= self._beat_seconds
        with self.database.transaction() as connection:
            alive = (
                jobs.beat(connection, self.job.id, self.claim, *position)
                if due
                else jobs.holds(connection, self.job.id, self.claim)
            )
        if due:
            self._written, self._beaten_at = position, now
        if not alive:
            self._lose()

    def _lose(self) -> None:
        """Have the run stop, also where it waits for the server to store."""
        self._lost.set()
        self._deadline = min(self._deadline, time.monotonic() + LOST_SECONDS)
        if (connection := self._storing) is not None:
            with suppress(psycopg.Error):
                connection.cancel_safe(timeout=CANCEL_SECONDS)

    def _end_worker(self) -> None:
        """The job hangs where it never looks at the time: fail it, and end this process with all that it started."""
        log.error("the job hangs; its worker is ended")
        with suppress(psycopg.Error, DatabaseUnavailable, ClaimLost):
            self._end(judge(self._too_late()))
        os.killpg(0, signal.SIGKILL)

    def _measure_memory(self) -> None:
        """Resident memory of this process and all below it: git and the parsers."""
        me = psutil.Process()
        total = 0
        for process in [me, *me.children(recursive=True)]:
            with suppress(psutil.Error):  # it ended meanwhile
                total += process.memory_info().rss
        self.peak_memory_bytes = max(self.peak_memory_bytes, total)


def claim(
    database: Database, settings: Settings, job_id: UUID, worker: str, queue_job_id: int | None = None
) -> Job | None:
    """Take the job for a run; None if it has ended, somebody else runs it, or another row of the queue carries it.

    Waits while another run of the same index is under way (there are never two), and while the database is away.
    """
    rescue_first = False
    while True:
        try:
            if rescue_first:  # nobody else may be there to notice that the other run is dead
                release(settings, database, expired=True)
            with database.transaction() as connection:
                return jobs.claim(connection, job_id, worker, sources(JobStatus.PROCESSING), queue_job_id)
        except psycopg.errors.UniqueViolation:
            log.info("waiting for another run of the same index")
            rescue_first = True
        except DatabaseUnavailable as error:
            log.warning("the job cannot be claimed yet", error=str(error))
        time.sleep(TICK_SECONDS)  # what we wait for may be in another process, or on another machine
