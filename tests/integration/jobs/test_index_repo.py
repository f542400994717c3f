"""What a run looks at before it reads: where a repository leads, and how much it is."""

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


def test_more_text_than_the_limit_is_not_indexed(
    database: Database, settings: Settings, owner: Owner, tmp_path: Path
) -> None:
    repo = make_repo(tmp_path / "repo", {"a.py": "x" * 600, "copy.py": "x" * 600, "b.py": "y" * 600})
    for limit, status, code in ((1_800, "completed", None), (1_799, "failed", "too_much_source")):
        changed = settings.model_copy(update={"max_source_bytes": limit})
        job = _run(database, changed, owner, repo, confined=False)
        assert (job.status, job.error_code) == (status, code)


def test_rules_that_are_too_large_are_not_read(
    database: Database, settings: Settings, owner: Owner, tmp_path: Path
) -> None:
    repo = make_repo(tmp_path / "repo", {"a.py": "x", ".kotadbignore": bytes(2_000_000)})
    job = _run(database, settings, owner, repo, confined=False)
    assert (job.status, job.error_code) == ("failed", "ignore_rules")
