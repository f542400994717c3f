"""The supervisor: keeps worker processes, one job each, and takes their jobs back when they end."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from kotadb import metrics
from kotadb.errors import DatabaseUnavailable
from kotadb.jobs.rescue import queue_stranded, release
from kotadb.jobs.workspace import sweep
from kotadb.logs import get_logger
from kotadb.postgres.database import Database
from kotadb.settings import Settings

POLL_SECONDS = 0.2
MAX_RESCUE_SECONDS = 3
"""A job whose worker nobody saw die is back at work within its lease and five seconds."""

SHORT_LIFE_SECONDS = 5
MAX_RESTART_DELAY_SECONDS = 30

log = get_logger(__name__)


@dataclass
class Worker:
    """A place for one worker process, and the process that is in it now."""

    name: str = ""
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0
    restart_at: float = 0
    failures: int = 0


class Supervisor:
    """Keeps `count` worker processes running until told to stop.

    Workers are children in process groups of their own; they die with the supervisor, and their parsers and git with
    them. A worker that ends unasked costs the job that it held one attempt, and no other job anything.
    """

    def __init__(self, settings: Settings, database: Database, count: int) -> None:
        self._settings = settings
        self._database = database
        self._workers = [Worker() for _ in range(count)]
        self._ended: dict[str, float] = {}

    def run(self, stop: threading.Event, force: threading.Event) -> None:
        """Keep the workers running until `stop`; then let them finish their jobs until the drain's limit or `force`.

        Jobs that are not finished by then wait again, without having spent an attempt.
        """
        next_rescue = 0.0
        while not stop.wait(POLL_SECONDS if next_rescue else 0):
            for worker in self._workers:
                self._tend(worker)
            if time.monotonic() >= next_rescue:
                self._rescue()
                next_rescue = time.monotonic() + min(self._settings.lease_seconds / 3, MAX_RESCUE_SECONDS)
        self._drain(force)

    def _tend(self, worker: Worker) -> None:
        if worker.process is not None and (code := worker.process.poll()) is not None:
            self._bury(worker, code)
        if worker.process is None and time.monotonic() >= worker.restart_at:
            self._start(worker)

    def _start(self, worker: Worker) -> None:
        worker.name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        worker.process = start_worker(self._settings, self._database.url, worker.name)
        worker.started_at = time.monotonic()

    def _bury(self, worker: Worker, code: int) -> None:
        assert worker.process is not None
        metrics.worker_exited()
        log.warning("a worker ended unasked", worker=worker.name, pid=worker.process.pid, exit_code=code)
        worker.process = None
        short = time.monotonic() - worker.started_at < SHORT_LIFE_SECONDS
        worker.failures = worker.failures + 1 if short else 0
        delay = min(2 ** (worker.failures - 1), MAX_RESTART_DELAY_SECONDS) if worker.failures else 0
        worker.restart_at = time.monotonic() + delay
        self._ended[worker.name] = time.monotonic()
        self._release(worker.name, spend_attempt=True)
        sweep(self._settings.temp_dir)

    def _drain(self, force: threading.Event) -> None:
        running = [worker for worker in self._workers if worker.process is not None]
        log.info("draining", workers=len(running), limit_seconds=self._settings.drain_seconds)
        for worker in running:
            _signal(worker, signal.SIGTERM)
        deadline = time.monotonic() + self._settings.drain_seconds
        while any(_is_running(worker) for worker in running) and time.monotonic() < deadline and not force.is_set():
            force.wait(POLL_SECONDS)
        for worker in running:
            self._end(worker)
        sweep(self._settings.temp_dir)

    def _end(self, worker: Worker) -> None:
        assert worker.process is not None
        if _is_running(worker):
            _signal(worker, signal.SIGKILL)
            worker.process.wait()
        self._release(worker.name, spend_attempt=False)

    def _rescue(self) -> None:
        """Take back what dead workers held, and remove what they left."""
        # Those we saw end are asked for again for a lease: at first the server may be busy with their last statement.
        now = time.monotonic()
        self._ended = {name: at for name, at in self._ended.items() if now - at < self._settings.lease_seconds}
        for name in (*self._ended, None):
            self._release(name, spend_attempt=True)
        sweep(self._settings.temp_dir)
        with self._unless_the_database_fails():
            queue_stranded(self._settings, self._database)

    def _release(self, worker: str | None, *, spend_attempt: bool) -> None:
        with self._unless_the_database_fails():
            release(self._settings, self._database, worker, spend_attempt=spend_attempt)

    @contextmanager
    def _unless_the_database_fails(self) -> Iterator[None]:
        try:
            yield
        except (psycopg.Error, DatabaseUnavailable) as error:
            log.warning("jobs cannot be rescued now; the next look will", error=str(error))


def start_worker(settings: Settings, url: str, name: str, *arguments: str) -> subprocess.Popen[bytes]:
    """A worker process in its own process group that ends with its parent; see `jobs.worker` for the arguments."""
    command = [sys.executable, "-m", "kotadb.jobs.worker", "--name", name, "--parent", str(os.getpid()), *arguments]
    environment = os.environ | settings.as_environment() | {"DATABASE_URL": url}
    return subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, start_new_session=True)


def _is_running(worker: Worker) -> bool:
    return worker.process is not None and worker.process.poll() is None


def _signal(worker: Worker, number: signal.Signals) -> None:
    """To the worker alone, or to everything below it where it is to die."""
    assert worker.process is not None
    if number is signal.SIGKILL:
        os.killpg(worker.process.pid, number)
    else:
        worker.process.send_signal(number)
