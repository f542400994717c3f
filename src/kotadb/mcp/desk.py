"""Where calls come in: who asks, and what differs between a machine of one's own and a service for many."""

import asyncio
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from mcp.server.context import ServerRequestContext
from mcp.types import CallToolRequestParams, InputRequests, InputResponses
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from kotadb.jobs import requests
from kotadb.jobs.waiting import pause_after
from kotadb.model import Job
from kotadb.postgres.database import Database
from kotadb.questions.asking import Parameters
from kotadb.settings import Settings

MAX_WAIT_SECONDS = 50
"""Clients give up after a minute."""

WAIT_SECONDS = 20

Context = ServerRequestContext[Any, Any]


@dataclass(frozen=True)
class Call:
    """A call of a tool."""

    context: Context
    params: CallToolRequestParams

    @property
    def arguments(self) -> dict[str, Any]:
        return self.params.arguments or {}

    @property
    def responses(self) -> InputResponses:
        """What the client answered to what it was asked before it called again."""
        return self.params.input_responses or {}


class AskClient(Exception):
    """The client has to answer these requests, and to call again with what it answered."""

    def __init__(self, asked: InputRequests) -> None:
        super().__init__()
        self.asked = asked


class Wanted(BaseModel):
    """What `index_repository` takes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    repository: str = Field(min_length=1, max_length=2048, description="https URL, owner/name, or an allowed path")
    ref: str | None = Field(default=None, max_length=255, description="branch, tag or full ref; HEAD by default")
    commit_sha: str | None = Field(default=None, description="a full commit hash: that commit and no other")
    force: bool = Field(default=False, description="rebuild even if the commit is indexed already")
    wait: float = Field(default=WAIT_SECONDS, ge=0, le=MAX_WAIT_SECONDS, description="seconds to wait for its end")


class Waited(BaseModel):
    """What `job_status` takes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    job_id: UUID = Field(description="as `index_repository` or an answer gave it")
    wait: float = Field(default=WAIT_SECONDS, ge=0, le=MAX_WAIT_SECONDS, description="seconds to wait for its end")


class Desk(ABC):
    """What answers calls, of whoever makes them."""

    has_default = False
    """Whether a repository need not be named."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.settings = settings
        self.database = database

    @abstractmethod
    def owner_id(self, call: Call) -> UUID:
        """Who asks."""

    async def completed(self, call: Call) -> dict[str, Any]:
        """The arguments of a call, with the repository as it is stored. Raises AskClient."""
        return call.arguments

    async def not_yet(self, call: Call, asked: Parameters) -> dict[str, Any] | None:
        """The answer while a repository is only being indexed; None where it can be asked. Raises AskClient."""
        return None

    @abstractmethod
    async def index(self, call: Call, wanted: Wanted) -> Job:
        """Have a repository indexed. Returns the job, which may only have begun."""

    async def find(self, call: Call, job_id: UUID) -> Job:
        """A job of who asks. Raises NotFound."""
        return await run_in_threadpool(requests.get, self.database, job_id, self.owner_id(call))

    async def ended(self, call: Call, job: Job, seconds: float) -> Job:
        """The job as it ended, or as it is after so many seconds."""
        began = time.monotonic()
        while not job.status.is_terminal and (waited := time.monotonic() - began) < seconds:
            await asyncio.sleep(pause_after(waited))
            job = await self.find(call, job.id)
        return job
