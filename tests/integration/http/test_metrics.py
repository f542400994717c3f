"""`/metrics` of a running service: what it shows moves when that happens, and reading it changes nothing."""

import re
import subprocess
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psutil
import pytest
import yaml

from kotadb.metrics import EVENTS, GAUGES
from kotadb.model import Step
from kotadb.postgres.database import Database, connect
from kotadb.postgres.embedded import EmbeddedServer
from support.git_server import Gate
from support.metrics import Metrics
from support.repos import make_repo
from support.service import KOTADB, PATIENCE_SECONDS, Service, environment, run
from support.world import World

Rule = dict[str, Any]

OF_THE_DATABASE = {
    "kotadb_jobs", "kotadb_oldest_waiting_seconds", "kotadb_workers", "kotadb_worker_heartbeat_age_seconds",
}  # fmt: skip
ROOT = Path(__file__).parents[3]
FILES: dict[str, str | bytes] = {"a.py": "def f(): ...\nf()\n", "b.py": "import a\na.f()\n", "logo.png": b"\x89PNG\0"}


def once(world: World, before: Metrics, name: str) -> dict[str, float]:
    """What has changed in what events count, as soon as this one has."""
    after = world.service.metrics_once(lambda found: found[name] > before.get(name, 0))
    changed = after.since(before)
    return {name: by for name, by in changed.items() if "_http_" not in name and ("_total" in name or "_count" in name)}


def held(world: World) -> tuple[str, Gate]:
    """The id of a job whose fetch waits for the gate."""
    address, _ = world.remote(FILES)
    gate = world.git.hold(address.rsplit("/", 1)[1])
    job_id = world.service.index(address)["job_id"]
    assert gate.reached.wait(PATIENCE_SECONDS)
    return job_id, gate


# ---- events ----------------------------------------------------------------------------------------------------------


def test_a_completed_run_is_counted_with_what_it_stored_and_the_time_of_each_step(world: World) -> None:
    before = world.service.metrics()
    stats = world.service.indexed(world.remote(FILES)[0])["stats"]
    assert once(world, before, "kotadb_step_seconds_count{step=store}") == {
        "kotadb_run_attempt_count": 1,
        "kotadb_runs_total{outcome=completed}": 1,
        "kotadb_files_stored_total": 2,
        "kotadb_files_skipped_total{reason=binary}": 1,
        "kotadb_symbols_stored_total": stats["symbols_extracted"],
        "kotadb_references_stored_total": stats["references_found"],
        "kotadb_dependencies_stored_total": stats["dependencies_extracted"],
    } | {f"kotadb_step_seconds_count{{step={step}}}": 1 for step in Step}


def test_a_skipped_run_stores_nothing_again(world: World) -> None:
    address, _ = world.remote(FILES)
    world.service.indexed(address)
    before = world.service.metrics_once(lambda found: found["kotadb_jobs{status=processing}"] == 0)
    world.service.indexed(address)
    changed = once(world, before, "kotadb_runs_total{outcome=skipped}")
    assert changed["kotadb_runs_total{outcome=skipped}"] == 1
    assert not any("_stored_" in name for name in changed)


def test_a_failed_run(world: World) -> None:
    before = world.service.metrics()
    world.service.indexed(world.remote(FILES)[0], ref="nowhere")
    assert once(world, before, "kotadb_runs_total{outcome=failed}")["kotadb_runs_total{outcome=failed}"] == 1


def test_a_run_whose_job_was_taken_from_it_is_discarded(world: World) -> None:
    before = world.service.metrics()
    job_id, gate = held(world)
    world.service.client.post(f"/jobs/{job_id}/cancel")
    changed = once(world, before, "kotadb_runs_total{outcome=discarded}")
    gate.release.set()
    assert changed["kotadb_runs_total{outcome=discarded}"] == 1
    assert "kotadb_runs_total{outcome=failed}" not in changed


