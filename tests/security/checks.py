"""All checks of security, in the order in which they are carried out."""

from types import ModuleType

from proving.check import Suite
from security import bombs, fuzzing, repositories

MODULES: tuple[ModuleType, ...] = (repositories, fuzzing, bombs)

SUITE = Suite("security", {check.name: check for module in MODULES for check in module.CHECKS})
