"""Repositories that are indexed in one call."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from kotadb.jobs import requests
from kotadb.jobs.index_repo import perform
from kotadb.model import IndexRequest, JobStatus, Owner
from kotadb.postgres.database import Database
from kotadb.questions.repositories import choose_index, find_repository
from kotadb.settings import Settings
from support.questions import Indexed, MakeIndexed
from support.repos import make_repo


@pytest.fixture
def indexed(database: Database, settings: Settings, owner: Owner, tmp_path: Path) -> MakeIndexed:
    """`indexed({"a.py": "import b\\n", …})`: a repository of these files, indexed."""

    def make(files: Mapping[str, str | bytes]) -> Indexed:
        repo = make_repo(tmp_path / "repo", files)
        job = requests.submit(database, owner.id, IndexRequest(str(repo.path), "repo"))
        perform(database, settings, job.id, worker="this process")
        job = requests.get(database, job.id)
        assert job.status is JobStatus.COMPLETED, job
        overview = find_repository(database, owner.id, str(repo.path))
        return Indexed(database, overview.repository, choose_index(database, overview.repository, None), repo)

    return make
