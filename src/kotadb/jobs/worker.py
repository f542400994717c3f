"""A worker process: takes jobs from the queue, one at a time, until it is told to stop.

Run as `python -m kotadb.jobs.worker --name NAME --parent PID [--signs FD] [--job ID]`; with `--job` it runs that one
job and ends. The queue's loop runs on the event loop, the job in a thread: a job can be stuck without the heartbeat
stopping.
"""

import argparse
import asyncio
import os
import resource
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from uuid import UUID

from kotadb import metrics
from kotadb.errors import ConfigurationError, DatabaseUnavailable
from kotadb.jobs import queue
from kotadb.jobs.index_repo import perform
from kotadb.jobs.signs import ALIVE, WORKING, give
from kotadb.lifeline import die_with_parent
from kotadb.logs import configure_logging, get_logger
from kotadb.parsers.zygote import Zygote
from kotadb.postgres.database import Database
from kotadb.settings import Settings, get_settings

NICENESS = 5
"""Indexing gives way to the API and to PostgreSQL, whose callers wait. More of it made no difference, side by side."""

RECONNECT_SECONDS = 1.0

log = get_logger(__name__)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", required=True)
    parser.add_argument("--parent", required=True, type=int)
    parser.add_argument("--signs", type=int)
    parser.add_argument("--job", type=UUID)
    arguments = parser.parse_args()
    die_with_parent(arguments.parent)
    os.nice(NICENESS)
    settings = get_settings()
    limit_memory(settings.max_worker_memory_bytes)
    configure_logging(settings)
    metrics.join()
    if settings.database_url is None:
        raise ConfigurationError("A worker needs DATABASE_URL: start it with `kotadb worker`")
    with Database(settings.database_url, idle_seconds=settings.lease_seconds) as database, Zygote() as zygote:
        with suppress(OSError):  # the first job that needs it will say so
            zygote.start()
        run = partial(perform, database, settings, worker=arguments.name, zygote=zygote)
        if arguments.job is not None:
            run(arguments.job)
        else:
            asyncio.run(_work(settings, database, partial(_run, run), arguments.signs))
    return 0


def limit_memory(limit_bytes: int) -> None:
    """Have this process find no more memory than that, rather than take the machine's from everybody else.

    The soft limit alone: the children replace it by limits of their own. RLIMIT_AS would count what is only mapped.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if sys.platform == "linux" and (soft == resource.RLIM_INFINITY or limit_bytes < soft):
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_DATA, (limit_bytes, hard))


def _run(perform: Callable[[UUID, int], bool], job_id: UUID, queue_job_id: int) -> None:
    """Run the job, and have this worker end after one for which the memory did not suffice; it is replaced.

    What is left of that job lies about in the heap, and a thread may have been lost.
    """
    if not perform(job_id, queue_job_id):
        log.warning("this worker has run out of memory: it ends")
        signal.raise_signal(signal.SIGTERM)


async def _work(settings: Settings, database: Database, run: queue.Handler, signs: int | None) -> None:
    alive = asyncio.create_task(_give_signs(signs, settings.lease_seconds / 3))
    try:
        while not await asyncio.to_thread(_answers, database):
            await asyncio.sleep(RECONNECT_SECONDS)
        await queue.work(database.url, run, settings.lease_seconds, partial(give, signs, WORKING))
    finally:
        alive.cancel()


def _answers(database: Database) -> bool:
    try:
        with database.transaction():
            return True
    except DatabaseUnavailable as error:
        log.warning("waiting for the database", error=str(error))
        return False


async def _give_signs(signs: int | None, every_seconds: float) -> None:
    while True:
        give(signs, ALIVE)
        await asyncio.sleep(every_seconds)


if __name__ == "__main__":
    sys.exit(main())
