"""`kotadb index`: enqueue, see to it that somebody works, and show how far the job is."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from kotadb.cli.context import Session
from kotadb.cli.output import err, visible
from kotadb.jobs import requests
from kotadb.local.following import POLL_SECONDS, Following
from kotadb.model import IndexRequest, Job, JobStatus


def index_and_follow(session: Session, request: IndexRequest, *, show_progress: bool) -> Job:
    """Have it indexed and wait for the end: by the workers that are alive, or by one of our own.

    Ctrl-C leaves the job to workers that are alive; a job that only our own worker does is cancelled.
    """
    return follow(session, requests.submit(session.database, session.owner.id, request), show_progress=show_progress)


def follow(session: Session, followed: Job, *, show_progress: bool) -> Job:
    """Wait until the job has ended, showing where it is; see to it that somebody works. Returns it as it ended.

    Ctrl-C as in `index_and_follow`.
    """
    with Following(session, followed) as following:
        try:
            return _watch(following, show_progress=show_progress)
        except KeyboardInterrupt:
            alone = following.has_own_worker
            err.print("cancelling" if alone else f"the job goes on without us: kotadb jobs wait {followed.id}")
            return following.leave()


def _watch(following: Following, *, show_progress: bool) -> Job:
    with _progress(show_progress) as show:
        show(following.job)
        while not (job := following.look()).status.is_terminal:
            show(job)
            time.sleep(POLL_SECONDS)  # the job may be worked on anywhere: its row is where all look
        show(job)
    return job


def _say_when_next(job: Job) -> None:
    when = f"after {job.next_attempt_at:%H:%M:%S}" if job.next_attempt_at else "soon"
    err.print(f"attempt {job.attempt} failed: {visible(job.error_message or '')}; trying again {when}")


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
