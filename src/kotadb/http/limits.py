"""How much of requests is carried at one time."""

from starlette.types import ASGIApp, Receive, Scope, Send

from kotadb.errors import Busy
from kotadb.http.problems import problem

MAX_HEAD_BYTES = 16 * 1024
"""Of a request's line and headers: what web servers commonly take."""

HEAD_TOO_LARGE = f"The request's line and headers may have at most {MAX_HEAD_BYTES} bytes together"

ALWAYS_ANSWERED = "/health"
"""A service that is busy is alive."""


class LimitRequests:
    """Refuses what comes while `max_requests` are under way with a 503, and a head that is too large with a 431.

    The server's own limit counts connections, idle ones too, and answers in plain text; and it lets a head pass that
    comes in one piece.
    """

    def __init__(self, app: ASGIApp, max_requests: int) -> None:
        self._app = app
        self._max_requests = max_requests
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] == ALWAYS_ANSWERED:
            await self._app(scope, receive, send)
        elif _head_bytes(scope) > MAX_HEAD_BYTES:
            await problem(431, HEAD_TOO_LARGE, "too_large")(scope, receive, send)
        elif self._under_way >= self._max_requests:
            await problem(503, "Too many requests are under way; try again", Busy.code)(scope, receive, send)
        else:
            self._under_way += 1
            try:
                await self._app(scope, receive, send)
            finally:
                self._under_way -= 1


def _head_bytes(scope: Scope) -> int:
    headers = sum(len(name) + len(value) + len(b": \r\n") for name, value in scope["headers"])
    return headers + len(scope.get("raw_path") or b"") + len(scope["query_string"])
