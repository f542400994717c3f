"""Request bodies: small, and JSON without its ambiguities."""

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class LimitBody:
    """Refuses bodies over `max_bytes` with a 413, counted as they arrive: what Content-Length says proves nothing.

    The framework's own limit answers in plain text; ours is a problem body like every other error.
    """

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._max_bytes:
                raise HTTPException(413, f"The body may have at most {self._max_bytes} bytes")
            return message

        await self._app(scope, counted, send)


class StrictRequest(Request):
    async def json(self) -> Any:
        """The body as JSON. Raises a 400 for what parsers disagree about: NaN, duplicate keys, huge integers."""
        try:
            return json.loads(await self.body(), parse_constant=_refuse, object_pairs_hook=_unique)
        except (ValueError, RecursionError) as error:
            raise HTTPException(400, f"The body is not valid JSON: {error}") from None


class StrictRoute(APIRoute):
    """A route whose body is read as a StrictRequest, whatever type it claims: `curl -d` claims a form's."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def strict(request: Request) -> Response:
            headers = [(name, value) for name, value in request.scope["headers"] if name != b"content-type"]
            scope = {**request.scope, "headers": [*headers, (b"content-type", b"application/json")]}
            return await handle(StrictRequest(scope, request.receive))

        return strict


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("an object has the same key twice")
    return result
