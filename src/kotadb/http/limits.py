"""How much of requests is carried at one time."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from uuid import UUID

from starlette.types import ASGIApp, Receive, Scope, Send

from kotadb.errors import Busy, TooManyUnderWay
from kotadb.http.problems import problem

MAX_HEAD_BYTES = 16 * 1024
"""Of a request's line and headers: what web servers commonly take."""

HEAD_TOO_LARGE = f"The request's line and headers may have at most {MAX_HEAD_BYTES} bytes together"

SHARES = 4
"""An owner may have one of so many equal shares: it takes several who ask for all they may to leave others none."""

ALWAYS_ANSWERED = "/health"
"""A service that is busy is alive."""


class LimitRequests:
    """Refuses what comes while `max_requests` are under way with a 503, and a head that is too large with a 431.

    The server's own limit counts connections, idle ones too, and answers in plain text; and it lets a head pass that
    comes in one piece.

    What is entered in the `until_answered` of a request's state is left when the answer is sent, or nobody is there.
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
                with ExitStack() as until_answered:
                    scope.setdefault("state", {})["until_answered"] = until_answered
                    await self._app(scope, receive, send)
            finally:
                self._under_way -= 1


class OwnerShares:
    """How many requests of each owner are under way, with all their keys. For the event loop only."""

    def __init__(self, max_requests: int) -> None:
        self._share = max(1, max_requests // SHARES)
        self._under_way: Counter[UUID] = Counter()

    @contextmanager
    def one_of(self, owner_id: UUID) -> Iterator[None]:
        """Count a request for as long as the context lasts. Raises TooManyUnderWay if the owner has their share."""
        if self._under_way[owner_id] >= self._share:
            raise TooManyUnderWay(
                f"An owner, with all keys, may have {self._share} requests under way at one time: "
                "wait for an answer to one of them, or ask for jobs without `wait`"
            )
        self._under_way[owner_id] += 1
        try:
            yield
        finally:
            self._under_way[owner_id] -= 1
            if not self._under_way[owner_id]:
                del self._under_way[owner_id]


def _head_bytes(scope: Scope) -> int:
    headers = sum(len(name) + len(value) + len(b": \r\n") for name, value in scope["headers"])
    return headers + len(scope.get("raw_path") or b"") + len(scope["query_string"])
