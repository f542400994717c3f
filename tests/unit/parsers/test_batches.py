"""How requests are put together."""

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from kotadb.parsers.pool import BATCH_BYTES, BATCH_FILES, ParseRequest, batched

sizes = st.lists(st.integers(0, 2000) | st.integers(BATCH_BYTES - 5, BATCH_BYTES + 5), max_size=200)


@given(sizes)
def test_batches_are_small_and_lose_nothing(sizes: list[int]) -> None:
    requests = [ParseRequest(key, "any", bytes(size)) for key, size in enumerate(sizes)]
    batches = list(batched(requests))
    assert [request for batch in batches for request in batch] == requests
    for batch in batches:
        assert 1 <= len(batch) <= BATCH_FILES
        assert len(batch) == 1 or sum(len(request.source) for request in batch) <= BATCH_BYTES


def test_nothing_is_read_before_it_is_needed() -> None:
    taken: list[int] = []

    def requests() -> Iterator[ParseRequest]:
        for key in range(1000):
            taken.append(key)
            yield ParseRequest(key, "any", bytes(BATCH_BYTES))

    next(batched(requests()))
    assert taken == [0, 1]
