"""A running service and a git server that it trusts, shared by the tests of a module."""

from collections.abc import Iterator

import pytest

from support.git_server import GitServer
from support.service import Service
from support.world import World


@pytest.fixture(scope="module")
def world(module_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    for name in ("root", "local"):
        (folder / name).mkdir()
    with GitServer(folder / "root", folder) as git:
        trust = {"git_allowed_hosts": git.host_port, "git_ca_file": git.ca_file}
        with Service(module_url, folder, local_roots=folder / "local", **trust) as service:
            yield World(service, git, folder / "local")
        assert list(service.temp_dir.glob("kotadb-*")) == []
