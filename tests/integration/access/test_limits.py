"""Rate limits: one bucket for each key, whoever takes from it."""

import time
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from uuid import UUID

import pytest

from kotadb.access import keys
from kotadb.access.limits import Allowance, RateLimits
from kotadb.errors import RateLimited
from kotadb.postgres.database import Database
from kotadb.postgres.queries import query

pytestmark = pytest.mark.every_server

CLOCK = 1_000.0


@pytest.fixture
def key(database: Database) -> str:
    return keys.create_key(database, "somebody", "test")


def ask(database: Database, limits: RateLimits, key: str) -> Allowance:
    allowance = keys.authenticate(database, limits, key).allowance
    assert allowance is not None
    return allowance


def is_refused(database: Database, limits: RateLimits, key: str) -> bool:
    try:
        ask(database, limits, key)
    except RateLimited:
        return True
    return False


def execute(database: Database, statement: bytes) -> list[dict[str, object]]:
    with database.transaction() as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def test_two_processes_share_one_bucket(database: Database, key: str) -> None:
    first, second = RateLimits(120), RateLimits(120)
    began = time.monotonic()
    admitted = sum(not is_refused(database, limits, key) for limits in islice(cycle((first, second)), 300))
    flowed_in = (time.monotonic() - began) * 2
    assert 120 <= admitted <= 120 + flowed_in


def test_threads_are_granted_no_token_twice(database: Database, key: str) -> None:
    limits = RateLimits(1200)
    began = time.monotonic()
    with ThreadPoolExecutor(8) as threads:
        asked = threads.map(lambda _: is_refused(database, limits, key), range(1500))
    admitted = list(asked).count(False)
    flowed_in = (time.monotonic() - began) * 20
    assert 1200 <= admitted <= 1200 + flowed_in


def test_a_block_is_used_up_before_the_next_one_is_taken(database: Database, key: str) -> None:
    limits = RateLimits(6000, clock=lambda: CLOCK)
    left = [ask(database, limits, key) for _ in range(100)]
    assert [allowance.remaining for allowance in left] == list(range(5999, 5899, -1))
    assert (left[0].limit, left[0].full_after, left[-1].full_after) == (6000, 1, 1)
    assert execute(database, b"select tokens from rate_limits") == [{"tokens": 5900}]
    execute(database, b"update rate_limits set granted = 0")
    ask(database, limits, key)
    assert execute(database, b"select granted from rate_limits") == [{"granted": 100}]


def test_who_is_refused_costs_no_statement_until_there_is_a_block_again(database: Database, key: str) -> None:
    now = CLOCK
    limits = RateLimits(60, clock=lambda: now)
    ask(database, limits, key)
    execute(database, b"update rate_limits set tokens = 0, filled_at = clock_timestamp() + interval '1 hour'")
    with pytest.raises(RateLimited) as refused:
        ask(database, limits, key)
    assert (refused.value.limit, refused.value.retry_after, refused.value.full_after) == (60, 1, 60)
    with Database("host=/nowhere") as nobody:
        assert is_refused(nobody, limits, key)
    now += 1
    execute(database, b"update rate_limits set tokens = 2")
    assert not is_refused(database, limits, key)


def test_tokens_flow_in_by_the_databases_clock_up_to_a_minutes_worth(database: Database, key: str) -> None:
    limits = RateLimits(60)
    for passed, remaining in ((b"30 s", range(30, 59)), (b"2 h", range(59, 60))):
        ask(database, limits, key)
        execute(database, b"update rate_limits set tokens = 1, filled_at = filled_at - interval '%s'" % passed)
        assert ask(database, limits, key).remaining in remaining


def test_an_emptied_table_is_a_full_bucket(database: Database, key: str) -> None:
    limits = RateLimits(60, clock=lambda: CLOCK)
    ask(database, limits, key)
    execute(database, b"truncate rate_limits")
    assert ask(database, limits, key).remaining == 59


def test_keys_do_not_share(database: Database, key: str) -> None:
    limits = RateLimits(1, clock=lambda: CLOCK)
    ask(database, limits, key)
    assert is_refused(database, limits, key)
    assert not is_refused(database, limits, keys.create_key(database, "somebody", "other"))


def test_no_row_stays_of_an_owner_who_is_gone(database: Database, key: str) -> None:
    ask(database, RateLimits(60), key)
    execute(database, b"delete from owners")
    assert execute(database, b"select from rate_limits") == []


def test_what_only_reads_is_answered_where_nothing_can_be_written(database: Database, key: str) -> None:
    limits = RateLimits(60)
    [row] = execute(database, b"select id from api_keys")
    assert isinstance(row["id"], UUID)
    with database.transaction() as connection:
        connection.execute("set transaction read only")
        assert limits.charge(connection, row["id"], b"") is not None
        assert connection.execute(query("access.has_keys")).fetchone() is not None


def test_no_limit_is_none(database: Database, key: str) -> None:
    assert keys.authenticate(database, RateLimits(0), key).allowance is None
    assert execute(database, b"select from rate_limits") == []
