"""Every error as a problem body (RFC 9457), and the status that goes with each exception."""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from kotadb.errors import (
    Ambiguous,
    Busy,
    Conflict,
    DatabaseUnavailable,
    Forbidden,
    InvalidInput,
    KotaError,
    NoSpace,
    NotFound,
    RateLimited,
    TooManyUnderWay,
    Unauthenticated,
)
from kotadb.http.headers import rate_limit_headers
from kotadb.logs import get_logger

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 5

STATUSES: dict[type[KotaError], int] = {
    InvalidInput: 422,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    TooManyUnderWay: 429,
    Busy: 503,
    NoSpace: 503,
}

TITLES = {
    400: "Bad request", 401: "Unauthenticated", 403: "Forbidden", 404: "Not found", 405: "Method not allowed",
    408: "Request timeout", 409: "Conflict", 413: "Request too large", 421: "Misdirected request",
    422: "Invalid input", 429: "Too many requests", 431: "Request head too large", 500: "Internal error",
    503: "Unavailable",
}  # fmt: skip

# Of what the framework refuses, and our own middleware.
CODES = {
    400: "malformed_json", 403: "forbidden", 404: "not_found", 405: "method_not_allowed", 408: "request_timeout",
    413: "too_large", 421: "misdirected",
}  # fmt: skip

log = get_logger(__name__)


def install(app: FastAPI) -> None:
    """Make every failure of the app a problem body."""
    app.add_exception_handler(KotaError, _kota_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_exception)
    app.add_exception_handler(DatabaseUnavailable, _database_error)
    app.add_exception_handler(RateLimited, _rate_limited)
    app.add_exception_handler(Exception, _unexpected)


def problem(status: int, detail: str, code: str, **extra: Any) -> JSONResponse:
    """A problem response. `code` is ours and stable, `detail` is for people."""
    body = {
        "type": "about:blank",
        "title": TITLES.get(status, "Error"),
        "status": status,
        "detail": detail,
        "code": code,
    }
    headers = {}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if status in (429, 503):
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return JSONResponse(body | extra, status, headers, media_type=MEDIA_TYPE)


async def _kota_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, KotaError)
    status = next((status for kind, status in STATUSES.items() if isinstance(error, kind)), 500)
    if status == 500:
        log.error("request failed", exc_info=error)
        return problem(500, "Something went wrong here; the log has the details", "internal")
    extra = {"candidates": error.candidates} if isinstance(error, Ambiguous) else {}
    return problem(status, error.message, error.code, **extra)


async def _validation_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    problems = [
        {"field": ".".join(str(part) for part in item["loc"][1:]) or str(item["loc"][0]), "message": item["msg"]}
        for item in error.errors()
    ]
    detail = "; ".join(f"{item['field']}: {item['message']}" for item in problems)
    return problem(422, detail, "invalid_input", errors=problems)


async def _http_exception(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    answer = problem(error.status_code, error.detail, CODES.get(error.status_code, "error"))
    answer.headers.update(error.headers or {})
    return answer


async def _database_error(_: Request, error: Exception) -> JSONResponse:
    log.error("the database failed a request", error=str(error))
    return problem(503, "The database cannot be used at the moment; try again", DatabaseUnavailable.code)


async def _rate_limited(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RateLimited)
    answer = problem(429, error.message, error.code)
    answer.headers["Retry-After"] = str(error.retry_after)
    answer.headers.update(rate_limit_headers(error.limit, 0, error.full_after))
    return answer


async def _unexpected(_: Request, error: Exception) -> JSONResponse:
    return problem(500, "Something went wrong here; the log has the details", "internal")
