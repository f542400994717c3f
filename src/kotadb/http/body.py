"""Request bodies: small, soon there, and JSON without its ambiguities."""

import asyncio
import json
import sys
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_SECONDS = 30
"""For all of a body to arrive; a phone on a train sends 64 KB in less, and a desk a diff."""
SMALL_BYTES = 64 * 1024
"""What is larger is parsed in a thread: it takes a while, and others are not to wait for it."""


class LimitBody:
    """Refuses bodies over `max_bytes` with a 413, counted as they arrive: what Content-Length says proves nothing.

    `larger` has the paths whose bodies may have other sizes. A body that takes longer than BODY_SECONDS is a 408. The
    framework's own limit answers in plain text; these are problem bodies like every other error.
    """

    def __init__(self, app: ASGIApp, max_bytes: int, larger: Mapping[str, int]) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._larger = larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        max_bytes = self._larger.get(scope.get("path", ""), self._max_bytes)
        received = 0
        deadline: float | None = None
        is_whole = False

        async def limited() -> Message:
            nonlocal received, deadline, is_whole
            if is_whole:  # what comes now is the caller's leaving, which may take as long as the answer
                return await receive()
            deadline = deadline or asyncio.get_running_loop().time() + BODY_SECONDS
            message = await _until(deadline, receive)
            received += len(message.get("body", b""))
            if received > max_bytes:
                raise HTTPException(413, f"The body may have at most {max_bytes} bytes")
            is_whole = not message.get("more_body", False)
            return message

        await self._app(scope, limited, send)


async def _until(deadline: float, receive: Receive) -> Message:
    try:
        async with asyncio.timeout_at(deadline):
            return await receive()
    except TimeoutError:
        detail = f"The body did not arrive within {BODY_SECONDS} seconds"
        raise HTTPException(408, detail, {"Connection": "close"}) from None


class StrictRequest(Request):
    async def json(self) -> Any:
        """The body as JSON. Raises a 400 for what parsers disagree about: NaN, duplicate keys, huge integers."""
        try:
            body = await self.body()
            return _parsed(body) if len(body) <= SMALL_BYTES else await run_in_threadpool(_parsed, body)
        except (ValueError, RecursionError) as error:
            raise HTTPException(400, f"The body is not valid JSON: {_reason(error)}") from None


def _parsed(body: bytes) -> Any:
    value = json.loads(body, parse_constant=_refuse, parse_int=_integer, object_pairs_hook=_unique)
    json.dumps(value, ensure_ascii=False).encode()  # no text has half of a surrogate pair, and none can be stored
    return value


def _reason(error: Exception) -> str:
    """What is wrong, without the words of Python's own that mean nothing to a caller."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, UnicodeError):
        return "it is not UTF-8, or has half of a surrogate pair"
    return str(error)


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


def _integer(digits: str) -> int:
    if len(digits) > sys.int_info.default_max_str_digits:
        raise ValueError(f"an integer has {len(digits)} digits")
    return int(digits)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("an object has the same key twice")
    return result
