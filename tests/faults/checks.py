"""All checks, in the order in which they are carried out."""

from faults import callers, disks, drains, kills, load, moving, retries, weather
from faults.check import Check

CHECKS: dict[str, Check] = {
    check.name: check
    for module in (kills, drains, callers, moving, retries, weather, disks, load)
    for check in module.CHECKS
}