def test_a_killed_worker_is_counted_and_its_job_rescued_and_begun_again(world: World) -> None:
    before = world.service.metrics()
    job_id, gate = held(world)
    world.service.worker_of(job_id).kill()
    gate.release.set()
    assert world.service.finished(job_id)["attempt"] == 2
    changed = once(world, before, "kotadb_runs_total{outcome=completed}")
    assert changed["kotadb_rescues_total{reason=worker_died}"] == changed["kotadb_worker_exits_total"] == 1
    assert changed["kotadb_run_attempt_count"] == 2
    after = world.service.metrics()
    assert after["kotadb_run_attempt_bucket{le=1.0}"] - before["kotadb_run_attempt_bucket{le=1.0}"] == 1


def test_counts_survive_workers_killed_outright_and_their_successors_count_on(world: World) -> None:
    world.service.indexed(world.remote(FILES)[0])
    counted = [name for name in world.service.metrics() if "_total" in name and "exits" not in name]
    before = world.service.metrics_once(lambda found: found["kotadb_jobs{status=processing}"] == 0)
    killed = world.service.workers()
    for worker in killed:
        worker.kill()
    psutil.wait_procs(killed, PATIENCE_SECONDS)
    after = world.service.metrics_once(
        lambda found: found["kotadb_worker_exits_total"] == before["kotadb_worker_exits_total"] + len(killed)
    )
    assert [after[name] for name in counted] == [before[name] for name in counted]
    world.service.indexed(world.remote(FILES)[0])
    assert once(world, after, "kotadb_runs_total{outcome=completed}")["kotadb_files_stored_total"] == 2
    # A place in the folder is taken over, not left behind: two files for each worker, and two for the service.
    files = list((world.service.temp_dir.parent / "data" / "metrics").glob("*/*.db"))
    assert len(files) <= 2 * (len(killed) + 1)


def test_requests_are_measured_by_the_template_of_their_path_and_never_by_the_path(world: World) -> None:
    client, unknown = world.service.client, str(uuid4())
    client.get(f"/jobs/{unknown}")
    client.get(f"/{unknown}")
    client.request("BREW", f"/{unknown}")
    client.put("/index")
    client.get("/openapi.json")
    prefix = "kotadb_http_request_seconds_count"
    wanted = {
        f"{prefix}{{method=GET,route=/jobs/{{job_id}},status=404}}",
        f"{prefix}{{method=GET,route=none,status=404}}",
        f"{prefix}{{method=other,route=none,status=404}}",
        f"{prefix}{{method=PUT,route=/index,status=405}}",
        f"{prefix}{{method=GET,route=/openapi.json,status=200}}",
    }
    found = world.service.metrics_once(lambda found: wanted <= found.keys())
    assert unknown not in found.text


# ---- states ----------------------------------------------------------------------------------------------------------


def test_jobs_by_state_and_how_long_the_first_of_them_has_waited(world: World) -> None:
    runs = [held(world) for _ in range(3)]
    waiting = world.service.index(world.remote(FILES)[0])["job_id"]
    found = world.service.metrics()
    assert (found["kotadb_jobs{status=processing}"], found["kotadb_jobs{status=pending}"]) == (3, 1)
    assert found["kotadb_oldest_waiting_seconds"] > 0
    assert found["kotadb_temp_free_bytes"] > 0
    assert found["kotadb_orphaned_directories"] == 0
    for _, gate in runs:
        gate.release.set()
    for job_id in (*(job_id for job_id, _ in runs), waiting):
        world.service.finished(job_id)
    found = world.service.metrics()
    assert found["kotadb_jobs{status=pending}"] == found["kotadb_oldest_waiting_seconds"] == 0


def test_workers_and_their_signs_of_life(world: World) -> None:
    found = world.service.metrics_once(lambda found: found["kotadb_workers"] >= 3)  # one that was killed counts a while
    ages = [found[f"kotadb_worker_heartbeat_age_seconds{{of={of}}}"] for of in ("newest", "oldest")]
    assert 0 <= ages[0] <= ages[1]


