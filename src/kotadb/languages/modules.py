"""How a language finds the module that an import names. Each language folder with imports has its own `modules.py`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Files:
    """What module resolution may look at."""

    paths: frozenset[str]
    """Every file of the commit, those that are not indexed included."""
    read: Callable[[str], str | None]
    """The text of an indexed file; None for others."""
    search: Callable[[str, tuple[str, ...]], bool] | None = None
    """Says the same as `mentions` does without it, to whoever keeps account of what is asked."""

    def mentions(self, path: str, words: tuple[str, ...]) -> bool:
        """Whether an indexed file has any of these in its text. Ask this where it is all that matters of the file."""
        if self.search is not None:
            return self.search(path, words)
        text = self.read(path) or ""
        return any(word in text for word in words)


@dataclass(frozen=True, slots=True)
class Location:
    """Where an import leads: to one of these, or with none of them nowhere, which means that it is missing."""

    path: str | None = None
    """A file of the repository."""
    folder: str | None = None
    """A folder that is a module without a file of its own, such as a namespace package; "" is the repository's root."""
    package: str | None = None
    """The name of a package outside of the repository."""


MISSING = Location()


class Modules(Protocol):
    """Finds modules in one commit. Answers do not depend on the order of the questions."""

    def resolve(self, importer: str, specifier: str) -> Location:
        """The module that `specifier`, as written in the file `importer`, names."""
        ...

    def submodule(self, module: Location, name: str) -> Location:
        """The module `name` in a module that is a file or folder: what `from module import name` may mean."""
        ...

    def published(self) -> frozenset[str]:
        """The files whose exports are for whoever installs a package of the repository, too; rather too many of them.

        What these files hand on from others need not be among them.
        """
        ...

    def commands(self) -> Mapping[str, frozenset[str]]:
        """The names in files that are run as commands where a package of the repository is installed."""
        ...
