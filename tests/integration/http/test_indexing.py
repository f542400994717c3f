"""Indexing over HTTP with real workers, from a git server behind TLS."""

import json
from datetime import datetime
from pathlib import Path
from threading import Event

import psutil
import pytest

from kotadb.model import Step
from support.git_server import Gate
from support.repos import make_repo
from support.world import World

FILES: dict[str, str | bytes] = {
    "src/a.ts": "export function greet(name: string) { return name }\n",
    "src/b.py": "class Greeter:\n    def greet(self): ...\n",
    "README.md": "# Hello\n",
    "logo.png": b"\x89PNG\0\0",
}


def times(job: dict[str, str]) -> list[datetime]:
    return [datetime.fromisoformat(job[name]) for name in ("created_at", "started_at", "finished_at")]


def hold_fetches(world: World, count: int) -> list[tuple[str, Gate]]:
    """New repositories whose fetch waits until its gate is opened."""
    addresses = [world.remote(FILES)[0] for _ in range(count)]
    return [(address, world.git.hold(address.rsplit("/", 1)[1])) for address in addresses]


@pytest.mark.every_server
def test_a_repository_is_indexed_from_the_post_to_the_export(world: World) -> None:
    address, repo = world.remote(FILES)
    job = world.service.indexed(address)
    assert (job["status"], job["commit_sha"], job["branch"], job["attempt"]) == ("completed", repo.head, "main", 1)
    assert job["stats"]["files_indexed"] == 3
    assert job["stats"]["files_skipped"] == {"binary": 1}
    assert job["stats"]["symbols_extracted"] == 3
    assert job["stats"]["duration_ms"].keys() == {step.value for step in Step}
    assert job["stats"]["peak_memory_bytes"] > 0

    [repository] = [
        item for item in world.service.client.get("/repositories").json()["items"]
        if item["repository_id"] == job["repository_id"]
    ]  # fmt: skip
    assert repository["indexes"][0]["commit_sha"] == repo.head


def test_every_line_that_is_logged_of_a_job_names_it(world: World) -> None:
    job = world.service.indexed(world.remote(FILES)[0])
    world.service.wait_for_log("job completed", job_id=job["job_id"])
    lines = [line for line in list(world.service.log) if line.get("job_id") == job["job_id"]]
    assert [line["step"] for line in lines] == ["fetch", "discover", "store"]
    assert len({line["claim"] for line in lines}) == 1
    assert {line["repository_id"] for line in lines} == {job["repository_id"]}


def test_a_large_repository_logs_its_memory_batch_by_batch(world: World) -> None:
    text = "# for the size\n" * 200  # which is what makes a batch
    address, _ = world.remote({f"f{number}.py": f"# {number}\n{text}" for number in range(1_100)})
    job = world.service.indexed(address)
    assert job["stats"]["files_indexed"] == 1_100
    lines = [line for line in list(world.service.log) if line["event"] == "parsed" and line["job_id"] == job["job_id"]]
    assert len(lines) > 1
    assert all(line["memory_bytes"] > 0 and line["of"] == 1_100 for line in lines)


def test_timestamps_are_in_the_order_of_the_transitions(world: World) -> None:
    [(address, gate)] = hold_fetches(world, 1)
    accepted = world.service.index(address)
    assert accepted["status"] == "pending"
    assert gate.reached.wait(60)
    running = world.service.job(accepted["job_id"])
    assert (running["status"], running["progress"]["step"], running["finished_at"]) == ("processing", "fetch", None)
    gate.release.set()
    done = world.service.finished(accepted["job_id"])
    assert done["status"] == "completed"
    assert times(done) == sorted(times(done))


