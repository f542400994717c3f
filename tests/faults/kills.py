"""Workers that are killed, paused or poisoned."""

import os
import signal
import time
from dataclasses import dataclass, field

import psutil

from faults.check import Check, Figures, Scale
from faults.site import PATIENCE_SECONDS, Barrier, Reader, Site, sources, until
from support.repos import Repo
from support.service import Service

STAGES = ("fetch", "parse", "resolve", "store")
RECOVERY_SECONDS = 5
"""What a job may take to be at work again, besides its lease."""


@dataclass
class Tally:
    """What was seen while workers were killed."""

    lost: int = 0
    twice: int = 0
    unproved: int = 0
    slowest: float = 0
    below: list[psutil.Process] = field(default_factory=list)


def kill_workers(site: Site, scale: Scale, figures: Figures) -> None:
    kills = [stage for stage in STAGES for _ in range(scale.of(12, 1))] + ["stored", "claimed"] * scale.of(1, 0)
    scale.random.shuffle(kills)
    tally = Tally()
    with site.service(workers=2) as service:
        address, repo = site.repository(sources(1))
        repository_id, complete = two_versions(site, service, address, repo)
        with Reader(site, repository_id, set(complete.values())) as reader:
            for number, stage in enumerate(kills):
                version = number % 2 + 1
                repo.git("reset", "--hard", "--quiet", f"v{version}")
                kill_at(site, service, address, stage, tally)
                if tally.lost:
                    break
                tally.twice += site.digest(repository_id) != complete[version]
        survivors = [process for process in tally.below if process.is_running()]
        until(lambda: not site.orphans())
        figures.none("jobs lost", tally.lost)
        figures.none("double effects", tally.twice)
        figures.none("partial indexes seen", reader.partial)
        figures.at_least("looks of the reader", reader.looks, len(kills))
        figures.none("orphan directories", len(site.orphans()))
        figures.none("surviving git processes", sum("git" in process.name() for process in survivors))
        figures.none("surviving parser processes", sum("git" not in process.name() for process in survivors))
        figures.none("kills without exit status -9", tally.unproved)
        figures.at_most("slowest recovery, seconds", tally.slowest, site.lease + RECOVERY_SECONDS)


def two_versions(site: Site, service: Service, address: str, repo: Repo) -> tuple[str, dict[int, str]]:
    """Index two versions of a repository undisturbed: its id, and what a reader sees of each."""
    complete: dict[int, str] = {}
    job: dict[str, str] = {}
    for version in (1, 2):
        repo.commit(sources(version))
        repo.git("tag", f"v{version}")
        job = service.indexed(address, force=True)
        complete[version] = site.digest(job["repository_id"]) or ""
    return job["repository_id"], complete


def kill_at(site: Site, service: Service, address: str, stage: str, tally: Tally) -> None:
    """Kill the worker of a new job at this stage, and see the job done all the same."""
    gate = site.git.hold(address.rsplit("/", 1)[1]) if stage == "fetch" else None
    barrier = None if gate else Barrier(site.barriers, stage)
    job = service.index(address, force=True)["job_id"]
    if gate is not None:
        assert gate.reached.wait(PATIENCE_SECONDS)
        worker = service.worker_of(job)
    else:
        assert barrier is not None
        arrived = barrier.wait()
        assert arrived is not None, f"no worker came to {stage}"
        worker = arrived
    tally.below += worker.children(recursive=True)
    killed_at = time.monotonic()
    os.kill(worker.pid, signal.SIGKILL)
    if gate is not None:
        site.git.let_go(address.rsplit("/", 1)[1])
    ended = service.wait_for_log("a worker ended unasked", pid=worker.pid)
    tally.unproved += ended["exit_code"] != -signal.SIGKILL
    if stage != "stored":
        if not service.logs("job started", 2 * (site.lease + RECOVERY_SECONDS), job_id=job, attempt=2):
            tally.lost += 1
            return
        tally.slowest = max(tally.slowest, time.monotonic() - killed_at)
    done = service.job(job, PATIENCE_SECONDS)
    tally.lost += done["status"] != "completed"
    tally.twice += done["attempt"] != (1 if stage == "stored" else 2)
    completions = [line for line in list(service.log) if line["event"] == "job completed" and line["job_id"] == job]
    tally.twice += len(completions) > 1


KILL9 = Check(
    "kill9",
    "a worker killed at any point costs its job one attempt, stores once, and leaves nothing behind",
    kill_workers,
    breaks=("rescue", "transaction"),
)
