"""All checks of security, in the order in which they are carried out."""

from proving.check import Suite
from security import addresses

SUITE = Suite("security", {check.name: check for module in (addresses,) for check in module.CHECKS})
