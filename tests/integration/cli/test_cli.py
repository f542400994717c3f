"""The command line as a person types it, on a database of its own."""

import json
import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

import pytest

from kotadb.postgres.database import connect
from kotadb.postgres.migrate import our_migrations
from support.git_server import GitServer
from support.repos import Repo, make_repo
from support.service import KOTADB, KOTADB_PROGRAM, PATIENCE_SECONDS, Service, environment, run

FILES: dict[str, str | bytes] = {"a.py": "def f(): ...\n", "logo.png": b"\0"}


@pytest.fixture
def env(url: str, tmp_path: Path) -> Mapping[str, str]:
    return environment(url, tmp_path)


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return make_repo(tmp_path / "repo", FILES)


def lines(output: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in output.splitlines()]


def test_index_without_a_service_brings_its_own_worker(env: Mapping[str, str], repo: Repo, tmp_path: Path) -> None:
    done = run(["index", str(repo.path)], env)
    assert "completed" in done.stdout
    assert repo.head[:12] in done.stdout
    assert "binary 1" in done.stdout
    assert "uncommitted changes are not in it" in done.stdout
    assert "Next:" in done.stdout
    assert list((tmp_path / "tmp").iterdir()) == []


def test_an_index_is_verified_and_repaired(env: Mapping[str, str], repo: Repo, url: str) -> None:
    run(["index", str(repo.path)], env)
    indexed = repo.head
    repo.commit({"a.py": "def g(): ...\n"})  # what is verified is what is indexed
    assert "as a rebuild has it" in run(["verify", str(repo.path)], env).stdout
    with connect(url, autocommit=True) as connection:
        connection.execute("delete from symbols")
    found = run(["verify", str(repo.path)], env, check=False)
    assert found.returncode == 1
    assert "1 files and 0 texts were wrong" in found.stdout
    assert "a.py" in found.stdout
    job = json.loads(run(["verify", str(repo.path), "--json"], env).stdout)
    assert (job["commit_sha"], job["stats"]["drift"]["files"]) == (indexed, 0)


def test_the_repository_is_by_default_the_one_around_the_folder(env: Mapping[str, str], repo: Repo) -> None:
    (repo.path / "deep" / "er").mkdir(parents=True)
    [job] = lines(run(["index", "--json"], env, cwd=repo.path / "deep" / "er").stdout)
    assert (job["status"], job["commit_sha"]) == ("completed", repo.head)
    header, *records = lines(run(["export"], env, cwd=repo.path).stdout)
    assert header["record"] == "index"
    assert {record["path"] for record in records if record["record"] in ("file", "skipped")} == repo.tracked()


def test_nothing_of_the_folder_is_imported(env: Mapping[str, str], repo: Repo) -> None:
    """What its name promises is kotadb may be anybody's."""
    repo.commit({"kotadb/__init__.py": "raise SystemExit(3)\n", "json.py": "raise SystemExit(3)\n"})
    [job] = lines(run(["index", "--json"], env, cwd=repo.path, program=[KOTADB_PROGRAM]).stdout)
    assert job["status"] == "completed"


def test_a_failed_job_is_exit_code_1_and_says_why(env: Mapping[str, str], repo: Repo) -> None:
    done = run(["index", str(repo.path), "--ref", "nowhere"], env, check=False)
    assert done.returncode == 1
    assert "ref_not_found" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["index", "git@example.org:o/n"], "use https://example.org/o/n"),
        (["index", "./not-there"], "not-there"),
        (["index", ".", "--commit", "abc"], "full SHA"),
        (["export", "nobody/nothing"], "has not been indexed"),
        (["jobs", "show", str(uuid4())], "no such job"),
        (["keys", "revoke", "000000000000"], "keys list"),
    ],
)
def test_mistakes_are_explained_in_one_line(
    env: Mapping[str, str], repo: Repo, arguments: list[str], says: str
) -> None:
    done = run(arguments, env, check=False, cwd=repo.path)
    assert done.returncode in (1, 2)
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_jobs_are_listed_shown_cancelled_and_retried(env: Mapping[str, str], repo: Repo) -> None:
    [queued] = lines(run(["index", str(repo.path), "--no-wait", "--json"], env).stdout)
    job_id = str(queued["job_id"])
    assert queued["status"] == "pending"
    assert [job["job_id"] for job in lines(run(["jobs", "list", "--json"], env).stdout)] == [job_id]
    assert lines(run(["jobs", "cancel", job_id, "--json"], env).stdout)[0]["status"] == "cancelled"
    assert run(["jobs", "wait", job_id], env, check=False).returncode == 1
    assert lines(run(["jobs", "retry", job_id, "--json"], env).stdout)[0]["status"] == "pending"
    assert job_id in run(["jobs", "show", job_id], env).stdout


