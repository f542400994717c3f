"""The supervisor: keeps worker processes, one job each, and takes their jobs back when they end.

Two threads. One tends the processes and never waits for the database, so that a drain keeps its deadline whatever
becomes of that. The other, the rescuer, does what needs the database.
"""

import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psycopg

from kotadb import metrics
from kotadb.errors import DatabaseUnavailable
from kotadb.jobs.prune import prune
from kotadb.jobs.rescue import hand_back, release
from kotadb.jobs.signs import WORKING
from kotadb.jobs.workspace import sweep
from kotadb.logs import get_logger
from kotadb.postgres.database import Database
from kotadb.settings import Settings

POLL_SECONDS = 0.2
FORCE_POLL_SECONDS = 0.2
"""How often a drain looks whether it is to wait no longer. That a worker has ended it notices at once."""

MAX_RESCUE_SECONDS = 3
"""A job whose worker nobody saw die is back at work within its lease and five seconds."""

HAND_BACK_SECONDS = 5
"""How long a drain waits for the database to take the jobs back; after that they come back by their lease."""

OUTAGE_SECONDS = 15
"""After the database was away: time for those who live to write a heartbeat, before any lease is said to be over."""

PRUNE_SECONDS = 3600
MIN_SILENCE_SECONDS = 60
"""A worker of which nothing is heard for so long, and for two leases, is ended. Its job was taken from it by then: this
is about its place. Time enough for one that was only paused to go on."""

log = get_logger(__name__)


class Worker:
    """A worker process, with the pipe through which it says that it is alive.

    `is_working` once it has asked the queue for jobs; until then it is starting.
    """

    def __init__(self, settings: Settings, url: str) -> None:
        self.name = f"{_own_prefix()}{secrets.token_hex(4)}"
        self._signs, signs = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            self.process = start_worker(settings, url, self.name, "--signs", str(signs), signs=signs)
        except OSError:
            os.close(self._signs)
            raise
        finally:
            os.close(signs)
        self.seen_at = time.monotonic()
        self.is_working = False

    def end(self) -> None:
        """End the process with everything below it, if it has not ended."""
        if self.process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.silence()  # its last signs
        os.close(self._signs)

    def silence(self) -> float:
        """For how many seconds nothing was heard of the process."""
        with suppress(BlockingIOError):
            if signs := os.read(self._signs, 4096):
                self.seen_at = time.monotonic()
                self.is_working = self.is_working or WORKING in signs
        return time.monotonic() - self.seen_at


@dataclass
class Place:
    """Where one worker belongs, and who is there now."""

    worker: Worker | None = None
    restart_at: float = 0
    failures: int = 0


class Supervisor:
    """Keeps `count` worker processes running until told to stop.

    One that ends is replaced at once; one that ends before it gets to work, more and more slowly, up to the lease.

    Workers are children in process groups of their own; they die with the supervisor, and their parsers and git with
    them. A worker that ends unasked costs the job that it held one attempt, and no other job anything. One that hangs
    is ended.
    """

    def __init__(self, settings: Settings, database: Database, count: int) -> None:
        self._settings = settings
        self._database = database
        self._places = [Place() for _ in range(count)]
        self._rescuer = Rescuer(settings, database)
        self._max_silence = max(2 * settings.lease_seconds, MIN_SILENCE_SECONDS)

    def run(self, stop: threading.Event, force: threading.Event) -> None:
        """Keep the workers running until `stop`; then let them finish their jobs until the drain's limit or `force`.

        Jobs that are not finished by then wait again, without having spent an attempt.
        """
        with self._rescuer:
            tended_at = time.monotonic()
            while True:
                if time.monotonic() - tended_at > self._settings.lease_seconds:
                    self._excuse_silence()
                tended_at = time.monotonic()
                for place in self._places:
                    self._tend(place)
                if stop.wait(POLL_SECONDS):
                    break
            self._drain(force)

    def _tend(self, place: Place) -> None:
        worker = place.worker
        if worker is not None and worker.silence() > self._max_silence:
            log.error("a worker gives no sign of life: it is ended", worker=worker.name, pid=worker.process.pid)
            worker.end()
            self._bury(place, worker)
        elif worker is not None and worker.process.poll() is not None:
            worker.end()
            self._bury(place, worker)
        if place.worker is None and time.monotonic() >= place.restart_at:
            try:
                place.worker = Worker(self._settings, self._database.url)
            except OSError as error:  # no memory, no processes, no descriptors: there may be some later
                delay = self._hold_back(place)
                log.error("a worker could not be started", error=str(error), restart_in_seconds=delay)

    def _excuse_silence(self) -> None:
        """It was us who slept: a machine that was suspended, a supervisor that was stopped."""
        for place in self._places:
            if place.worker is not None:
                place.worker.seen_at = time.monotonic()

    def _bury(self, place: Place, worker: Worker) -> None:
        metrics.worker_exited()
        place.worker = None
        if worker.is_working:
            place.failures = 0
        delay = 0 if worker.is_working else self._hold_back(place)
        log.warning(
            "a worker ended unasked", worker=worker.name, pid=worker.process.pid,
            exit_code=worker.process.returncode, restart_in_seconds=delay,
        )  # fmt: skip
        self._rescuer.take_from(worker.name)

    def _hold_back(self, place: Place) -> float:
        """After one more start that came to nothing, wait longer for the next one. Returns how many seconds."""
        place.failures += 1
        delay = min(1 << (place.failures - 1), self._settings.lease_seconds)
        place.restart_at = time.monotonic() + delay
        return delay

    def _drain(self, force: threading.Event) -> None:
        running = [place.worker for place in self._places if place.worker is not None]
        log.info("draining", workers=len(running), limit_seconds=self._settings.drain_seconds)
        for worker in running:
            worker.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + self._settings.drain_seconds
        for worker in running:
            while worker.process.poll() is None and time.monotonic() < deadline and not force.is_set():
                with suppress(subprocess.TimeoutExpired):
                    worker.process.wait(FORCE_POLL_SECONDS)
        for worker in running:
            worker.end()
        self._rescuer.hand_back([worker.name for worker in running])


