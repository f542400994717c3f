"""`KOTADB_ASYNC_INDEXING=false`: the POST does the work itself."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support.git_server import GitServer
from support.repos import make_repo
from support.service import Service


@pytest.fixture
def git(tmp_path: Path):  # type: ignore[no-untyped-def] # a plain generator of a server
    (tmp_path / "root").mkdir()
    with GitServer(tmp_path / "root", tmp_path) as running:
        yield running


def test_the_post_answers_with_the_finished_job_and_three_run_at_once(url: str, tmp_path: Path, git: GitServer) -> None:
    for n in range(4):
        make_repo(git.root / "owner" / f"r{n}", {"a.py": "def f(): ...\n"})
    trust = {"git_allowed_hosts": git.host_port, "git_ca_file": git.ca_file}
    with Service(url, tmp_path, async_indexing=False, **trust) as service, ThreadPoolExecutor() as threads:
        assert service.workers() == []
        again = [threads.submit(service.client.post, "/index", json={"repository": git.url("owner/r3")}) for _ in "ab"]
        assert {post.result().json()["status"] for post in again} <= {"completed", "skipped"}
        assert service.client.get("/ready").json()["workers"] == 0
        gates = [git.hold(f"/owner/r{n}") for n in range(3)]
        posts = [
            threads.submit(service.client.post, "/index", json={"repository": git.url(f"owner/r{n}")}) for n in range(3)
        ]
        for gate in gates:
            assert gate.reached.wait(60)
        refused = service.client.post("/index", json={"repository": git.url("owner/r3")})
        assert (refused.status_code, refused.json()["code"]) == (503, "busy")
        assert int(refused.headers["retry-after"]) > 0
        for gate in gates:
            gate.release.set()
        for post in posts:
            answer = post.result()
            assert (answer.status_code, answer.json()["status"], answer.json()["attempt"]) == (200, "completed", 1)
        failed = service.client.post("/index", json={"repository": git.url("owner/r0"), "ref": "nowhere"})
        assert (failed.status_code, failed.json()["status"], failed.json()["error"]["code"]) == (
            200, "failed", "ref_not_found",
        )  # fmt: skip
        assert list(service.temp_dir.glob("kotadb-*")) == []


def test_a_child_that_is_killed_is_a_failed_job_without_a_retry(url: str, tmp_path: Path, git: GitServer) -> None:
    make_repo(git.root / "owner" / "r", {"a.py": ""})
    trust = {"git_allowed_hosts": git.host_port, "git_ca_file": git.ca_file}
    with Service(url, tmp_path, async_indexing=False, **trust) as service, ThreadPoolExecutor() as threads:
        gate = git.hold("/owner/r")
        post = threads.submit(service.client.post, "/index", json={"repository": git.url("owner/r")})
        assert gate.reached.wait(60)
        [child] = service.workers()
        child.kill()
        answer = post.result()
        assert (answer.status_code, answer.json()["status"], answer.json()["error"]["code"]) == (
            200, "failed", "worker_died",
        )  # fmt: skip
        gate.release.set()
        retried = service.client.post(f"/jobs/{answer.json()['job_id']}/retry")
        assert (retried.status_code, retried.json()["status"]) == (200, "completed")


def test_a_job_of_the_command_line_is_confined_by_a_retry_here_too(url: str, tmp_path: Path) -> None:
    secret = make_repo(tmp_path / "secret", {"secret.py": "x = 1\n"})
    with Service(url, tmp_path, async_indexing=False) as service:
        job = json.loads(service.command("index", str(secret.path), "--no-wait", "--json"))["job_id"]
        service.client.post(f"/jobs/{job}/cancel")
        retried = service.client.post(f"/jobs/{job}/retry").json()
    assert (retried["status"], retried["error"]["code"]) == ("failed", "outside_of_roots")


def test_a_stop_does_not_wait_longer_than_the_drain(url: str, tmp_path: Path, git: GitServer) -> None:
    make_repo(git.root / "owner" / "r", {"a.py": ""})
    trust = {"git_allowed_hosts": git.host_port, "git_ca_file": git.ca_file}
    with (
        Service(url, tmp_path, async_indexing=False, drain_seconds=0.5, **trust) as service,
        ThreadPoolExecutor() as threads,
    ):
        gate = git.hold("/owner/r")
        post = threads.submit(service.client.post, "/index", json={"repository": git.url("owner/r")})
        assert gate.reached.wait(60)
        assert service.stop() == 0
        assert post.result().json()["error"]["code"] == "worker_died"
        assert list(service.temp_dir.glob("kotadb-*")) == []
        gate.release.set()
