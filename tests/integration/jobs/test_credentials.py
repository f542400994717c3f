"""Whose token a job fetches with, and where it comes from."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kotadb.access import credentials
from kotadb.access.keys import create_key, find_owner
from kotadb.errors import NotFound
from kotadb.git.credentials import token_source
from kotadb.git.sources import RemoteSource, parse_remote
from kotadb.jobs import requests
from kotadb.jobs.index_repo import perform
from kotadb.model import IndexRequest, Job, JobStatus, Owner
from kotadb.postgres.database import Database
from kotadb.questions.repositories import find_repository
from kotadb.settings import Settings
from support.git_server import GitServer, basic
from support.repos import make_repo


@pytest.fixture
def git(tmp_path: Path) -> Iterator[GitServer]:
    (tmp_path / "root").mkdir()
    with GitServer(tmp_path / "root", tmp_path) as running:
        yield running


@pytest.fixture
def settings(settings: Settings, git: GitServer) -> Settings:
    return settings.model_copy(update={"git_allowed_hosts": (git.host_port,), "git_ca_file": git.ca_file})


@pytest.fixture
def private(git: GitServer) -> RemoteSource:
    """A repository that wants the token `own`."""
    make_repo(git.root / "owner" / "name", {"a.py": "x = 1\n"})
    git.demand("owner/name", "u", "own")
    return parse_remote(git.url("owner/name"))


def indexed(database: Database, settings: Settings, owner: Owner, remote: RemoteSource) -> Job:
    job = requests.submit(database, owner.id, IndexRequest(remote.address, remote.name))
    perform(database, settings, job.id, worker="this process")
    return requests.get(database, job.id)


def test_a_private_repository_is_indexed_with_a_token_from_a_file(
    database: Database, settings: Settings, owner: Owner, private: RemoteSource, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("own\n")
    source = token_source(private.address, "u", None, str(tmp_path / "token"))
    credentials.add_repository(database, owner.id, private, source)
    assert indexed(database, settings, owner, private).status is JobStatus.COMPLETED


def test_a_repository_s_own_token_comes_before_its_host_s(
    database: Database, settings: Settings, owner: Owner, private: RemoteSource, git: GitServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("HOST_TOKEN", "host")
    monkeypatch.setenv("OWN_TOKEN", "own")
    credentials.add_token(database, owner.id, token_source(private.server, "u", "HOST_TOKEN", None))
    refused = indexed(database, settings, owner, private)
    assert (refused.status, refused.error_code) == (JobStatus.FAILED, "authentication_failed")
    assert basic("u", "host") in git.authorizations
    credentials.add_repository(database, owner.id, private, token_source(private.address, "u", "OWN_TOKEN", None))
    git.authorizations.clear()
    assert indexed(database, settings, owner, private).status is JobStatus.COMPLETED
    assert set(git.authorizations) == {basic("u", "own")}


def test_another_owner_gets_no_token(
    database: Database, settings: Settings, owner: Owner, private: RemoteSource, git: GitServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("OWN_TOKEN", "own")
    for address in (private.server, private.address):
        credentials.add_token(database, owner.id, token_source(address, "u", "OWN_TOKEN", None))
    create_key(database, "stranger", "key")
    stranger = find_owner(database, "stranger")
    assert indexed(database, settings, stranger, private).error_code == "authentication_failed"
    assert basic("u", "own") not in git.authorizations
    assert credentials.list_tokens(database, stranger.id) == []
    assert indexed(database, settings, owner, private).status is JobStatus.COMPLETED


def test_a_variable_that_is_not_set_fails_the_job_at_once(
    database: Database, settings: Settings, owner: Owner, private: RemoteSource, git: GitServer
) -> None:
    credentials.add_repository(database, owner.id, private, token_source(private.address, "u", "NOT_SET", None))
    job = indexed(database, settings, owner, private)
    assert (job.status, job.attempt, job.error_code) == (JobStatus.FAILED, 1, "credentials_missing")
    assert "NOT_SET" not in f"{job.error_message} {job.error_traceback}"
    assert git.requests == []


def test_adding_again_replaces_and_removing_a_repository_forgets_its_own_token_alone(
    database: Database, owner: Owner
) -> None:
    remote = parse_remote("owner/name")
    host = token_source(remote.server, "u", "HOST", None)
    credentials.add_token(database, owner.id, host)
    credentials.add_repository(database, owner.id, remote, token_source(remote.address, "u", "OWN", None))
    own = token_source(remote.address, "other", None, "/token")
    credentials.add_repository(database, owner.id, remote, own)
    credentials.add_repository(database, owner.id, remote, None)
    assert credentials.list_tokens(database, owner.id) == [host, own]
    requests.remove_repository(database, find_repository(database, owner.id, remote.address).repository)
    assert credentials.list_tokens(database, owner.id) == [host]
    credentials.remove_token(database, owner.id, remote.server)
    with pytest.raises(NotFound):
        credentials.remove_token(database, owner.id, remote.server)