def test_dead_letters_by_error(url: str, tmp_path: Path) -> None:
    letter = """insert into procrastinate_jobs (queue_name, task_name, status, args) values
        ('index-repo_dlq', 'dead-letter', %s, jsonb_build_object('error', jsonb_build_object('code', %s::text)))"""
    with Service(url, tmp_path, workers=0) as service:
        assert not any("dead_letters" in name for name in service.metrics())
        with connect(url) as connection:
            for status, code in (("todo", "fetch_failed"), ("todo", "fetch_failed"), ("failed", "internal")):
                connection.execute(letter, [status, code])
        found = {name: value for name, value in service.metrics().items() if "dead_letters" in name}
        assert found == {"kotadb_dead_letters{code=fetch_failed}": 2}


def test_reading_claims_no_job_writes_no_row_and_removes_no_directory(
    url: str, database: Database, tmp_path: Path
) -> None:
    repo = make_repo(tmp_path / "repo", FILES)
    with Service(url, tmp_path, workers=0, local_roots=tmp_path) as service:
        service.index(str(repo.path))
        orphan = service.temp_dir / f"kotadb-{uuid4()}" / "1"
        orphan.mkdir(parents=True)
        (orphan / "pack").write_bytes(bytes(1000))
        before = contents(database)
        for _ in range(3):
            found = service.metrics()
            assert (found["kotadb_orphaned_directories"], found["kotadb_temp_bytes"]) == (1, 1000)
            assert service.client.get("/metrics").status_code == 200
        assert contents(database) == before
        assert [entry.name for entry in orphan.iterdir()] == ["pack"]


def contents(database: Database) -> dict[str, list[str]]:
    """Every row of every table, with the transaction that wrote it."""
    tables = "select tablename from pg_tables where schemaname = 'kotadb'"
    with database.transaction() as connection:
        return {
            table: sorted(str(row) for row in connection.execute(f"select xmin::text, t::text from {table} t".encode()))
            for table in (row["tablename"] for row in connection.execute(tables))
        }


# ---- who is asked ----------------------------------------------------------------------------------------------------


def test_the_api_shows_the_same_to_the_operators_keys_and_to_no_others(world: World) -> None:
    answer = world.service.client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert Metrics(answer.text).names == world.service.metrics().names
    key = world.service.command("keys", "create", "--owner", "curious").strip()
    refused = httpx.get(world.service.client.base_url.join("/metrics"), headers={"Authorization": f"Bearer {key}"})
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


def test_its_own_port_is_on_loopback_and_has_nothing_else(world: World) -> None:
    url = httpx.URL(world.service.wait_for_log("metrics")["url"])
    assert url.host == "127.0.0.1"
    for path in ("/", "/jobs", "/metrics/x"):
        assert httpx.get(url.join(path)).status_code == 404
    assert httpx.post(url).status_code == 501


def test_a_port_that_was_asked_for_and_is_taken_is_an_error(world: World, url: str, tmp_path: Path) -> None:
    taken = httpx.URL(world.service.wait_for_log("metrics")["url"]).port
    refused = run(["serve"], environment(url, tmp_path, port=0, metrics_port=taken), check=False)
    assert refused.returncode == 1
    assert "KOTADB_METRICS_PORT" in refused.stderr


