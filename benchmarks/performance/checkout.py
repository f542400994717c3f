"""A copy of a repository to index and to change: without history, with a work tree; and edits that change facts."""

import os
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

IDENTITY = {
    "GIT_AUTHOR_NAME": "Benchmark",
    "GIT_AUTHOR_EMAIL": "benchmark@example.org",
    "GIT_COMMITTER_NAME": "Benchmark",
    "GIT_COMMITTER_EMAIL": "benchmark@example.org",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
}

PYTHON_FUNCTION = "\n\ndef {name}():\n    return {number}  # {name}\n"
SCRIPT_FUNCTION = "\nexport function {name}() {{\n  return {number} // {name}\n}}\n"
FUNCTIONS = {"python": PYTHON_FUNCTION} | dict.fromkeys(("typescript", "tsx", "javascript", "jsx"), SCRIPT_FUNCTION)
"""What is appended to a file, by its language."""


@dataclass(frozen=True, slots=True)
class Checkout:
    """A repository with a work tree. `base` is the commit it began with."""

    path: Path
    base: str

    def git(self, *arguments: str, stdin: bytes | None = None) -> bytes:
        return git(self.path, *arguments, stdin=stdin)

    def commit(self, message: str) -> str:
        """Commit whatever changed; its SHA."""
        self.git("add", "--all", "--force")  # what is ignored and yet tracked, too
        self.git("commit", "--quiet", "--message", message)
        return self.git("rev-parse", "HEAD").decode().strip()

    def edit(self, paths: Iterable[tuple[str, str]], number: int) -> str:
        """Add a function to each of the files, given as path and language, and commit that; its SHA."""
        for path, language in paths:
            with (self.path / path).open("a", encoding="utf-8") as file:
                file.write(function(language, number))
        return self.commit(f"change {number}")

    def reset(self) -> None:
        """Be at `base` again, on a branch `main`, with nothing of what was committed since reachable."""
        self.git("checkout", "--quiet", "--force", "-B", "main", self.base)
        for branch in self.git("for-each-ref", "--format=%(refname:short)", "refs/heads").decode().split():
            if branch != "main":
                self.git("branch", "--quiet", "-D", branch)


def function(language: str, number: int) -> str:
    """The text of a function that no file has yet. Raises KeyError for a language that has none here."""
    return FUNCTIONS[language].format(name=f"kotadb_benchmark_{number}", number=number)


@contextmanager
def checked_out(repository: Path) -> Iterator[Checkout]:
    """A copy of the repository's HEAD, without history: kotadb fetches none either. Gone when the context ends."""
    with TemporaryDirectory(prefix="kotadb-bench-source-") as folder:
        path = Path(folder) / repository.name.removesuffix(".git")
        git(Path(folder), "clone", "--quiet", "--depth", "1", repository.as_uri(), str(path))
        git(path, "config", "uploadpack.allowFilter", "true")  # the limit's bare fetch asks for no blobs
        checkout = Checkout(path, git(path, "rev-parse", "HEAD").decode().strip())
        checkout.reset()
        yield checkout


def problem_of(repository: Path) -> str | None:
    """Why the repository cannot be measured, and what to do; None if it can."""
    if not repository.is_dir():
        return f"{repository} is no folder: give the path of a git repository"
    if _said(repository, "rev-parse", "--git-dir") is None:
        return f"{repository} is no git repository: give the path of one, bare or with a work tree"
    if _said(repository, "rev-parse", "--verify", "--quiet", "HEAD") is None:
        return f"{repository} has no commit: there is nothing to index"
    if _said(repository, "rev-parse", "--is-bare-repository") == "true":
        return None
    if _said(repository, "status", "--porcelain", "--untracked-files=no"):
        return f"{repository} has uncommitted changes, which would not be measured: commit or stash them"
    return None


def _said(repository: Path, *arguments: str) -> str | None:
    """What git answers, None if it refuses."""
    try:
        return git(repository, *arguments).decode("utf-8", "replace").strip()
    except subprocess.CalledProcessError:
        return None


def git(folder: Path, *arguments: str, stdin: bytes | None = None) -> bytes:
    """What git prints. Raises CalledProcessError."""
    command = ["git", "-c", "safe.directory=*", "-c", "gc.auto=0", "-C", str(folder), *arguments]
    done = subprocess.run(command, env=os.environ | IDENTITY, input=stdin, capture_output=True, check=True)
    return done.stdout
