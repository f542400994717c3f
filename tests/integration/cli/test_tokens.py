"""Private repositories from the command line, and where their tokens are not to be found."""

import json
from collections.abc import Mapping
from pathlib import Path

import psutil
import pytest
from psycopg import sql

from kotadb.postgres.database import connect
from support.git_server import GitServer, basic
from support.repos import make_repo
from support.service import PATIENCE_SECONDS, Service, environment, run

TOKEN = "tok3n-of-a-private-repository"
USERNAME = "x-access-token"
REPO = "https://git.example/owner/name"


@pytest.fixture
def env(url: str, tmp_path: Path) -> Mapping[str, str]:
    return environment(url, tmp_path)


def command_lines() -> str:
    """Those of every process that can be seen."""
    return str([process.info["cmdline"] for process in psutil.process_iter(["cmdline"])])


def texts_below(folder: Path) -> bytes:
    return b"\n".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def stored(url: str) -> str:
    """Every row of every table, as text."""
    with connect(url) as connection:
        tables = connection.execute("select tablename from pg_tables where schemaname = 'kotadb'").fetchall()
        rows = [
            connection.execute(
                sql.SQL("select t::text from kotadb.{} t").format(sql.Identifier(row["tablename"]))
            ).fetchall()
            for row in tables
        ]
    return str(rows)


def test_a_token_is_given_to_git_and_to_be_found_nowhere_else(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_TOKEN", TOKEN)
    header = basic(USERNAME, TOKEN)
    (tmp_path / "root").mkdir()
    with GitServer(tmp_path / "root", tmp_path) as git:
        make_repo(git.root / "owner" / "name", {"a.py": "x = 1\n"})
        git.demand("owner/name", USERNAME, TOKEN)
        address = git.url("owner/name")
        trust = {"git_allowed_hosts": git.host_port, "git_ca_file": git.ca_file}
        with Service(url, tmp_path, **trust, log_level="debug") as service:
            said = [service.command("repos", "add", address, "--token-from-env", "GIT_TOKEN")]
            gate = git.hold("owner/name", after=3)  # the pack
            job_id = service.index(address)["job_id"]
            assert gate.reached.wait(PATIENCE_SECONDS)
            processes, files = command_lines(), texts_below(service.temp_dir)
            gate.release.set()
            assert service.finished(job_id)["status"] == "completed"
            git.answer("owner/name", 403, {"Content-Type": "text/plain"}, f"{TOKEN} {header}".encode())
            assert service.indexed(address)["error"]["code"] == "access_denied"
            said += [service.command("repos", "tokens"), service.client.get("/jobs").text]
    assert set(git.authorizations) == {header}
    assert address in processes  # what is looked through is what it should be
    assert b"[core]" in files
    assert "GIT_TOKEN" in stored(url)
    assert "<redacted>" in str(service.log)
    everything = [processes, files.decode(errors="replace"), stored(url), str(service.log), *said]
    for secret in (TOKEN, header.removeprefix("Basic ")):
        assert [secret in text for text in everything] == [False] * len(everything)


def test_a_private_repository_is_indexed_by_the_command_that_has_the_token(url: str, tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    with GitServer(tmp_path / "root", tmp_path) as git:
        make_repo(git.root / "owner" / "name", {"a.py": "x = 1\n"})
        git.demand("owner/name", "oauth2", TOKEN)
        env = environment(url, tmp_path, git_allowed_hosts=git.host_port, git_ca_file=git.ca_file)
        host = f"https://{git.host_port}"
        done = run(["repos", "add", host, "--token-from-file", str(tmp_path / "token"), "--username", "oauth2"], env)
        assert (f"index {host}/owner/name" in done.stdout, done.stderr) == (True, "")
        assert "completed" in run(["index", git.url("owner/name")], env).stdout
        run(["repos", "remove", host], env)
        assert run(["index", git.url("owner/name")], env, check=False).returncode == 1


def test_where_tokens_come_from_is_listed_and_a_missing_one_warned_of(env: Mapping[str, str]) -> None:
    done = run(["repos", "add", REPO, "--token-from-env", "NOT_SET_HERE"], env)
    assert f"index {REPO}" in done.stdout
    assert "warning" in done.stderr
    assert "NOT_SET_HERE" in done.stderr
    assert json.loads(run(["repos", "tokens", "--json"], env).stdout) == {
        "address": REPO, "username": USERNAME, "token_env": "NOT_SET_HERE", "token_file": None,
    }  # fmt: skip
    assert "never" in run(["repos", "list"], env).stdout
    run(["repos", "remove", REPO, "--token"], env)
    assert run(["repos", "tokens", "--json"], env).stdout == ""
    assert REPO in run(["repos", "list", "--json"], env).stdout


def test_a_token_is_one_owner_s(env: Mapping[str, str]) -> None:
    run(["keys", "create", "--owner", "team"], env)
    run(["repos", "add", REPO, "--owner", "team", "--token-from-file", "/not/there"], env)
    assert "/not/there" in run(["repos", "tokens", "--owner", "team"], env).stdout
    assert run(["repos", "tokens", "--json"], env).stdout == ""
    assert run(["repos", "list", "--json"], env).stdout == ""
    run(["repos", "remove", REPO, "--owner", "team"], env)
    assert run(["repos", "tokens", "--owner", "team", "--json"], env).stdout == ""


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["https://git.example"], "Give either"),
        ([REPO, "--token-from-env", "A", "--token-from-file", "/b"], "Give either"),
        ([REPO, "--token-from-env", "DATABASE_URL"], "not for a token"),
        ([REPO, "--owner", "nobody"], "no owner"),
        (["./here"], "not an address"),
    ],
)
def test_mistakes_are_explained_and_nothing_is_added(env: Mapping[str, str], arguments: list[str], says: str) -> None:
    done = run(["repos", "add", *arguments], env, check=False)
    assert done.returncode in (1, 2)
    assert says in done.stderr
    assert run(["repos", "list", "--json"], env).stdout == ""