class Rescuer:
    """Takes back what dead workers held, queues what is due, removes what is left: a thread, for as long as a `with`.

    Errors of the database are waited out: the next look makes up for this one.
    """

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database
        self._ended: dict[str, float] = {}
        self._pruned_at: float | None = None
        self._failed_at: float | None = None
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="rescuer", daemon=True)

    def __enter__(self) -> "Rescuer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._wake.set()
        self._thread.join(HAND_BACK_SECONDS)

    def take_from(self, worker: str) -> None:
        """Take the jobs of a worker that ended unasked, at once."""
        self._ended[worker] = time.monotonic()
        self._wake.set()

    def hand_back(self, workers: list[str]) -> None:
        """Give back the jobs of workers that were drained, without an attempt spent; wait for that, within limits."""
        thread = threading.Thread(target=self._hand_back, args=[workers], name="hand back", daemon=True)
        thread.start()
        thread.join(HAND_BACK_SECONDS)

    def _hand_back(self, workers: list[str]) -> None:
        with self._unless_the_database_fails():
            hand_back(self._settings, self._database, workers)
        sweep(self._settings.temp_dir)

    def _run(self) -> None:
        interval = min(self._settings.lease_seconds / 3, MAX_RESCUE_SECONDS)
        while not self._stop.is_set():
            self._wake.clear()
            try:
                self._look()
            except Exception:  # nobody would look after jobs any more
                log.exception("the look at jobs failed; the next one will do it")
            self._wake.wait(interval)

    def _look(self) -> None:
        # Those seen to end are asked for again for a lease: at first the server may be busy with their last statement.
        now = time.monotonic()
        for name, at in list(self._ended.items()):
            if now - at > self._settings.lease_seconds:
                del self._ended[name]
        expired = self._failed_at is None or now - self._failed_at > OUTAGE_SECONDS
        with self._unless_the_database_fails():
            try:
                release(self._settings, self._database, list(self._ended), expired=expired)
            except (psycopg.Error, DatabaseUnavailable):
                self._failed_at = time.monotonic()
                raise
        sweep(self._settings.temp_dir)
        if self._pruned_at is None or now - self._pruned_at > PRUNE_SECONDS:
            with self._unless_the_database_fails():
                self._pruned_at = now if prune(self._settings, self._database) else None

    @contextmanager
    def _unless_the_database_fails(self) -> Iterator[None]:
        try:
            yield
        except (psycopg.Error, DatabaseUnavailable) as error:
            log.warning("jobs cannot be looked after now; the next look will", error=str(error))


def _own_prefix() -> str:
    return f"{socket.gethostname()}:{os.getpid()}:"


def is_of_this_process(worker: str) -> bool:
    """Whether a worker of that name was started by a supervisor in this process."""
    return worker.startswith(_own_prefix())


def start_worker(
    settings: Settings, url: str, name: str, *arguments: str, signs: int | None = None
) -> subprocess.Popen[bytes]:
    """A worker process in its own process group that ends with its parent; see `jobs.worker` for the arguments."""
    # -P: the current folder may be the repository that is being indexed; nothing may be imported from there.
    program = [sys.executable, "-P", "-m", "kotadb.jobs.worker"]
    command = [*program, "--name", name, "--parent", str(os.getpid()), *arguments]
    environment = os.environ | settings.as_environment() | {"DATABASE_URL": url}
    return subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, start_new_session=True,
        pass_fds=() if signs is None else (signs,),
    )  # fmt: skip
