"""An indexed repository, to be asked about."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kotadb.model import Index, Repository
from kotadb.postgres.database import Database
from kotadb.questions import cycles, dependencies
from support.repos import Repo


@dataclass(frozen=True)
class Indexed:
    """A repository, its index, and the questions about it."""

    database: Database
    repository: Repository
    index: Index
    repo: Repo

    def cycles(self) -> dict[str, Any]:
        return cycles.cycles(self.database, self.repository, self.index)

    def dependencies(self, path: str, folder: str = "") -> dict[str, Any]:
        return dependencies.dependencies(self.database, self.repository, self.index, path, folder=folder)

    def dependents(self, path: str, folder: str = "") -> dict[str, Any]:
        return dependencies.dependents(self.database, self.repository, self.index, path, folder=folder)


MakeIndexed = Callable[[Mapping[str, str | bytes]], Indexed]


def paths(answer: Mapping[str, Any]) -> list[str]:
    """The files of an answer."""
    return [file["path"] for file in answer["files"]]


def verdict(answer: Mapping[str, Any]) -> tuple[str, str]:
    """How far an answer can be relied on, and why."""
    return answer["verdict"], answer["reason"]
