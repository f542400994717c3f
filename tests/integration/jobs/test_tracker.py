"""A run as the database sees it: alive while it works, and stopped once its claim is lost."""

import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event, Thread

import pytest
from structlog.testing import capture_logs

from kotadb.errors import ClaimLost, DatabaseUnavailable, LimitExceeded, SourceRefused
from kotadb.jobs import requests, tracker
from kotadb.jobs.tracker import Run
from kotadb.model import Job, JobStatus, Step
from kotadb.postgres.database import Connection, Database, connect
from kotadb.postgres.store import IndexHeader, store
from kotadb.settings import Settings
from support.databases import wait_until_somebody_waits

pytestmark = pytest.mark.every_server

MakeJob = Callable[..., Job]
ClaimJob = Callable[[Job, str], Job]


@pytest.fixture
def claimed(make_job: MakeJob, claim_job: ClaimJob) -> Job:
    return claim_job(make_job(), "worker")


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


def test_a_claim_starts_the_job_and_takes_a_new_number_each_time(make_job: MakeJob, claim_job: ClaimJob) -> None:
    first, second = claim_job(make_job("a/a"), "worker"), claim_job(make_job("b/b"), "worker")
    assert (first.status, first.attempt, first.step) == (JobStatus.PROCESSING, 1, Step.FETCH)
    assert first.started_at is not None
    assert second.claim != first.claim


def test_a_job_that_has_ended_or_runs_cannot_be_claimed(database: Database, settings: Settings, claimed: Job) -> None:
    assert tracker.claim(database, settings, claimed.id, "another") is None
    requests.cancel(database, claimed.id)
    assert tracker.claim(database, settings, claimed.id, "another") is None


def test_a_claim_waits_for_another_run_of_the_same_index(
    database: Database, make_job: MakeJob, claim_job: ClaimJob, claimed: Job
) -> None:
    waiting, claims = make_job(), list[Job]()
    thread = Thread(target=lambda: claims.append(claim_job(waiting, "two")))
    with capture_logs() as logged:
        thread.start()
        wait_until(lambda: any(line["event"] == "waiting for another run of the same index" for line in logged))
        assert requests.get(database, waiting.id).status is JobStatus.PENDING
        requests.cancel(database, claimed.id)
        thread.join()
    assert claims[0].id == waiting.id


def test_a_claim_does_not_wait_for_a_run_that_is_dead(
    database: Database, settings: Settings, make_job: MakeJob, claim_job: ClaimJob, claimed: Job
) -> None:
    age(database, claimed, settings.lease_seconds + 1)
    assert claim_job(make_job(), "two").status is JobStatus.PROCESSING


def test_progress_is_written_while_the_step_goes_on(database: Database, settings: Settings, claimed: Job) -> None:
    with Run(database, claimed, settings) as run, run.step(Step.PARSE, 10):
        run.advance(7)
        wait_until(lambda: requests.get(database, claimed.id).step_done == 7)
        job = requests.get(database, claimed.id)
    assert (job.step, job.step_total) == (Step.PARSE, 10)


def test_a_run_without_progress_still_gives_signs_of_life(database: Database, settings: Settings, claimed: Job) -> None:
    assert claimed.heartbeat_at is not None
    with Run(database, claimed, settings.model_copy(update={"lease_seconds": 0.3})):
        wait_until(lambda: requests.get(database, claimed.id).heartbeat_at != claimed.heartbeat_at)


def test_a_cancelled_run_notices_and_can_write_nothing(database: Database, settings: Settings, claimed: Job) -> None:
    with Run(database, claimed, settings) as run:
        requests.cancel(database, claimed.id)
        wait_until(lambda: run.is_lost)
        with pytest.raises(ClaimLost):
            run.check()
        with pytest.raises(ClaimLost):
            run.skip("c" * 40, "main", {})
        run.fail(SourceRefused("late"))
    assert requests.get(database, claimed.id).error_code == "cancelled"


def test_a_run_that_breaks_and_had_lost_its_claim_unnoticed_says_so(
    database: Database, settings: Settings, claimed: Job
) -> None:
    run = Run(database, claimed, settings)  # without its pulse: it is the first to look
    requests.cancel(database, claimed.id)
    with capture_logs() as logged:
        run.fail(RuntimeError("the connection broke"))
    assert logged[-1]["event"] == "claim lost: nothing was stored"
    assert requests.get(database, claimed.id).error_code == "cancelled"


def test_a_run_that_takes_too_long_is_told_so(database: Database, settings: Settings, claimed: Job) -> None:
    run = Run(database, claimed, settings.model_copy(update={"max_job_seconds": 0.001}))
    Event().wait(0.01)
    with pytest.raises(LimitExceeded, match="KOTADB_MAX_JOB_SECONDS"):
        run.check()


def test_a_known_failure_is_recorded_with_its_code_and_message(
    database: Database, settings: Settings, claimed: Job
) -> None:
    with Run(database, claimed, settings) as run:
        run.fail(SourceRefused("no such \0 thing", code="ref_not_found"))
    job = requests.get(database, claimed.id)
    assert (job.status, job.error_code, job.error_message) == (
        JobStatus.FAILED,
        "ref_not_found",
        "no such \ufffd thing",
    )
    assert job.error_traceback is not None
    assert job.finished_at is not None


def test_a_failure_that_cannot_be_recorded_leaves_the_job_to_the_rescue(
    database: Database, settings: Settings, claimed: Job
) -> None:
    closed = Database(database.url)  # every use of it fails
    Run(closed, claimed, settings.model_copy(update={"lease_seconds": 1})).fail(RuntimeError("why"))
    assert requests.get(database, claimed.id).status is JobStatus.PROCESSING


