"""The checks that are quick, made short. `make attack` carries out all of them, in full."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from proving.carry_out import require
from proving.check import Check
from proving.ground import UNSYNCED, Ground
from security.checks import SUITE

SEED = 20261127


@pytest.fixture(scope="session")
def ground(home: Path) -> Iterator[Ground]:
    with Ground(SUITE, UNSYNCED, home / SUITE.name) as made:
        yield made


QUICK = [check for check in SUITE.checks.values() if check.is_quick]


@pytest.mark.parametrize("check", QUICK, ids=lambda check: check.name)
def test_the_promise_is_kept(ground: Ground, check: Check) -> None:
    require(ground, check, SEED)
