"""An indexed repository, to be asked about."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kotadb.access.keys import local_owner
from kotadb.jobs import requests
from kotadb.jobs.index_repo import perform
from kotadb.model import Index, IndexRequest, JobStatus, Repository
from kotadb.parsers.zygote import Zygote
from kotadb.postgres.database import Database
from kotadb.questions.asking import ask
from kotadb.questions.repositories import choose_index, find_repository
from kotadb.questions.table import QUESTIONS
from kotadb.settings import Settings
from support.repos import Repo, make_repo


@dataclass(frozen=True)
class Indexed:
    """A repository that is indexed, and the questions about it."""

    database: Database
    repository: Repository
    repo: Repo

    @property
    def index(self) -> Index:
        return choose_index(self.database, self.repository, None)

    def ask(self, question: str, **parameters: Any) -> dict[str, Any]:
        asked = QUESTIONS[question].parameters(repository=str(self.repository.uuid), **parameters)
        return ask(self.database, self.repository.owner_id, QUESTIONS[question], asked)

    def search(self, query: str, **parameters: Any) -> dict[str, Any]:
        return self.ask("search", query=query, **parameters)

    def cycles(self) -> dict[str, Any]:
        return self.ask("cycles")

    def dependencies(self, path: str, folder: str = "", **parameters: Any) -> dict[str, Any]:
        return self.ask("dependencies", of=path, folder=folder, **parameters)

    def dependents(self, path: str, folder: str = "", **parameters: Any) -> dict[str, Any]:
        return self.ask("dependents", of=path, folder=folder, **parameters)


def index_files(
    database: Database, settings: Settings, zygote: Zygote, path: Path, files: Mapping[str, str | bytes]
) -> Indexed:
    """A repository of these files, made and indexed for the owner `local`."""
    repo = make_repo(path, files)
    owner = local_owner(database)
    job = requests.submit(database, owner.id, IndexRequest(str(repo.path), "repo"))
    perform(database, settings, job.id, worker="this process", zygote=zygote)
    job = requests.get(database, job.id)
    assert job.status is JobStatus.COMPLETED, job
    return Indexed(database, find_repository(database, owner.id, str(repo.path)).repository, repo)


MakeIndexed = Callable[[Mapping[str, str | bytes]], Indexed]


def paths(answer: Mapping[str, Any]) -> list[str]:
    """The files of an answer."""
    return [file["path"] for file in answer["files"]]


def verdict(answer: Mapping[str, Any]) -> tuple[str, str]:
    """How far an answer can be relied on, and why."""
    return answer["verdict"], answer["reason"]
