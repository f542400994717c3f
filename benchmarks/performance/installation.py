"""A kotadb of its own for a series of runs: fresh folders, a fresh embedded server, nothing left behind.

The server runs for as long as the installation does, as it does beside a service, so that a command's figures have
neither its start nor its end in them; sizes can be asked for between runs.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil

from benchmarks.performance.measure import Cost, MeasurementFailed, ended, run
from kotadb.settings import Settings

KOTADB = (sys.executable, "-m", "kotadb")

HOLD_SERVER = """
import sys
from pathlib import Path
from kotadb.postgres.embedded import EmbeddedServer, running_postmaster
with EmbeddedServer(Path(sys.argv[1])) as server:
    print(server.url, running_postmaster(server.data_dir).pid, flush=True)
    sys.stdin.read()
"""

Job = dict[str, Any]
"""A job as `kotadb index --json` prints it."""


@dataclass(frozen=True, slots=True)
class Installation:
    """Where it is, and how to speak to it. `server` is the process id of its postmaster."""

    folder: Path
    url: str
    server: int
    environment: dict[str, str]

    def index(self, repository: Path, *options: str, sampled: bool = False) -> tuple[Job, Cost]:
        """`kotadb index` from its start to its end: the finished job, and what everything took."""
        command = [*KOTADB, "index", str(repository), "--json", *options]
        done = run(command, environment=self.environment, server=self.server, sampled=sampled)
        job: Job = json.loads(done.output)
        return job, done.cost

    def export(self, repository: Path) -> list[dict[str, Any]]:
        """The records of `kotadb export` about files and their imports; those about names are many, and not needed."""
        command = [*KOTADB, "export", str(repository)]
        with subprocess.Popen(command, env=self.environment, stdout=subprocess.PIPE) as process, ended(process):
            assert process.stdout is not None
            records = [record for record in map(json.loads, process.stdout) if is_about_files(record)]
            if process.wait() != 0:
                raise MeasurementFailed(f"{' '.join(command)} failed; what it said is above")
        return records


def is_about_files(record: dict[str, Any]) -> bool:
    """Whether an exported record is a file, one that is skipped, or an import."""
    return record["record"] in ("file", "skipped") or (record["record"] == "dependency" and record["kind"] != "use")


@contextmanager
def installed(code: Path | None = None, **settings: object) -> Iterator[Installation]:
    """A migrated installation with `KOTADB_<NAME>` for each of the settings; it is gone when the context ends.

    `code` is another checkout of kotadb that is to be run, instead of this one.
    """
    folder = Path(tempfile.mkdtemp(prefix="kotadb-bench-"))
    try:
        folder.chmod(0o755)  # as root the server runs as another user, who must be able to enter
        environment = _environment(folder, code, settings)
        with _server(folder / "data", environment) as (url, postmaster):
            run([*KOTADB, "migrate"], environment=environment)
            yield Installation(folder, url, postmaster, environment)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _server(data_dir: Path, environment: dict[str, str]) -> Iterator[tuple[str, int]]:
    """The URL and the postmaster of a server that is held by a process of the code that is measured.

    It ends when we do, even by kill -9. A session of its own keeps Ctrl-C from it, so that the server outlives commands
    that use it; `kotadb stop` ends what is left of these.
    """
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD_SERVER, str(data_dir / "postgres")],
        env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    postmaster = ""
    try:
        assert holder.stdout is not None
        url, _, postmaster = holder.stdout.readline().strip().rpartition(" ")
        if not url:
            raise MeasurementFailed("the embedded server did not start; what it said is above")
        yield url, int(postmaster)
    finally:
        holder.communicate()  # closes its input
        if postmaster and psutil.pid_exists(int(postmaster)):
            subprocess.run([*KOTADB, "stop"], env=environment, capture_output=True, check=False)


def _environment(folder: Path, code: Path | None, settings: dict[str, object]) -> dict[str, str]:
    (folder / "tmp").mkdir()
    chosen = {"data_dir": folder / "data", "temp_dir": folder / "tmp", "log_level": "warning"} | settings
    path = {} if code is None else {"PYTHONPATH": str(code / "src")}
    return os.environ | path | {f"KOTADB_{name.upper()}": str(value) for name, value in chosen.items()}


def forget_settings() -> None:
    """Use nothing of the user's own settings: figures of two machines are to be comparable."""
    for name in ("DATABASE_URL", *(f"KOTADB_{field.upper()}" for field in Settings.model_fields)):
        os.environ.pop(name, None)


def job_seconds(job: Job) -> float:
    """Between the job's own timestamps: without the start of the command and of its worker."""
    return (datetime.fromisoformat(job["finished_at"]) - datetime.fromisoformat(job["started_at"])).total_seconds()


def step_seconds(job: Job) -> dict[str, float]:
    """By step, as the job says; a skipped one has only its fetch."""
    return {step: spent / 1000 for step, spent in job["stats"]["duration_ms"].items()}
