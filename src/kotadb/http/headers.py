"""Headers of every answer: what browsers may do with it, and how often the caller may still ask."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}


class AddHeaders:
    """Adds them, unless an answer has its own. Around the whole app, whose answer to a crash passes no middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in (SECURITY_HEADERS | _allowance(scope)).items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _allowance(scope: Scope) -> dict[str, str]:
    allowance = scope.get("state", {}).get("allowance")
    return rate_limit_headers(allowance.limit, allowance.remaining, allowance.full_after) if allowance else {}


def rate_limit_headers(limit: int, remaining: int, full_after: int) -> dict[str, str]:
    """`X-RateLimit-Reset` is in how many seconds without requests all of the limit can be used again."""
    return {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Reset": str(full_after),
    }
