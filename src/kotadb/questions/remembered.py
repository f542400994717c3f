"""Keeping what holds for a whole index, and takes longer to find out than most questions take."""

from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from threading import Lock
from typing import TypeVar

from kotadb.questions.asking import Scope

MAX_REMEMBERED = 64
"""Indexes of which it is kept."""

Result = TypeVar("Result")


def remembered(find_out: Callable[[Scope], Result]) -> Callable[[Scope], Result]:
    """The function, which is called once for what an index holds; twice if two threads ask at once."""
    known: OrderedDict[str, Result] = OrderedDict()
    lock = Lock()

    @wraps(find_out)
    def known_or_found(scope: Scope) -> Result:
        with lock:
            if scope.version in known:
                return known[scope.version]
        found = find_out(scope)
        with lock:
            known[scope.version] = found
            while len(known) > MAX_REMEMBERED:
                known.popitem(last=False)
        return found

    return known_or_found
