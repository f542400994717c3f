"""Indexing without a queue: whatever becomes of the child, the caller gets a job that has ended."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

from kotadb.jobs import requests
from kotadb.jobs.synchronous import SynchronousIndexer
from kotadb.model import IndexRequest, Job, JobStatus, Owner
from kotadb.postgres import repositories
from kotadb.postgres.database import Database, connect
from kotadb.settings import Settings
from support.databases import wait_until_somebody_waits
from support.repos import make_repo


def kill_the_child_before_it_claims(database: Database, settings: Settings, owner: Owner, request: IndexRequest) -> Job:
    """The job as the caller gets it."""
    with database.transaction() as connection:
        repository = repositories.ensure(connection, owner.id, request.address, request.name)
    with ThreadPoolExecutor() as threads:
        with connect(database.url) as connection:
            # A claim takes this lock first.
            connection.execute("select pg_advisory_xact_lock(hashtextextended('blobs', %s))", [repository.id])
            job = threads.submit(SynchronousIndexer(settings, database).index, owner.id, request)
            wait_until_somebody_waits(database.url)
            children = psutil.Process().children()  # a server that another test has killed may be among them
            [child] = [child for child in children if "kotadb.jobs.worker" in child.as_dict(["cmdline"], [])["cmdline"]]
            child.kill()
        return job.result()


def test_a_child_that_dies_before_its_claim_is_a_failed_job(
    database: Database, settings: Settings, owner: Owner, tmp_path: Path
) -> None:
    repo = make_repo(tmp_path / "repo", {"a.py": ""})
    job = kill_the_child_before_it_claims(database, settings, owner, IndexRequest(str(repo.path), "repo"))
    assert (job.status, job.error_code) == (JobStatus.FAILED, "worker_died")


def test_also_if_the_job_had_been_queued_by_somebody_else(
    database: Database, settings: Settings, owner: Owner, tmp_path: Path
) -> None:
    repo = make_repo(tmp_path / "repo", {"a.py": ""})
    request = IndexRequest(str(repo.path), "repo")
    queued = requests.submit(database, owner.id, request)
    job = kill_the_child_before_it_claims(database, settings, owner, request)
    assert (job.id, job.status) == (queued.id, JobStatus.FAILED)
