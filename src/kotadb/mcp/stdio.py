"""The tools for one client on standard input and output, who acts as owner `local`, like the command line.

The first question about a repository in which the client works starts indexing it.
"""

import asyncio
import threading
from pathlib import Path
from typing import Any
from uuid import UUID

from mcp.server.stdio import stdio_server
from starlette.concurrency import run_in_threadpool

from kotadb.errors import NotFound
from kotadb.git.sources import LocalSource, looks_local, parse_local
from kotadb.jobs import requests
from kotadb.local.background import Background
from kotadb.local.session import Session, index_request, is_id
from kotadb.mcp import roots
from kotadb.mcp.desk import WAIT_SECONDS, Call, Desk, Wanted
from kotadb.mcp.server import make_server
from kotadb.model import IndexRequest, Job, JobStatus, Verdict
from kotadb.questions.asking import Parameters
from kotadb.questions.describe import describe_job
from kotadb.questions.jobs import list_jobs
from kotadb.questions.repositories import find_repository, is_indexed

DONE = (JobStatus.COMPLETED, JobStatus.SKIPPED)


class LocalDesk(Desk):
    """Answers whoever started this process."""

    has_default = True

    def __init__(self, session: Session, background: Background) -> None:
        super().__init__(session.settings, session.database)
        self._session = session
        self._background = background
        self._here = Path.cwd()
        self._indexed: set[str] = set()
        self._jobs: dict[str, UUID] = {}
        """By address, the jobs that questions have started: a job that failed is not started again by the next."""
        self._lock = threading.Lock()

    def owner_id(self, call: Call) -> UUID:
        return self._session.owner.id

    async def completed(self, call: Call) -> dict[str, Any]:
        named = call.arguments.get("repository")
        if named is None:
            here = await roots.folders(call)
            source = await run_in_threadpool(roots.default, here, self._here)
            return {**call.arguments, "repository": source.address}
        if isinstance(named, str) and not is_id(named) and looks_local(named):
            source = await run_in_threadpool(parse_local, named)
            return {**call.arguments, "repository": source.address}
        return call.arguments

    async def not_yet(self, call: Call, asked: Parameters) -> dict[str, Any] | None:
        address = asked.repository
        if not address.startswith("/") or asked.ref not in (None, "HEAD") or address in self._indexed:
            return None
        if not await run_in_threadpool(is_indexed, self.database, self._session.owner.id, address):
            source = await self._worked_in(call, address)
            if source is None:
                return None
            job = await self.ended(call, await run_in_threadpool(self._started, source), WAIT_SECONDS)
            if job.status not in DONE:
                return _unknown(job)
        self._indexed.add(address)
        return None

    async def index(self, call: Call, wanted: Wanted) -> Job:
        return await run_in_threadpool(self._index, wanted)

    async def find(self, call: Call, job_id: UUID) -> Job:
        job = await super().find(call, job_id)
        if not job.status.is_terminal:
            self._background.follow(job)
        return job

    def _index(self, wanted: Wanted) -> Job:
        request = index_request(self._session, wanted.repository, wanted.ref, wanted.commit_sha, force=wanted.force)
        return self._background.index(request)

    async def _worked_in(self, call: Call, address: str) -> LocalSource | None:
        """The repository at this address, if it is one in which the client works."""
        here = [*await roots.folders(call), self._here]
        sources = await run_in_threadpool(roots.repositories, here)
        return next((source for source in sources if source.address == address), None)

    def _started(self, source: LocalSource) -> Job:
        """The job that indexes a repository: one that is under way, or a new one."""
        with self._lock:
            if source.address in self._jobs:
                return requests.get(self.database, self._jobs[source.address], self._session.owner.id)
            job = self._under_way(source) or self._background.index(IndexRequest(source.address, source.name))
            self._jobs[source.address] = job.id
        return job

    def _under_way(self, source: LocalSource) -> Job | None:
        owner_id = self._session.owner.id
        try:
            uuid = find_repository(self.database, owner_id, source.address).repository.uuid
        except NotFound:
            return None
        newest = list_jobs(self.database, owner_id, 1, repository_uuid=uuid)
        return newest[0] if newest and not newest[0].status.is_terminal else None


def _unknown(job: Job) -> dict[str, Any]:
    """The answer of an index that is not there yet."""
    described = describe_job(job)
    return {
        "repository": job.repository_name,
        "repository_id": described["repository_id"],
        "ref": job.ref,
        "commit_sha": described["commit_sha"],
        "indexed_at": None,
        "behind": [],
        "verdict": Verdict.UNKNOWN.value,
        "reason": _why(described),
        "skipped_files": 0,
        "unresolved": 0,
        "job": described,
    }


def _why(job: dict[str, Any]) -> str:
    if job["finished_at"] is not None:
        error = job["error"] or {"code": job["status"], "message": "nothing was stored"}
        return (
            f"It could not be indexed ({error['code']}: {error['message']}). "
            "`index_repository` tries again, once that is mended."
        )
    at = job["progress"]
    step = f", at {at['step']}, {at['done']} of {at['total'] or 'so far'}" if at else ""
    return (
        f"It is only being indexed: job {job['job_id']} is {job['status']}{step}. "
        "`job_status` waits for it; then ask again."
    )


def serve(session: Session, background: Background) -> None:
    """Answer until standard input ends. Meanwhile what else is written to standard output goes to standard error."""
    asyncio.run(_serve(LocalDesk(session, background)))


async def _serve(desk: LocalDesk) -> None:
    server = make_server(desk)
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())
