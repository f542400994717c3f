"""Where a server redirects to: asked to tell the caller, and never followed.

git says that it was redirected, but not where to; only its trace of the requests does. The trace stays in memory.
"""

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from urllib.parse import urljoin

from kotadb.errors import InvalidRepository, JobError
from kotadb.git.command import Git
from kotadb.git.sources import RemoteSource, parse_remote

TRACE = {"GIT_TRACE_CURL": "1", "GIT_TRACE_CURL_NO_DATA": "1", "GIT_TRACE_REDACT": "1"}
_LOCATION = re.compile(r"<= Recv header: location: *(\S+)", re.IGNORECASE)
_REQUEST = "/info/refs?service=git-upload-pack"
_WHAT_GIT_ASKS_FOR = re.compile(r"/(info/refs|git-upload-pack)(\?.*)?$")


def new_address(git: Git, source: RemoteSource, urls: Iterable[str]) -> str | None:
    """The address that `urls`, the spellings of `source`, are redirected to; None if the server names no other one."""
    for url in urls:
        target = redirect_target(url, _trace(git, url))
        if target is not None and target.address != source.address:
            return git.redacted(target.address)
    return None


def redirect_target(url: str, trace: str) -> RemoteSource | None:
    """The repository that the answers to `url` redirect to; None if they do not, or to what is never fetched."""
    locations = _LOCATION.findall(trace)
    if not locations:
        return None
    try:
        return parse_remote(_WHAT_GIT_ASKS_FOR.sub("", urljoin(url + _REQUEST, locations[-1])))
    except (InvalidRepository, ValueError):  # a stranger wrote it
        return None


def _trace(git: Git, url: str) -> str:
    with suppress(JobError):
        return replace(git, environment={**git.environment, **TRACE}).complaints("ls-remote", "--", url, "HEAD")
    return ""
