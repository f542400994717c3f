"""HTTP on a connection: uvicorn's, with limits on how long it may say or read nothing, and problem bodies of our own.

What is overridden here is not promised by uvicorn: the tests of `http/test_limits.py` show that it still works.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus

import h11
from starlette.responses import Response
from uvicorn.protocols.http.h11_impl import H11Protocol

from kotadb.http.headers import SECURITY_HEADERS
from kotadb.http.limits import HEAD_TOO_LARGE, MAX_HEAD_BYTES
from kotadb.http.problems import problem

HEAD_SECONDS = 30
"""From connecting, or the end of an answer, to the whole head of a request: nobody holds a connection by dripping."""

LINGER_SECONDS = 2
"""How long a caller who was refused may still send: to close at once would reset the connection, answer and all."""


SEND_SECONDS = 30
"""For a caller to read what waits for them, 64 KiB and an answer: as long as a head may take. Who reads nothing would
hold a request, or a connection that is to be closed, for ever."""


class Protocol(H11Protocol):
    """One connection."""

    _timer: asyncio.TimerHandle | None = None
    _send_timer: asyncio.TimerHandle | None = None
    _is_refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        self._stop_send_timer()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._send_timer = self.loop.call_later(SEND_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        self._stop_send_timer()
        super().resume_writing()

    def data_received(self, data: bytes) -> None:
        if not self._is_refused:
            super().data_received(data)

    def handle_events(self) -> None:
        before = self.cycle
        super().handle_events()
        if self.cycle is not before and not self._is_refused:
            self._stop_timer()

    def on_response_complete(self) -> None:
        self._expect_head()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """uvicorn's name for an answer to what cannot be read."""
        if len(self.conn.trailing_data[0]) > MAX_HEAD_BYTES:
            self._refuse(431, HEAD_TOO_LARGE, "too_large")
        else:
            self._refuse(400, "This is not a request in HTTP/1.1", "malformed_request")

    def _refuse(self, status: int, detail: str, code: str) -> None:
        """Answer, and read on for a moment what the caller is still sending. What is under way hears that they left."""
        self._is_refused = True
        if self.cycle is not None:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):  # no answer has begun
            self._answer(status, problem(status, detail, code))
        with suppress(OSError):  # they may be gone: then there is nobody to read on from
            self.transport.write_eof()
        self._start_timer(LINGER_SECONDS, self._close)

    def _answer(self, status: int, answer: Response) -> None:
        answer.headers.update(SECURITY_HEADERS | {"Connection": "close"})
        for event in (
            h11.Response(status_code=status, headers=answer.raw_headers, reason=HTTPStatus(status).phrase),
            h11.Data(data=bytes(answer.body)),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")

    def _expect_head(self) -> None:
        self._start_timer(HEAD_SECONDS, self._head_is_late)

    def _head_is_late(self) -> None:
        if self.conn.our_state is h11.IDLE and self.conn.trailing_data[0]:
            self._refuse(408, f"The request did not arrive within {HEAD_SECONDS} seconds", "request_timeout")
        else:
            self.transport.abort()  # who has not read the last answer by now will not

    def _close(self) -> None:
        """Answers before the refusal may still be on their way."""
        self.transport.close()
        self._start_timer(SEND_SECONDS, self.transport.abort)

    def _start_timer(self, seconds: float, then: Callable[[], None]) -> None:
        self._stop_timer()
        self._timer = self.loop.call_later(seconds, then)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _stop_send_timer(self) -> None:
        if self._send_timer is not None:
            self._send_timer.cancel()
            self._send_timer = None
