"""All checks of reliability, in the order in which they are carried out."""

from faults import callers, disks, drains, kills, load, moving, retries, weather
from faults.unguarded import unguard
from proving.check import Suite

SUITE = Suite(
    "faults",
    {
        check.name: check
        for module in (kills, drains, callers, moving, retries, weather, disks, load)
        for check in module.CHECKS
    },
    unguard,
)
