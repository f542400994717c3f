"""Workers that are killed, paused or poisoned."""

import os
import signal
import time
from dataclasses import dataclass, field

import psutil

from faults.check import Check, Figures, Scale
from faults.retries import RETRY_LIMIT, letters
from faults.site import PATIENCE_SECONDS, POISON, Barrier, Reader, Site, sources, until
from support.repos import Repo, make_repo
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
    job, worker = held(site, service, address, stage)
    tally.below += worker.children(recursive=True)
    killed_at = time.monotonic()
    os.kill(worker.pid, signal.SIGKILL)
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


def kill_services(site: Site, scale: Scale, figures: Figures) -> None:
    """The whole service at once, as when a machine goes down; nobody sees its workers die."""
    kills = list(STAGES) * scale.of(2, 0) or [scale.random.choice(STAGES)]
    slowest, lost, survivors = 0.0, 0, 0
    for stage in kills:
        address, _ = site.repository()
        with site.service(workers=1) as service:
            job, _ = held(site, service, address, stage)
            below = psutil.Process(service.process.pid).children(recursive=True)
            killed_at = time.monotonic()
            service.process.kill()
            survivors += len(psutil.wait_procs(below, timeout=RECOVERY_SECONDS)[1])
            site.git.let_go(address.rsplit("/", 1)[1])
        with site.service(workers=1) as service:
            if not service.logs("job started", 2 * (site.lease + RECOVERY_SECONDS), job_id=job, attempt=2):
                lost += 1
                break
            slowest = max(slowest, time.monotonic() - killed_at)
            lost += service.job(job, PATIENCE_SECONDS)["status"] != "completed"
            until(lambda: not site.orphans())
    figures.none("jobs lost", lost)
    figures.none("surviving processes", survivors)
    figures.none("orphan directories", len(site.orphans()))
    figures.at_most("slowest recovery, seconds", slowest, site.lease + RECOVERY_SECONDS)


def held(site: Site, service: Service, address: str, stage: str) -> tuple[str, psutil.Process]:
    """A new job that stands still at this stage, and the worker that runs it."""
    if stage == "fetch":
        gate = site.git.hold(address.rsplit("/", 1)[1])
        job = service.index(address, force=True)["job_id"]
        assert gate.reached.wait(PATIENCE_SECONDS), f"no worker came to {stage}"
        return job, service.worker_of(job)
    barrier = Barrier(site.barriers, stage)
    job = service.index(address, force=True)["job_id"]
    worker = barrier.wait()
    assert worker is not None, f"no worker came to {stage}"
    return job, worker


def pause_workers(site: Site, scale: Scale, figures: Figures) -> None:
    """A worker sleeps past its lease, wakes up, and wants to go on where it was."""
    if site.broken == "fence":
        remove_fence(site)
    stages = scale.of(3, 1) * ["resolve", "store"]
    late, changed, slowest = 0, 0, 0.0
    with site.service(workers=2) as service:
        for stage in stages:
            address, _ = site.repository()
            barrier = Barrier(site.barriers, stage, send_on=True)
            job = service.index(address)["job_id"]
            paused = barrier.wait()
            assert paused is not None
            paused.suspend()
            paused_at = time.monotonic()
            service.wait_for_log("job started", job_id=job, attempt=2)
            slowest = max(slowest, time.monotonic() - paused_at)
            before = service.job(job, PATIENCE_SECONDS)
            digest = site.digest(before["repository_id"])
            paused.resume()
            barrier.send_on()
            late += service.logs("claim lost: nothing was stored", 2 * RECOVERY_SECONDS, job_id=job) is None
            changed += (service.job(job), site.digest(before["repository_id"])) != (before, digest)
    figures.none("late finishers that did not notice", late)
    figures.none("jobs or indexes that they changed", changed)
    figures.at_most("slowest recovery, seconds", slowest, site.lease + RECOVERY_SECONDS)


def remove_fence(site: Site) -> None:
    """Have the database store whatever comes."""
    [row] = site.rows("select pg_get_functiondef('store_indexed_data'::regproc) as source")
    site.rows(row["source"].replace("and claim = p_claim and status = 'processing'", "").replace("%", "%%"))


def poison_job(site: Site, scale: Scale, figures: Figures) -> None:
    """A job whose worker dies each time (`planted.POISON`), beside others that are just running."""
    with site.service(workers=3) as service:
        neighbours = [site.repository()[0] for _ in range(2)]
        held_jobs = [held(site, service, address, "fetch")[0] for address in neighbours]
        name = site.git.root / "owner" / POISON
        make_repo(name, sources(1))
        dead = service.job(service.index(site.git.url(f"owner/{POISON}"))["job_id"], PATIENCE_SECONDS)
        for address in neighbours:
            site.git.let_go(address.rsplit("/", 1)[1])
        finished = [service.job(job, PATIENCE_SECONDS) for job in held_jobs]
    error = (dead["error"] or {}).get("code")
    figures.all("dead after its attempts", (dead["status"], error) == ("failed", "worker_died"), 1)
    figures.all("its attempts", dead["attempt"], RETRY_LIMIT + 1)
    figures.all("dead letters", len(letters(site, dead["job_id"])), 1)
    figures.none("attempts that its neighbours lost", sum(job["attempt"] - 1 for job in finished))
    figures.all("neighbours completed", sum(job["status"] == "completed" for job in finished), len(finished))


def poison_file(site: Site, scale: Scale, figures: Figures) -> None:
    """Nesting that the parser's memory cannot hold: a real file, the real parser, the real limit."""
    files = sources(1) | {"deep.ts": "export const a = " + "[a,\n" * 200_000}
    with site.service(workers=1, max_parser_memory_bytes=64 * 2**20, retry_limit=0) as service:
        address, _ = site.repository(files)
        job = service.job(service.index(address)["job_id"], PATIENCE_SECONDS)
    skipped = (job["stats"] or {}).get("files_skipped", {})
    figures.all("completed", job["status"] == "completed", 1)
    figures.all("files skipped for their parser", sum(n for reason, n in skipped.items() if "parser_" in reason), 1)
    figures.all("files indexed", (job["stats"] or {}).get("files_indexed", 0), len(files) - 1)


KILL9 = Check(
    "kill9",
    "a worker killed at any point costs its job one attempt, stores once, and leaves nothing behind",
    kill_workers,
    breaks=("rescue", "transaction"),
)

SERVICE_KILL = Check(
    "service_kill",
    "a service killed with all its workers has its jobs done by the next one, within lease + 5 s",
    kill_services,
    breaks=("expiry",),
)
PAUSED = Check(
    "paused",
    "a worker that slept past its lease finds its job done by another, and stores nothing",
    pause_workers,
    breaks=("fence",),
)
POISON_JOB = Check(
    "poison_job",
    "a job that kills its worker every time is dead after its attempts, and costs no other job any",
    poison_job,
    breaks=("attempts",),
)
POISON_FILE = Check(
    "poison_file", "a file that kills its parser is skipped, and nothing else", poison_file, breaks=("blame",)
)
