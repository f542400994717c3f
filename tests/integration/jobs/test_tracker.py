"""A run as the database sees it: alive while it works, and stopped once its claim is lost."""

from collections.abc import Callable
from datetime import timedelta
from threading import Event, Thread

import pytest

from kotadb.errors import ClaimLost, SourceRefused
from kotadb.jobs import requests, tracker
from kotadb.jobs.supervisor import release
from kotadb.jobs.tracker import Run
from kotadb.model import Job, JobStatus, Step
from kotadb.postgres.database import Database
from kotadb.settings import Settings

MakeJob = Callable[..., Job]


@pytest.fixture
def claimed(database: Database, make_job: MakeJob) -> Job:
    job = tracker.claim(database, make_job().id, "worker")
    assert job is not None
    return job


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracker, "TICK_SECONDS", 0.05)


def wait_until(happened: Callable[[], bool]) -> None:
    """Ask until it is so; pytest's own limit ends a test that waits in vain."""
    pause = Event()
    while not happened():
        pause.wait(0.01)


def age(database: Database, job: Job, seconds: float) -> None:
    """Make the run look as if it had given no sign of life for this long."""
    with database.transaction() as connection:
        connection.execute(
            "update index_jobs set heartbeat_at = heartbeat_at - %s where id = %s", [timedelta(seconds=seconds), job.id]
        )


def test_a_claim_starts_the_job_and_takes_a_new_number_each_time(database: Database, make_job: MakeJob) -> None:
    first = tracker.claim(database, make_job("a/a").id, "worker")
    second = tracker.claim(database, make_job("b/b").id, "worker")
    assert first is not None
    assert second is not None
    assert (first.status, first.attempt, first.step) == (JobStatus.PROCESSING, 1, Step.FETCH)
    assert first.started_at is not None
    assert second.claim != first.claim


def test_a_job_that_has_ended_or_runs_cannot_be_claimed(database: Database, claimed: Job) -> None:
    assert tracker.claim(database, claimed.id, "another") is None
    requests.cancel(database, claimed.id)
    assert tracker.claim(database, claimed.id, "another") is None


def test_a_claim_waits_for_another_run_of_the_same_index(database: Database, make_job: MakeJob) -> None:
    running = tracker.claim(database, make_job().id, "one")
    assert running is not None
    waiting, claims = make_job(), list[Job | None]()
    thread = Thread(target=lambda: claims.append(tracker.claim(database, waiting.id, "two")))
    thread.start()
    assert requests.get(database, waiting.id).status is JobStatus.PENDING
    requests.cancel(database, running.id)
    thread.join()
    assert claims[0] is not None
    assert claims[0].id == waiting.id


def test_progress_is_written_while_the_step_goes_on(database: Database, claimed: Job) -> None:
    with Run(database, claimed, 30) as run, run.step(Step.PARSE, 10):
        run.advance(7)
        wait_until(lambda: requests.get(database, claimed.id).step_done == 7)
        job = requests.get(database, claimed.id)
    assert (job.step, job.step_total) == (Step.PARSE, 10)


def test_a_run_without_progress_still_gives_signs_of_life(database: Database, claimed: Job) -> None:
    assert claimed.heartbeat_at is not None
    with Run(database, claimed, lease_seconds=0.3):
        wait_until(lambda: requests.get(database, claimed.id).heartbeat_at != claimed.heartbeat_at)


def test_a_cancelled_run_notices_and_can_write_nothing(database: Database, claimed: Job) -> None:
    with Run(database, claimed, 30) as run:
        requests.cancel(database, claimed.id)
        wait_until(lambda: run.is_lost)
        with pytest.raises(ClaimLost):
            run.check()
        with pytest.raises(ClaimLost):
            run.skip("c" * 40, "main", {})
        run.fail(SourceRefused("late"))
    assert requests.get(database, claimed.id).error_code == "cancelled"


def test_a_known_failure_is_recorded_with_its_code_and_message(database: Database, claimed: Job) -> None:
    with Run(database, claimed, 30) as run:
        run.fail(SourceRefused("no such \0 thing", code="ref_not_found"))
    job = requests.get(database, claimed.id)
    assert (job.status, job.error_code, job.error_message) == (
        JobStatus.FAILED,
        "ref_not_found",
        "no such \ufffd thing",
    )
    assert job.error_traceback is not None
    assert job.finished_at is not None