def test_the_answer_comes_at_once_while_every_worker_is_busy_and_exactly_three_work(world: World) -> None:
    held = hold_fetches(world, 5)
    jobs = [world.service.index(address)["job_id"] for address, _ in held]
    for _, gate in held[:3]:
        assert gate.reached.wait(60)
    # Nothing of the work has been waited for: all five are accepted, and two wait for a worker.
    assert [world.service.job(job)["status"] for job in jobs] == ["processing"] * 3 + ["pending"] * 2
    held[0][1].release.set()
    assert held[3][1].reached.wait(60)
    assert sorted(world.service.job(job)["status"] for job in jobs[1:]) == ["pending"] + ["processing"] * 3
    for _, gate in held:
        gate.release.set()
    assert {world.service.finished(job)["status"] for job in jobs} == {"completed"}


def test_a_bad_file_and_a_missing_blob_do_not_stop_the_rest(world: World) -> None:
    repo = make_repo(
        world.local / "broken",
        {"good.ts": "export const a = 1\n", "bad.ts": "export function ( {{{ class\n", "gone.py": "x = 1\n"},
    )
    blob = repo.git("rev-parse", "HEAD:gone.py")
    (repo.path / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    job = world.service.indexed(str(repo.path))
    assert job["status"] == "completed"
    assert (job["stats"]["files_indexed"], job["stats"]["files_skipped"]) == (2, {"missing_blob": 1})


def test_the_same_commit_again_is_skipped_and_a_forced_rebuild_leaves_the_same_facts(world: World) -> None:
    repo = make_repo(world.local / "twice", FILES)
    first = world.service.indexed(str(repo.path))
    records = world.service.export(first["repository_id"])
    again = world.service.indexed(str(repo.path))
    assert (again["status"], again["commit_sha"]) == ("skipped", repo.head)
    assert world.service.indexed(str(repo.path), force=True)["status"] == "completed"
    rebuilt = world.service.export(first["repository_id"])
    assert rebuilt[1:] == records[1:]
    assert rebuilt[0]["indexed_at"] > records[0]["indexed_at"]


@pytest.mark.every_server
def test_a_new_commit_replaces_the_index(world: World) -> None:
    repo = make_repo(world.local / "moving", FILES)
    world.service.indexed(str(repo.path))
    repo.git("rm", "--quiet", "src/a.ts")
    commit = repo.commit({"src/c.py": "def added(): ...\n"})
    job = world.service.indexed(str(repo.path))
    assert (job["status"], job["commit_sha"]) == ("completed", commit)
    exported = world.service.export(job["repository_id"])
    assert {record["path"] for record in exported if record["record"] in ("file", "skipped")} == repo.tracked()


def test_branches_live_side_by_side(world: World) -> None:
    address, repo = world.remote(FILES)
    repo.git("switch", "--quiet", "--create", "dev")
    dev = repo.commit({"dev.py": "only_here = 1\n"})
    main, branch = world.service.indexed(address, ref="main"), world.service.indexed(address, ref="dev")
    assert branch["commit_sha"] == dev != main["commit_sha"]
    assert main["repository_id"] == branch["repository_id"]
    assert "dev.py" not in {
        record.get("path") for record in world.service.export(main["repository_id"], "--ref", "main")
    }
    assert "dev.py" in {record.get("path") for record in world.service.export(main["repository_id"], "--ref", "dev")}


def test_a_commit_given_alone_is_indexed_as_it_is(world: World) -> None:
    address, repo = world.remote(FILES)
    old = repo.head
    repo.commit({"later.py": ""})
    job = world.service.indexed(address, commit_sha=old)
    assert (job["status"], job["commit_sha"], job["ref"]) == ("completed", old, None)


@pytest.mark.parametrize(
    ("wanted", "code"), [({"ref": "nowhere"}, "ref_not_found"), ({"commit_sha": "d" * 40}, "commit_not_found")]
)
def test_what_is_not_there_fails_with_a_reason(world: World, wanted: dict[str, str], code: str) -> None:
    address, _ = world.remote(FILES)
    job = world.service.indexed(address, **wanted)
    assert (job["status"], job["error"]["code"]) == ("failed", code)
    assert "/tmp" not in job["error"]["message"]


def test_a_failed_job_keeps_the_old_index_and_leaves_no_directory(world: World) -> None:
    address, repo = world.remote(FILES)
    first = world.service.indexed(address)
    before = world.service.export(first["repository_id"])
    repo.commit({"more.py": ""})
    world.git.answer(address.rsplit("/", 1)[1], 403)
    failed = world.service.indexed(address)
    assert failed["status"] == "failed"
    assert world.service.export(first["repository_id"]) == before
    assert list(world.service.temp_dir.glob(f"kotadb-{failed['job_id']}")) == []


def test_an_empty_repository_is_an_empty_index(world: World) -> None:
    repo = make_repo(world.local / "empty", {})
    repo.git("update-ref", "-d", "HEAD")
    job = world.service.indexed(str(repo.path))
    assert (job["status"], job["commit_sha"], job["stats"]["files_indexed"]) == ("completed", None, 0)


@pytest.mark.every_server
def test_a_running_job_that_is_cancelled_stops_and_stores_nothing(world: World) -> None:
    [(address, gate)] = hold_fetches(world, 1)
    accepted = world.service.index(address)
    assert gate.reached.wait(60)
    cancelled = world.service.client.post(f"/jobs/{accepted['job_id']}/cancel").json()
    assert (cancelled["status"], cancelled["error"]["code"]) == ("cancelled", "cancelled")
    # The run notices while git still waits: its directory goes without the fetch having ended.
    world.service.wait_for_log("claim lost: nothing was stored", job_id=accepted["job_id"])
    assert list(world.service.temp_dir.glob(f"kotadb-{accepted['job_id']}")) == []
    gate.release.set()
    repository = world.service.client.get(f"/repositories/{accepted['repository_id']}").json()
    assert repository["indexes"][0]["indexed_at"] is None


@pytest.mark.every_server
def test_a_worker_killed_outright_costs_its_job_one_attempt_and_no_other_any(world: World) -> None:
    [(address, gate), (other, other_gate)] = hold_fetches(world, 2)
    victim, neighbour = world.service.index(address)["job_id"], world.service.index(other)["job_id"]
    assert gate.reached.wait(60)
    assert other_gate.reached.wait(60)
    started = world.service.wait_for_log("job started", job_id=victim)
    worker = world.service.worker_of(victim)
    children = worker.children(recursive=True)
    worker.kill()
    assert not psutil.wait_procs(children, timeout=60)[1]
    gate.release.set()
    other_gate.release.set()
    done = world.service.finished(victim)
    assert (done["status"], done["attempt"]) == ("completed", started["attempt"] + 1)
    assert world.service.finished(neighbour)["attempt"] == 1
    pause = Event()
    while list(world.service.temp_dir.glob("kotadb-*")):  # swept at the supervisor's next look
        pause.wait(0.05)


def test_deleting_a_repository_while_it_is_indexed_leaves_nothing_of_it(world: World) -> None:
    [(address, gate)] = hold_fetches(world, 1)
    accepted = world.service.index(address)
    assert gate.reached.wait(60)
    path = f"/repositories/{accepted['repository_id']}"
    assert world.service.client.delete(path).status_code == 204
    gate.release.set()
    job = world.service.finished(accepted["job_id"])
    assert (job["status"], job["error"]["code"]) == ("cancelled", "repository_deleted")
    assert job["repository"] in address
    assert world.service.client.get(path).status_code == 404


def test_a_job_of_the_command_line_is_confined_by_a_retry_over_http(world: World, tmp_path: Path) -> None:
    secret = make_repo(tmp_path / "secret", {"secret.py": "x = 1\n"})
    queued = json.loads(world.service.command("index", str(secret.path), "--ref", "later", "--no-wait", "--json"))
    assert world.service.finished(queued["job_id"])["error"]["code"] == "ref_not_found"
    secret.git("branch", "later")
    assert world.service.client.post(f"/jobs/{queued['job_id']}/retry").status_code == 200
    assert world.service.finished(queued["job_id"])["error"]["code"] == "outside_of_roots"
