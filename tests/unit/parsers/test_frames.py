"""The messages between the pool and its children."""

from collections.abc import Callable
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kotadb.parsers import frames

values = st.recursive(st.none() | st.booleans() | st.integers(0, 2**40) | st.text() | st.binary(), st.lists)


def in_parts_of(size: int, data: bytes) -> Callable[[int], bytes]:
    stream = BytesIO(data)
    return lambda wanted: stream.read(min(size, wanted))


@given(st.lists(values, min_size=1, max_size=4), st.integers(1, 9))
@settings(max_examples=30)
def test_what_is_written_is_read_however_it_is_cut(message: list[object], size: int) -> None:
    assert frames.read(in_parts_of(size, frames.encode(message))) == message


@given(st.integers(0, 11))
def test_an_end_in_the_middle_is_an_end(length: int) -> None:
    data = frames.encode([frames.PARSED])
    with pytest.raises(EOFError):
        frames.read(BytesIO(data[: min(length, len(data) - 1)]).read)


@pytest.mark.parametrize("data", [b"\xff\xff\xff\xff", b"\0\0\0\1\x05", b"\0\0\0\1\x90", b"\0\0\0\1\xc1"])
def test_bytes_that_are_no_message(data: bytes) -> None:
    with pytest.raises(ValueError, match="a message"):
        frames.read(BytesIO(data).read)


def test_a_message_longer_than_a_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "MAX_FRAME_BYTES", 100)
    with pytest.raises(MemoryError):
        frames.encode([b"x" * 100])
