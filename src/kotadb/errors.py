"""Everything kotadb raises on purpose.

::

    KotaError
    ├── InvalidInput                 the caller must change the request        HTTP 422, exit 2
    │   ├── InvalidRepository
    │   ├── InvalidRef
    │   └── InvalidCursor
    ├── Forbidden                    the caller may not do this                HTTP 403
    ├── Unauthenticated              no key, or not a valid one                HTTP 401
    ├── NotFound                     not there, or not this caller's           HTTP 404
    ├── Conflict                     the state of things does not allow this   HTTP 409
    │   ├── IndexChanged             the index that a cursor is of is replaced
    │   └── Ambiguous                a name means several things: choose one
    ├── RateLimited                  this key has asked too often              HTTP 429
    ├── TooManyUnderWay              this owner asks too much at one time      HTTP 429
    ├── Busy                         all slots are taken, try again            HTTP 503
    ├── NoSpace                      a disk is full                            HTTP 503
    ├── ConfigurationError           the operator must change a setting
    │   ├── DatabaseUnavailable
    │   ├── EmbeddedServerError
    │   └── SchemaMismatch
    ├── LanguageError                a language folder is broken: found at load, never at run time
    ├── ClaimLost                    another run owns the job now: stop, store nothing
    └── JobError                     ends a run of a job; `code` is stored with it
        ├── FetchError
        │   ├── SourceUnreachable    network, server, disk
        │   └── SourceRefused        not found, not allowed, broken repository
        ├── LimitExceeded            the repository is larger than a setting allows
        ├── ParserUnavailable        parser processes do not start
        └── WorkerDied               the process that ran the job ended without finishing it

Whether a job is tried again after one of these is decided by the table in `jobs.failures`.
A file that cannot be indexed is no exception but a value: see `model.SkipReason`.
Each message says what to do about it.
"""

from collections.abc import Mapping, Sequence
from typing import Any


class KotaError(Exception):
    """Something kotadb expects to go wrong did."""

    code = "error"

    def __init__(self, message: str = "", *, code: str | None = None) -> None:
        super().__init__(message or (self.__doc__ or "").strip())
        if code is not None:
            self.code = code

    @property
    def message(self) -> str:
        return str(self)


class InvalidInput(KotaError):
    """The request cannot be understood."""

    code = "invalid_input"


class InvalidRepository(InvalidInput):
    """The repository is not an https URL, `owner/name` or a local path."""

    code = "invalid_repository"


class InvalidRef(InvalidInput):
    """The ref or commit is not one git would accept."""

    code = "invalid_ref"


class InvalidCursor(InvalidInput):
    """The cursor is not one that this server handed out."""

    code = "invalid_cursor"


class Forbidden(KotaError):
    """This is not allowed here."""

    code = "forbidden"


class Unauthenticated(KotaError):
    """Send a valid key as `Authorization: Bearer <key>`; `kotadb keys create` makes one."""

    code = "unauthenticated"


class NotFound(KotaError):
    """There is no such thing here."""

    code = "not_found"


class Conflict(KotaError):
    """The state of things does not allow this."""

    code = "conflict"


class IndexChanged(Conflict):
    """The index was replaced since the page before: begin again without a cursor."""

    code = "index_changed"


class Ambiguous(Conflict):
    """The name means several things: ask again for one of the candidates, by its id."""

    code = "ambiguous"

    def __init__(self, message: str, candidates: Sequence[Mapping[str, Any]]) -> None:
        super().__init__(message)
        self.candidates = candidates


class RateLimited(KotaError):
    """This key has asked more often than it may; wait as many seconds as `Retry-After` says."""

    code = "rate_limited"

    def __init__(self, limit: int, retry_after: int, full_after: int) -> None:
        super().__init__()
        self.limit = limit
        self.retry_after = retry_after
        self.full_after = full_after


class TooManyUnderWay(KotaError):
    """As many requests of this owner are under way as may be; wait for an answer to one of them."""

    code = "too_many_requests_under_way"


class Busy(KotaError):
    """All slots are taken; try again in a moment."""

    code = "busy"


class NoSpace(KotaError):
    """A disk is full: jobs wait until there is space again."""

    code = "disk_full"


class ConfigurationError(KotaError):
    """A setting must change before kotadb can work."""

    code = "configuration"


class DatabaseUnavailable(ConfigurationError):
    """The database cannot be reached or used."""

    code = "database_unavailable"


class EmbeddedServerError(ConfigurationError):
    """The embedded PostgreSQL cannot be started."""

    code = "embedded_server"


class SchemaMismatch(ConfigurationError):
    """The database's schema is not the one this version works with."""

    code = "schema_mismatch"


class LanguageError(KotaError):
    """A language folder contradicts itself."""

    code = "language"


class ClaimLost(KotaError):
    """Another run owns this job now, or it was cancelled; this run stores nothing."""

    code = "claim_lost"


class JobError(KotaError):
    """The job could not be done."""

    code = "job_failed"


class FetchError(JobError):
    """The repository could not be fetched."""

    code = "fetch_failed"


class SourceUnreachable(FetchError):
    """The repository could not be reached; this may pass."""

    code = "source_unreachable"


class SourceRefused(FetchError):
    """The repository cannot be had; trying again will not help."""

    code = "source_refused"


class LimitExceeded(JobError):
    """The repository is larger than this server accepts."""

    code = "limit_exceeded"


class ParserUnavailable(JobError):
    """Parser processes do not start on this machine."""

    code = "parser_unavailable"


class WorkerDied(JobError):
    """The process that ran the job ended without finishing it."""

    code = "worker_died"
