"""What becomes of indexes that came to nothing: anybody can ask for any ref."""

from collections.abc import Callable

import pytest

from kotadb.jobs import prune as pruning
from kotadb.jobs import requests
from kotadb.jobs.prune import prune
from kotadb.model import Job, JobStatus
from kotadb.postgres import repositories
from kotadb.postgres.database import Database, connect
from kotadb.settings import Settings

pytestmark = pytest.mark.every_server

MakeJob = Callable[..., Job]
ClaimJob = Callable[[Job, str], Job]


def indexes(database: Database) -> set[int]:
    with database.transaction() as connection:
        return {row["index_id"] for row in connection.execute("select index_id from indexes")}


def age(database: Database, hours: int = 25) -> None:
    """Make all indexes so much older."""
    with database.transaction() as connection:
        connection.execute("update indexes set created_at = created_at - make_interval(hours => %s)", [hours])


def test_an_index_that_held_nothing_for_a_day_is_pruned_and_no_other(
    database: Database, settings: Settings, make_job: MakeJob, claim_job: ClaimJob
) -> None:
    unused, stored = make_job(ref="unused"), make_job(ref="stored")
    for job in (unused, stored):
        requests.cancel(database, job.id)
    with database.transaction() as connection:
        connection.execute("update indexes set indexed_at = now() where index_id = %s", [stored.index_id])
    waiting, running = make_job(ref="waiting"), claim_job(make_job(ref="running"), "worker")
    age(database)
    recent = make_job(ref="recent")
    requests.cancel(database, recent.id)
    assert not prune(settings, database)
    assert indexes(database) == {job.index_id for job in (stored, waiting, running, recent)}
    assert prune(settings, database)


def test_what_is_asked_for_at_the_moment_is_left(database: Database, settings: Settings, make_job: MakeJob) -> None:
    job = make_job()
    requests.cancel(database, job.id)
    age(database)
    assert job.repository_id is not None
    with connect(database.url) as submitting:
        repositories.hold(submitting, job.repository_id)
        assert prune(settings, database)
        assert indexes(database) == {job.index_id}
    assert not prune(settings, database)
    assert requests.retry(database, job.id).status is JobStatus.PENDING


def test_not_too_many_are_pruned_at_once(
    database: Database, settings: Settings, make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "PRUNED_AT_ONCE", 2)
    for number in range(3):
        requests.cancel(database, make_job(ref=f"r{number}").id)
    age(database)
    for left in (1, 0):
        assert not prune(settings, database)
        assert len(indexes(database)) == left
