"""Breaks, which disable one guard each, in the processes of kotadb and without their knowing."""

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from kotadb.access import keys
from kotadb.git import addresses, command, fetch, sources
from kotadb.http import app as http_app
from kotadb.http import problems
from kotadb.jobs import index_repo
from kotadb.postgres import jobs as stored_jobs
from kotadb.questions import jobs as asked_jobs


def plant(wanted: dict[str, Any]) -> None:
    """`wanted` has the name of a `break`, or None."""
    if wanted["break"] in BREAKS:
        BREAKS[wanted["break"]]()


def _set(module: Any, name: str, value: object) -> Callable[[], None]:
    return lambda: setattr(module, name, value)


def _configured(changes: dict[str, str]) -> Callable[[], None]:
    """git with another configuration than ours."""
    return _set(command, "CONFIG", {**command.CONFIG, **changes})


def _anything(*arguments: object) -> bool:
    return True


def _unpinned(https_config: Callable[..., dict[str, str]]) -> Callable[..., dict[str, str]]:
    """git looks names up itself."""

    def config(*arguments: Any) -> dict[str, str]:
        found = dict(https_config(*arguments))
        found.pop("http.curloptResolve", None)
        return found

    return config


def _of_anybody(get: Callable[..., Any]) -> Callable[..., Any]:
    return lambda connection, job_id, owner_id=None: get(connection, job_id)


def _of_all(database: Any, owner_id: Any, limit: int, *_: Any, **named: Any) -> Any:
    return asked_jobs.latest_jobs(database, limit)


class _AlwaysEqual:
    compare_digest = staticmethod(_anything)


def _in_the_open(start: Callable[..., Any]) -> Callable[..., Any]:
    """What is private goes where all other configuration goes: into the command line."""

    def started(self: command.Git, *arguments: Any) -> Any:
        config = {**self.config, **self.private_config}
        return start(replace(self, config=config, private_config={}), *arguments)

    return started


_leaked: list[Any] = []


def _leaking(leak: Callable[[], object]) -> Callable[[], None]:
    """Something is left by every run."""

    def wrap() -> None:
        tidy = index_repo._tidy

        def tidied(*arguments: Any) -> None:
            tidy(*arguments)
            _leaked.append(leak())

        setattr(index_repo, "_tidy", tidied)  # noqa: B010 - the types differ

    return wrap


BREAKS: dict[str, Callable[[], object]] = {
    "owner_of_job": _set(stored_jobs, "get", _of_anybody(stored_jobs.get)),
    "owner_of_list": _set(asked_jobs, "list_jobs", _of_all),
    "hash": _set(keys, "hmac", _AlwaysEqual),
    "private_config": _set(command.Git, "_start", _in_the_open(command.Git._start)),
    "redaction": _set(command.Git, "redacted", lambda self, text: text),
    "problems": problems.STATUSES.clear,
    "refs": _set(http_app, "parse_ref", lambda text: text),
    "deny_list": _set(addresses, "is_public", _anything),
    "names": _set(sources, "require_public_name", _anything),
    "pin": lambda: setattr(fetch, "_https_config", _unpinned(fetch._https_config)),  # type: ignore[arg-type]
    "leak_memory": _leaking(lambda: b"x" * 20_000_000),
    "leak_descriptors": _leaking(lambda: [os.pipe() for _ in range(20)]),
    "leak_blobs": _set(index_repo, "collect_blobs", lambda *_: 0),
    "redirects": _configured({"http.followRedirects": "true"}),
}
