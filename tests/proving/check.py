"""What a check is: a promise, the figures that show it, and the breaks that must turn it red."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

from kotadb.postgres.database import Database

if TYPE_CHECKING:
    from proving.site import Site


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that was measured, and what it must be: at most `most`, at least `least`.

    One that is `timed` is a question of the machine too.
    """

    name: str
    value: float
    most: float | None = None
    least: float | None = None
    timed: bool = False

    @property
    def holds(self) -> bool:
        return (self.most is None or self.value <= self.most) and (self.least is None or self.value >= self.least)

    def __str__(self) -> str:
        bounds = [f"{sign} {bound:g}" for sign, bound in (("<=", self.most), (">=", self.least)) if bound is not None]
        return f"{self.name} is {self.value:.3g} and should be {' and '.join(bounds)}"


@dataclass
class Figures:
    """The figures of one check, in the order in which they were taken."""

    taken: list[Figure] = field(default_factory=list)

    def none(self, name: str, value: float) -> None:
        """There must be none of these."""
        self.at_most(name, value, 0)

    def all(self, name: str, value: float, of: float) -> None:
        """There must be as many of these as there are."""
        self.taken.append(Figure(name, value, of, of))

    def at_most(self, name: str, value: float, most: float) -> None:
        self.taken.append(Figure(name, value, most=most))

    def within(self, name: str, value: float, limit: float) -> None:
        """A time, in the unit that the name says."""
        self.taken.append(Figure(name, value, most=limit, timed=True))

    def at_least(self, name: str, value: float, least: float) -> None:
        self.taken.append(Figure(name, value, least=least))


@dataclass(frozen=True, slots=True)
class Scale:
    """How much of everything to do, and the seeded dice."""

    short: bool
    random: Random

    def of(self, full: int, short: int) -> int:
        return short if self.short else full


Run = Callable[["Site", Scale, Figures], None]


@dataclass(frozen=True, slots=True)
class Check:
    """A promise, how it is shown, and the guards of it that can be disabled (`planted.py` of its suite)."""

    name: str
    promise: str
    run: Run
    breaks: tuple[str, ...]
    needs: Callable[[], str | None] = lambda: None
    """What this machine lacks for it; None if nothing."""
    is_quick: bool = True
    """Whether CI runs it: not what takes a minute even when it is short, nor what only a quiet machine can show."""


@dataclass(frozen=True, slots=True)
class Suite:
    """Checks of one kind. `name` is their package, whose module `planted` knows the breaks."""

    name: str
    checks: dict[str, Check]
    unguard: Callable[[Database, str | None], None] = lambda database, broken: None
    """Breaks that are in the database."""
