"""Carrying out one check: its site, its dice, and a result that is plain JSON."""

import time
from random import Random
from typing import Any

import pytest

from proving.check import Check, Figures, Scale
from proving.ground import Ground


def carry_out(
    ground: Ground, check: Check, seed: int, *, short: bool, broken: str | None = None, timed: bool = True
) -> dict[str, Any]:
    """The figures of the check, whether all of them hold (with `timed`, times too), and how long it took."""
    figures, began = Figures(), time.monotonic()
    result: dict[str, Any] = {"check": check.name, "holds": False, "figures": {}}
    if (lacking := check.needs()) is not None:
        return result | {"holds": True, "skipped": lacking}
    try:
        with ground.site(check.name, broken) as site:
            check.run(site, Scale(short, Random(f"{seed} {check.name}")), figures)
    except Exception as error:  # a check that cannot be carried out shows nothing
        result["error"] = f"{type(error).__name__}: {error}"[:2000]
    result["figures"] = {figure.name: float(figure.value) for figure in figures.taken}
    result["broken"] = [str(figure) for figure in figures.taken if not figure.holds and (timed or not figure.timed)]
    result["holds"] = bool(figures.taken) and not result["broken"] and "error" not in result
    return result | {"seconds": round(time.monotonic() - began, 1)}


def require(ground: Ground, check: Check, seed: int) -> None:
    """A test: the check in short, its times not judged. Fails unless all holds; skips what this machine cannot do."""
    result = carry_out(ground, check, seed, short=True, timed=False)
    if "skipped" in result:
        pytest.skip(result["skipped"])
    assert result["holds"], describe(check, result)


def describe(check: Check, result: dict[str, Any]) -> str:
    """One line: the promise, and the figures."""
    if "skipped" in result:
        return f"skipped  {check.name}: {result['skipped']}"
    shown = ", ".join(f"{name} {value:.3g}" for name, value in result["figures"].items())
    trouble = "; ".join([*result["broken"], *([result["error"]] if "error" in result else [])])
    line = f"{'holds' if result['holds'] else 'BROKEN':<8} {check.name}: {check.promise} [{shown}]"
    return f"{line} {result['seconds']} s" + (f"\n         {trouble}" if trouble else "")
