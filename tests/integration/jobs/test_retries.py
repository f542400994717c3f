"""Runs that fail: tried again after a while, or dead, with nothing of it forgotten."""

from collections.abc import Callable
from typing import Any

import pytest

from kotadb.errors import SourceRefused, SourceUnreachable
from kotadb.jobs import requests
from kotadb.jobs.prune import prune
from kotadb.jobs.rescue import release, requeue
from kotadb.jobs.tracker import Run
from kotadb.model import Job, JobStatus, Step
from kotadb.postgres.database import Database
from kotadb.questions.jobs import dead_letters
from kotadb.settings import Settings

MakeJob = Callable[..., Job]
ClaimJob = Callable[[Job, str], Job]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"retry_jitter": 0})


def execute(database: Database, sql: str, *parameters: object) -> list[dict[str, Any]]:
    with database.transaction() as connection:
        cursor = connection.execute(sql.encode(), parameters)
        return cursor.fetchall() if cursor.description else []


def queue_rows(database: Database, queue: str = "index-repo") -> list[str]:
    rows = execute(
        database, "select status::text from procrastinate_jobs where queue_name = %s and status = 'todo'", queue
    )
    return [row["status"] for row in rows]


def fail(database: Database, settings: Settings, job: Job, error: Exception) -> Job:
    """The job after a run of it that the queue carried has ended with this error."""
    execute(database, "update procrastinate_jobs set status = 'succeeded' where id = %s", job.queue_job_id)
    with Run(database, job, settings) as run:
        with run.step(Step.FETCH):
            pass
        run.fail(error)
    return requests.get(database, job.id)


def seconds_to_wait(database: Database, job: Job) -> float:
    [row] = execute(
        database,
        "select extract(epoch from next_attempt_at - updated_at) as wait from index_jobs where id = %s",
        job.id,
    )
    return float(row["wait"])


def die(database: Database, settings: Settings, make_job: MakeJob, claim_job: ClaimJob) -> Job:
    return fail(database, settings, claim_job(make_job(), "worker"), SourceRefused("No such ref", code="ref_not_found"))


def test_a_passing_error_has_the_job_wait_with_its_history(
    database: Database, settings: Settings, make_job: MakeJob, claim_job: ClaimJob
) -> None:
    job = fail(database, settings, claim_job(make_job(), "worker"), SourceUnreachable("No way", code="host_not_found"))
    assert (job.status, job.attempt, job.error_code, job.finished_at) == (JobStatus.PENDING, 1, "host_not_found", None)
    assert seconds_to_wait(database, job) == pytest.approx(60, abs=1)
    [entry] = job.history
    assert (entry["attempt"], entry["step"], entry["code"], entry["message"]) == (
        1, "fetch", "host_not_found", "No way",
    )  # fmt: skip
    assert entry["started_at"] < entry["failed_at"]


def test_a_job_that_waits_for_its_retry_is_queued_when_it_is_due_and_not_before(
    database: Database, settings: Settings, make_job: MakeJob, claim_job: ClaimJob
) -> None:
    job = fail(database, settings, claim_job(make_job(), "worker"), SourceUnreachable())
    requeue(settings, database, [])
    assert queue_rows(database) == []
    execute(database, "update index_jobs set next_attempt_at = clock_timestamp() where id = %s", job.id)
    for _ in range(2):
        requeue(settings, database, [])
    assert queue_rows(database) == ["todo"]


def test_a_retry_that_waits_holds_up_no_other_request_for_the_index(
    database: Database, settings: Settings, make_job: MakeJob, claim_job: ClaimJob
) -> None:
    waiting = fail(database, settings, claim_job(make_job(ref="main"), "worker"), SourceUnreachable())
    other = make_job(ref="main", commit_sha="a" * 40)
    assert other.index_id == waiting.index_id
    execute(database, "insert into procrastinate_workers default values")
    [row] = execute(
        database, "select id from procrastinate_fetch_job_v2(null, (select max(id) from procrastinate_workers))"
    )
    assert row["id"] == other.queue_job_id


def test_the_same_request_moves_the_next_attempt_to_now(
    database: Database, settings: Settings, make_job: MakeJob, claim_job: ClaimJob
) -> None:
    waiting = fail(database, settings, claim_job(make_job(), "worker"), SourceUnreachable())
    again = make_job()
    assert (again.id, again.attempt) == (waiting.id, 1)
    assert seconds_to_wait(database, again) < 1
    assert queue_rows(database) == ["todo"]


def test_a_second_attempt_that_succeeds_keeps_the_history_of_the_first(
    database: Database, settings: Settings, make_job: MakeJob, claim_job: ClaimJob
) -> None:
    job = fail(database, settings, claim_job(make_job(), "worker"), SourceUnreachable())
    claimed = claim_job(job, "worker")
    assert (claimed.attempt, claimed.next_attempt_at, claimed.error_code) == (2, None, None)
    with Run(database, claimed, settings) as run:
        run.skip("c" * 40, "main", {})
    done = requests.get(database, job.id)
    assert (done.status, done.attempt, len(done.history)) == (JobStatus.SKIPPED, 2, 1)


