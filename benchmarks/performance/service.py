"""The service at work on many small repositories, with three workers and with one, and a worker with nothing to do."""

import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg

from benchmarks.performance.figures import Record, percentile
from benchmarks.performance.installation import KOTADB, Installation, installed
from benchmarks.performance.measure import (
    beside,
    descendants,
    ended,
    memory_bytes,
    server_cpu_seconds,
    tree_cpu_seconds,
)
from support.repos import make_repo
from support.service import Service

SERVICE = "service"
REPOSITORIES = 30
FILES = 30
FUNCTIONS_PER_FILE = 40
WORKERS = (3, 1)

IDLE_SECONDS = 60.0
SETTLE_SECONDS = 15.0
"""After a start: the server counts what an idle backend did with ten seconds' delay."""

POST_SECONDS = 0.05
SAMPLE_SECONDS = 0.02
WAIT_SECONDS = 30

LOCK_WAITS = """
    select count(*) filter (where wait_event_type = 'Lock'), count(*) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and state = 'active'
"""
TRANSACTIONS = "select xact_commit + xact_rollback from pg_stat_database where datname = %s"


def measure_service(
    runs: int, repositories: int = REPOSITORIES, idle_seconds: float = IDLE_SECONDS
) -> Iterator[Record]:
    """Three workers and one worker in turn, so many times; then one that idles."""
    with TemporaryDirectory(prefix="kotadb-bench-source-") as folder:
        paths = [_small_repository(Path(folder) / f"small{number}", number) for number in range(repositories)]
        for run in range(runs):
            for workers in WORKERS:
                yield _busy(paths, workers, run)
    yield _idle(idle_seconds)


def _small_repository(path: Path, number: int) -> Path:
    """Some dozens of files in two languages, which import each other. No two repositories share a blob."""
    files: dict[str, str | bytes] = {}
    for file in range(FILES):
        names = [f"f{number}_{file}_{name}" for name in range(FUNCTIONS_PER_FILE)]
        if file % 2:
            head = f'import {{ f{number}_{file - 2}_0 }} from "./m{file - 2}"\n' if file > 1 else ""
            body = "".join(f"export function {name}(a: number) {{\n  return a + {number}\n}}\n" for name in names)
            files[f"src/m{file}.ts"] = head + body
        else:
            head = f"from app.m{file - 2} import f{number}_{file - 2}_0\n" if file else ""
            body = "".join(f"def {name}(a: int) -> int:\n    return a + {number}\n\n" for name in names)
            files[f"app/m{file}.py"] = head + body
    return make_repo(path, files).path


# ---- busy ------------------------------------------------------------------------------------------------------------


def _busy(paths: Sequence[Path], workers: int, run: int) -> Record:
    """All repositories asked for at once. Requests go on while they are indexed, for the one that comes last."""
    with installed() as site, _serving(site, workers, paths[0].parent) as service:
        answers: list[float] = []
        with _lock_waits(site.url) as samples:
            jobs = [_posted(service, path, answers) for path in paths]
            _post_while_pending(service, paths[-1], jobs[-1], answers)
            finished = [_finished(service, job) for job in jobs]
    began = min(datetime.fromisoformat(job["created_at"]) for job in finished)
    ended_at = max(datetime.fromisoformat(job["finished_at"]) for job in finished)
    waiting, active = (sum(sample[kind] for sample in samples) for kind in (0, 1))
    figures = {
        "jobs_per_minute": 60 * len(jobs) / (ended_at - began).total_seconds(),
        "post_median_ms": 1000 * percentile(answers, 50),
        "post_p99_ms": 1000 * percentile(answers, 99),
        "posts": len(answers),
        "lock_wait_percent": 100 * waiting / max(1, len(samples) * workers),
        "lock_wait_of_active_percent": 100 * waiting / max(1, active),
        "not_completed": sum(job["status"] != "completed" for job in finished),
    }
    details = {"seconds": (ended_at - began).total_seconds(), "post_seconds": answers}
    return Record(SERVICE, f"{len(paths)} repositories", f"workers: {workers}", run, figures, details)


def _serving(site: Installation, workers: int, root: Path) -> Service:
    return Service(site.url, site.folder / "service", workers=workers, local_roots=root)


def _posted(service: Service, path: Path, answers: list[float]) -> str:
    """The job's id; how long the answer took goes to the list."""
    began = time.perf_counter()
    job_id: str = service.index(str(path))["job_id"]
    answers.append(time.perf_counter() - began)
    return job_id


def _post_while_pending(service: Service, path: Path, job_id: str, answers: list[float]) -> None:
    """Asking again for a queued job answers with that job, and adds no work; once it runs there would be a new one."""
    while service.job(job_id)["status"] == "pending":
        _posted(service, path, answers)
        time.sleep(POST_SECONDS)  # a rate that callers might have, below the limit on requests


def _finished(service: Service, job_id: str) -> dict[str, Any]:
    while (job := service.job(job_id, WAIT_SECONDS))["finished_at"] is None:
        pass
    return job


@contextmanager
def _lock_waits(url: str) -> Iterator[list[tuple[int, int]]]:
    """A list that fills with how many backends wait for a lock, and how many are active."""
    samples: list[tuple[int, int]] = []

    def sample(stop: threading.Event) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            while not stop.wait(SAMPLE_SECONDS):
                samples.append(connection.execute(LOCK_WAITS).fetchall()[0])

    with beside("lock waits", sample):
        yield samples


# ---- idle ------------------------------------------------------------------------------------------------------------


def _idle(seconds: float) -> Record:
    """`kotadb worker` with one worker, nothing queued."""
    with installed(workers=1) as site:
        environment = site.environment | {"DATABASE_URL": site.url}
        worker = subprocess.Popen([*KOTADB, "worker"], env=environment, stderr=subprocess.DEVNULL)
        with ended(worker):
            time.sleep(SETTLE_SECONDS)
            before = _spent(site, worker.pid)
            time.sleep(seconds)  # nothing happens meanwhile, which is what is measured
            after = _spent(site, worker.pid)
            processes, memory = len(descendants(worker.pid)), memory_bytes([worker.pid])
    transactions, own, server = (60 * (b - a) / seconds for a, b in zip(before, after, strict=True))
    figures = {
        "transactions_per_minute": transactions,
        "cpu_seconds_per_minute": own,
        "server_cpu_seconds_per_minute": server,
        "memory_mb": memory / 1e6,
    }
    return Record(SERVICE, "idle", "worker", 0, figures, {"seconds": seconds, "processes": processes})


def _spent(site: Installation, worker: int) -> tuple[float, float, float]:
    """Until now: transactions, CPU seconds of supervisor and worker, CPU seconds of the server.

    Asked from another database, so that asking is not counted.
    """
    with psycopg.connect(site.url, dbname="postgres") as connection:
        [(transactions,)] = connection.execute(TRANSACTIONS, ["kotadb"]).fetchall()
    return float(transactions), tree_cpu_seconds(worker), server_cpu_seconds(site.server)
