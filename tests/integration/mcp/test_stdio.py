"""`kotadb mcp` as clients start it: a program that speaks the protocol on standard output, and nothing else."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.agents import PROGRAM
from support.repos import Repo, make_repo
from support.service import PATIENCE_SECONDS, environment, run

FILES: dict[str, str | bytes] = {"a.py": "import b\n", "b.py": "x = 1\n"}
HELLO = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}


class Raw:
    """The program, spoken to line by line; what it writes is kept as it is."""

    def __init__(self, env: dict[str, str], folder: Path) -> None:
        self.process = subprocess.Popen(
            PROGRAM, env=env, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self.written = b""

    def request(self, number: int, method: str, **params: Any) -> dict[str, Any]:
        """The result of a request."""
        self.send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        self.written += line
        answer = json.loads(line)
        assert answer["id"] == number
        result = answer["result"]
        assert isinstance(result, dict)
        return result

    def send(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def call(self, number: int, tool: str, **arguments: Any) -> dict[str, Any]:
        answer = self.request(number, "tools/call", name=tool, arguments=arguments)["structuredContent"]
        assert isinstance(answer, dict)
        return answer

    def hello(self) -> None:
        self.request(0, "initialize", **HELLO)
        self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def end(self) -> str:
        """What it logged, once it has ended. Its input stays open for that: communicate would close it."""
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self.process.wait(PATIENCE_SECONDS)
        rest, log = self.process.stdout.read(), self.process.stderr.read()
        self.written += rest
        return log.decode()


@pytest.fixture
def env(url: str, tmp_path: Path) -> dict[str, str]:
    return environment(url, tmp_path, log_level="debug")


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return make_repo(tmp_path / "repo", FILES)


@pytest.fixture
def raw(env: dict[str, str], repo: Repo) -> Iterator[Raw]:
    started = Raw(env, repo.path)
    yield started
    started.process.kill()
    started.process.communicate()


def test_standard_output_has_the_protocol_alone_until_it_is_stopped_and_cancels_what_only_it_does(
    raw: Raw, repo: Repo, env: dict[str, str]
) -> None:
    raw.hello()
    answer = raw.call(1, "dependencies", of="a.py")
    assert (answer["verdict"], [file["path"] for file in answer["files"]]) == ("complete", ["b.py"])
    repo.commit({"slow.py": "(x" + "\n.f()" * 6_000 + ")"})  # takes its parser seconds
    job = raw.call(2, "index_repository", wait=0)
    assert "stopped 1 process" in run(["stop"], env).stderr
    log = raw.end()
    assert raw.process.returncode == 0
    assert all(json.loads(line)["jsonrpc"] == "2.0" for line in raw.written.splitlines())
    assert "job completed" in log
    assert "Traceback" not in log
    assert json.loads(run(["jobs", "show", job["job_id"], "--json"], env).stdout)["status"] == "cancelled"


def test_the_configuration_of_clients_is_printed_and_nothing_else(env: dict[str, str]) -> None:
    done = run(["mcp", "--print-config", "vscode"], env)
    assert json.loads(done.stdout)["servers"]["kotadb"]["env"]["KOTADB_LOG_LEVEL"] == "debug"
    assert ".vscode/mcp.json" in done.stderr
    assert "DATABASE_URL" in done.stderr
