"""Claims: in order, one per lock, however many workers ask and however many jobs wait in front."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from kotadb.errors import DatabaseUnavailable
from kotadb.jobs import queue, requests
from kotadb.model import Job
from kotadb.postgres.database import Connection, Database, connect
from kotadb.postgres.queries import query

pytestmark = pytest.mark.every_server

MakeJob = Callable[..., Job]


@pytest.fixture
def worker_id(database: Database) -> int:
    with database.transaction() as connection:
        row = connection.execute("insert into procrastinate_workers default values returning id").fetchone()
    assert row is not None
    return int(row["id"])


def fetch(database: Database, worker_id: int) -> int | None:
    """The queue's id of the job that a worker gets."""
    with database.transaction() as connection:
        row = connection.execute(query("queue.fetch"), {"queue": "index-repo", "worker_id": worker_id}).fetchone()
    return None if row is None else int(row["id"])


def finish(database: Database, queue_job_id: int | None) -> None:
    with database.transaction() as connection:
        connection.execute("select procrastinate_finish_job_v1(%s, 'succeeded', false)", [queue_job_id])


def test_jobs_come_in_their_order_and_those_of_one_index_one_after_another(
    database: Database, make_job: MakeJob, worker_id: int
) -> None:
    first, second = make_job(ref="main"), make_job(ref="main", commit_sha="a" * 40)
    other = make_job("another/repository")
    assert fetch(database, worker_id) == first.queue_job_id
    assert fetch(database, worker_id) == other.queue_job_id
    assert fetch(database, worker_id) is None
    finish(database, first.queue_job_id)
    assert fetch(database, worker_id) == second.queue_job_id


def test_workers_that_ask_at_once_never_get_two_jobs_of_one_index(
    database: Database, make_job: MakeJob, worker_id: int
) -> None:
    for number in range(24):
        make_job(f"someone/{number % 4}", ref="main", commit_sha=f"{number:040x}")
    meet = Barrier(8)

    def ask(_: int) -> int | None:
        meet.wait()
        with Database(database.url) as own:
            return fetch(own, worker_id)

    with ThreadPoolExecutor(8) as threads:
        got = [queue_job_id for queue_job_id in threads.map(ask, range(8)) if queue_job_id is not None]
    with database.transaction() as connection:
        rows = connection.execute("select lock from procrastinate_jobs where status = 'doing'").fetchall()
    assert len(rows) == len(got) == len(set(got))
    assert len({row["lock"] for row in rows}) == len(rows)
    assert 1 <= len(rows) <= 4


def test_a_job_of_another_queue_or_for_later_is_not_handed_out(
    database: Database, make_job: MakeJob, worker_id: int
) -> None:
    later, elsewhere = make_job("a/later"), make_job("an/elsewhere")
    with database.transaction() as connection:
        connection.execute(
            "update procrastinate_jobs set scheduled_at = now() + interval '1 hour' where id = %s", [later.queue_job_id]
        )
        connection.execute(
            "update procrastinate_jobs set queue_name = 'another' where id = %s", [elsewhere.queue_job_id]
        )
    assert fetch(database, worker_id) is None


def test_a_connection_that_breaks_while_a_job_is_queued_is_an_unavailable_database(
    database: Database, make_job: MakeJob
) -> None:
    job = make_job()

    def break_and_queue(connection: Connection) -> None:
        with connect(database.url, autocommit=True) as other:
            other.execute("select pg_terminate_backend(%s)", [connection.info.backend_pid])
        queue.enqueue(connection, job)

    with pytest.raises(DatabaseUnavailable):
        database.write(break_and_queue)


def test_workers_are_told_of_a_job_once_it_is_committed(database: Database, make_job: MakeJob) -> None:
    with connect(database.url, autocommit=True) as listener:
        listener.execute('listen "procrastinate_queue_v1#index-repo"')
        job = make_job()
        [told] = listener.notifies(timeout=60, stop_after=1)
        assert json.loads(told.payload)["type"] == "job_inserted"
        requests.cancel(database, job.id)
        requests.retry(database, job.id)
        assert len(list(listener.notifies(timeout=60, stop_after=1))) == 1
