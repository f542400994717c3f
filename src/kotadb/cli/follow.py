"""`kotadb index`: enqueue, see to it that somebody works, and show how far the job is."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from kotadb.cli.context import Session
from kotadb.cli.output import err
from kotadb.errors import Conflict
from kotadb.jobs import requests
from kotadb.jobs.supervisor import Supervisor
from kotadb.model import IndexRequest, Job
from kotadb.questions.health import readiness

POLL_SECONDS = 0.1


def index_and_follow(session: Session, request: IndexRequest, *, show_progress: bool) -> Job:
    """Have it indexed and wait for the end: by the workers that are alive, or by one of our own.

    Ctrl-C leaves the job to workers that are alive; a job that only our own worker does is cancelled.
    """
    alive = readiness(session.database, session.settings.lease_seconds) > 0
    job = requests.submit(session.database, session.owner.id, request)
    if alive:
        return _follow_others(session, job, show_progress=show_progress)
    with _own_worker(session):
        return _follow_own(session, job, show_progress=show_progress)


def _follow_others(session: Session, job: Job, *, show_progress: bool) -> Job:
    try:
        return follow(session, job, show_progress=show_progress)
    except KeyboardInterrupt:
        err.print(f"the job goes on without us: kotadb jobs wait {job.id}")
        return requests.get(session.database, job.id)


def _follow_own(session: Session, job: Job, *, show_progress: bool) -> Job:
    try:
        return follow(session, job, show_progress=show_progress)
    except KeyboardInterrupt:
        err.print("cancelling")
        try:
            return requests.cancel(session.database, job.id)
        except Conflict:  # it ended at this very moment
            return requests.get(session.database, job.id)


@contextmanager
def _own_worker(session: Session) -> Iterator[None]:
    stop, force = threading.Event(), threading.Event()
    supervisor = Supervisor(session.settings, session.database, 1)
    thread = threading.Thread(target=supervisor.run, args=(stop, force), name="supervisor")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def follow(session: Session, job: Job, *, show_progress: bool) -> Job:
    """Wait until the job has ended, showing where it is. Returns it as it ended."""
    columns = (
        SpinnerColumn(), TextColumn("{task.description:<14}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
    )  # fmt: skip
    with Progress(*columns, console=err, transient=True, disable=not show_progress) as progress:
        task = progress.add_task(job.status.value, total=None)
        while not job.status.is_terminal:
            _show(progress, task, job)
            time.sleep(POLL_SECONDS)
            job = requests.get(session.database, job.id)
    return job


def _show(progress: Progress, task: TaskID, job: Job) -> None:
    description = job.step.value if job.step else job.status.value
    progress.update(task, description=description, completed=job.step_done, total=job.step_total)
