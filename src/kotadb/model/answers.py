"""What every answer says about itself."""

from enum import StrEnum


class Verdict(StrEnum):
    """How far an answer can be relied on. It speaks of what the source spells out: nobody sees computed names."""

    COMPLETE = "complete"
    """There is nothing else."""
    LOWER_BOUND = "lower_bound"
    """What it says is so, but there may be more."""
    UNKNOWN = "unknown"
    """What would answer was not indexed."""
