"""The tools at `/mcp` of the HTTP service. Who asks was admitted before, with a key; each request stands alone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from uuid import UUID

from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecurityMiddleware, TransportSecuritySettings
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from kotadb.jobs import requests
from kotadb.jobs.synchronous import SynchronousIndexer
from kotadb.mcp.desk import Call, Desk, Wanted
from kotadb.mcp.server import make_server
from kotadb.model import Job, Owner
from kotadb.postgres.database import Database
from kotadb.settings import Settings

LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")
ANY = "*"

ADVICE = {
    421: "This is not a name under which /mcp is served here: add it to KOTADB_MCP_HOSTS",
    403: "Pages of this origin may not use /mcp: its host is not in KOTADB_MCP_HOSTS",
}


class RemoteDesk(Desk):
    """Answers whoever the HTTP service has admitted. Jobs are left to its workers, or given to `synchronous`."""

    def __init__(self, settings: Settings, database: Database, synchronous: SynchronousIndexer | None) -> None:
        super().__init__(settings, database)
        self._synchronous = synchronous

    def owner_id(self, call: Call) -> UUID:
        assert isinstance(call.context.request, Request)
        owner: Owner = call.context.request.state.owner
        return owner.id

    async def index(self, call: Call, wanted: Wanted) -> Job:
        return await run_in_threadpool(self._index, self.owner_id(call), wanted)

    def _index(self, owner_id: UUID, wanted: Wanted) -> Job:
        request = requests.confined(self.settings, **wanted.model_dump(exclude={"wait"}))
        if self._synchronous is not None:
            return self._synchronous.index(owner_id, request)
        return requests.submit(self.database, owner_id, request)


@asynccontextmanager
async def serving(
    settings: Settings, database: Database, synchronous: SynchronousIndexer | None
) -> AsyncIterator[ASGIApp]:
    """The application for requests that are admitted, for as long as the context lasts."""
    manager = StreamableHTTPSessionManager(
        make_server(RemoteDesk(settings, database, synchronous)),
        json_response=True,
        stateless=True,
        max_request_body_size=settings.max_bytes_with_diff,
    )
    security = TransportSecurityMiddleware(_names(settings))

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        refused = await security.validate_request(Request(scope))
        if refused is not None:
            raise HTTPException(refused.status_code, ADVICE[refused.status_code])
        await manager.handle_request(scope, receive, send)

    async with manager.run():
        yield answer


def _names(settings: Settings) -> TransportSecuritySettings:
    """Under which names requests may come: those of this machine and the operator's.

    Any name where the operator says so, or nothing while the service listens to other machines, which call it whatever
    they do. A page whose name was made to lead here has no key, either way.
    """
    if ANY in settings.mcp_hosts or not (settings.mcp_hosts or _is_local(settings.host)):
        return TransportSecuritySettings(enable_dns_rebinding_protection=False)
    names = [*LOCAL_NAMES, *settings.mcp_hosts]
    hosts = [host for name in names for host in (name, f"{name}:*")]
    return TransportSecuritySettings(
        allowed_hosts=hosts, allowed_origins=[f"{scheme}://{host}" for scheme in ("http", "https") for host in hosts]
    )


def _is_local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
