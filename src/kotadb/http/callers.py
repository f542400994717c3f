"""Who asks: known before anything of a request's body is read, charged for it, and held to their share."""

from collections.abc import Callable, Coroutine
from inspect import isclass
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from fastapi.security.utils import get_authorization_scheme_param
from pydantic import BaseModel

from kotadb.access.keys import authenticate
from kotadb.errors import InvalidInput, Unauthenticated
from kotadb.http.body import StrictRoute
from kotadb.model import Owner

MAX_SHOWN = 100

_bearer = HTTPBearer(auto_error=False, description="an API key, as `kotadb keys create` prints it")


class PrivateRoute(StrictRoute):
    """A route for callers with a key, which takes the parameters that it has and no others.

    The framework alone would read and parse a stranger's body first, and ignore a parameter that is misspelled.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        known = [name for field in self.dependant.query_params for name in _names(field)]

        async def admitted(request: Request) -> Response:
            await run_in_threadpool(_admit, request)
            _count(request)
            _refuse_unknown(request, known)
            return await handle(request)

        return admitted


def _names(field: Any) -> list[str]:
    """The parameter, or those that a model of parameters has."""
    kind = field.field_info.annotation
    return list(kind.model_fields) if isclass(kind) and issubclass(kind, BaseModel) else [field.alias]


def _refuse_unknown(request: Request, known: list[str]) -> None:
    unknown = [name for name in request.query_params if name not in known]
    if unknown:
        there_are = f"there are {', '.join(known)}" if known else "it has none"
        raise InvalidInput(f"This endpoint has no parameter {ascii(unknown[0])[:MAX_SHOWN]}: {there_are}")


def _admit(request: Request) -> None:
    scheme, key = get_authorization_scheme_param(request.headers.get("Authorization"))
    if scheme.lower() != "bearer" or not key:
        raise Unauthenticated
    caller = authenticate(request.app.state.database, request.app.state.limits, key)
    request.state.owner = caller.owner
    request.state.allowance = caller.allowance


def _count(request: Request) -> None:
    """Until the answer is sent, not only made: who does not read it has a request under way."""
    one = request.app.state.shares.one_of(request.state.owner.id)
    request.state.until_answered.enter_context(one)


# The scheme is asked for again to stand in the OpenAPI document.
async def _owner(request: Request, _: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> Owner:
    owner: Owner = request.state.owner
    return owner


OwnerOf = Annotated[Owner, Depends(_owner)]