def test_workers_without_an_api_show_it_too(url: str, tmp_path: Path) -> None:
    settings = environment(url, tmp_path, log_format="json")
    with subprocess.Popen([*KOTADB, "worker"], env=settings, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        [address] = [next(found for line in process.stderr if (found := re.search(r"http://[^\"]*/metrics", line)))]
        assert "kotadb_runs_total{outcome=completed}" in Metrics(httpx.get(address[0]).text)
        process.terminate()
        process.stderr.read()
    assert process.returncode == 0


def test_without_a_queue_jobs_are_counted_and_no_workers_are_missing(url: str, tmp_path: Path) -> None:
    repos = [make_repo(tmp_path / name, FILES) for name in ("one", "two")]
    with Service(url, tmp_path, async_indexing=False, local_roots=tmp_path) as service:
        for repo in repos:
            service.client.post("/index", json={"repository": str(repo.path)})
        found = service.metrics()
        assert found["kotadb_runs_total{outcome=completed}"] == 2
        assert "kotadb_workers" not in found
        # Each job has a process of its own, but no files.
        assert len(list((tmp_path / "data" / "metrics").glob("*/*.db"))) == 4


# ---- trouble ---------------------------------------------------------------------------------------------------------


def test_without_the_database_what_was_counted_is_there_and_its_own_numbers_are_not(
    url: str, server: EmbeddedServer, tmp_path: Path
) -> None:
    name = url.partition("?")[0].rpartition("/")[2]
    with Service(url, tmp_path, workers=0) as service, connect(server.url, autocommit=True) as outside:
        known = service.metrics()
        outside.execute(f"alter database {name} allow_connections false".encode())
        outside.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [name])
        found = service.metrics()
        assert (known["kotadb_database_up"], found["kotadb_database_up"]) == (1, 0)
        lost = {name for name in known if name not in found}
        assert lost == {name for name in known if name.partition("{")[0] in OF_THE_DATABASE}
        outside.execute(f"alter database {name} allow_connections true".encode())
        assert service.metrics()["kotadb_database_up"] == 1


def test_what_a_killed_service_left_is_gone_after_the_next_start_and_nothing_stays_after_a_stop(
    url: str, tmp_path: Path
) -> None:
    folder = tmp_path / "data" / "metrics"
    with Service(url, tmp_path, workers=0) as service:
        [left] = [entry for entry in folder.iterdir() if entry.is_dir()]
        service.process.kill()
        service.process.wait()
    with Service(url, tmp_path, workers=0) as service, Service(url, tmp_path, workers=0):
        assert left not in folder.iterdir()
        assert len([entry for entry in folder.iterdir() if entry.is_dir()]) == 2
        assert service.metrics()["kotadb_runs_total{outcome=completed}"] == 0
    assert [entry for entry in folder.iterdir() if entry.is_dir()] == []


# ---- what refers to it -----------------------------------------------------------------------------------------------


@pytest.fixture
def rules() -> list[Rule]:
    [group] = yaml.safe_load((ROOT / "deploy" / "alerts.yml").read_text())["groups"]
    rules: list[Rule] = group["rules"]
    return rules


def test_every_alert_asks_for_what_is_there(world: World, rules: list[Rule]) -> None:
    found = world.service.metrics()
    asked = " ".join(rule["expr"] for rule in rules)
    assert set(re.findall(r"kotadb_\w+", asked)) <= found.names
    for name, label, values in re.findall(r'(kotadb_\w+){(\w+)=~?"([^"]*)"}', asked):
        for value in values.split("|"):
            assert f"{name}{{{label}={value}}}" in found


def test_every_alert_and_every_metric_is_explained(rules: list[Rule]) -> None:
    manual = (ROOT / "docs" / "operations.md").read_text()
    headings = {f"docs/operations.md#{heading.lower()}" for heading in re.findall(r"^#+ (\w+)$", manual, re.MULTILINE)}
    assert {rule["annotations"]["runbook"] for rule in rules} <= headings
    rows = {name for row in manual.splitlines() if row.startswith("|") for name in re.findall(r"`(kotadb_\w+)", row)}
    events = {event.name if event.buckets else f"{event.name}_total" for event in EVENTS}
    assert rows == events | {gauge.name for gauge in GAUGES}


def test_the_table_is_what_is_shown(world: World) -> None:
    world.service.client.get("/health")
    wanted = {event.name if event.buckets else f"{event.name}_total" for event in EVENTS}
    wanted |= {definition.name for definition in GAUGES}
    assert world.service.metrics_once(lambda found: len(found.names) >= len(wanted)).names == wanted
