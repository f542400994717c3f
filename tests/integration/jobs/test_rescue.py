"""Jobs whose worker is gone: taken back, queued anew, and none of them lost or run twice."""

from collections.abc import Callable
from datetime import timedelta
from threading import Thread

import pytest

from kotadb.jobs import requests
from kotadb.jobs.rescue import hand_back, release, requeue
from kotadb.model import Job, JobStatus
from kotadb.postgres.database import Database
from kotadb.settings import Settings
from support.databases import wait_until_somebody_waits

pytestmark = pytest.mark.every_server

MakeJob = Callable[..., Job]
ClaimJob = Callable[[Job, str], Job]


def execute(database: Database, sql: str, *parameters: object) -> None:
    with database.transaction() as connection:
        connection.execute(sql.encode(), parameters)


def age(database: Database, job: Job, seconds: float) -> None:
    """Make the job look as if nothing had been heard of it for this long."""
    past = timedelta(seconds=seconds)
    execute(
        database,
        "update index_jobs set heartbeat_at = heartbeat_at - %s, updated_at = updated_at - %s where id = %s",
        past, past, job.id,
    )  # fmt: skip


def queue_rows(database: Database) -> dict[int, str]:
    with database.transaction() as connection:
        rows = connection.execute(
            "select id, status::text from procrastinate_jobs where queue_name = 'index-repo' order by id"
        ).fetchall()
    return {row["id"]: row["status"] for row in rows}


@pytest.fixture
def taken(database: Database, make_job: MakeJob, claim_job: ClaimJob) -> Job:
    """A job as a worker leaves it when it is killed: claimed, and its queue row taken."""
    job = claim_job(make_job(), "worker")
    execute(database, "update procrastinate_jobs set status = 'doing' where id = %s", job.queue_job_id)
    return job


def test_a_dead_workers_job_waits_again_with_an_attempt_spent(
    database: Database, settings: Settings, taken: Job
) -> None:
    release(settings, database, ["worker"])
    job = requests.get(database, taken.id)
    assert (job.status, job.attempt) == (JobStatus.PENDING, 1)


def test_a_drained_workers_job_waits_again_with_none_spent(database: Database, settings: Settings, taken: Job) -> None:
    hand_back(settings, database, ["worker"])
    job = requests.get(database, taken.id)
    assert (job.status, job.attempt) == (JobStatus.PENDING, 0)


def test_a_drain_waits_for_the_last_statement_of_its_workers(
    database: Database, settings: Settings, taken: Job
) -> None:
    with database.transaction() as connection:
        connection.execute("select from index_jobs where id = %s for update", [taken.id])
        handing_back = Thread(target=hand_back, args=[settings, database, ["worker"]])
        handing_back.start()
        wait_until_somebody_waits(database.url)
    handing_back.join()
    assert requests.get(database, taken.id).status is JobStatus.PENDING


def test_a_job_that_waits_again_has_a_new_queue_row_that_a_late_finisher_cannot_touch(
    database: Database, settings: Settings, taken: Job
) -> None:
    release(settings, database, ["worker"])
    job = requests.get(database, taken.id)
    assert job.queue_job_id != taken.queue_job_id
    assert queue_rows(database) == {taken.queue_job_id: "failed", job.queue_job_id: "todo"}
    finish = "select procrastinate_finish_job_v1(%s, 'succeeded', false)"
    with pytest.raises(Exception, match="not found or not in"):
        execute(database, finish, taken.queue_job_id)


def test_other_workers_jobs_stay_theirs(database: Database, settings: Settings, taken: Job) -> None:
    release(settings, database, ["another"])
    release(settings, database, expired=True)
    assert requests.get(database, taken.id).status is JobStatus.PROCESSING


def test_a_job_past_its_lease_is_taken_whoever_had_it(database: Database, settings: Settings, taken: Job) -> None:
    age(database, taken, settings.lease_seconds + 1)
    release(settings, database, expired=True)
    assert requests.get(database, taken.id).status is JobStatus.PENDING


