"""What an error means for its job: one table, read from the top; the first rule that fits decides.

Trying again costs minutes, giving up costs the job. What is known to stay as it is fails at once; what may pass, and
whatever is unknown, is tried again, with growing delays, as often as the settings say.
"""

import errno
import random
import traceback
from dataclasses import dataclass
from enum import StrEnum

import psycopg

from kotadb.errors import (
    ClaimLost,
    DatabaseUnavailable,
    JobError,
    KotaError,
    LimitExceeded,
    SourceRefused,
    SourceUnreachable,
)
from kotadb.model import Failure
from kotadb.settings import Settings

FULL_DISK_FACTOR = 5
"""How much longer than others a job waits that found a disk full: by default 5 minutes at first, 35 to 70 in all."""

MAX_MESSAGE = 2_000
MAX_TRACEBACK = 50_000


class Fate(StrEnum):
    """What becomes of a job whose run ended with an error."""

    RETRY = "retry"
    RETRY_ONCE = "retry_once"
    RETRY_LATE = "retry_late"
    """As RETRY, with long delays: a disk is full, and an operator has to look."""
    FAIL = "fail"
    DISCARD = "discard"
    """The job is not this run's any more: nothing is written."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Errors of a type whose code begins like this: a KotaError's own, a SQLSTATE, the name of an errno.

    `message` is what the caller is told, with `says` as its code; without one, what the error says if it is ours.
    """

    error: type[Exception]
    code: str
    fate: Fate
    says: str = ""
    message: str = ""


_DATABASE = "database_failed", "The database failed while the job ran"
_BUG = "internal", "Something went wrong here; the log has more"

RULES = (
    Rule(ClaimLost, "", Fate.DISCARD),
    # What git said is in git/failures.py.
    Rule(SourceUnreachable, "disk_full", Fate.RETRY_LATE),
    Rule(SourceUnreachable, "garbled_answer", Fate.RETRY_ONCE),
    Rule(SourceUnreachable, "", Fate.RETRY),
    Rule(SourceRefused, "", Fate.FAIL),
    Rule(LimitExceeded, "", Fate.FAIL),
    Rule(JobError, "", Fate.RETRY),
    # The machine.
    Rule(OSError, "ENOSPC", Fate.RETRY_LATE, "disk_full", "The server's temporary disk is full"),
    Rule(OSError, "EDQUOT", Fate.RETRY_LATE, "disk_full", "The server's temporary disk is full"),
    Rule(
        MemoryError,
        "",
        Fate.FAIL,
        "worker_memory",
        "The repository needs more memory to index than KOTADB_MAX_WORKER_MEMORY_BYTES allows.",
    ),
    # PostgreSQL, by SQLSTATE.
    Rule(psycopg.Error, "23503", Fate.DISCARD),  # the repository was deleted meanwhile
    Rule(psycopg.Error, "23", Fate.FAIL, *_BUG),
    Rule(psycopg.Error, "22", Fate.FAIL, "unstorable", "The repository holds a value that cannot be stored"),
    Rule(psycopg.DataError, "", Fate.FAIL, "unstorable", "The repository holds a value that cannot be stored"),
    Rule(psycopg.Error, "54000", Fate.FAIL, "unstorable", "The repository holds more than can be stored in one value"),
    Rule(psycopg.Error, "42", Fate.FAIL, *_BUG),
    Rule(psycopg.Error, "53100", Fate.RETRY_LATE, "database_full", "The database's disk is full"),
    # The rest may pass: 08, 57P0x and errors without a code (connections), 40 (conflicts, after the transaction was
    # repeated), 53 (resources), 55P03 and 57014 (timeouts), 25006 (read-only).
    Rule(psycopg.Error, "", Fate.RETRY, *_DATABASE),
    Rule(DatabaseUnavailable, "", Fate.RETRY, *_DATABASE),
    Rule(Exception, "", Fate.RETRY),
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an error means: what becomes of the job, and what is told of it."""

    fate: Fate
    failure: Failure

    def retries(self, settings: Settings) -> int:
        """How many times the job may be tried again after this."""
        if self.fate is Fate.FAIL:
            return 0
        return min(1, settings.retry_limit) if self.fate is Fate.RETRY_ONCE else settings.retry_limit

    def delay(self, settings: Settings, attempt: int) -> float:
        """How many seconds to wait after this attempt, counted from 1; jitter keeps jobs from coming all at once."""
        first = settings.retry_delay * (FULL_DISK_FACTOR if self.fate is Fate.RETRY_LATE else 1)
        spread = 1 + settings.retry_jitter * random.random()  # noqa: S311 - it hides nothing
        return first * settings.retry_backoff ** (attempt - 1) * spread


def judge(error: Exception) -> Verdict:
    """What this error means for the job whose run it ended."""
    cause = MemoryError() if is_out_of_memory(error) else _database_error(error)
    code = _code(cause)
    rule = next(rule for rule in RULES if isinstance(cause, rule.error) and code.startswith(rule.code))
    # A full disk needs no traceback, and may have no room for one; nor does a full memory.
    is_full = rule.fate is Fate.RETRY_LATE or rule.error is MemoryError
    trace = None if is_full else "".join(traceback.format_exception(error))[-MAX_TRACEBACK:]
    return Verdict(rule.fate, _failure(error, rule, trace))


def is_out_of_memory(error: Exception) -> bool:
    """Whether this process found no memory: Python, also while it handled another error, or the driver, in C.

    A server without memory says so by a SQLSTATE, and may have some later.
    """
    if isinstance(error, ClaimLost):
        return False
    behind = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return any(isinstance(each, MemoryError) or _is_drivers_memory(each) for each in (error, behind))


def _is_drivers_memory(error: BaseException | None) -> bool:
    return isinstance(error, psycopg.Error) and error.sqlstate is None and "out of memory" in str(error)


def _failure(error: Exception, rule: Rule, trace: str | None) -> Failure:
    """The traceback stays inside, and what is unknown may name things that are none of the caller's business."""
    if rule.message:
        code, message = rule.says, rule.message
    elif isinstance(error, JobError):
        code, message = error.code, error.message
    else:
        code, message = "internal", f"Something went wrong here: {type(error).__name__}; the log has more"
    return Failure(code, _storable(message)[:MAX_MESSAGE], None if trace is None else _storable(trace))


def _database_error(error: Exception) -> Exception:
    """The driver's error behind ours, which has the SQLSTATE."""
    cause = error.__cause__ if isinstance(error, DatabaseUnavailable) else None
    return cause if isinstance(cause, psycopg.Error) else error


def _code(error: Exception) -> str:
    if isinstance(error, KotaError):
        return error.code
    if isinstance(error, psycopg.Error):
        return error.sqlstate or ""
    return errno.errorcode.get(error.errno or 0, "") if isinstance(error, OSError) else ""


def _storable(text: str) -> str:
    """PostgreSQL stores no NUL, and UTF-8 no lone surrogates."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
