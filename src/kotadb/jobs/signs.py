"""Signs of life: bytes that a worker writes into a pipe, and its supervisor reads."""

import os
from contextlib import suppress

ALIVE = b"."
"""The event loop goes round."""

WORKING = b"!"
"""The queue has answered: the worker is done with starting."""


def give(pipe: int | None, sign: bytes) -> None:
    """Write it, if there is a supervisor, and it has not enough to read already."""
    if pipe is not None:
        with suppress(BlockingIOError):
            os.write(pipe, sign)
