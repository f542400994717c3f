"""What is tried again and what is not, by the one table."""

import errno

import psycopg
import pytest

from kotadb.errors import (
    ClaimLost,
    ConfigurationError,
    DatabaseUnavailable,
    JobError,
    LimitExceeded,
    ParserUnavailable,
    SourceRefused,
    SourceUnreachable,
)
from kotadb.git.failures import classify
from kotadb.jobs.failures import Fate, judge
from kotadb.settings import Settings

SETTINGS = Settings()


def from_postgres(sqlstate: str | None) -> Exception:
    """The error as a run gets it: the driver's, and ours around what the driver calls operational."""
    kind = psycopg.OperationalError if sqlstate is None else psycopg.errors.lookup(sqlstate)
    error = kind("the server's words")
    if not isinstance(error, psycopg.OperationalError):
        return error
    wrapped = DatabaseUnavailable("PostgreSQL at host=db fails")
    wrapped.__cause__ = error
    return wrapped


@pytest.mark.parametrize(
    ("sqlstate", "fate"),
    [
        *((code, Fate.RETRY) for code in ("08006", "53300", "57P01", "57P02", "57P03", "57014", "55P03", "25006")),
        *((code, Fate.RETRY) for code in ("40001", "40P01", "58030", "XX000", None)),
        ("53100", Fate.RETRY_LATE),
        ("23503", Fate.DISCARD),
        *((code, Fate.FAIL) for code in ("23505", "22021", "54000", "42P01")),
    ],
)
def test_errors_of_postgresql_go_by_their_sqlstate(sqlstate: str | None, fate: Fate) -> None:
    assert judge(from_postgres(sqlstate)).fate is fate


@pytest.mark.parametrize(
    ("stderr", "fate"),
    [
        ("fatal: unable to access '': Could not resolve host: example.org", Fate.RETRY),
        ("fatal: unable to access '': The requested URL returned error: 503", Fate.RETRY),
        ("error: RPC failed; curl 92 HTTP/2 stream 0 was not closed", Fate.RETRY),
        ("something nobody has seen", Fate.RETRY),
        ("fatal: write error: No space left on device", Fate.RETRY_LATE),
        ("fatal: invalid index-pack output", Fate.RETRY_ONCE),
        ("fatal: unable to access '': The requested URL returned error: 403", Fate.FAIL),
        ("fatal: repository 'https://example.org/a/b/' not found", Fate.FAIL),
        ("fatal: couldn't find remote ref nowhere", Fate.FAIL),
        ("error: file write error: File too large", Fate.FAIL),
    ],
)
def test_errors_of_git_go_by_what_it_says(stderr: str, fate: Fate) -> None:
    assert judge(classify(stderr)).fate is fate


@pytest.mark.parametrize(
    ("error", "fate"),
    [
        (ClaimLost(), Fate.DISCARD),
        (LimitExceeded("too many files"), Fate.FAIL),
        (ParserUnavailable(), Fate.RETRY),
        (JobError("taken", code="temp_dir_taken"), Fate.RETRY),
        (ConfigurationError("git is not installed"), Fate.RETRY),
        (OSError(errno.ENOSPC, "No space left on device"), Fate.RETRY_LATE),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), Fate.RETRY_LATE),
        (OSError(errno.EACCES, "Permission denied"), Fate.RETRY),
        (MemoryError(), Fate.FAIL),
        (RuntimeError("nobody knows"), Fate.RETRY),
    ],
)
def test_other_errors_are_tried_again_unless_known_to_stay(error: Exception, fate: Fate) -> None:
    assert judge(error).fate is fate


def test_a_callers_message_names_nothing_of_the_inside() -> None:
    for error in (RuntimeError("/secret"), from_postgres("08006"), from_postgres("23505")):
        failure = judge(error).failure
        assert not any(word in failure.message for word in ("secret", "words", "host="))
        assert failure.traceback


def test_a_message_of_ours_is_passed_on_as_it_can_be_stored() -> None:
    failure = judge(SourceRefused("no \0 such \ud800 ref", code="ref_not_found")).failure
    assert (failure.code, failure.message) == ("ref_not_found", "no \ufffd such ? ref")


def test_three_retries_after_one_to_two_two_to_four_and_four_to_eight_minutes() -> None:
    verdict = judge(SourceUnreachable())
    assert verdict.retries(SETTINGS) == 3
    for attempt, (least, most) in enumerate([(60, 120), (120, 240), (240, 480)], start=1):
        delays = [verdict.delay(SETTINGS, attempt) for _ in range(200)]
        assert least <= min(delays) < max(delays) <= most
        assert max(delays) - min(delays) > (most - least) / 2


def test_a_full_disk_waits_five_times_as_long_and_stays_without_a_traceback() -> None:
    settings = SETTINGS.model_copy(update={"retry_jitter": 0})
    verdict = judge(from_postgres("53100"))
    assert [verdict.delay(settings, attempt) for attempt in (1, 2, 3)] == [300, 600, 1200]
    assert verdict.failure.traceback is None


def test_want_of_memory_is_known_behind_other_errors_too_and_stays_without_a_traceback() -> None:
    behind, while_handled = DatabaseUnavailable("PostgreSQL at host=db fails"), RuntimeError()
    behind.__cause__ = psycopg.OperationalError("out of memory for query result")
    while_handled.__context__ = MemoryError()
    for error in (MemoryError(), behind, while_handled):
        failure = judge(error).failure
        assert (failure.code, failure.traceback) == ("worker_memory", None)
    lost = ClaimLost()
    lost.__context__ = MemoryError()
    assert judge(lost).fate is Fate.DISCARD
    assert judge(from_postgres("53200")).fate is Fate.RETRY


def test_what_is_permanent_is_never_tried_again_and_a_garbled_answer_once() -> None:
    assert judge(SourceRefused()).retries(SETTINGS) == 0
    assert judge(classify("fatal: expected 'packfile'")).retries(SETTINGS) == 1
    none = SETTINGS.model_copy(update={"retry_limit": 0})
    assert judge(classify("fatal: expected 'packfile'")).retries(none) == 0
