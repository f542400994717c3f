"""Records of runs, and what can be said of several of them: median and spread, growth."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import fmean, median, quantiles
from typing import Any, NamedTuple


@dataclass(frozen=True, slots=True)
class Record:
    """One run: of which part, what it was about (a repository, a tool), the case, and its figures.

    A figure's name ends with its unit: `job_seconds`, `peak_memory_mb`. `details` are for the JSON only.
    """

    part: str
    subject: str
    case: str
    run: int
    figures: dict[str, float]
    details: dict[str, Any] = field(default_factory=dict)


class Spread(NamedTuple):
    """Of some runs: the middle one, the least, the most, and how many there were."""

    median: float
    least: float
    most: float
    runs: int


def spread(values: Sequence[float]) -> Spread:
    """Of at least one value."""
    return Spread(median(values), min(values), max(values), len(values))


def spreads(records: Iterable[Record]) -> dict[tuple[str, str, str], dict[str, Spread]]:
    """By part, subject and case, in order of appearance; then by figure."""
    gathered: dict[tuple[str, str, str], dict[str, list[float]]] = {}
    for record in records:
        figures = gathered.setdefault((record.part, record.subject, record.case), {})
        for name, value in record.figures.items():
            figures.setdefault(name, []).append(value)
    return {key: {name: spread(values) for name, values in figures.items()} for key, figures in gathered.items()}


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that so many percent of all are not above."""
    return values[0] if len(values) == 1 else quantiles(values, n=100, method="inclusive")[percent - 1]


def slope(xs: Sequence[float], ys: Sequence[float]) -> float:
    """Of the straight line that fits best (least squares): how much y grows where x grows by one.

    Raises ValueError for fewer than two different x.
    """
    middle_x, middle_y = fmean(xs), fmean(ys)
    width = sum((x - middle_x) ** 2 for x in xs)
    if width == 0:
        raise ValueError("growth needs at least two different sizes")
    return sum((x - middle_x) * (y - middle_y) for x, y in zip(xs, ys, strict=True)) / width


def exponent(xs: Sequence[float], ys: Sequence[float]) -> float:
    """The power of x that y grows with: 1 is linear, 2 quadratic. All values are positive."""
    return slope([math.log(x) for x in xs], [math.log(y) for y in ys])