def test_an_error_that_never_passes_is_dead_after_four_runs_with_growing_delays(
    database: Database, settings: Settings, make_job: MakeJob, claim_job: ClaimJob
) -> None:
    job, waits = make_job(), []
    while (job := fail(database, settings, claim_job(job, "worker"), SourceUnreachable())).status is JobStatus.PENDING:
        waits.append(round(seconds_to_wait(database, job)))
        execute(database, "update index_jobs set next_attempt_at = clock_timestamp() where id = %s", job.id)
        requeue(settings, database, [])
    assert (job.status, job.attempt, waits) == (JobStatus.FAILED, 4, [60, 120, 240])
    [letter] = dead_letters(database, 10)
    assert [entry["attempt"] for entry in letter.history] == [1, 2, 3, 4]


def test_a_dead_letter_has_the_payload_the_error_the_traceback_and_the_history(
    database: Database, settings: Settings, make_job: MakeJob, claim_job: ClaimJob
) -> None:
    job = die(database, settings, make_job, claim_job)
    assert (job.status, job.attempt) == (JobStatus.FAILED, 1)
    [row] = execute(database, "select args from procrastinate_jobs where queue_name = 'index-repo_dlq'")
    args = row["args"]
    assert (args["job_id"], args["repository_id"], args["commit_sha"]) == (str(job.id), str(job.repository_uuid), None)
    assert args["error"] == {"code": "ref_not_found", "message": "No such ref"}
    assert "SourceRefused" in args["traceback"]
    assert [entry["code"] for entry in args["history"]] == ["ref_not_found"]
    [letter] = dead_letters(database, 10)
    assert (letter.job_id, letter.owner_name, letter.attempt) == (job.id, "local", 1)


def test_a_job_that_kills_its_workers_is_one_dead_letter(
    database: Database, settings: Settings, make_job: MakeJob, claim_job: ClaimJob
) -> None:
    job = make_job()
    for _ in range(settings.retry_limit + 1):
        claim_job(job, "worker")
        release(settings, database, ["worker"])
    release(settings, database, ["worker"], expired=True)
    [letter] = dead_letters(database, 10)
    assert (letter.job_id, letter.error.code, letter.attempt) == (job.id, "worker_died", 4)
    assert [entry["code"] for entry in letter.history] == ["worker_died"] * 4


def test_trying_a_dead_job_again_takes_its_letter_away_and_gives_fresh_attempts(
    database: Database, settings: Settings, make_job: MakeJob, claim_job: ClaimJob
) -> None:
    job = die(database, settings, make_job, claim_job)
    again = requests.retry(database, job.id)
    assert (again.attempt, len(again.history), dead_letters(database, 10)) == (0, 1, [])
    assert queue_rows(database) == ["todo"]


def test_a_dead_letter_can_be_dismissed_and_the_job_stays_failed(
    database: Database, settings: Settings, make_job: MakeJob, claim_job: ClaimJob
) -> None:
    job = die(database, settings, make_job, claim_job)
    requests.dismiss(database, job.id)
    assert dead_letters(database, 10) == []
    assert requests.get(database, job.id).status is JobStatus.FAILED


def test_no_worker_takes_a_dead_letter(
    database: Database, settings: Settings, make_job: MakeJob, claim_job: ClaimJob
) -> None:
    die(database, settings, make_job, claim_job)
    execute(database, "insert into procrastinate_workers default values")
    [row] = execute(
        database,
        "select id from procrastinate_fetch_job_v2('{index-repo}', (select max(id) from procrastinate_workers))",
    )
    assert row["id"] is None


def test_the_history_keeps_the_last_twenty_failures(
    database: Database, settings: Settings, make_job: MakeJob, claim_job: ClaimJob
) -> None:
    job = make_job()
    for _ in range(22):
        job = fail(database, settings, claim_job(job, "worker"), SourceRefused())
        job = requests.retry(database, job.id)
    claims = [entry["claim"] for entry in job.history]
    assert len(claims) == 20
    assert claims == sorted(claims)
    assert job.claim == claims[-1]


def test_what_ended_long_ago_is_pruned_and_nothing_else(
    database: Database, settings: Settings, make_job: MakeJob, claim_job: ClaimJob
) -> None:
    old = die(database, settings, make_job, claim_job)
    recent = fail(database, settings, claim_job(make_job("a/recent"), "worker"), SourceRefused())
    waiting = make_job("a/waiting")
    ages = "update index_jobs set finished_at = finished_at - interval '91 days' where id = %s"
    execute(database, ages, old.id)
    execute(
        database,
        "update procrastinate_events set at = at - interval '8 days' where job_id = any(%s)",
        [old.queue_job_id, waiting.queue_job_id],
    )
    prune(settings, database)
    assert {row["id"] for row in execute(database, "select id from index_jobs")} == {recent.id, waiting.id}
    assert [letter.job_id for letter in dead_letters(database, 10)] == [recent.id]
    kept = {row["id"] for row in execute(database, "select id from procrastinate_jobs where queue_name = 'index-repo'")}
    assert kept == {waiting.queue_job_id, recent.queue_job_id} - {None}
