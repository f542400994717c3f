"""What the tests of the parser processes share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import support
from kotadb.settings import Settings


@pytest.fixture(scope="session", autouse=True)
def _children_find_the_test_support() -> Iterator[None]:
    """A child has the environment's search path, not what this process added to its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(support.__file__).parent.parent), prepend=":")
        yield


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("parsers")
    return Settings(
        data_dir=folder, temp_dir=folder, max_parsers=2, max_parse_seconds=60, max_parser_memory_bytes=64 * 1024 * 1024
    )
