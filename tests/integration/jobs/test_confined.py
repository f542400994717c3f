"""What callers over HTTP may name is looked at again when the job runs."""

from pathlib import Path

from kotadb.jobs import requests
from kotadb.jobs.index_repo import perform
from kotadb.model import IndexRequest, Job, Owner
from kotadb.postgres.database import Database
from kotadb.settings import Settings
from support.repos import Repo, make_repo


def _run(database: Database, settings: Settings, owner: Owner, repo: Repo, *, confined: bool) -> Job:
    request = IndexRequest(str(repo.path), repo.path.name, force=True, confined=confined)
    job = requests.submit(database, owner.id, request)
    perform(database, settings, job.id, worker="test")
    return requests.get(database, job.id)


def test_a_repository_that_left_the_roots_since_it_was_asked_for_is_not_read(
    database: Database, settings: Settings, owner: Owner, tmp_path: Path
) -> None:
    repo = make_repo(tmp_path / "roots" / "repo", {"a.py": "x = 1\n"})
    settings = settings.model_copy(update={"local_roots": (tmp_path / "roots",)})
    assert _run(database, settings, owner, repo, confined=True).status == "completed"
    secret = make_repo(tmp_path / "secret", {"secret.py": "x = 1\n"})
    (repo.path / ".git").rename(tmp_path / "old")
    (repo.path / ".git").symlink_to(secret.path / ".git")
    refused = _run(database, settings, owner, repo, confined=True)
    assert (refused.status, refused.error_code) == ("failed", "outside_of_roots")
    assert _run(database, settings, owner, repo, confined=False).status == "completed"
