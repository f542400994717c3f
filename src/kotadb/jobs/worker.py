"""A worker process: takes jobs from the queue, one at a time, until it is told to stop.

Run as `python -m kotadb.jobs.worker --name NAME --parent PID [--job ID]`; with `--job` it runs that one job and ends.
The queue's loop runs on the event loop, the job in a thread: a job can be stuck without the heartbeat stopping.
"""

import argparse
import asyncio
import os
import sys
from functools import partial
from uuid import UUID

from kotadb import metrics
from kotadb.errors import ConfigurationError
from kotadb.jobs import queue
from kotadb.jobs.index_repo import perform
from kotadb.lifeline import die_with_parent
from kotadb.logs import configure_logging, get_logger
from kotadb.postgres.database import Database
from kotadb.settings import Settings, get_settings

log = get_logger(__name__)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", required=True)
    parser.add_argument("--parent", required=True, type=int)
    parser.add_argument("--job", type=UUID)
    arguments = parser.parse_args()
    die_with_parent(arguments.parent)
    settings = get_settings()
    configure_logging(settings)
    metrics.join()
    if settings.database_url is None:
        raise ConfigurationError("A worker needs DATABASE_URL: start it with `kotadb worker`")
    with Database(settings.database_url) as database:
        run = partial(perform, database, settings, worker=arguments.name)
        if arguments.job is not None:
            run(arguments.job)
        else:
            asyncio.run(_work(settings, database, run))
    return 0


async def _work(settings: Settings, database: Database, run: queue.Handler) -> None:
    app = queue.worker_app(database.url, run)
    log.debug("worker ready", pid=os.getpid())
    async with app.open_async():
        await app.run_worker_async(
            queues=[queue.QUEUE],
            concurrency=1,
            update_heartbeat_interval=settings.lease_seconds / 3,
            stalled_worker_timeout=settings.lease_seconds,
        )


if __name__ == "__main__":
    sys.exit(main())