def test_repositories_are_listed_and_removed(env: Mapping[str, str], repo: Repo) -> None:
    run(["index", str(repo.path)], env)
    [listed] = lines(run(["repos", "list", "--json"], env).stdout)
    assert listed["address"] == str(repo.path)
    assert repo.head[:12] in run(["repos", "list"], env).stdout
    assert run(["repos", "show"], env, cwd=repo.path).stdout.startswith("repo")
    run(["repos", "remove", str(listed["repository_id"])], env)
    assert run(["repos", "list", "--json"], env).stdout == ""


def test_keys_are_shown_once_listed_and_revoked(env: Mapping[str, str]) -> None:
    made = run(["keys", "create", "--owner", "somebody", "--name", "laptop"], env)
    key = made.stdout.removesuffix("\n")
    assert key.isprintable()
    assert made.stderr == ""
    listing = run(["keys", "list"], env).stdout
    prefix, secret = key.split("_")[1:]
    assert prefix in listing
    assert "laptop" in listing
    assert secret not in listing
    run(["keys", "revoke", prefix], env)
    assert lines(run(["keys", "list", "--json"], env).stdout)[0]["revoked_at"] is not None


def test_control_characters_from_a_repository_do_not_reach_the_terminal(env: Mapping[str, str], tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "evil\x1b[31mred", FILES)
    done = run(["index", "."], env, cwd=repo.path, check=False)
    assert "\x1b[31mred" not in done.stdout + done.stderr


def test_a_traceback_of_a_job_does_nothing_to_the_terminal(env: Mapping[str, str], repo: Repo, url: str) -> None:
    [job] = lines(run(["index", ".", "--no-wait", "--json"], env, cwd=repo.path).stdout)
    with connect(url) as connection:
        connection.execute(
            "update index_jobs set status = 'failed', error_code = 'x', error_message = %(text)s,"
            " error_traceback = %(text)s, finished_at = now() where id = %(id)s",
            {"text": "\x1b]0;x\x07 [red]\n✓ forged\u202e", "id": job["job_id"]},
        )
    shown = run(["jobs", "show", str(job["job_id"])], env).stdout
    assert "\\x1b]0;x\\x07 [red]\n  ✓ forged\\u202e" in shown
    assert shown.replace("\n", "").isprintable()


def test_doctor_finds_everything_in_order(env: Mapping[str, str]) -> None:
    report = run(["doctor"], env).stdout
    assert "✗" not in report
    for subject in ("python", "git", "languages", "database", "schema", "connection"):
        assert subject in report


def test_doctor_names_what_is_wrong(env: Mapping[str, str]) -> None:
    done = run(["doctor"], {**env, "DATABASE_URL": "postgresql://127.0.0.1:1/none"}, check=False)
    assert done.returncode == 1
    assert "cannot be reached" in done.stdout


def test_a_setting_that_does_not_fit_is_named(env: Mapping[str, str]) -> None:
    done = run(["doctor"], {**env, "KOTADB_WORKERS": "many"}, check=False)
    assert done.returncode == 1
    assert "KOTADB_WORKERS" in done.stderr


def test_a_copy_of_the_migrations_is_compared(env: Mapping[str, str], tmp_path: Path) -> None:
    for migration in our_migrations():
        (tmp_path / f"{migration.version}.sql").write_text(migration.sql)
    assert "in step" in run(["migrate", "--check-copy", str(tmp_path)], env).stdout
    drifted = f"{our_migrations()[0].version}.sql"
    (tmp_path / drifted).write_text("")
    done = run(["migrate", "--check-copy", str(tmp_path)], env, check=False)
    assert done.returncode == 1
    assert f"{drifted} differs" in done.stdout