def test_a_job_that_kills_every_worker_fails_after_its_attempts(
    database: Database, settings: Settings, taken: Job, claim_job: ClaimJob
) -> None:
    for _ in range(settings.retry_limit):
        release(settings, database, ["worker"])
        claim_job(taken, "worker")
    release(settings, database, ["worker"])
    job = requests.get(database, taken.id)
    assert (job.status, job.error_code, job.attempt) == (JobStatus.FAILED, "worker_died", settings.retry_limit + 1)
    assert set(queue_rows(database).values()) == {"failed"}


def test_a_job_that_would_wait_beside_a_newer_one_of_the_same_is_superseded(
    database: Database, settings: Settings, taken: Job, make_job: MakeJob
) -> None:
    newer = make_job()
    release(settings, database, ["worker"])
    job = requests.get(database, taken.id)
    assert (job.status, job.error_code) == (JobStatus.CANCELLED, "superseded")
    assert requests.get(database, newer.id).status is JobStatus.PENDING


def test_what_supersedes_a_job_that_was_to_rebuild_the_index_rebuilds_it(
    database: Database, settings: Settings, make_job: MakeJob, claim_job: ClaimJob
) -> None:
    forced = claim_job(make_job(force=True), "worker")
    newer = make_job()
    release(settings, database, ["worker"])
    assert requests.get(database, forced.id).error_code == "superseded"
    assert requests.get(database, newer.id).force


def test_where_no_worker_takes_jobs_from_the_queue_none_comes_there(
    database: Database, settings: Settings, taken: Job
) -> None:
    alone = settings.model_copy(update={"async_indexing": False})
    release(alone, database, ["worker"])
    assert queue_rows(database) == {taken.queue_job_id: "failed"}


def test_no_look_waits_for_a_row_whose_owner_stands_still(
    database: Database, settings: Settings, taken: Job, make_job: MakeJob
) -> None:
    other = make_job("another/repository")
    execute(database, "update procrastinate_jobs set status = 'doing' where id = %s", other.queue_job_id)
    with database.transaction() as connection:
        connection.execute("select from procrastinate_jobs where id = %s for update", [taken.queue_job_id])
        release(settings, database, ["worker"])
        assert queue_rows(database)[other.queue_job_id or 0] == "todo"
    release(settings, database, ["worker"])
    assert queue_rows(database)[taken.queue_job_id or 0] == "failed"


def test_a_queue_row_whose_worker_died_before_the_claim_is_freed(
    database: Database, settings: Settings, make_job: MakeJob
) -> None:
    job = make_job()
    execute(database, "update procrastinate_jobs set status = 'doing' where id = %s", job.queue_job_id)
    release(settings, database, expired=True)
    assert queue_rows(database) == {job.queue_job_id: "todo"}


def test_a_queue_row_that_outlived_its_job_does_not_hold_the_index(
    database: Database, settings: Settings, taken: Job, make_job: MakeJob
) -> None:
    requests.cancel(database, taken.id)
    following = make_job()
    release(settings, database, expired=True)
    assert queue_rows(database) == {taken.queue_job_id: "failed", following.queue_job_id: "todo"}


def test_a_queue_row_of_a_worker_that_lives_is_left_to_it(database: Database, settings: Settings, taken: Job) -> None:
    execute(database, "insert into procrastinate_workers default values")
    execute(database, "update procrastinate_jobs set worker_id = (select max(id) from procrastinate_workers)")
    requests.cancel(database, taken.id)
    release(settings, database, expired=True)
    assert queue_rows(database) == {taken.queue_job_id: "doing"}


def test_a_waiting_job_that_no_queue_row_carries_is_queued_again_once(
    database: Database, settings: Settings, make_job: MakeJob
) -> None:
    job = make_job()
    execute(database, "update procrastinate_jobs set status = 'failed' where id = %s", job.queue_job_id)
    requeue(settings, database, [])
    assert set(queue_rows(database).values()) == {"failed"}  # it may be just about to be
    age(database, job, settings.lease_seconds + 1)
    for _ in range(2):
        requeue(settings, database, [])
    assert sorted(queue_rows(database).values()) == ["failed", "todo"]


def test_a_job_that_waits_in_the_queue_is_never_stranded(
    database: Database, settings: Settings, make_job: MakeJob
) -> None:
    age(database, make_job(), 10 * settings.lease_seconds)
    requeue(settings, database, [])
    assert len(queue_rows(database)) == 1
