"""`kotadb index`: enqueue, see to it that somebody works, and show how far the job is."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from kotadb.cli.context import Session
from kotadb.cli.output import err, visible
from kotadb.errors import Conflict, KotaError
from kotadb.jobs import requests
from kotadb.jobs.supervisor import Supervisor
from kotadb.model import IndexRequest, Job, JobStatus
from kotadb.questions.health import readiness

POLL_SECONDS = 0.1
LOOK_SECONDS = 2.0
"""How often a job is looked after: whoever was to work on it may have ended."""


def index_and_follow(session: Session, request: IndexRequest, *, show_progress: bool) -> Job:
    """Have it indexed and wait for the end: by the workers that are alive, or by one of our own.

    Ctrl-C leaves the job to workers that are alive; a job that only our own worker does is cancelled.
    """
    return follow(session, requests.submit(session.database, session.owner.id, request), show_progress=show_progress)


def follow(session: Session, followed: Job, *, show_progress: bool) -> Job:
    """Wait until the job has ended, showing where it is; see to it that somebody works. Returns it as it ended.

    Ctrl-C as in `index_and_follow`.
    """
    with ExitStack() as own_worker:
        is_alive: Callable[[], bool] | None = None
        next_look = 0.0
        try:
            for job in _watch(session, followed, show_progress=show_progress):
                if is_alive is None and not job.status.is_terminal and time.monotonic() >= next_look:
                    next_look = time.monotonic() + LOOK_SECONDS
                    if readiness(session.database, session.settings.lease_seconds) == 0:
                        is_alive = own_worker.enter_context(_worker(session))
                if is_alive is not None and not is_alive():
                    raise KotaError("The worker could not be run; the lines above say why")
        except KeyboardInterrupt:
            return (_leave if is_alive is None else _cancel)(session, followed)
    return job


def _watch(session: Session, job: Job, *, show_progress: bool) -> Iterator[Job]:
    """The job as it is now, again and again, the last time as it ended."""
    with _progress(show_progress) as show:
        show(job)
        yield job
        while not job.status.is_terminal:
            time.sleep(POLL_SECONDS)  # the job may be worked on anywhere: its row is where all look
            job = requests.get(session.database, job.id)
            show(job)
            yield job


def _leave(session: Session, job: Job) -> Job:
    err.print(f"the job goes on without us: kotadb jobs wait {job.id}")
    return requests.get(session.database, job.id)


def _cancel(session: Session, job: Job) -> Job:
    err.print("cancelling")
    try:
        return requests.cancel(session.database, job.id)
    except Conflict:  # it ended at this very moment
        return requests.get(session.database, job.id)


def _say_when_next(job: Job) -> None:
    when = f"after {job.next_attempt_at:%H:%M:%S}" if job.next_attempt_at else "soon"
    err.print(f"attempt {job.attempt} failed: {visible(job.error_message or '')}; trying again {when}")


@contextmanager
def _worker(session: Session) -> Iterator[Callable[[], bool]]:
    """A supervisor with one worker beside us; yields whether it is still there."""
    stop, force = threading.Event(), threading.Event()
    supervisor = Supervisor(session.settings, session.database, 1)
    thread = threading.Thread(target=supervisor.run, args=(stop, force), name="supervisor")
    thread.start()
    try:
        yield thread.is_alive
    finally:
        stop.set()
        try:
            thread.join()
        except KeyboardInterrupt:
            force.set()
            thread.join()


@contextmanager
def _progress(is_shown: bool) -> Iterator[Callable[[Job], None]]:
    columns = (
        SpinnerColumn(), TextColumn("{task.description:<14}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
    )  # fmt: skip
    with Progress(*columns, console=err, transient=True, disable=not (is_shown and err.is_terminal)) as progress:
        task = progress.add_task("", total=None)

        told = 0

        def show(job: Job) -> None:
            nonlocal told
            if job.status is JobStatus.PENDING and len(job.history) > told:
                told = len(job.history)
                _say_when_next(job)
            description = job.step.value if job.step else job.status.value
            progress.update(task, description=description, completed=job.step_done, total=job.step_total)

        yield show
