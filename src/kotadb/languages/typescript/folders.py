"""Paths in a commit's tree: relative to the repository's root, with "" for the root itself."""

import posixpath
from collections.abc import Callable, Iterator
from typing import TypeVar

_T = TypeVar("_T")


def join(folder: str, relative: str) -> str | None:
    """The path that `relative` names in `folder`; None for one outside of the repository."""
    relative = relative.replace("\\", "/")
    if relative.startswith("/"):
        return None
    path = posixpath.normpath(f"{folder}/{relative}" if folder else relative)
    if path == ".." or path.startswith(("../", "/")):
        return None
    return "" if path == "." else path


def inside(folder: str, name: str) -> str:
    """The path of what is called `name` in the folder."""
    return f"{folder}/{name}" if folder else name


def parent(path: str) -> str:
    """The folder that holds the path."""
    return path.rpartition("/")[0]


def relative_to(folder: str, path: str) -> str | None:
    """The path as seen from a folder that holds it, or that it is; None if it lies elsewhere."""
    if not folder or path == folder:
        return path if not folder else ""
    return path.removeprefix(f"{folder}/") if path.startswith(f"{folder}/") else None


def upwards(folder: str) -> Iterator[str]:
    """The folder, and each around it up to the root."""
    while folder:
        yield folder
        folder = parent(folder)
    yield ""


class Nearest(dict[str, _T | None]):
    """For each folder what `at` finds in the nearest one upwards. Remembers every folder on the way."""

    def __init__(self, at: Callable[[str], _T | None]) -> None:
        super().__init__()
        self._at = at

    def __missing__(self, folder: str) -> _T | None:
        passed = []
        found: _T | None = None
        for current in upwards(folder):
            found = self[current] if current in self else self._at(current)
            passed.append(current)
            if found is not None or current in self:
                break
        self.update(dict.fromkeys(passed, found))
        return found
