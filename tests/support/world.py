"""A service, a git server that it trusts, and local repositories: what tests over HTTP act in."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from support.git_server import GitServer
from support.repos import Repo, make_repo
from support.service import Service


@dataclass(frozen=True)
class World:
    """HTTP callers may name the repositories below `local`."""

    service: Service
    git: GitServer
    local: Path

    def remote(self, files: Mapping[str, str | bytes]) -> tuple[str, Repo]:
        """A new repository on the git server: its address and its work tree."""
        name = f"owner/{uuid4().hex}"
        return self.git.url(name), make_repo(self.git.root / name, files)
