"""A TLS git server per test, and a fetch that trusts it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kotadb.settings import Settings
from support.fetching import Fetcher
from support.git_server import GitServer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    (tmp_path / "root").mkdir()
    with GitServer(tmp_path / "root", tmp_path) as running:
        yield running


@pytest.fixture
def trusting(server: GitServer) -> Settings:
    """Settings of an operator who allows the server."""
    return Settings(git_allowed_hosts=(server.host_port,), git_ca_file=server.ca_file)


@pytest.fixture
def fetch_remote(tmp_path: Path, trusting: Settings) -> Fetcher:
    return Fetcher(tmp_path, trusting)


@pytest.fixture
def fetch_local(tmp_path: Path) -> Fetcher:
    return Fetcher(tmp_path, Settings())
