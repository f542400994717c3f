"""The `exports` and `imports` of a package.json: which files a subpath may stand for."""

from collections.abc import Iterator, Set

from kotadb.languages.typescript.patterns import Match, StarMap

_MAX_DEPTH = 16
"""Conditions within conditions; real packages have three."""
_MAX_TARGETS = 100
"""Files that one subpath may stand for."""
_MAX_STARS = 8
"""Places in it that are filled in."""
_MAX_TARGET = 1000
"""Characters of one of them."""


def exported(exports: object) -> StarMap[object] | None:
    """Subpaths from `.` on, with what they stand for; None without `exports`, which is not to export none."""
    if exports is None:
        return None
    if isinstance(exports, dict) and all(key.startswith(".") for key in exports):
        return StarMap({_starred(key): value for key, value in exports.items()})
    return StarMap({".": exports})


def _starred(key: str) -> str:
    """`./folder/` is how Node.js once spelled `./folder/*`."""
    return f"{key}*" if key.endswith("/") else key


def targets(match: Match[object] | None, conditions: Set[str]) -> list[str]:
    """Where the subpath may lead, the best first; empty if it is not exported."""
    if match is None:
        return []
    found: list[str] = []
    for target in _strings(match.value, conditions, _MAX_DEPTH):
        if len(found) == _MAX_TARGETS:
            break
        full = f"{target}*" if match.star and target.endswith("/") else target
        found.append(full.replace("*", match.star, _MAX_STARS))
    return found


def _strings(target: object, conditions: Set[str], depth: int) -> Iterator[str]:
    if isinstance(target, str):
        if len(target) <= _MAX_TARGET:
            yield target
    elif depth and isinstance(target, list):
        for item in target[:_MAX_TARGETS]:
            yield from _strings(item, conditions, depth - 1)
    elif depth and isinstance(target, dict):
        for condition, value in target.items():
            if condition in conditions or (condition.startswith("types@") and "types" in conditions):
                yield from _strings(value, conditions, depth - 1)
