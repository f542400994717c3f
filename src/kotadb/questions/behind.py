"""Whether an index is behind what it was made of, as far as that can be told without asking a server."""

import math
import time
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from kotadb.git.layout import Repository as GitRepository
from kotadb.git.layout import find_repository, tip
from kotadb.git.worktree import GitIndex, TrackedFile, first_changed, read_index, stamp
from kotadb.model import Index, JobStatus, Repository
from kotadb.pipeline.discover import decode_path
from kotadb.postgres import graph, jobs
from kotadb.postgres.database import Connection

LOOKED_SECONDS = 2.0
"""Files of a work tree are looked at again after this, or later where they are many:"""
LOOKED_SHARE = 0.01
"""that is, for so much of the time at most. 16,000 files take 50 ms."""
MAX_TREES = 8
"""Some 300 bytes are kept for each of their files."""


def behind(connection: Connection, repository: Repository, index: Index) -> list[dict[str, str]]:
    """Why there may be something newer, each as `{"code", "message"}`; empty if nothing says so.

    Codes are `job_running` and `job_failed`, and of a repository on this machine `head_moved` and `uncommitted`.
    """
    return [*_jobs(connection, index), *_work_tree(connection, repository, index)]


def _jobs(connection: Connection, index: Index) -> list[dict[str, str]]:
    newest = jobs.newest_since(connection, index)
    if newest is None:
        return []
    if newest["status"] == JobStatus.FAILED:
        message = f"The last job failed ({newest['error_code']}): this is what an earlier one stored"
        return [{"code": "job_failed", "message": message}]
    return [{"code": "job_running", "message": f"Job {newest['id']} is {newest['status']}: it may change the answer"}]


def _work_tree(connection: Connection, repository: Repository, index: Index) -> list[dict[str, str]]:
    """What a local repository says of itself."""
    if not repository.address.startswith("/"):
        return []
    found = find_repository(Path(repository.address))
    if found is None:
        return []
    if index.ref is not None and tip(found, index.ref) not in (None, index.commit_sha):
        return [{"code": "head_moved", "message": f"{index.ref} has moved since: index the repository again"}]
    if tip(found, "HEAD") != index.commit_sha:  # the work tree is of something else
        return []
    changed = _trees.changed(connection, index, found)
    if changed is None:
        return []
    message = f"{changed} has changes that are not committed, and there may be more: only what is committed is indexed"
    return [{"code": "uncommitted", "message": message}]


class _WorkTree(NamedTuple):
    """What was found out about one, which holds for a moment."""

    git_index: GitIndex
    files: Sequence[TrackedFile]
    """Those that are indexed."""
    staged: str | None
    """The path of a file that git's index has otherwise than the commit."""
    changed: str | None
    until: float


class _WorkTrees:
    """Keeps what git's index says until it is another one, and what the files say for a while."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[Path, int, datetime | None], _WorkTree] = OrderedDict()
        self._lock = Lock()

    def changed(self, connection: Connection, index: Index, repository: GitRepository) -> str | None:
        """The path of a tracked file that is not as the commit has it; None if none is, or that cannot be told."""
        key = repository.git_dir, index.index_id, index.indexed_at
        with self._lock:
            known = self._known.get(key)
        if known is None or known.git_index.stamp != stamp(repository):
            known = _read(connection, index, repository)
        if known is None:
            return None
        if known.staged is None and time.monotonic() > known.until:
            known = _looked_at(repository, known)
        with self._lock:
            self._known[key] = known
            self._known.move_to_end(key)
            while len(self._known) > MAX_TREES:
                self._known.popitem(last=False)
        return known.staged or known.changed


_trees = _WorkTrees()


def _looked_at(repository: GitRepository, known: _WorkTree) -> _WorkTree:
    began = time.monotonic()
    found = first_changed(repository, known.git_index, known.files)
    ended = time.monotonic()
    until = ended + max(LOOKED_SECONDS, (ended - began) / LOOKED_SHARE)
    return known._replace(changed=None if found is None else decode_path(found.path), until=until)


def _read(connection: Connection, index: Index, repository: GitRepository) -> _WorkTree | None:
    assert index.commit_sha is not None
    now = stamp(repository)
    if now is None:
        return None
    staged = read_index(repository, len(index.commit_sha) // 2)
    if staged is None:  # only git understands it, until it is another one
        return _WorkTree(GitIndex(now, ()), (), None, None, math.inf)
    committed = graph.committed(connection, index)
    by_path = {decode_path(file.path): file for file in staged.files}
    same = {path: file for path, file in by_path.items() if committed.get(path) == file.blob_sha}
    skipped = {path for path, blob_sha in committed.items() if blob_sha is None}  # nobody says which blobs they are
    changed = (by_path.keys() | committed.keys()) - same.keys() - skipped
    return _WorkTree(staged, list(same.values()), min(changed, default=None), None, 0.0)
