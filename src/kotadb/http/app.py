"""The HTTP API: every endpoint parses a request, calls one function of `jobs`, `questions` or `access`, and renders."""

import asyncio
import time
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse
from starlette.types import ASGIApp

from kotadb import __version__
from kotadb.access.keys import require_operator
from kotadb.access.limits import RateLimits
from kotadb.errors import SchemaMismatch
from kotadb.http import cursor, docs, models, questions
from kotadb.http.body import LimitBody
from kotadb.http.callers import OwnerOf, PrivateRoute
from kotadb.http.examples import add_examples
from kotadb.http.headers import AddHeaders
from kotadb.http.latency import MeasureLatency
from kotadb.http.limits import LimitRequests, OwnerShares
from kotadb.http.mounted import Mountable, Mounted
from kotadb.http.mounted import router as mounted_router
from kotadb.http.numbers import MEDIA_TYPE as NUMBERS
from kotadb.http.numbers import ServiceNumbers
from kotadb.http.problems import MEDIA_TYPE, install, problem
from kotadb.jobs import requests
from kotadb.jobs.synchronous import SynchronousIndexer
from kotadb.jobs.waiting import pause_after
from kotadb.model import Job, JobStatus
from kotadb.postgres.database import Database
from kotadb.questions import jobs, repositories
from kotadb.questions.describe import describe_job, describe_repository
from kotadb.questions.health import Space, readiness
from kotadb.settings import Settings

MAX_WAIT_SECONDS = 60

MAX_PAGE = 200
MAX_BIGINT = 2**63 - 1

public = APIRouter(tags=["system"])
private = APIRouter(
    route_class=PrivateRoute, responses={"4XX": {"model": models.Problem}, "5XX": {"model": models.Problem}}
)


class Api(FastAPI):
    """The application, with a document that tells what errors look like: the framework knows one media type for all."""

    def openapi(self) -> dict[str, Any]:
        document = super().openapi()
        operations = (operation for methods in document["paths"].values() for operation in methods.values())
        for operation in operations:
            for status, answer in operation["responses"].items():
                if status.startswith(("4", "5")):
                    answer["content"] = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        add_examples(document)
        return document


def create_app(
    settings: Settings, database: Database, synchronous: SynchronousIndexer | None, mcp: Mountable
) -> ASGIApp:
    """The API over an open database, with `mcp` at /mcp. The work is left to the queue, or given to `synchronous`."""
    mounted = Mounted(partial(mcp, settings, database, synchronous))
    app = Api(
        title="kotadb",
        version=__version__,
        summary="Index git repositories in the background; ask where things are.",
        docs_url=None,  # the framework's pages load scripts from another host
        redoc_url=None,
        lifespan=mounted.lifespan,
        redirect_slashes=False,  # it would lead to whatever host the request names, without TLS and with the key
    )
    app.state.settings = settings
    app.state.database = database
    app.state.limits = RateLimits(settings.rate_limit)
    app.state.shares = OwnerShares(settings.max_requests)
    app.state.synchronous = synchronous
    app.state.mounted = mounted
    app.state.space = Space(database, settings.temp_dir if synchronous or settings.workers else None)
    app.state.numbers = ServiceNumbers(settings, database.url)
    with_diffs = dict.fromkeys(("/impact", "/mcp"), settings.max_bytes_with_diff)
    app.add_middleware(LimitBody, max_bytes=settings.max_body_bytes, larger=with_diffs)
    app.add_middleware(LimitRequests, max_requests=settings.max_requests)
    app.add_middleware(MeasureLatency)  # the last one added is the first to see a request
    app.include_router(public)
    app.include_router(private)
    app.include_router(questions.router)
    app.include_router(mounted_router)
    install(app)
    return AddHeaders(app)


# ---- what every endpoint needs ---------------------------------------------------------------------------------------

# What only looks something up is asynchronous: everything else is handed to a thread, which costs a millisecond.


async def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


async def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


DatabaseOf = Annotated[Database, Depends(_database)]


async def _synchronous(request: Request) -> SynchronousIndexer | None:
    synchronous: SynchronousIndexer | None = request.app.state.synchronous
    return synchronous


async def _space(request: Request) -> Space:
    space: Space = request.app.state.space
    return space


SpaceOf = Annotated[Space, Depends(_space)]
SynchronousOf = Annotated[SynchronousIndexer | None, Depends(_synchronous)]
SettingsOf = Annotated[Settings, Depends(_settings)]
Limit = Annotated[int, Query(ge=1, le=MAX_PAGE, description="items on a page")]
After = Annotated[str | None, Query(alias="cursor", max_length=500, description="`next_cursor` of the page before")]


# ---- system ----------------------------------------------------------------------------------------------------------


@public.get("/health", response_model=models.Health)
def health() -> dict[str, str]:
    """Whether the process answers."""
    return {"status": "ok"}


@public.get("/ready", response_model=models.Readiness, responses={503: {"model": models.Problem}})
def ready(database: DatabaseOf, settings: SettingsOf, space: SpaceOf) -> Any:
    """Whether the database is writable and migrated, and no disk is full."""
    try:
        workers = readiness(database, settings.lease_seconds)
        space.require()
        return {"status": "ready", "workers": workers}
    except SchemaMismatch as error:
        return problem(503, error.message, error.code)


@public.get("/docs", include_in_schema=False)
def read_docs(request: Request) -> HTMLResponse:
    """What can be asked, for people."""
    page = docs.render(request.app.openapi())
    return HTMLResponse(page, headers={"Content-Security-Policy": docs.CONTENT_SECURITY_POLICY})


