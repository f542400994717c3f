"""All checks of security, in the order in which they are carried out."""

from proving.check import Suite
from security import addresses, fuzzed_requests, owners, secrets, soak

SUITE = Suite(
    "security",
    {check.name: check for module in (addresses, secrets, owners, fuzzed_requests, soak) for check in module.CHECKS},
)
