"""Breaks, which disable one guard each, in the processes of kotadb and without their knowing."""

import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from types import SimpleNamespace
from typing import Any

from kotadb.access import keys
from kotadb.git import addresses, command, fetch, layout, sources
from kotadb.git.command import Git
from kotadb.jobs import blobs, index_repo, supervisor
from kotadb.parsers.process import ParserProcess
from kotadb.pipeline import discover
from kotadb.postgres import jobs as stored_jobs
from kotadb.questions import jobs as asked_jobs

UNLIMITED = 64 * 2**30

Function = Callable[..., Any]


def plant(wanted: dict[str, Any]) -> None:
    """`wanted` has the name of a `break`, or None."""
    if wanted["break"] in BREAKS:
        BREAKS[wanted["break"]]()


def _set(place: Any, name: str, value: object) -> Callable[[], None]:
    return lambda: setattr(place, name, value)


def _both(*breaks: Callable[[], None]) -> Callable[[], None]:
    def break_both() -> None:
        for do in breaks:
            do()

    return break_both


def _anything(*arguments: object) -> bool:
    return True


# ---- callers ---------------------------------------------------------------------------------------------------------


class _AlwaysEqual:
    compare_digest = staticmethod(_anything)


def _of_anybody(get: Function) -> Function:
    return lambda connection, job_id, owner_id=None: get(connection, job_id)


def _of_all(database: Any, owner_id: Any, limit: int, *_: Any, **named: Any) -> Any:
    return asked_jobs.latest_jobs(database, limit)


# ---- git -------------------------------------------------------------------------------------------------------------


def _configured(changes: dict[str, str]) -> Callable[[], None]:
    """git with another configuration than ours."""
    return _set(command, "CONFIG", {**command.CONFIG, **changes})


def _started(change: Callable[[Git], Git]) -> Callable[[], None]:
    """git started otherwise."""
    start: Function = Git._start
    return _set(Git, "_start", lambda self, *arguments: start(change(self), *arguments))


def _in_the_open(git: Git) -> Git:
    """What is private goes where all other configuration goes: into the command line."""
    return replace(git, config={**git.config, **git.private_config}, private_config={})


def _trusting(git: Git) -> Git:
    return replace(git, environment={**git.environment, "GIT_ALLOW_PROTOCOL": "https:file:ext"})


def _unpinned(https_config: Function) -> Function:
    """git looks names up itself."""

    def config(*arguments: Any) -> dict[str, str]:
        found = dict(https_config(*arguments))
        found.pop("http.curloptResolve", None)
        return found

    return config


def _looking_at_the_work_tree(fetch_local: Function) -> Function:
    """A fetch begins with a look whether there are changes that are not committed."""

    def looking(git: Any, source: Any, *arguments: Any) -> Any:
        subprocess.run(["git", "-C", source.path, "status"], stdout=subprocess.DEVNULL, check=False)
        return fetch_local(git, source, *arguments)

    return looking


def _without_folders(stream: Function) -> Function:
    def listing(self: Git, *arguments: str, **named: Any) -> Any:
        return stream(self, *(part.replace("-rtz", "-rz") for part in arguments), **named)

    return listing


# ---- processes -------------------------------------------------------------------------------------------------------


def _importing_from_here() -> SimpleNamespace:
    """Workers are started as `python -m` does by itself; and nothing is planted in them, which would import kotadb."""
    popen = subprocess.Popen

    def careless(program: list[str], env: dict[str, str], **how: Any) -> Any:
        bare = {name: value for name, value in env.items() if name != "PLANTED"}
        return popen([part for part in program if part != "-P"], env=bare, **how)

    return SimpleNamespace(**{**vars(subprocess), "Popen": careless})


def _greedy(spawn: Function) -> Function:
    return lambda self, descriptor, memory_bytes, work: spawn(self, descriptor, UNLIMITED, work)


_leaked: list[object] = []


def _leaking(tidy: Function, leak: Callable[[], object]) -> Callable[[], None]:
    """Something is left by every run."""

    def tidied(*arguments: Any) -> None:
        tidy(*arguments)
        _leaked.append(leak())

    return _set(index_repo, "_tidy", tidied)


BREAKS: dict[str, Callable[[], object]] = {
    # Callers.
    "owner_of_job": _set(stored_jobs, "get", _of_anybody(stored_jobs.get)),
    "owner_of_list": _set(asked_jobs, "list_jobs", _of_all),
    "hash": _set(keys, "hmac", _AlwaysEqual),
    # Looked up when they are broken: what is imported here is not imported from elsewhere afterwards.
    "problems": lambda: import_module("kotadb.http.problems").STATUSES.clear(),
    "refs": lambda: setattr(import_module("kotadb.http.app"), "parse_ref", lambda text: text),
    # Addresses and local paths.
    "deny_list": _set(addresses, "is_public", _anything),
    "names": _set(sources, "require_public_name", _anything),
    "pin": _set(fetch, "_https_config", _unpinned(fetch._https_config)),
    "redirects": _configured({"http.followRedirects": "true"}),
    "roots": _set(layout.Repository, "reaches", lambda self: iter([self.top])),
    # Secrets.
    "private_config": _started(_in_the_open),
    "redaction": _set(Git, "redacted", lambda self, text: text),
    # Repositories.
    "status": _set(fetch, "_fetch_local", _looking_at_the_work_tree(fetch._fetch_local)),
    "lazy_fetch": _both(
        _set(command, "ENVIRONMENT", {**command.ENVIRONMENT, "GIT_NO_LAZY_FETCH": "0"}), _started(_trusting)
    ),
    "imports": _set(supervisor, "subprocess", _importing_from_here()),
    # Text.
    "decoding": _set(blobs, "decode", bytes.decode),
    "nul": _set(blobs, "decode", lambda source: source.decode("utf-8", "replace")),  # PostgreSQL stores none
    "paths": _set(discover, "decode_path", lambda raw: raw.decode("utf-8", "surrogateescape")),
    # Limits.
    "memory": _both(
        _started(lambda git: replace(git, memory_bytes=UNLIMITED)),
        _set(ParserProcess, "_fork", _greedy(ParserProcess._fork)),
    ),
    "folders": _set(Git, "stream", _without_folders(Git.stream)),
    # What piles up.
    "leak_memory": _leaking(index_repo._tidy, lambda: b"x" * 20_000_000),
    "leak_descriptors": _leaking(index_repo._tidy, lambda: [os.pipe() for _ in range(20)]),
    "leak_blobs": _set(index_repo, "collect_blobs", lambda *_: 0),
}
