"""How long requests take, by method, route and status."""

from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kotadb import metrics

METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})


class MeasureLatency:
    """Counts each request with the time until its answer is out. Only labels that are few, whatever callers send."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500  # what the framework answers, outside of us, if there is no answer

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        began = perf_counter()
        try:
            await self._app(scope, receive, noted)
        finally:
            method = scope["method"] if scope["method"] in METHODS else "other"
            metrics.request_answered(method, _route(scope), status, perf_counter() - began)


def _route(scope: Scope) -> str:
    """The template of the path, such as `/jobs/{job_id}`."""
    if (route := scope.get("route")) is not None:
        return str(route.path)
    return str(scope["path"]) if "endpoint" in scope else "none"  # the framework's own pages have no parameters
