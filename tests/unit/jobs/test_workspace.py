"""Temporary directories: gone in every outcome, swept only when nobody holds them."""

import fcntl
import os
from pathlib import Path
from uuid import uuid4

import pytest

from kotadb.errors import JobError
from kotadb.jobs.workspace import Leftovers, look, sweep, workspace


def test_it_is_private_named_by_job_and_claim_and_gone_afterwards(tmp_path: Path) -> None:
    job_id = uuid4()
    with workspace(tmp_path, job_id, 7) as here:
        assert here.path == tmp_path / f"kotadb-{job_id}" / "7"
        assert here.path.stat().st_mode & 0o777 == 0o700
        (here.path / "git").mkdir()
    assert list(tmp_path.iterdir()) == []


def test_it_is_gone_after_an_error_too(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), workspace(tmp_path, uuid4(), 1):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_two_runs_of_one_job_do_not_share(tmp_path: Path) -> None:
    job_id = uuid4()
    with workspace(tmp_path, job_id, 2) as later:
        with workspace(tmp_path, job_id, 1) as earlier:
            assert earlier.path != later.path
        assert later.path.exists()


def test_the_sweeper_takes_what_nobody_holds_and_nothing_else(tmp_path: Path) -> None:
    orphan = tmp_path / f"kotadb-{uuid4()}" / "1"
    orphan.mkdir(parents=True)
    (orphan / ".lock").touch()
    (orphan / "pack").write_bytes(b"left behind")
    foreign = tmp_path / "kotadb-notes" / "1"
    foreign.mkdir(parents=True)
    (foreign / ".lock").touch()
    with workspace(tmp_path, uuid4(), 1) as held:
        assert sweep(tmp_path) == 1
        assert held.path.exists()
    assert not orphan.parent.exists()
    assert foreign.exists()


def test_what_somebody_else_prepared_is_neither_used_nor_swept(tmp_path: Path) -> None:
    victim, elsewhere = tmp_path / "victim", tmp_path / "elsewhere"
    (victim / "precious").mkdir(parents=True)
    elsewhere.mkdir()
    temp_dir, job_id = tmp_path / "tmp", uuid4()
    temp_dir.mkdir()
    (temp_dir / f"kotadb-{job_id}").symlink_to(victim)
    linked_lock = temp_dir / f"kotadb-{uuid4()}" / "1"
    linked_lock.mkdir(parents=True)
    (linked_lock / ".lock").symlink_to(elsewhere / "made")
    assert sweep(temp_dir) == 0
    assert (victim / "precious").exists()
    assert list(elsewhere.iterdir()) == []
    with pytest.raises(JobError, match="KOTADB_TEMP_DIR"), workspace(temp_dir, job_id, 1):
        pass


def test_a_folder_whose_run_was_killed_before_its_lock_is_swept(tmp_path: Path) -> None:
    (tmp_path / f"kotadb-{uuid4()}" / "1").mkdir(parents=True)
    (tmp_path / f"kotadb-{uuid4()}").mkdir()
    assert sweep(tmp_path) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_lock_that_a_child_inherited_keeps_the_directory(tmp_path: Path) -> None:
    folder = tmp_path / f"kotadb-{uuid4()}" / "1"
    folder.mkdir(parents=True)
    descriptor = os.open(folder / ".lock", os.O_CREAT | os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    inherited = os.dup(descriptor)
    os.close(descriptor)
    assert sweep(tmp_path) == 0
    os.close(inherited)
    assert sweep(tmp_path) == 1


def test_a_look_finds_what_a_sweep_would_take_and_takes_nothing(tmp_path: Path) -> None:
    for name in ("1", "2"):  # the second was killed before it could make its lock
        orphan = tmp_path / f"kotadb-{uuid4()}" / name
        orphan.mkdir(parents=True)
        (orphan / "pack").write_bytes(bytes(100))
    (orphan / ".lock").touch()
    (tmp_path / "kotadb-notes" / "1").mkdir(parents=True)
    with workspace(tmp_path, uuid4(), 1) as held:
        (held.path / "pack").write_bytes(bytes(1000))
        assert look(tmp_path) == look(tmp_path) == Leftovers(orphaned=2, bytes=1200)
        assert sweep(tmp_path) == 2
        assert look(tmp_path) == Leftovers(orphaned=0, bytes=1000)
    assert look(tmp_path / "nowhere") == Leftovers(orphaned=0, bytes=0)
