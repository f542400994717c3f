"""One way to wait that another thread can end."""

import os
import select
from time import monotonic


class Stopped(Exception):
    """Whoever waits should leave: the pool is being closed."""


class Stop:
    """A flag that ends every wait at once, also the waits for a descriptor; that is what an Event cannot do."""

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()

    def set(self) -> None:
        """End every wait, now and from now on."""
        os.write(self._writer, b"!")

    def close(self) -> None:
        """Give the descriptors back, once nobody waits any more."""
        os.close(self._reader)
        os.close(self._writer)

    def sleep(self, seconds: float) -> None:
        """Wait. Raises Stopped."""
        self._poll(select.poll(), monotonic() + seconds)

    def wait_for(self, descriptor: int, event: int, deadline: float) -> None:
        """Wait until `descriptor` is ready for `event` (`select.POLLIN`, `POLLOUT`) or closed by the other side.

        `deadline` is a time of `time.monotonic`. Raises TimeoutError, and Stopped.
        """
        poll = select.poll()
        poll.register(descriptor, event)
        if not self._poll(poll, deadline):
            raise TimeoutError

    def _poll(self, poll: select.poll, deadline: float) -> bool:
        poll.register(self._reader, select.POLLIN)
        # A deadline that has passed still asks once: what is there already is not late.
        ready = poll.poll(max(0.0, deadline - monotonic()) * 1000)
        if any(descriptor == self._reader for descriptor, _ in ready):
            raise Stopped
        return bool(ready)