def test_ctrl_c_cancels_a_job_that_only_we_work_on(url: str, tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    with GitServer(tmp_path / "root", tmp_path) as git:
        make_repo(git.root / "owner" / "r", FILES)
        gate = git.hold("/owner/r")
        env = environment(url, tmp_path, git_allowed_hosts=git.host_port, git_ca_file=git.ca_file)
        with interrupted([*KOTADB, "index", git.url("owner/r"), "--json"], env) as process:
            assert gate.reached.wait(PATIENCE_SECONDS)
            process.send_signal(signal.SIGINT)
            output, _ = process.communicate(timeout=PATIENCE_SECONDS)
        assert process.returncode == 1
        assert json.loads(output)["status"] == "cancelled"
        assert list((tmp_path / "tmp").glob("kotadb-*")) == []


def test_ctrl_c_leaves_a_job_to_the_workers_that_have_it(url: str, tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    with GitServer(tmp_path / "root", tmp_path) as git:
        make_repo(git.root / "owner" / "r", FILES)
        gate = git.hold("/owner/r")
        trust = {"git_allowed_hosts": git.host_port, "git_ca_file": git.ca_file}
        with Service(url, tmp_path, **trust) as service:
            program = [*KOTADB, "index", git.url("owner/r"), "--json"]
            with interrupted(program, environment(url, tmp_path, **trust)) as process:
                assert gate.reached.wait(PATIENCE_SECONDS)
                process.send_signal(signal.SIGINT)
                output, said = process.communicate(timeout=PATIENCE_SECONDS)
            job = json.loads(output)
            assert (process.returncode, job["status"]) == (0, "processing")
            assert "goes on without us" in said
            gate.release.set()
            assert service.finished(job["job_id"])["status"] == "completed"


def interrupted(command: list[str], env: Mapping[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_the_first_start_prints_a_key_once_and_stop_ends_it(url: str, tmp_path: Path) -> None:
    env = environment(url, tmp_path, port=0, workers=1)
    with subprocess.Popen(
        [*KOTADB, "serve"], env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as serving:
        assert serving.stdout is not None
        greeting = [serving.stdout.readline() for _ in range(3)]
        assert greeting[2].strip().startswith("kdb_")
        assert "stopped 1 process" in run(["stop"], env).stderr
        assert serving.wait(PATIENCE_SECONDS) == 0
        assert "kdb_" not in serving.stdout.read()
    with Service(url, tmp_path) as service:
        pass
    assert service.first_output == ""


def test_a_failure_that_passes_is_told_and_waited_out(url: str, tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    with GitServer(tmp_path / "root", tmp_path) as git:
        make_repo(git.root / "owner" / "r", FILES)
        git.answer("/owner/r", 503)
        trust = {"git_allowed_hosts": git.host_port, "git_ca_file": git.ca_file}
        env = environment(url, tmp_path, retry_delay=0.1, **trust)
        with interrupted([*KOTADB, "index", git.url("owner/r")], env) as process:
            assert process.stderr is not None
            told = next(line for line in process.stderr if line.startswith("attempt 1 failed"))
            git.answer_no_more("/owner/r")
            shown, _ = process.communicate(timeout=PATIENCE_SECONDS)
    assert "trying again after" in told
    assert process.returncode == 0
    assert "attempt 1: server_error" in shown
    assert "completed" in shown


def test_dead_letters_are_listed_dismissed_and_tried_again(env: Mapping[str, str], repo: Repo) -> None:
    for ref in ("nowhere", "neither"):
        run(["index", str(repo.path), "--ref", ref], env, check=False)
    listed = lines(run(["jobs", "dead", "--json"], env).stdout)
    assert [letter["ref"] for letter in listed] == ["neither", "nowhere"]
    assert listed[0]["error"]["code"] == "ref_not_found"  # type: ignore[index]
    assert "ref_not_found" in run(["jobs", "dead"], env).stdout
    assert "dismissed" in run(["jobs", "dead", "--dismiss", str(listed[0]["job_id"])], env).stdout
    run(["jobs", "retry", str(listed[1]["job_id"])], env)
    assert run(["jobs", "dead", "--json"], env).stdout == ""
    again = run(["jobs", "dead", "--dismiss", str(uuid4())], env, check=False)
    assert (again.returncode, "no such dead letter" in again.stderr) == (1, True)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to become somebody else")
def test_an_unreachable_data_folder_is_named(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    env = environment("", tmp_path, data_dir=closed / "data")
    del env["DATABASE_URL"]
    done = run(["repos", "list"], env, check=False)
    assert done.returncode == 1
    assert "cannot enter" in done.stderr
    assert "KOTADB_DATA_DIR" in done.stderr
