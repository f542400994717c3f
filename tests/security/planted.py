"""Breaks, which disable one guard each, in the processes of kotadb and without their knowing."""

from collections.abc import Callable
from typing import Any


def plant(wanted: dict[str, Any]) -> None:
    """`wanted` has the name of a `break`, or None."""
    if wanted["break"] in BREAKS:
        BREAKS[wanted["break"]]()


BREAKS: dict[str, Callable[[], object]] = {}