def test_an_unknown_failure_keeps_its_details_inside(database: Database, settings: Settings, claimed: Job) -> None:
    with Run(database, claimed, settings) as run:
        run.fail(RuntimeError("/secret/path"))
    job = requests.get(database, claimed.id)
    assert (job.error_code, job.error_message and "secret" in job.error_message) == ("internal", False)
    assert job.error_traceback is not None
    assert "/secret/path" in job.error_traceback


def test_time_is_counted_once_and_where_it_belongs(database: Database, settings: Settings, claimed: Job) -> None:
    run = Run(database, claimed, settings)
    with run.step(Step.PARSE), run.clock(Step.STORE):
        Event().wait(0.05)
    run.divide(Step.PARSE, {Step.PARSE: 3, Step.SYMBOLS: 1})
    spent = run.duration_ms
    assert spent[Step.STORE] >= 50
    assert spent[Step.STORE] > spent[Step.PARSE] + spent[Step.SYMBOLS] > 0
    assert spent[Step.PARSE] == pytest.approx(3 * spent[Step.SYMBOLS])


def test_a_job_can_be_cancelled_while_it_is_stored_and_nothing_of_it_stays(
    database: Database, settings: Settings, claimed: Job
) -> None:
    """The store waits for a lock; the cancellation does not, and ends the store before the lock is free."""

    def replace_index(connection: Connection) -> None:
        assert claimed.claim is not None
        store(connection, claimed.id, claimed.claim, IndexHeader("c" * 40, None, "", {}), {"duration_ms": {}})

    with ThreadPoolExecutor() as threads, connect(database.url) as blocker:
        blocker.execute("select from indexes for no key update")  # the last row a store writes but for the job's
        with Run(database, claimed, settings) as run:
            storing = threads.submit(run.store, replace_index)
            wait_until_somebody_waits(database.url)
            requests.cancel(database, claimed.id)
            with pytest.raises(DatabaseUnavailable):
                storing.result()
    assert requests.get(database, claimed.id).status is JobStatus.CANCELLED


def test_a_transaction_that_was_undone_for_a_deadlock_is_repeated(database: Database, claimed: Job) -> None:
    """Two lock the same two rows in opposite orders: one of them is undone, and both are done in the end."""
    rows, done = ["first", "second"], []
    meet = Barrier(2)
    with database.transaction() as connection:
        connection.execute("create table shelf (name text primary key, times integer not null default 0)")
        connection.execute("insert into shelf values ('first'), ('second')")

    def touch(order: list[str]) -> None:
        def both(connection: Connection) -> None:
            connection.execute("update shelf set times = times + 1 where name = %s", order[:1])
            if order not in done:  # only the first time: who comes back comes alone
                done.append(order)
                meet.wait()
            connection.execute("update shelf set times = times + 1 where name = %s", order[1:])

        database.write(both)

    with ThreadPoolExecutor() as threads:
        list(threads.map(touch, [rows, rows[::-1]]))
    with database.transaction() as connection:
        assert [row["times"] for row in connection.execute("select times from shelf")] == [2, 2]


HANG = """
import sys, threading
from uuid import UUID
from kotadb.jobs import index_repo, tracker
from kotadb.postgres.database import Database
from kotadb.settings import Settings
url, job_id, limit = sys.argv[1:]
tracker.LATE_SECONDS = tracker.LOST_SECONDS = 0.1
index_repo.index_repo = lambda *_: (print("hangs", flush=True), threading.Event().wait())
with Database(url) as database:
    index_repo.perform(database, Settings(max_job_seconds=float(limit)), UUID(job_id), worker="hanging")
"""
"""A run that never looks at the time; not of an hour, either."""


def hang(database: Database, job: Job, limit_seconds: float) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", HANG, database.url, str(job.id), str(limit_seconds)]
    return subprocess.Popen(command, start_new_session=True, stdout=subprocess.PIPE)


def test_a_job_that_hangs_where_it_never_looks_fails_and_ends_its_worker(
    database: Database, make_job: Callable[..., Job]
) -> None:
    job = make_job()
    with hang(database, job, limit_seconds=0.1) as worker:
        assert worker.wait() == -signal.SIGKILL
    failed = requests.get(database, job.id)
    assert (failed.status, failed.error_code) == (JobStatus.FAILED, "job_timeout")


def test_a_job_that_hangs_and_is_cancelled_ends_its_worker_too(
    database: Database, make_job: Callable[..., Job]
) -> None:
    job = make_job()
    with hang(database, job, limit_seconds=3600) as worker:
        assert worker.stdout is not None
        while worker.stdout.readline() != b"hangs\n":  # the log comes first
            pass
        requests.cancel(database, job.id)
        assert worker.wait() == -signal.SIGKILL
    assert requests.get(database, job.id).status is JobStatus.CANCELLED


def test_a_row_of_the_queue_claims_only_the_job_that_it_still_carries(
    database: Database, settings: Settings, make_job: Callable[..., Job]
) -> None:
    job = make_job()
    assert tracker.claim(database, settings, job.id, "first", job.queue_job_id) is not None
    with Run(database, requests.get(database, job.id), settings) as run:
        run.fail(ConnectionError())  # it waits for its retry, and in no row
    assert tracker.claim(database, settings, job.id, "late", job.queue_job_id) is None
    assert requests.get(database, job.id).status is JobStatus.PENDING
