"""Submitting, cancelling and retrying jobs, as the database sees it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from uuid import uuid4

import pytest

from kotadb.access.keys import create_key, local_owner
from kotadb.errors import ClaimLost, Conflict, NotFound
from kotadb.jobs import requests
from kotadb.jobs.rescue import end, give_up, release
from kotadb.jobs.states import TRANSITIONS, sources
from kotadb.model import Failure, IndexRequest, Job, JobStatus, Owner
from kotadb.postgres import access, jobs, repositories
from kotadb.postgres.database import Database
from kotadb.postgres.migrate import our_migrations
from kotadb.postgres.store import IndexHeader, collect_blobs, store
from kotadb.settings import Settings
from support.databases import wait_until_somebody_waits

pytestmark = pytest.mark.every_server

MakeJob = Callable[..., Job]
ClaimJob = Callable[[Job, str], Job]


def queue_rows(database: Database) -> list[dict[str, object]]:
    with database.transaction() as connection:
        return connection.execute("select * from procrastinate_jobs order by id").fetchall()


def test_a_job_and_its_queue_row_are_written_together(database: Database, make_job: MakeJob) -> None:
    job = make_job(commit_sha="a" * 40)
    [row] = queue_rows(database)
    assert row["queue_name"] == "index-repo"
    assert row["lock"] == f"index:{job.index_id}"
    assert row["args"] == {"job_id": str(job.id), "repository_id": str(job.repository_uuid), "commit_sha": "a" * 40}
    assert requests.get(database, job.id).queue_job_id == row["id"]


def test_the_same_request_twice_is_one_job(database: Database, make_job: MakeJob) -> None:
    assert make_job().id == make_job().id
    assert len(queue_rows(database)) == 1


def test_a_hundred_equal_requests_at_once_are_one_job(database: Database, owner: Owner, make_job: MakeJob) -> None:
    with ThreadPoolExecutor(8) as threads:
        made = {job.id for job in threads.map(lambda _: make_job(), range(100))}
    assert len(made) == 1
    assert len(queue_rows(database)) == 1


def test_another_ref_commit_or_repository_is_another_job(make_job: MakeJob) -> None:
    made = [make_job(), make_job(ref="main"), make_job(commit_sha="a" * 40), make_job(ref="main", commit_sha="a" * 40)]
    made.append(make_job("someone/else"))
    assert len({job.id for job in made}) == len(made)


def test_a_ref_and_a_commit_at_it_share_an_index(make_job: MakeJob) -> None:
    assert make_job(ref="main").index_id == make_job(ref="main", commit_sha="a" * 40).index_id
    assert make_job().index_id != make_job(commit_sha="a" * 40).index_id


def test_forcing_a_queued_request_forces_that_job(database: Database, make_job: MakeJob) -> None:
    job = make_job()
    assert make_job(force=True).id == job.id
    assert requests.get(database, job.id).force


def test_a_request_joins_a_job_that_waits_again(
    database: Database, settings: Settings, make_job: MakeJob, claim_job: ClaimJob
) -> None:
    job = claim_job(make_job(), "worker")
    release(settings, database, ["worker"])
    assert make_job(force=True).id == job.id
    assert requests.get(database, job.id).force


def test_a_job_that_is_cancelled_while_it_waits_leaves_the_queue(database: Database, make_job: MakeJob) -> None:
    requests.cancel(database, make_job().id)
    assert [row["status"] for row in queue_rows(database)] == ["cancelled"]


@pytest.mark.parametrize("again", ["submit", "retry"])
def test_a_request_during_a_deletion_gets_an_index_that_is_there(
    database: Database, make_job: MakeJob, again: str
) -> None:
    job = make_job()
    assert job.repository_id is not None
    requests.cancel(database, job.id)
    with ThreadPoolExecutor() as threads:
        with database.transaction() as connection:
            repositories.delete_index(connection, job.repository_id, job.index_id, [])
            asked = threads.submit(make_job) if again == "submit" else threads.submit(requests.retry, database, job.id)
            wait_until_somebody_waits(database.url)
        new = asked.result()
    with database.transaction() as connection:
        assert repositories.index(connection, job.repository_id, new.index_id) is not None


def test_a_retry_during_the_deletion_of_its_repository_is_refused(
    database: Database, owner: Owner, make_job: MakeJob
) -> None:
    job = make_job()
    requests.cancel(database, job.id)
    with ThreadPoolExecutor() as threads:
        with database.transaction() as connection:
            repository = repositories.by_uuid(connection, owner.id, job.repository_uuid)
            assert repository is not None
            repositories.delete(connection, repository.id, [])
            asked = threads.submit(requests.retry, database, job.id)
            wait_until_somebody_waits(database.url)
        with pytest.raises(Conflict, match="deleted"):
            asked.result()


def test_a_retry_makes_a_deleted_index_anew(database: Database, make_job: MakeJob) -> None:
    job = make_job()
    assert job.repository_id is not None
    with database.transaction() as connection:
        repositories.delete_index(connection, job.repository_id, job.index_id, [JobStatus.PENDING])
    again = requests.retry(database, job.id)
    with database.transaction() as connection:
        assert again.index_id != job.index_id
        assert repositories.index(connection, job.repository_id, again.index_id) is not None


def test_a_request_waits_neither_for_a_store_nor_for_the_collection_of_blobs(
    database: Database, make_job: MakeJob, claim_job: ClaimJob
) -> None:
    job = claim_job(make_job(), "worker")
    assert job.repository_id is not None
    assert job.claim is not None
    with database.transaction() as connection:
        connection.execute("set local lock_timeout = '10s'")
        store(connection, job.id, job.claim, IndexHeader(None, None, "", {}), {"duration_ms": {}})
        collect_blobs(connection, job.repository_id)
        assert make_job().id != job.id  # on a connection of its own: it would wait for ours


def test_a_running_job_does_not_swallow_a_new_request(make_job: MakeJob, claim_job: ClaimJob) -> None:
    running = make_job()
    claim_job(running, "worker")
    assert make_job().id != running.id


def test_two_runs_of_one_index_are_impossible(database: Database, make_job: MakeJob, claim_job: ClaimJob) -> None:
    first = make_job()
    claim_job(first, "one")
    second = make_job()
    with pytest.raises(Exception, match="index_jobs_one_run"), database.transaction() as connection:
        jobs.claim(connection, second.id, "two", sources(JobStatus.PROCESSING))


def test_another_owners_job_is_not_there(database: Database, make_job: MakeJob) -> None:
    job = make_job()
    create_key(database, "stranger", "test")
    with database.transaction() as connection:
        stranger = access.ensure_owner(connection, "stranger")
    for act in (requests.get, requests.cancel, requests.retry):
        with pytest.raises(NotFound):
            act(database, job.id, stranger.id)
    with pytest.raises(NotFound):
        requests.get(database, uuid4(), local_owner(database).id)


def test_a_cancelled_job_can_be_tried_again(database: Database, make_job: MakeJob) -> None:
    job = make_job()
    assert requests.cancel(database, job.id).status is JobStatus.CANCELLED
    again = requests.retry(database, job.id)
    assert (again.status, again.attempt) == (JobStatus.PENDING, 0)
    assert len(queue_rows(database)) == 2


def test_a_confined_caller_confines_a_job_for_ever(database: Database, make_job: MakeJob) -> None:
    job = make_job()
    for confined, expected in ((False, False), (True, True), (False, True)):
        requests.cancel(database, job.id)
        assert requests.retry(database, job.id, confined=confined).confined is expected


def test_jobs_from_before_confinement_are_confined(database: Database, make_job: MakeJob) -> None:
    make_job()
    [migration] = [each for each in our_migrations() if each.version.endswith("confined_jobs")]
    with database.transaction() as connection:
        connection.execute("alter table index_jobs drop column confined")
        connection.execute(migration.sql.encode())
        row = connection.execute("select confined from index_jobs").fetchone()
        new = connection.execute(
            "insert into index_jobs (owner_id, repository_uuid, repository_name, index_id)"
            " select owner_id, repository_uuid, repository_name, index_id + 1 from index_jobs returning confined"
        ).fetchone()
    assert (row, new) == ({"confined": True}, {"confined": False})


@pytest.mark.parametrize("ever_ran", [False, True])
def test_retrying_what_is_queued_already_is_refused(
    database: Database, make_job: MakeJob, claim_job: ClaimJob, ever_ran: bool
) -> None:
    job = make_job()
    if ever_ran:
        claim_job(job, "worker")
    requests.cancel(database, job.id)
    make_job()
    with pytest.raises(Conflict, match="queued already"):
        requests.retry(database, job.id)


def test_a_job_left_without_a_queue_row_gets_one_from_the_next_request(
    database: Database, owner: Owner, make_job: MakeJob
) -> None:
    request = IndexRequest("https://example.org/someone/something", "someone/something")
    left = requests.submit(database, owner.id, request, enqueue=False)
    assert queue_rows(database) == []
    assert make_job().id == left.id
    assert len(queue_rows(database)) == 1


def test_deleting_a_repository_cancels_its_jobs_and_keeps_their_rows(
    database: Database, owner: Owner, make_job: MakeJob, claim_job: ClaimJob
) -> None:
    waiting, running = make_job(ref="waiting"), make_job(ref="running")
    claim_job(running, "worker")
    with database.transaction() as connection:
        repository = repositories.by_uuid(connection, owner.id, waiting.repository_uuid)
    assert repository is not None
    requests.remove_repository(database, repository)
    for job_id in (waiting.id, running.id):
        job = requests.get(database, job_id)
        assert (job.status, job.error_code) == (JobStatus.CANCELLED, "repository_deleted")
        assert (job.repository_id, job.repository_name) == (None, "someone/something")
    with pytest.raises(Conflict, match="deleted"):
        requests.retry(database, waiting.id)


def bring_to(database: Database, make_job: MakeJob, status: JobStatus) -> Job:
    """A job in this status; the claim is the same whether it ever ran or not."""
    job = make_job(f"someone/{uuid4().hex}")
    with database.transaction() as connection:
        connection.execute(
            """update index_jobs set worker = 'worker', status = %s, claim = 1000000 + nextval('job_claims')
               where id = %s""",
            [status.value, job.id],
        )
    return requests.get(database, job.id)


def attempt(database: Database, settings: Settings, job: Job, to: JobStatus) -> None:
    """Try the transition by the functions that make it in production."""
    assert job.claim is not None
    if to is JobStatus.PENDING:
        release(settings, database, ["worker"])
        with suppress(Conflict):
            requests.retry(database, job.id)
    elif to is JobStatus.COMPLETED:
        with suppress(ClaimLost), database.transaction() as connection:
            store(connection, job.id, job.claim, IndexHeader(None, None, "", {}), {"duration_ms": {}})
    else:
        with database.transaction() as connection:
            if to is JobStatus.PROCESSING:
                jobs.claim(connection, job.id, "worker", sources(to))
            elif to is JobStatus.CANCELLED:
                jobs.cancel(connection, job.id, sources(to))
            elif to is JobStatus.SKIPPED:
                jobs.skip(connection, job.id, job.claim, sources(to), None, None, {})
            else:
                held = [held.id for held in jobs.held(connection, job.id, job.claim)]
                end(connection, held, Failure("broken", "It is broken"), retries=0)
        if to is JobStatus.FAILED:
            give_up(database, job.id)


@pytest.mark.parametrize("start", JobStatus)
@pytest.mark.parametrize("end", JobStatus)
def test_every_transition_is_allowed_or_refused_by_the_table(
    database: Database, settings: Settings, make_job: MakeJob, start: JobStatus, end: JobStatus
) -> None:
    job = bring_to(database, make_job, start)
    attempt(database, settings, job, end)
    expected = end if end in TRANSITIONS[start] else start
    assert requests.get(database, job.id).status is expected


def test_index_requests_name_their_index() -> None:
    assert IndexRequest("a", "n").index_ref == "HEAD"
    assert IndexRequest("a", "n", ref="main", commit_sha="a" * 40).index_ref == "main"
    assert IndexRequest("a", "n", commit_sha="a" * 40).index_ref is None
