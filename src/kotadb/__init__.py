"""kotadb: give it a git repository, ask it where things are.

The folders, in the direction of imports (`docs/architecture.md` has the picture):

``http`` ``mcp`` ``cli`` ``python``    front ends: parse a request, call one function below, render
``local``                              acting as the owner of this machine
``questions`` ``jobs`` ``access``      the read side; the worker and its queue; owners and keys
``postgres`` ``git`` ``parsers``       the only packages that speak SQL, run git, and parse what strangers wrote
``pipeline``                           plain functions on values: discover, extract, identify
``languages``                          one folder per language: queries and a spec
``model``                              frozen values that all of them pass around
``errors`` ``settings`` ``logs``       the ground
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kotadb.python import Kotadb
    from kotadb.python import open_kotadb as open  # noqa: A004 - it is written `kotadb.open`

__all__ = ["Kotadb", "__version__", "open"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """What Python programs use, imported when they do: everything else here needs little of it."""
    if name not in ("Kotadb", "open"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from kotadb import python

    return python.Kotadb if name == "Kotadb" else python.open_kotadb
