"""Breaks, which disable one guard each, in the processes of kotadb and without their knowing."""

import subprocess
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from kotadb.git import command, fetch, layout
from kotadb.git.sources import LocalSource
from kotadb.jobs import index_repo, supervisor
from kotadb.parsers import process
from kotadb.pipeline import discover

UNLIMITED = 64 * 2**30

Function = Callable[..., Any]


def plant(wanted: dict[str, Any]) -> None:
    """`wanted` has the name of a `break`, or None."""
    if wanted["break"] in BREAKS:
        BREAKS[wanted["break"]]()


# ---- git -------------------------------------------------------------------------------------------------------------


def _no_roots() -> None:
    """Where the parts of a repository are is not looked at."""
    setattr(layout.Repository, "reaches", lambda self: iter([self.top]))  # noqa: B010


def _looks_at_the_work_tree() -> None:
    """A fetch begins with a look whether there are changes that are not committed."""
    fetch_local: Function = fetch._fetch_local

    def looking(git: Any, source: LocalSource, *arguments: Any) -> Any:
        subprocess.run(["git", "-C", source.path, "status"], stdout=subprocess.DEVNULL, check=False)
        return fetch_local(git, source, *arguments)

    setattr(fetch, "_fetch_local", looking)  # noqa: B010 - mypy holds functions to be final


def _fetches_what_is_missing() -> None:
    """git gets objects that are not there when it comes upon them, from wherever the repository says."""
    command.ENVIRONMENT = {**command.ENVIRONMENT, "GIT_NO_LAZY_FETCH": "0"}
    start: Function = command.Git._start

    def trusting(self: command.Git, *arguments: Any) -> Any:
        environment = {**self.environment, "GIT_ALLOW_PROTOCOL": "https:file:ext"}
        return start(replace(self, environment=environment), *arguments)

    setattr(command.Git, "_start", trusting)  # noqa: B010 - mypy holds methods to be final


# ---- processes -------------------------------------------------------------------------------------------------------


def _imports_from_here() -> None:
    """Workers are started as `python -m` does by itself."""
    popen = subprocess.Popen

    def careless(program: list[str], **how: Any) -> Any:
        return popen([part for part in program if part != "-P"], **how)

    setattr(supervisor, "subprocess", SimpleNamespace(**{**vars(subprocess), "Popen": careless}))  # noqa: B010 - mypy knows it is no module


# ---- text ------------------------------------------------------------------------------------------------------------


def _decodes_strictly() -> None:
    setattr(index_repo, "decode", bytes.decode)  # noqa: B010


def _keeps_nul() -> None:
    """PostgreSQL stores none."""
    setattr(index_repo, "decode", lambda source: source.decode("utf-8", "replace"))  # noqa: B010


def _shows_paths_as_they_are() -> None:
    setattr(discover, "decode_path", lambda raw: raw.decode("utf-8", "surrogateescape"))  # noqa: B010


# ---- limits ----------------------------------------------------------------------------------------------------------


def _no_limit_of_memory() -> None:
    """Neither parsers nor git have one."""
    start: Function = command.Git._start
    spawn: Function = process.ParserProcess._spawn

    def greedy(self: command.Git, *arguments: Any) -> Any:
        return start(replace(self, memory_bytes=UNLIMITED), *arguments)

    def greedy_parser(self: Any, descriptor: int, memory_bytes: int, work: str) -> Any:
        return spawn(self, descriptor, UNLIMITED, work)

    setattr(command.Git, "_start", greedy)  # noqa: B010
    setattr(process.ParserProcess, "_spawn", greedy_parser)  # noqa: B010


def _counts_no_folders() -> None:
    stream: Function = command.Git.stream

    def without_folders(self: command.Git, *arguments: str, **named: Any) -> Any:
        return stream(self, *(part.replace("-rtz", "-rz") for part in arguments), **named)

    setattr(command.Git, "stream", without_folders)  # noqa: B010


BREAKS: dict[str, Callable[[], object]] = {
    "roots": _no_roots,
    "status": _looks_at_the_work_tree,
    "lazy_fetch": _fetches_what_is_missing,
    "imports": _imports_from_here,
    "decoding": _decodes_strictly,
    "nul": _keeps_nul,
    "paths": _shows_paths_as_they_are,
    "memory": _no_limit_of_memory,
    "folders": _counts_no_folders,
}
