"""What SCIP calls languages, and the managers of their packages: facts of the format, as its indexers have them.

A language that is missing here is called as it is in kotadb.
"""

from typing import NamedTuple

from kotadb.model import TEXT


class Called(NamedTuple):
    """A name of the enum `Language` of the format, and a package manager, "" for none."""

    language: str
    manager: str = ""


CALLED = {
    TEXT: Called(""),
    "javascript": Called("JavaScript", "npm"),
    "jsx": Called("JavaScriptReact", "npm"),
    "python": Called("Python", "python"),
    "tsx": Called("TypeScriptReact", "npm"),
    "typescript": Called("TypeScript", "npm"),
}


def called(language: str) -> Called:
    """What a language of kotadb's is called."""
    return CALLED.get(language, Called(language))
