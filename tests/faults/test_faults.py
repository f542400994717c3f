"""The checks that are quick, made short. `make faults` carries out all of them, in full, and judges times as well."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from faults.checks import SUITE
from proving.carry_out import carry_out, describe, require
from proving.check import Check
from proving.ground import UNSYNCED, Ground

SEED = 20261126


@pytest.fixture(scope="session")
def ground(home: Path) -> Iterator[Ground]:
    with Ground(SUITE, UNSYNCED, home / SUITE.name) as made:
        yield made


QUICK = [check for check in SUITE.checks.values() if check.is_quick]


@pytest.mark.parametrize("check", QUICK, ids=lambda check: check.name)
def test_the_promise_is_kept(ground: Ground, check: Check) -> None:
    require(ground, check, SEED)


def test_a_broken_guard_turns_its_check_red(ground: Ground) -> None:
    result = carry_out(ground, SUITE.checks["permanent"], SEED, short=True, broken="retries")
    assert any("transient errors dead-lettered early" in figure for figure in result["broken"]), describe(
        SUITE.checks["permanent"], result
    )
