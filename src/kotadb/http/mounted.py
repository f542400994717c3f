"""`/mcp`, an application of others behind our own admission: it sees whoever has a key, and a body that is read."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress

from fastapi import APIRouter, FastAPI, Request, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kotadb.http.callers import PrivateRoute
from kotadb.jobs.synchronous import SynchronousIndexer
from kotadb.logs import get_logger
from kotadb.postgres.database import Database
from kotadb.settings import Settings

Mountable = Callable[[Settings, Database, SynchronousIndexer | None], AbstractAsyncContextManager[ASGIApp]]
"""Makes the application; its context is entered once and lasts as long as the service."""

log = get_logger(__name__)

router = APIRouter(route_class=PrivateRoute)


class Mounted:
    """An application that starts with its first request: most services never get one, and it takes a second."""

    def __init__(self, make: Callable[[], AbstractAsyncContextManager[ASGIApp]]) -> None:
        self._make = make
        self._app: asyncio.Future[ASGIApp] | None = None
        self._running: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._app is None:
            self._app = asyncio.get_running_loop().create_future()
            self._running = asyncio.create_task(self._run(self._app))
        app = await asyncio.shield(self._app)
        await app(scope, receive, send)

    async def _run(self, started: "asyncio.Future[ASGIApp]") -> None:
        try:
            async with self._make() as app:
                started.set_result(app)
                await asyncio.Event().wait()
        except Exception as error:  # the next request starts it anew
            log.error("an application has ended", exc_info=error)
            if not started.done():
                started.set_exception(error)
        finally:
            self._app = None

    @asynccontextmanager
    async def lifespan(self, _: FastAPI) -> AsyncIterator[None]:
        """Ends the application with the service."""
        yield
        if self._running is not None:
            self._running.cancel()
            with suppress(asyncio.CancelledError):
                await self._running


class _Passed(Response):
    """What the application answers to a request whose body is known."""

    def __init__(self, app: ASGIApp, scope: Scope, body: bytes) -> None:
        super().__init__()
        self._app, self._scope, self._read = app, scope, body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        unread = [self._read]

        async def read() -> Message:
            if unread:
                return {"type": "http.request", "body": unread.pop(), "more_body": False}
            return await receive()

        await self._app(self._scope, read, send)


@router.post("/mcp", include_in_schema=False)  # its methods are described by its own protocol
async def mcp(request: Request) -> Response:
    """The tools for coding agents."""
    await request.json()  # refused if it is none, or one that parsers disagree about
    return _Passed(request.app.state.mounted, request.scope, await request.body())
