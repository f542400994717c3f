"""Errors as agents read them: a code that is stable, what to do about it, and candidates where a name is ambiguous."""

from typing import Any

from kotadb.errors import (
    Ambiguous,
    Busy,
    Conflict,
    DatabaseUnavailable,
    Forbidden,
    InvalidInput,
    NoSpace,
    NotFound,
)
from kotadb.logs import get_logger

SAID = (InvalidInput, Forbidden, NotFound, Conflict, Busy, NoSpace)
"""What callers may read as it is; everything else may say something internal."""

log = get_logger(__name__)


def refusal(error: Exception) -> dict[str, Any]:
    """What is said of an error; one that is no caller's business is logged."""
    if isinstance(error, Ambiguous):
        return {"code": error.code, "message": error.message, "candidates": list(error.candidates)}
    if isinstance(error, SAID):
        return {"code": error.code, "message": error.message}
    if isinstance(error, DatabaseUnavailable):
        log.error("the database failed a call", error=str(error))
        return {"code": error.code, "message": "The database cannot be used at the moment; try again"}
    log.error("a call failed", exc_info=error)
    return {"code": "internal", "message": "Something went wrong here; the log has the details"}
