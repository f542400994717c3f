"""All checks of security, in the order in which they are carried out."""

from proving.check import Suite
from security import addresses, bombs, fuzzed_requests, fuzzing, owners, repositories, secrets, soak

MODULES = (addresses, repositories, fuzzing, bombs, secrets, owners, fuzzed_requests, soak)

SUITE = Suite("security", {check.name: check for module in MODULES for check in module.CHECKS})
