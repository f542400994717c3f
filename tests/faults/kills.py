"""Workers that are killed, paused or poisoned."""

import os
import signal
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

import psutil

from faults.held import STAGES, alive, hold
from kotadb.jobs.queue import DEAD_LETTERS
from proving.check import Check, Figures, Scale
from proving.site import PATIENCE_SECONDS, Reader, Site, sources, until
from support.processes import pause
from support.repos import Repo
from support.service import Service

CLAIM_LOST = "claim lost: nothing was stored"
LATE_SECONDS = 10
RECOVERY_SECONDS = 5
"""What a job may take to be at work again, besides its lease."""

RETRIES = 3
"""Of a job that fails every time, after its first run; in short one."""

OF_PARSERS = ("parser_memory", "parser_crash", "parser_timeout")
"""Why a file may be skipped that its parser cannot do; which of them is a question of the machine."""


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
        survivors = alive(tally.below)
        until(lambda: not site.orphans())
        figures.none("jobs lost", tally.lost)
        figures.none("double effects", tally.twice)
        figures.none("partial indexes seen", reader.partial)
        figures.at_least("looks of the reader", reader.looks, len(kills))
        figures.none("orphan directories", len(site.orphans()))
        figures.none("surviving git processes", sum("git" in process.name() for process in survivors))
        figures.none("surviving parser processes", sum("git" not in process.name() for process in survivors))
        figures.none("kills without exit status -9", tally.unproved)
        figures.within("slowest recovery, seconds", tally.slowest, site.lease + RECOVERY_SECONDS)


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
    held = hold(site, service, address, stage)
    job, worker = held.job_id, held.worker
    tally.below += held.below()
    killed_at = time.monotonic()
    os.kill(worker.pid, signal.SIGKILL)
    held.let_go()
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


# ---- the whole service -----------------------------------------------------------------------------------------------


def kill_services(site: Site, scale: Scale, figures: Figures) -> None:
    stages = scale.random.sample(STAGES * scale.of(8, 1), scale.of(8 * len(STAGES), 2))
    address, _ = site.repository(sources(1))
    lost = twice = survivors = 0
    slowest = 0.0
    with ExitStack() as services:
        service = services.enter_context(site.service(workers=1))
        for stage in stages:
            held = hold(site, service, address, stage)
            processes = psutil.Process(service.process.pid).children(recursive=True)
            killed_at = site.now()
            service.process.kill()
            if survivors := outlive(processes):
                break
            services.close()
            held.let_go()
            service = services.enter_context(site.service(workers=1))
            if not service.logs("job started", 2 * (site.lease + RECOVERY_SECONDS), job_id=held.job_id, attempt=2):
                lost += 1
                break
            slowest = max(slowest, site.seconds_until_started(held.job_id, killed_at))
            done = service.job(held.job_id, PATIENCE_SECONDS)
            lost += done["status"] != "completed"
            twice += done["attempt"] != 2
        until(lambda: not site.orphans())
        figures.none("jobs lost", lost)
        figures.none("jobs with other than two attempts", twice)
        figures.none("surviving processes", survivors)
        figures.none("orphan directories", len(site.orphans()))
        figures.within("slowest recovery, seconds", slowest, site.lease + RECOVERY_SECONDS)


def outlive(processes: list[psutil.Process]) -> int:
    """How many of them are there a little later, for a service that is dead; those are ended here."""
    until(lambda: not alive(processes), LATE_SECONDS)
    survivors = alive(processes)
    for process in survivors:
        process.kill()
    return len(survivors)


# ---- paused ----------------------------------------------------------------------------------------------------------


def pause_workers(site: Site, scale: Scale, figures: Figures) -> None:
    stages = ["resolve", "store"] if scale.short else [*STAGES, *STAGES]
    lost = changed = discarded = 0
    slowest = 0.0
    with site.service(workers=2) as service:
        address, repo = site.repository(sources(1))
        repo.git("tag", "v1")
        repo.commit(sources(2))
        repo.git("tag", "v2")
        for stage in stages:
            repo.git("reset", "--hard", "--quiet", "v1")
            held = hold(site, service, address, stage, send_on=True)
            pause(held.worker)
            paused_at = site.now()
            repo.git("reset", "--hard", "--quiet", "v2")  # what the late one would store is not what the next one does
            site.git.let_go(address.rsplit("/", 1)[1] + "/")
            if not service.logs("job started", 2 * (site.lease + RECOVERY_SECONDS), job_id=held.job_id, attempt=2):
                lost += 1
            slowest = max(slowest, site.seconds_until_started(held.job_id, paused_at))
            done = service.job(held.job_id, PATIENCE_SECONDS)
            lost += done["status"] != "completed"
            served = site.digest(held.repository_id)
            held.worker.resume()
            held.let_go()
            discarded += late_end(service, held.job_id) == CLAIM_LOST
            changed += (service.job(held.job_id), site.digest(held.repository_id)) != (done, served)
        until(lambda: not site.orphans())
        figures.none("jobs lost", lost)
        figures.none("jobs or indexes changed by a late finisher", changed)
        figures.all("late finishers that discarded what they had", discarded, len(stages))
        figures.none("orphan directories", len(site.orphans()))
        figures.within("slowest recovery, seconds", slowest, site.lease + RECOVERY_SECONDS)


