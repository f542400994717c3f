"""Who asks: known before anything of a request's body is read, and charged for it."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from fastapi.security.utils import get_authorization_scheme_param

from kotadb.access.keys import authenticate
from kotadb.errors import Unauthenticated
from kotadb.http.body import StrictRoute
from kotadb.model import Owner

_bearer = HTTPBearer(auto_error=False, description="an API key, as `kotadb keys create` prints it")


class PrivateRoute(StrictRoute):
    """A route for callers with a key. The framework alone would read and parse a stranger's body first."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def admitted(request: Request) -> Response:
            await run_in_threadpool(_admit, request)
            return await handle(request)

        return admitted


def _admit(request: Request) -> None:
    scheme, key = get_authorization_scheme_param(request.headers.get("Authorization"))
    if scheme.lower() != "bearer" or not key:
        raise Unauthenticated
    caller = authenticate(request.app.state.database, request.app.state.limits, key)
    request.state.owner = caller.owner
    request.state.allowance = caller.allowance


# The scheme is asked for again to stand in the OpenAPI document.
async def _owner(request: Request, _: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> Owner:
    owner: Owner = request.state.owner
    return owner


OwnerOf = Annotated[Owner, Depends(_owner)]
