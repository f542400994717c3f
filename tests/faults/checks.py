"""All checks, in the order in which they are carried out."""

from faults import callers, drains, kills, load, moving
from faults.check import Check

CHECKS: dict[str, Check] = {
    check.name: check for check in (*kills.CHECKS, *drains.CHECKS, *callers.CHECKS, *moving.CHECKS, *load.CHECKS)
}