def late_end(service: Service, job_id: str) -> str | None:
    """How the job's first run ended, by what it logged."""
    claim = service.wait_for_log("job started", job_id=job_id, attempt=1)["claim"]

    def end() -> str | None:
        ends = (line["event"] for line in list(service.log) if line.get("claim") == claim)
        return next((event for event in ends if event in (CLAIM_LOST, "job completed")), None)

    until(lambda: end() is not None, LATE_SECONDS)
    return end()


# ---- poisoned --------------------------------------------------------------------------------------------------------


def poison_jobs(site: Site, scale: Scale, figures: Figures) -> None:
    poisoned = [site.repository(sources(1), f"owner/poison{n}")[0] for n in range(scale.of(3, 1))]
    retries = scale.of(RETRIES, 1)
    with site.service(workers=4, retry_limit=retries) as service:
        # Not at the fetch, which git gives up after a while.
        neighbours = [hold(site, service, site.repository()[0], stage, send_on=True) for stage in ("parse", "resolve")]
        jobs = [service.index(address)["job_id"] for address in poisoned]
        until(lambda: all(has_ended(service, job, retries + 1) for job in jobs))
        for neighbour in neighbours:
            neighbour.let_go()
        done = [service.job(job) for job in jobs]
        spared = [service.job(neighbour.job_id, PATIENCE_SECONDS) for neighbour in neighbours]
        letters = site.rows(
            "select args ->> 'job_id' as job_id from procrastinate_jobs where queue_name = %s", DEAD_LETTERS
        )
        figures.all("runs of a job that kills its worker, on average", runs(service, jobs) / len(jobs), retries + 1)
        figures.all("such jobs failed with worker_died", sum(died(job) for job in done), len(jobs))
        figures.all("dead letters", sum(letter["job_id"] in jobs for letter in letters), len(jobs))
        figures.none("dead letters of others", sum(letter["job_id"] not in jobs for letter in letters))
        figures.none("attempts that it cost neighbours", sum(job["attempt"] - 1 for job in spared))
        figures.all("neighbours completed", sum(job["status"] == "completed" for job in spared), len(spared))


def has_ended(service: Service, job_id: str, most: int) -> bool:
    """Whether the job has ended, or had more runs than any may."""
    return runs(service, [job_id]) > most or service.job(job_id)["finished_at"] is not None


def runs(service: Service, jobs: list[str]) -> int:
    return sum(len(service.lines("job started", job_id=job)) for job in jobs)


def died(job: dict[str, Any]) -> bool:
    return bool(job["status"] == "failed" and job["error"]["code"] == "worker_died")


def poison_files(site: Site, scale: Scale, figures: Figures) -> None:
    poison: dict[str, str | bytes] = {
        f"deep{n}.ts": f"export const a{n} = " + "[a,\n" * 200_000 for n in range(scale.of(4, 1))
    }
    good = sources(1)
    # One run each: what cannot be done is to be seen at once.
    with site.service(workers=3, max_parser_memory_bytes=64 * 2**20, retry_limit=0) as service:
        guilty = [site.repository(poison | good)[0] for _ in range(scale.of(4, 1))]
        innocent = [site.repository(good)[0] for _ in range(scale.of(12, 3))]
        mixed = [address for pair in zip_longest(guilty, innocent) for address in pair if address]
        jobs = [service.index(address)["job_id"] for address in mixed]
        done = [service.job(job, PATIENCE_SECONDS) for job in jobs]
        completed = [job for job in done if job["status"] == "completed"]
        skipped = sum(job["stats"]["files_skipped"].get(reason, 0) for job in completed for reason in OF_PARSERS)
        figures.all("repositories completed", len(completed), len(jobs))
        figures.all("files skipped that kill their parser", skipped, len(guilty) * len(poison))
        figures.all("files indexed", sum(job["stats"]["files_indexed"] for job in completed), len(jobs) * len(good))
        figures.none("workers lost", len(service.lines("a worker ended unasked")))


KILL9 = Check(
    "kill9",
    "a worker killed at any point costs its job one attempt, stores once, and leaves nothing behind",
    kill_workers,
    breaks=("rescue", "transaction"),
)

SERVICE_KILL = Check(
    "service_kill",
    "the whole service killed and started again: its jobs are at work within lease + 5 s, and nothing survives it",
    kill_services,
    breaks=("rescue", "lifeline"),
)

PAUSED = Check(
    "paused",
    "a worker that was paused past its lease loses its job to another, and discards what it did",
    pause_workers,
    breaks=("fence",),
)

POISON_JOB = Check(
    "poison_job",
    "a job that kills its worker every time is dead after its attempts, and costs no other job one",
    poison_jobs,
    breaks=("attempts", "dead_letters"),
)

POISON_FILE = Check(
    "poison_file",
    "a file that kills its parser is skipped, and its repository and all others complete",
    poison_files,
    breaks=("blame",),
)

CHECKS = (KILL9, SERVICE_KILL, PAUSED, POISON_JOB, POISON_FILE)
