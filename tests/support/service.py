"""`kotadb serve` as its users run it: a process with workers, spoken to over a socket."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import psutil

from kotadb.access.keys import LOCAL_OWNER, create_key
from kotadb.postgres.database import Database
from support.commands import can_share, run_shared
from support.metrics import Metrics

KOTADB = [sys.executable, "-m", "kotadb"]
KOTADB_PROGRAM = Path(sys.executable).with_name("kotadb")
"""As it is installed: `python -m` looks for it in the folder where it is started, too."""
PATIENCE_SECONDS = 60


def environment(url: str, folder: Path, **settings: object) -> dict[str, str]:
    """The environment of a kotadb process with its own folders, and `KOTADB_<NAME>` for each of `settings`."""
    defaults = {"data_dir": folder / "data", "temp_dir": folder / "tmp", "log_format": "json", "metrics_port": 0}
    chosen = defaults | settings
    Path(str(chosen["temp_dir"])).mkdir(parents=True, exist_ok=True)
    return os.environ | {"DATABASE_URL": url} | {f"KOTADB_{name.upper()}": str(value) for name, value in chosen.items()}


class Service:
    """A running `kotadb serve`; a context manager. `client` has the first key, `log` every line that it logged."""

    def __init__(self, url: str, folder: Path, **settings: object) -> None:
        self.url = url
        self.temp_dir = folder / "tmp"
        self.key: str | None = None
        """The key to speak with; a new one is made if there is none."""
        self.log: deque[dict[str, Any]] = deque(maxlen=100_000)
        self._logged = threading.Condition()
        self.environment = environment(url, folder, port=0, **settings)

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            [*KOTADB, "serve"],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read_log)
        self._reader.start()
        try:
            self._prepare()
        except BaseException:
            self.process.kill()  # nobody else will, and its reader would wait for it
            raise
        return self

    def _prepare(self) -> None:
        address = self.wait_for_log("listening")["url"]
        self.wait_for_log("ready")
        self.key = self.key or self._new_key()
        self.client = httpx.Client(
            base_url=address, headers={"Authorization": f"Bearer {self.key}"}, timeout=PATIENCE_SECONDS
        )
        self._wait_for_workers()

    def _new_key(self) -> str:
        """Made here: a command would take longer than the service does to start."""
        with Database(self.url) as database:
            return create_key(database, LOCAL_OWNER, "test")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.close()
        self.stop()
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self.first_output = self.process.stdout.read()
        self._reader.join()
        self.process.stdout.close()
        self.process.stderr.close()

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(PATIENCE_SECONDS)
        finally:
            if self.process.poll() is None:
                self.process.kill()

    def wait_for_log(self, event: str, **fields: object) -> dict[str, Any]:
        """The first logged line with this event and these fields, as soon as it is there."""

        line = self.logs(event, PATIENCE_SECONDS, **fields)
        assert line is not None, f"{event!r} was not logged; the log ends with {list(self.log)[-20:]}"
        return line

    def logs(self, event: str, seconds: float, **fields: object) -> dict[str, Any] | None:
        """As `wait_for_log`, but None after that many seconds, or once the service has ended."""

        def found() -> dict[str, Any] | None:
            matching = (line for line in list(self.log) if line["event"] == event)
            return next((line for line in matching if fields.items() <= line.items()), None)

        with self._logged:
            self._logged.wait_for(lambda: found() or self.process.poll() is not None, seconds)
        return found()

    def lines(self, event: str, **fields: object) -> list[dict[str, Any]]:
        """Every line with this event and these fields that was logged until now."""
        return [line for line in list(self.log) if line["event"] == event and fields.items() <= line.items()]

    def index(self, repository: str, **wanted: object) -> dict[str, Any]:
        """POST /index; the accepted job."""
        answer = self.client.post("/index", json={"repository": repository, **wanted})
        assert answer.status_code == 202, answer.text
        accepted: dict[str, Any] = answer.json()
        return accepted

    def job(self, job_id: str, wait: float = 0) -> dict[str, Any]:
        answer = self.client.get(f"/jobs/{job_id}", params={"wait": wait})
        assert answer.status_code == 200, answer.text
        job: dict[str, Any] = answer.json()
        return job

    def finished(self, job_id: str) -> dict[str, Any]:
        """The job once it has ended."""
        job = self.job(job_id, PATIENCE_SECONDS)
        assert job["finished_at"] is not None, job
        return job

    def indexed(self, repository: str, **wanted: object) -> dict[str, Any]:
        return self.finished(self.index(repository, **wanted)["job_id"])

    def export(self, repository: str, *options: str) -> list[dict[str, Any]]:
        """What `kotadb export` prints of it."""
        return [json.loads(line) for line in self.command("export", repository, *options).splitlines()]

    def metrics(self) -> Metrics:
        """What it shows on the port of its own."""
        answer = httpx.get(self.wait_for_log("metrics")["url"], timeout=PATIENCE_SECONDS)
        assert answer.status_code == 200, answer.text
        return Metrics(answer.text)

    def metrics_once(self, is_so: Callable[[Metrics], bool]) -> Metrics:
        """The first that fulfil this: events are counted after they happen. pytest's own limit ends a wait in vain."""
        pause = threading.Event()
        while not is_so(found := self.metrics()):
            pause.wait(0.05)
        return found

    def command(self, *arguments: str) -> str:
        """What the command line prints, on the same database."""
        return run(list(arguments), self.environment).stdout

    def workers(self) -> list[psutil.Process]:
        """The worker processes that are alive."""
        return psutil.Process(self.process.pid).children()

    def worker_of(self, job_id: str) -> psutil.Process:
        """The worker process that runs the job: it has the lock in the job's directory open."""
        folder = self.temp_dir / f"kotadb-{job_id}"
        [worker] = [
            worker for worker in self.workers()
            if any(Path(file.path).is_relative_to(folder) for file in worker.open_files())
        ]  # fmt: skip
        return worker

    def _wait_for_workers(self) -> None:
        """Until as many are alive as were asked for; pytest's own limit ends a wait in vain."""
        wanted = self.wait_for_log("ready")["workers"]
        pause = threading.Event()
        while self.client.get("/ready").json()["workers"] < wanted:
            pause.wait(0.05)

    def _read_log(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self._logged:
                self.log.append(_parsed(line))
                self._logged.notify_all()
        with self._logged:
            self._logged.notify_all()


def run(
    arguments: list[str],
    environment: Mapping[str, str],
    *,
    check: bool = True,
    program: Sequence[str | Path] = KOTADB,
    **how: Any,
) -> subprocess.CompletedProcess[str]:
    """Run the command line to its end; in a process that need not start first, where that makes no difference."""
    if program == KOTADB and how.keys() <= {"cwd"} and can_share(environment):
        done = run_shared(arguments, environment, how.get("cwd"))
    else:
        done = subprocess.run(
            [*program, *arguments], env=environment, capture_output=True, text=True, check=False, **how
        )
    assert not check or done.returncode == 0, done.stderr
    return done


def _parsed(line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError:
        return {"event": line}
    return value if isinstance(value, dict) and "event" in value else {"event": line}
