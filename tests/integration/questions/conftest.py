"""Repositories that are indexed in one call."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from kotadb.parsers.zygote import Zygote
from kotadb.postgres.database import Database
from kotadb.settings import Settings
from support.questions import Indexed, MakeIndexed, index_files


@pytest.fixture
def indexed(database: Database, settings: Settings, zygote: Zygote, tmp_path: Path) -> MakeIndexed:
    """`indexed({"a.py": "import b\\n", …})`: a repository of these files, indexed."""
    return lambda files: index_files(database, settings, zygote, tmp_path / "repo", files)


@pytest.fixture(scope="module")
def indexed_once(module_url: str, zygote: Zygote, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeIndexed]:
    """The same for all tests of a module, which leave it as it is: the same files are indexed once."""
    folder = tmp_path_factory.mktemp("once")
    settings = Settings().model_copy(update={"database_url": module_url, "temp_dir": folder, "data_dir": folder})

    made: dict[frozenset[tuple[str, str | bytes]], Indexed] = {}

    def make(files: Mapping[str, str | bytes]) -> Indexed:
        key = frozenset(files.items())
        if key not in made:
            made[key] = index_files(database, settings, zygote, folder / str(len(made)) / "repo", files)
        return made[key]

    with Database(module_url) as database:
        yield make
