"""Messages between the pool and its children: msgpack behind a length of four bytes.

The two sides take turns. The pool sends one batch, a list of [language, source], and the child then answers with a
list per message, the first item being one of the words below. Neither side writes while the other may be writing, so
that full socket buffers cannot make both wait.
"""

import struct
from collections.abc import Callable
from typing import Any

import msgpack

READY = "ready"  # [READY, mapped_bytes], once: everything is imported, mapping so much, and every limit is set
STARTED = "started"  # [STARTED], before each file of the batch, in the batch's order
PARSED = "parsed"  # [PARSED, facts, parse_seconds, symbols_seconds, references_seconds]
RAISED = "raised"  # [RAISED, traceback], the file's code raised; the child lives on
MEMORY = "memory"  # [MEMORY], Python ran out of memory; the child should be given up
DONE = "done"  # [DONE, peak_rss_bytes, cpu_seconds], after each batch

MAX_FRAME_BYTES = 128 * 1024 * 1024
"""No honest message is longer: the facts of the largest file allowed take a small part of it."""

_LENGTH = struct.Struct("!I")


def encode(message: list[Any]) -> bytes:
    """`message` as bytes to send. Raises MemoryError where it is longer than a frame may be."""
    body: bytes = msgpack.packb(message)
    if len(body) > MAX_FRAME_BYTES:
        raise MemoryError(f"a message of {len(body)} bytes")
    return _LENGTH.pack(len(body)) + body


def read(receive: Callable[[int], bytes]) -> list[Any]:
    """The next message, by a function such as `socket.recv`.

    Raises EOFError where the other side has ended, ValueError for bytes that are no message.
    """
    (length,) = _LENGTH.unpack(_exactly(receive, _LENGTH.size))
    if length > MAX_FRAME_BYTES:
        raise ValueError(f"a message of {length} bytes")
    body = _exactly(receive, length)
    try:
        message = msgpack.unpackb(body)
    except ValueError as error:
        raise ValueError("a message that is not msgpack") from error
    if not isinstance(message, list) or not message:
        raise ValueError("a message that is no list")
    return message


def _exactly(receive: Callable[[int], bytes], length: int) -> bytes:
    data = bytearray()
    while len(data) < length:
        part = receive(length - len(data))
        if not part:
            raise EOFError
        data += part
    return bytes(data)
