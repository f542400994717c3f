"""The supervisor's promises, with real worker processes."""

import signal
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import psutil
import pytest

from kotadb.jobs import supervisor
from kotadb.jobs.supervisor import Supervisor
from kotadb.postgres.database import Database, connect
from kotadb.questions.health import readiness
from kotadb.settings import Settings
from support.databases import wait_until_somebody_waits
from support.git_server import Gate, GitServer
from support.processes import pause
from support.repos import make_repo
from support.service import PATIENCE_SECONDS, Service
from support.world import World


@pytest.fixture
def git(tmp_path: Path) -> Iterator[GitServer]:
    (tmp_path / "root").mkdir()
    with GitServer(tmp_path / "root", tmp_path) as running:
        yield running


def start(url: str, folder: Path, git: GitServer, **settings: object) -> Service:
    return Service(url, folder, git_allowed_hosts=git.host_port, git_ca_file=git.ca_file, **settings)


def held_job(service: Service, git: GitServer, tmp_path: Path) -> tuple[str, Gate]:
    """The id of a job whose fetch waits for the gate."""
    address, _ = World(service, git, tmp_path).remote({"a.py": ""})
    gate = git.hold(address.rsplit("/", 1)[1])
    job_id = service.index(address)["job_id"]
    assert gate.reached.wait(PATIENCE_SECONDS)
    return job_id, gate


def worker_by_name(service: Service, job_id: str) -> psutil.Process:
    """The worker process that runs the job, also where it has no directory any more."""
    with connect(service.url) as connection:
        row = connection.execute("select worker from index_jobs where id = %s", [job_id]).fetchone()
    assert row is not None
    [worker] = [worker for worker in service.workers() if row["worker"] in worker.cmdline()]
    return worker


def until_nothing_is_held(url: str) -> None:
    """Until the queue has closed all rows: one whose worker dies before that keeps its index for as long as a lease."""
    moment = Event()
    with connect(url, autocommit=True) as connection:
        while connection.execute("select from procrastinate_jobs where status = 'doing'").fetchone() is not None:
            moment.wait(0.02)


def test_a_drain_lets_running_jobs_finish_and_takes_no_new_ones(url: str, tmp_path: Path, git: GitServer) -> None:
    with start(url, tmp_path, git, workers=1) as service:
        running, gate = held_job(service, git, tmp_path)
        waiting = service.index(World(service, git, tmp_path).remote({"a.py": ""})[0])["job_id"]
        [worker] = service.workers()
        service.process.send_signal(signal.SIGTERM)
        service.wait_for_log("draining")
        gate.release.set()
        assert service.process.wait(PATIENCE_SECONDS) == 0
        assert not worker.is_running()
    with start(url, tmp_path, git, workers=0) as service:
        finished, waiting_job = service.job(running), service.job(waiting)
        assert (finished["status"], finished["attempt"]) == ("completed", 1)
        assert (waiting_job["status"], waiting_job["attempt"]) == ("pending", 0)


def test_what_a_drain_cannot_finish_is_handed_back_for_free_and_done_later(
    url: str, tmp_path: Path, git: GitServer
) -> None:
    with start(url, tmp_path, git, workers=1, drain_seconds=0.5) as service:
        job, gate = held_job(service, git, tmp_path)
        below = psutil.Process(service.process.pid).children(recursive=True)
        assert service.stop() == 0
        assert psutil.wait_procs(below, timeout=PATIENCE_SECONDS)[1] == []
        assert list(service.temp_dir.glob("kotadb-*")) == []
        gate.release.set()
    with start(url, tmp_path, git, workers=1) as service:
        done = service.finished(job)
        assert (done["status"], done["attempt"]) == ("completed", 1)


def test_a_second_signal_does_not_wait(url: str, tmp_path: Path, git: GitServer) -> None:
    with start(url, tmp_path, git, workers=1, drain_seconds=3600) as service:
        job, gate = held_job(service, git, tmp_path)
        service.process.send_signal(signal.SIGTERM)
        service.wait_for_log("draining")
        assert service.stop() == 0
        service.wait_for_log("job waits again", job_id=job, attempt_spent=False)
        gate.release.set()


def test_nothing_survives_a_supervisor_killed_outright_and_the_next_one_goes_on(
    url: str, tmp_path: Path, git: GitServer
) -> None:
    with start(url, tmp_path, git, workers=1, lease_seconds=2) as service:
        job, gate = held_job(service, git, tmp_path)
        below = psutil.Process(service.process.pid).children(recursive=True)
        assert len(below) > 1
        service.process.kill()
        assert psutil.wait_procs(below, timeout=PATIENCE_SECONDS)[1] == []
        gate.release.set()
    with start(url, tmp_path, git, workers=1, lease_seconds=2) as service:
        done = service.finished(job)
        assert (done["status"], done["attempt"]) == ("completed", 2)
        assert list(service.temp_dir.glob("kotadb-*")) == []


