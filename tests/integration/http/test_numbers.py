"""The database's numbers while the database is in a bad way, and the port of the metrics."""

import socket
from collections.abc import Iterator

import pytest

from kotadb.errors import ConfigurationError, DatabaseUnavailable
from kotadb.http import numbers
from kotadb.http.listener import listen
from kotadb.http.metrics import MetricsServer
from kotadb.http.numbers import DatabaseNumbers
from kotadb.postgres.database import connect
from kotadb.postgres.metrics import read
from kotadb.settings import Settings


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A server that takes connections and says nothing, as behind a network that swallows packets."""
    with listen("127.0.0.1", 0, "TEST") as listener:
        yield listener


def test_a_database_that_says_nothing_is_waited_for_by_one_thread_and_not_for_long(
    silent: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numbers, "DATABASE_SECONDS", 0.1)
    asked = DatabaseNumbers(f"postgresql://127.0.0.1:{silent.getsockname()[1]}/x?sslmode=disable", 30)
    assert [asked.read() for _ in range(3)] == [None, None, None]
    silent.setblocking(False)
    with silent.accept()[0], pytest.raises(BlockingIOError):
        silent.accept()


@pytest.mark.every_server
def test_a_database_that_is_held_up_is_told_to_stop(url: str) -> None:
    with connect(url) as holder:
        holder.execute("lock table index_jobs")
        with pytest.raises(DatabaseUnavailable, match="statement timeout"):
            read(url, lease_seconds=30, limit_seconds=0.1)
    assert read(url, lease_seconds=30, limit_seconds=60).jobs == {}


def test_the_default_port_may_be_taken_and_one_that_was_asked_for_may_not(silent: socket.socket) -> None:
    taken = dict(Settings()) | {"metrics_port": silent.getsockname()[1]}
    with MetricsServer(Settings.model_construct(_fields_set=set(), **taken), "postgresql://"):
        pass
    with (
        pytest.raises(ConfigurationError, match="KOTADB_METRICS_PORT"),
        MetricsServer(Settings.model_construct(_fields_set={"metrics_port"}, **taken), "postgresql://"),
    ):
        pass
