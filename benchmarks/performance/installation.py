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

from benchmarks.performance.measure import Cost, MeasurementFailed, ended, run
from kotadb.postgres.embedded import EmbeddedServer, running_postmaster
from kotadb.settings import Settings

KOTADB = (sys.executable, "-m", "kotadb")

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
def installed(**settings: object) -> Iterator[Installation]:
    """A migrated installation with `KOTADB_<NAME>` for each of the settings; it is gone when the context ends."""
    folder = Path(tempfile.mkdtemp(prefix="kotadb-bench-"))
    try:
        folder.chmod(0o755)  # as root the server runs as another user, who must be able to enter
        environment = _environment(folder, settings)
        with _server(folder / "data", environment) as server:
            postmaster = running_postmaster(server.data_dir)
            assert postmaster is not None
            run([*KOTADB, "migrate"], environment=environment)
            yield Installation(folder, server.url, postmaster.pid, environment)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _server(data_dir: Path, environment: dict[str, str]) -> Iterator[EmbeddedServer]:
    """Ended by `kotadb stop` if need be: a command that was interrupted may still be a client of it."""
    server = EmbeddedServer(data_dir / "postgres")
    try:
        with server:
            yield server
    finally:
        if server.is_running():
            subprocess.run([*KOTADB, "stop"], env=environment, capture_output=True, check=False)


def _environment(folder: Path, settings: dict[str, object]) -> dict[str, str]:
    (folder / "tmp").mkdir()
    chosen = {"data_dir": folder / "data", "temp_dir": folder / "tmp", "log_level": "warning"} | settings
    return os.environ | {f"KOTADB_{name.upper()}": str(value) for name, value in chosen.items()}


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