def test_a_job_of_which_no_worker_was_told_is_found(url: str, tmp_path: Path, git: GitServer) -> None:
    """A worker that is starting misses what is queued before it listens, and what becomes free is not announced."""
    with start(url, tmp_path, git, workers=1) as service, connect(url, autocommit=True) as outside:
        job = service.indexed(World(service, git, tmp_path).remote({"a.py": ""})[0])["job_id"]
        outside.execute("update index_jobs set status = 'pending', finished_at = null where id = %s", [job])
        outside.execute("update procrastinate_jobs set status = 'todo', worker_id = null")
        service.wait_for_log("job started", job_id=job, attempt=2)


def test_a_drain_is_over_with_its_last_worker(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "FORCE_POLL_SECONDS", 3600)  # no look would find out in time
    stop, moment = Event(), Event()
    draining = Thread(target=Supervisor(settings, database, 1).run, args=(stop, Event()), daemon=True)
    draining.start()
    while readiness(database, settings.lease_seconds) < 1:
        moment.wait(0.05)
    stop.set()
    draining.join()


# What a statement is told whose session the database ends.
REFUSE = """
create function refuse() returns trigger language plpgsql
    as $$ begin raise exception 'terminating connection' using errcode = 'admin_shutdown'; end $$"""
REFUSE_TO_CLOSE = """create trigger refuse before update on procrastinate_jobs
for each row when (new.status = 'succeeded') execute function refuse()"""
REFUSE_HEARTBEATS = "create trigger refuse before update on procrastinate_workers execute function refuse()"


def test_a_job_whose_row_cannot_be_closed_keeps_no_later_job_of_its_index_waiting(
    url: str, tmp_path: Path, git: GitServer
) -> None:
    with start(url, tmp_path, git, workers=1) as service, connect(url, autocommit=True) as outside:
        address, _ = World(service, git, tmp_path).remote({"a.py": ""})
        outside.execute(REFUSE)
        outside.execute(REFUSE_TO_CLOSE)
        service.indexed(address)
        service.wait_for_log("a worker ended unasked", exit_code=0)
        outside.execute("drop trigger refuse on procrastinate_jobs")
        assert service.indexed(address, force=True)["status"] == "completed"


def test_a_worker_that_worked_is_replaced_at_once_and_one_that_cannot_start_more_and_more_slowly(
    url: str, tmp_path: Path, git: GitServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    no_start = tmp_path / "sitecustomize.py"  # what every Python process imports first
    with start(url, tmp_path, git, workers=1) as service:
        address, _ = World(service, git, tmp_path).remote({"a.py": ""})
        for is_last in (False, True):
            assert service.indexed(address, force=True)["status"] == "completed"
            until_nothing_is_held(url)
            if is_last:
                no_start.write_text("import os; os._exit(9)")
            [worker] = service.workers()
            worker.kill()
            service.wait_for_log("a worker ended unasked", pid=worker.pid, restart_in_seconds=0)
        for delay in (1, 2):
            service.wait_for_log("a worker ended unasked", exit_code=9, restart_in_seconds=delay)
        no_start.unlink()
        assert service.indexed(address, force=True)["status"] == "completed"


def test_a_worker_that_cannot_be_started_costs_nobody_else_anything(url: str, tmp_path: Path, git: GitServer) -> None:
    with start(url, tmp_path, git, workers=1) as service:
        address, _ = World(service, git, tmp_path).remote({"a.py": ""})
        main, [worker] = psutil.Process(service.process.pid), service.workers()
        before = main.rlimit(psutil.RLIMIT_NOFILE)
        main.rlimit(psutil.RLIMIT_NOFILE, (3, before[1]))
        worker.kill()
        service.wait_for_log("a worker could not be started")
        main.rlimit(psutil.RLIMIT_NOFILE, before)
        assert service.indexed(address)["status"] == "completed"


def test_an_outage_longer_than_the_lease_takes_no_job_from_a_run_that_is_well(
    url: str, tmp_path: Path, git: GitServer
) -> None:
    name = url.partition("?")[0].rpartition("/")[2]
    with (
        start(url, tmp_path, git, workers=1, lease_seconds=2) as service,
        connect(url.replace(name, "postgres"), autocommit=True) as outside,
    ):
        job, gate = held_job(service, git, tmp_path)
        outside.execute(f"alter database {name} allow_connections false")
        outside.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [name])
        service.wait_for_log("jobs cannot be looked after now; the next look will")
        Event().wait(2.5)  # the outage
        outside.execute(f"alter database {name} allow_connections true")
        gate.release.set()
        done = service.finished(job)
        assert (done["status"], done["attempt"]) == ("completed", 1)


