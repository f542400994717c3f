"""Small real git repositories, made in one call: paths and contents in, a repository and its commit out."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

AUTHOR = {
    "GIT_AUTHOR_NAME": "Test",
    "GIT_AUTHOR_EMAIL": "test@example.org",
    "GIT_COMMITTER_NAME": "Test",
    "GIT_COMMITTER_EMAIL": "test@example.org",
}
IDENTITY = AUTHOR | {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}


@dataclass(frozen=True)
class Repo:
    """A repository on disk with a work tree."""

    path: Path

    def git(self, *arguments: str, stdin: bytes | None = None) -> str:
        done = subprocess.run(
            ["git", "-C", str(self.path), *arguments],
            env=os.environ | IDENTITY, input=stdin, capture_output=True, check=True,
        )  # fmt: skip
        return done.stdout.decode("utf-8", "surrogateescape").strip()

    def write(self, files: Mapping[str, str | bytes]) -> None:
        for name, content in files.items():
            target = self.path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.encode() if isinstance(content, str) else content)

    def commit(self, files: Mapping[str, str | bytes], message: str = "change") -> str:
        """Write `files`, commit everything, and return the commit's SHA."""
        self.write(files)
        self.git("add", "--all", "--force")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.head

    @property
    def head(self) -> str:
        return self.git("rev-parse", "HEAD")

    def tracked(self, commit: str = "HEAD") -> set[str]:
        """Every path of the commit's tree."""
        listing = self.git("ls-tree", "-r", "-z", "--name-only", commit)
        return {path for path in listing.split("\0") if path}


def make_repo(path: Path, files: Mapping[str, str | bytes]) -> Repo:
    """A repository at `path` with `files` committed on branch `main`."""
    path.mkdir(parents=True, exist_ok=True)
    repo = Repo(path)
    repo.git("init", "--quiet", "--initial-branch=main")
    repo.commit(files, "first")
    return repo
