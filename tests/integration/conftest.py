"""What tests with a database share: an owner, and jobs made in one call."""

from collections.abc import Callable, Iterator

import pytest

from kotadb.access.keys import local_owner
from kotadb.jobs import requests, tracker
from kotadb.model import IndexRequest, Job, Owner
from kotadb.parsers.zygote import Zygote
from kotadb.postgres.database import Database
from kotadb.postgres.embedded import EmbeddedServer
from kotadb.settings import Settings
from support.databases import create_database, drop_database

MakeJob = Callable[..., Job]
ClaimJob = Callable[[Job, str], Job]


@pytest.fixture(scope="module")
def module_url(server: EmbeddedServer) -> Iterator[str]:
    """The URL of a migrated database that the tests of a module share."""
    made = create_database(server.url)
    yield made
    drop_database(server.url, made)


@pytest.fixture(scope="session")
def zygote() -> Iterator[Zygote]:
    """Where parser processes come from, as in a worker that has seen the languages."""
    with Zygote() as shared:
        yield shared


@pytest.fixture
def owner(database: Database) -> Owner:
    return local_owner(database)


@pytest.fixture
def make_job(database: Database, owner: Owner) -> MakeJob:
    """`make_job(name="owner/name", ref=…)`: a queued job."""

    def make(name: str = "someone/something", **wanted: object) -> Job:
        request = IndexRequest(address=f"https://example.org/{name}", name=name, **wanted)  # type: ignore[arg-type]
        return requests.submit(database, owner.id, request)

    return make


@pytest.fixture
def claim_job(database: Database, settings: Settings) -> ClaimJob:
    """`claim_job(job, worker)`: the job, being run by that worker."""

    def claim(job: Job, worker: str) -> Job:
        claimed = tracker.claim(database, settings, job.id, worker)
        assert claimed is not None
        return claimed

    return claim