def test_an_unknown_failure_keeps_its_details_inside(database: Database, claimed: Job) -> None:
    with Run(database, claimed, 30) as run:
        run.fail(RuntimeError("/secret/path"))
    job = requests.get(database, claimed.id)
    assert (job.error_code, job.error_message and "secret" in job.error_message) == ("internal", False)
    assert job.error_traceback is not None
    assert "/secret/path" in job.error_traceback


def test_time_is_counted_once_and_where_it_belongs(database: Database, claimed: Job) -> None:
    run = Run(database, claimed, 30)
    with run.step(Step.PARSE), run.clock(Step.STORE):
        Event().wait(0.05)
    run.divide(Step.PARSE, {Step.PARSE: 3, Step.SYMBOLS: 1})
    spent = run.duration_ms
    assert spent[Step.STORE] >= 50 > spent[Step.PARSE] + spent[Step.SYMBOLS]
    assert spent[Step.PARSE] == pytest.approx(3 * spent[Step.SYMBOLS])


# ---- taken from workers that ended -----------------------------------------------------------------------------------


def queue_status(database: Database, job: Job) -> str:
    with database.transaction() as connection:
        row = connection.execute(
            "select status::text from procrastinate_jobs where id = %s", [job.queue_job_id]
        ).fetchone()
    assert row is not None
    return str(row["status"])


@pytest.fixture
def taken(database: Database, claimed: Job) -> Job:
    """A claimed job whose queue row is taken too, as a worker leaves them when it is killed."""
    with database.transaction() as connection:
        connection.execute("update procrastinate_jobs set status = 'doing' where id = %s", [claimed.queue_job_id])
    return claimed


def test_a_dead_workers_job_waits_again_with_an_attempt_spent(
    database: Database, settings: Settings, taken: Job
) -> None:
    release(settings, database, "worker", spend_attempt=True)
    job = requests.get(database, taken.id)
    assert (job.status, job.attempt, queue_status(database, job)) == (JobStatus.PENDING, 1, "todo")


def test_a_drained_workers_job_waits_again_with_none_spent(database: Database, settings: Settings, taken: Job) -> None:
    release(settings, database, "worker", spend_attempt=False)
    job = requests.get(database, taken.id)
    assert (job.status, job.attempt, queue_status(database, job)) == (JobStatus.PENDING, 0, "todo")


def test_other_workers_jobs_stay_theirs(database: Database, settings: Settings, taken: Job) -> None:
    release(settings, database, "another", spend_attempt=True)
    release(settings, database, None, spend_attempt=True)
    assert requests.get(database, taken.id).status is JobStatus.PROCESSING


def test_a_job_past_its_lease_is_taken_whoever_had_it(database: Database, settings: Settings, taken: Job) -> None:
    age(database, taken, settings.lease_seconds + 1)
    release(settings, database, None, spend_attempt=True)
    assert requests.get(database, taken.id).status is JobStatus.PENDING


def test_a_job_that_kills_every_worker_fails_after_its_attempts(
    database: Database, settings: Settings, taken: Job
) -> None:
    for _ in range(settings.retry_limit):
        release(settings, database, "worker", spend_attempt=True)
        assert tracker.claim(database, taken.id, "worker") is not None
    release(settings, database, "worker", spend_attempt=True)
    job = requests.get(database, taken.id)
    assert (job.status, job.error_code, job.attempt) == (JobStatus.FAILED, "worker_died", settings.retry_limit + 1)


def test_a_queue_row_whose_worker_died_before_the_claim_is_freed(
    database: Database, settings: Settings, make_job: MakeJob
) -> None:
    job = make_job()
    with database.transaction() as connection:
        connection.execute("update procrastinate_jobs set status = 'doing' where id = %s", [job.queue_job_id])
    release(settings, database, None, spend_attempt=True)
    assert queue_status(database, requests.get(database, job.id)) == "todo"