@private.get("/metrics", tags=["system"], response_class=PlainTextResponse)
def metrics(request: Request, owner: OwnerOf) -> Response:
    """Numbers for Prometheus, of all owners: for keys of the operator's own. A port of its own needs none."""
    require_operator(owner)
    numbers: ServiceNumbers = request.app.state.numbers
    return Response(numbers.render(), media_type=NUMBERS)


# ---- indexing --------------------------------------------------------------------------------------------------------


@private.post(
    "/index",
    tags=["indexing"],
    status_code=202,
    response_model=models.Accepted,
    responses={200: {"model": models.JobBody, "description": "the finished job, where indexing is synchronous"}},
)
def index(
    body: models.IndexBody,
    synchronous: SynchronousOf,
    database: DatabaseOf,
    settings: SettingsOf,
    owner: OwnerOf,
) -> Response:
    """Have a repository indexed. Answers at once; follow the job at `Location`."""
    wanted = requests.confined(settings, **body.model_dump())
    if synchronous is not None:
        return JSONResponse(describe_job(synchronous.index(owner.id, wanted)))
    job = requests.submit(database, owner.id, wanted)
    accepted = {"job_id": str(job.id), "repository_id": str(job.repository_uuid), "status": job.status.value}
    return JSONResponse(accepted, 202, {"Location": f"/jobs/{job.id}"})


@private.get("/jobs", tags=["indexing"], response_model=models.JobPage)
def list_jobs(
    database: DatabaseOf,
    owner: OwnerOf,
    limit: Limit = 50,
    after: After = None,
    status: JobStatus | None = None,
    repository_id: UUID | None = None,
) -> dict[str, Any]:
    """Your jobs, newest first."""
    position = cursor.decode(after)
    found = jobs.list_jobs(database, owner.id, limit + 1, position, status=status, repository_uuid=repository_id)
    return cursor.page(found, limit, lambda job: (job.created_at, job.id), describe_job)


@private.get("/jobs/{job_id}", tags=["indexing"], response_model=models.JobBody)
async def get_job(
    job_id: UUID,
    request: Request,
    database: DatabaseOf,
    owner: OwnerOf,
    wait: Annotated[float, Query(ge=0, le=MAX_WAIT_SECONDS, description="seconds to wait for the job's end")] = 0,
) -> dict[str, Any]:
    """One job; with `wait`, as soon as it has ended or that time is over."""
    began = time.monotonic()
    while True:
        job: Job = await run_in_threadpool(requests.get, database, job_id, owner.id)
        waited = time.monotonic() - began
        if job.status.is_terminal or waited >= wait or await request.is_disconnected():
            return describe_job(job)
        await asyncio.sleep(min(pause_after(waited), wait - waited))


@private.post("/jobs/{job_id}/cancel", tags=["indexing"], response_model=models.JobBody)
def cancel_job(job_id: UUID, database: DatabaseOf, owner: OwnerOf) -> dict[str, Any]:
    """Cancel a job that waits or runs: nothing of it is stored."""
    return describe_job(requests.cancel(database, job_id, owner.id))


@private.post("/jobs/{job_id}/retry", tags=["indexing"], response_model=models.JobBody)
def retry_job(job_id: UUID, synchronous: SynchronousOf, database: DatabaseOf, owner: OwnerOf) -> dict[str, Any]:
    """Queue a failed or cancelled job again, with fresh attempts; where indexing is synchronous, run it."""
    if synchronous is not None:
        return describe_job(synchronous.retry(job_id, owner.id, confined=True))
    return describe_job(requests.retry(database, job_id, owner.id, confined=True))


# ---- repositories ----------------------------------------------------------------------------------------------------


@private.get("/repositories", tags=["repositories"], response_model=models.RepositoryPage)
def list_repositories(
    database: DatabaseOf,
    owner: OwnerOf,
    limit: Limit = 50,
    after: After = None,
) -> dict[str, Any]:
    """Your repositories, newest first."""
    found = repositories.list_repositories(database, owner.id, limit + 1, cursor.decode(after))
    return cursor.page(found, limit, _position, describe_repository)


def _position(overview: repositories.RepositoryOverview) -> repositories.Position:
    return overview.repository.created_at, overview.repository.uuid


@private.get("/repositories/{repository_id}", tags=["repositories"], response_model=models.RepositoryBody)
def get_repository(repository_id: UUID, database: DatabaseOf, owner: OwnerOf) -> dict[str, Any]:
    """One repository with its indexes."""
    return describe_repository(repositories.get_repository(database, owner.id, repository_id))


@private.delete("/repositories/{repository_id}", tags=["repositories"], status_code=204)
def delete_repository(repository_id: UUID, database: DatabaseOf, owner: OwnerOf) -> None:
    """Delete a repository with everything that was indexed of it; its jobs are cancelled."""
    overview = repositories.get_repository(database, owner.id, repository_id)
    requests.remove_repository(database, overview.repository)


@private.delete("/repositories/{repository_id}/indexes/{index_id}", tags=["repositories"], status_code=204)
def delete_index(
    repository_id: UUID, index_id: Annotated[int, Path(ge=1, le=MAX_BIGINT)], database: DatabaseOf, owner: OwnerOf
) -> None:
    """Delete one index of a repository; its jobs are cancelled."""
    overview = repositories.get_repository(database, owner.id, repository_id)
    requests.remove_index(database, overview.repository, index_id)
