"""The budget of parser processes."""

import stat
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from structlog.testing import capture_logs

from kotadb.errors import ConfigurationError
from kotadb.parsers.slots import Slots, slot_folder
from kotadb.parsers.stop import Stop, Stopped
from kotadb.settings import Settings


@pytest.fixture
def stop() -> Iterator[Stop]:
    stop = Stop()
    yield stop
    stop.close()


def test_as_many_are_held_as_there_are(tmp_path: Path, stop: Stop) -> None:
    one, other = (Slots(tmp_path, 2, patience=0.0) for _ in range(2))
    with one.slot(stop) as first, other.slot(stop) as second:
        assert first
        assert second
        with one.slot(stop) as third:
            assert not third
    with other.slot(stop) as fourth:
        assert fourth


def test_who_waits_gets_the_slot_when_it_is_given_back(tmp_path: Path, stop: Stop) -> None:
    got: list[bool] = []

    def wait() -> None:
        with Slots(tmp_path, 1, patience=60).slot(stop) as held:
            got.append(held)

    with Slots(tmp_path, 1).slot(stop):
        waiting = Thread(target=wait)
        waiting.start()
    waiting.join()
    assert got == [True]


def test_waiting_can_be_stopped(tmp_path: Path, stop: Stop) -> None:
    ended: list[BaseException] = []

    def wait() -> None:
        try:
            with Slots(tmp_path, 1, patience=600).slot(stop):
                pass
        except Stopped as error:
            ended.append(error)

    with Slots(tmp_path, 1).slot(stop):
        waiting = Thread(target=wait)
        waiting.start()
        stop.set()
        waiting.join()
    assert len(ended) == 1


def test_slots_that_never_come_free_are_said_once_and_done_without(tmp_path: Path, stop: Stop) -> None:
    with Slots(tmp_path, 1).slot(stop), capture_logs() as lines:
        starved = Slots(tmp_path, 1, patience=0.2)
        for _ in range(3):
            with starved.slot(stop) as held:
                assert not held
    assert [line["log_level"] for line in lines] == ["warning"]


def test_the_folder_is_in_the_data_folder(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", temp_dir=tmp_path / "tmp")
    assert slot_folder(settings) == tmp_path / "data" / "slots"
    assert slot_folder(settings).is_dir()


def test_without_a_data_folder_it_is_a_private_temporary_one(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings = Settings(data_dir=tmp_path / "file" / "data", temp_dir=tmp_path)
    folder = slot_folder(settings)
    assert folder.parent == tmp_path
    assert not folder.name.startswith("kotadb-")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert slot_folder(settings) == folder


def test_a_planted_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings = Settings(data_dir=tmp_path / "file" / "data", temp_dir=tmp_path)
    folder = slot_folder(settings)
    folder.rmdir()
    folder.symlink_to(tmp_path)
    with pytest.raises(ConfigurationError, match="somebody else"):
        slot_folder(settings)
