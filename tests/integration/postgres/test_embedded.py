"""The embedded server's life: shared, stopped by the last, back after anything."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psutil
import pytest

from kotadb.errors import EmbeddedServerError
from kotadb.postgres.binaries import find_binaries
from kotadb.postgres.database import connect
from kotadb.postgres.embedded import EmbeddedServer, first_closed_folder, running_postmaster

pytestmark = pytest.mark.every_server

CLIENT = """
import sys
from pathlib import Path
from kotadb.postgres.embedded import EmbeddedServer
with EmbeddedServer(Path(sys.argv[1])) as server:
    print(server.url, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def folder(home: Path) -> Iterator[Path]:
    made = home / uuid4().hex
    yield made
    EmbeddedServer(made).stop()


def embedded(folder: Path) -> EmbeddedServer:
    return EmbeddedServer(folder, options={"fsync": "off"})  # a commit must survive kill -9 here


def postmaster(server: EmbeddedServer) -> psutil.Process:
    process = running_postmaster(server.data_dir)
    assert process is not None
    return process


def test_it_starts_answers_and_is_gone_afterwards(folder: Path) -> None:
    with embedded(folder) as server, connect(server.url) as connection:
        assert connection.execute("select current_database() as name").fetchone() == {"name": "kotadb"}
    assert not server.is_running()


def test_data_outlives_the_server(folder: Path) -> None:
    with embedded(folder) as server, connect(server.url) as connection:
        connection.execute("create table public.kept as select 42 as answer")
    with embedded(folder) as server, connect(server.url) as connection:
        assert connection.execute("select answer from public.kept").fetchone() == {"answer": 42}


def test_clients_share_one_server_and_the_last_stops_it(folder: Path) -> None:
    with embedded(folder) as first:
        with embedded(folder) as second:
            assert postmaster(first).pid == postmaster(second).pid
        assert first.is_running()
    assert not first.is_running()


def test_a_client_killed_outright_leaves_a_server_that_the_next_one_uses_and_stops(folder: Path) -> None:
    client = subprocess.Popen(
        [sys.executable, "-c", CLIENT, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert client.stdout is not None
    assert client.stdin is not None
    with client, client.stdout, client.stdin:
        client.stdout.readline()
        client.kill()
    assert client.returncode == -signal.SIGKILL
    server = embedded(folder)
    survivor = postmaster(server)
    with server:
        assert postmaster(server).pid == survivor.pid
    assert not server.is_running()


def test_a_server_killed_outright_is_started_again(folder: Path) -> None:
    with embedded(folder) as server:
        with connect(server.url) as connection:
            connection.execute("create table public.kept ()")
        killed = postmaster(server)
        children = killed.children()
        killed.kill()
        psutil.wait_procs([killed, *children], timeout=30)
        with embedded(folder) as again, connect(again.url) as connection:
            connection.execute("select from public.kept")


def test_a_start_that_is_interrupted_leaves_no_server(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = embedded(folder)
    # The moment after the server is up, which Ctrl-C hits as well as any other.
    monkeypatch.setattr(server, "_create_database", lambda: signal.raise_signal(signal.SIGINT))
    with pytest.raises(KeyboardInterrupt), server:
        pass
    assert not server.is_running()


def test_a_pid_file_that_names_another_process_fools_nobody(folder: Path) -> None:
    with embedded(folder) as server:
        pass
    (server.data_dir / "postmaster.pid").write_text(f"{os.getpid()}\n{server.data_dir}\n")
    assert not server.is_running()
    with embedded(folder) as server:
        assert postmaster(server).pid != os.getpid()


def test_a_path_too_long_for_a_socket_still_works(home: Path) -> None:
    folder = home / ("long" * 30) / "postgres"
    folder.parent.mkdir()
    with embedded(folder) as server, connect(server.url) as connection:
        connection.execute("select")


def test_words_outside_ascii_are_found_by_trigrams(url: str) -> None:
    with connect(url) as connection:
        row = connection.execute("select show_trgm('größer') as trigrams").fetchone()
    assert row is not None
    assert len(row["trigrams"]) == 7


def test_missing_binaries_are_named_with_what_to_set(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedServerError, match="KOTADB_POSTGRES_BIN"):
        find_binaries(tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may not run PostgreSQL as itself")
def test_as_root_a_folder_that_only_root_can_enter_is_named(home: Path) -> None:
    closed = home / f"closed-{uuid4().hex}"
    closed.mkdir(mode=0o700)
    with pytest.raises(EmbeddedServerError, match=f"cannot enter {closed}.*KOTADB_DATA_DIR"), embedded(closed / "data"):
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may not run PostgreSQL as itself")
def test_as_root_the_server_runs_as_somebody_else(folder: Path) -> None:
    with embedded(folder) as server:
        assert postmaster(server).uids().real != 0
        assert first_closed_folder(server.data_dir, server._server_user()) is None