def test_a_heartbeat_that_cannot_be_written_is_followed_by_others(url: str, tmp_path: Path, git: GitServer) -> None:
    beats = "select last_heartbeat from procrastinate_workers"
    with start(url, tmp_path, git, workers=1, lease_seconds=6) as service, connect(url, autocommit=True) as outside:
        outside.execute(REFUSE)
        outside.execute(REFUSE_HEARTBEATS)
        service.wait_for_log("the queue could not be told that this worker lives")
        before = outside.execute(beats).fetchall()
        outside.execute("drop trigger refuse on procrastinate_workers")
        while outside.execute(beats).fetchall() == before:
            Event().wait(0.05)
        assert len(service.workers()) == 1
        assert service.lines("a worker ended unasked") == []


def test_a_worker_paused_past_its_lease_discards_what_it_did(url: str, tmp_path: Path, git: GitServer) -> None:
    with start(url, tmp_path, git, workers=2, lease_seconds=2) as service:
        job, gate = held_job(service, git, tmp_path)
        paused = service.worker_of(job)
        pause(paused)
        service.wait_for_log("job waits again", job_id=job, attempt_spent=True)
        gate.release.set()
        done = service.finished(job)
        assert (done["status"], done["attempt"]) == ("completed", 2)
        paused.resume()
        service.wait_for_log("claim lost: nothing was stored", job_id=job)
        assert service.job(job) == done
        # Both workers and the index's lock are free again.
        address = git.url(done["repository"])
        assert service.indexed(address, force=True)["status"] == "completed"


def test_a_worker_paused_while_it_stores_keeps_nobody_waiting(url: str, tmp_path: Path, git: GitServer) -> None:
    """Its transaction is open and holds locks: the server ends it when nothing happens in it for a lease."""
    with start(url, tmp_path, git, workers=2, lease_seconds=2) as service:
        job, gate = held_job(service, git, tmp_path)
        with connect(url) as blocker:
            blocker.execute("select from indexes for no key update")  # the last row a store writes but for the job's
            gate.release.set()
            wait_until_somebody_waits(url)
            paused = worker_by_name(service, job)
            pause(paused)
        done = service.finished(job)
        assert (done["status"], done["attempt"]) == ("completed", 2)
        paused.resume()


def test_a_file_that_kills_its_parser_costs_the_file_and_nothing_else(url: str, tmp_path: Path, git: GitServer) -> None:
    """Nesting that the parser's memory cannot hold: a real file, the real parser, the real limit."""
    files = {"deep.ts": "export const a = " + "[a,\n" * 200_000, "good.ts": "export const b = 1\n"}
    with start(url, tmp_path, git, workers=1, max_parser_memory_bytes=64 * 2**20) as service:
        address, _ = World(service, git, tmp_path).remote(files)
        job = service.indexed(address)
    assert job["status"] == "completed"
    assert job["stats"]["files_indexed"] == 1
    assert list(job["stats"]["files_skipped"]) in (["parser_memory"], ["parser_crash"], ["parser_timeout"])


def test_a_repository_that_a_workers_memory_cannot_hold_fails_once_and_the_next_one_is_indexed(
    url: str, tmp_path: Path, git: GitServer
) -> None:
    """Dense text under many names: parsed once, linked for each. The parser may have more than the worker."""
    limits = {"max_worker_memory_bytes": 256 * 2**20, "max_parser_memory_bytes": 512 * 2**20}
    dense = "import a0\na0.f()\n" + "".join(f"def f{number}(): ...\n" for number in range(15_000))
    with start(url, tmp_path, git, workers=1, **limits) as service:
        world = World(service, git, tmp_path)
        job = service.indexed(world.remote({f"a{number}.py": dense for number in range(100)})[0])
        assert (job["status"], job["attempt"], job["error"]["code"]) == ("failed", 1, "worker_memory")
        assert service.indexed(world.remote({"a.py": "x = 1\n"})[0])["status"] == "completed"
        service.wait_for_log("a worker ended unasked", exit_code=0, restart_in_seconds=0)
    assert job["stats"]["peak_memory_bytes"] < 2**30


def test_the_git_server_is_not_trusted_without_being_named(url: str, tmp_path: Path, git: GitServer) -> None:
    make_repo(git.root / "owner" / "r", {"a.py": ""})
    with Service(url, tmp_path, workers=1, git_ca_file=git.ca_file) as service:
        answer = service.client.post("/index", json={"repository": git.url("owner/r")})
    assert (answer.status_code, answer.json()["code"]) == (422, "forbidden_address")
    assert git.requests == []
