"""Services that are told to stop while they have work."""

import signal
import subprocess
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime

import psutil

from faults.held import alive, hold
from proving.check import Check, Figures, Scale
from proving.site import PATIENCE_SECONDS, Site, sources, until
from support.service import Service

WORKERS = 3
REPOSITORIES = 6
LIMITS = (0.3, float(PATIENCE_SECONDS))
"""How long drains may take, in turn: some jobs are handed back, or all can finish."""

LEASE_SECONDS = 30
"""Long enough that no job comes back by it, with an attempt spent, while a drain is under way on a busy machine."""

GRACE_SECONDS = 10
"""How much longer than its limit a drain may take."""


@dataclass
class Tally:
    """What was seen while services were told to stop."""

    on_time: int = 0
    attempts: int = 0
    handed_back: int = 0
    finished: int = 0
    survivors: int = 0
    directories: int = 0
    jobs: set[str] = field(default_factory=set)


def drain(site: Site, scale: Scale, figures: Figures) -> None:
    rounds, tally = scale.of(20, 2), Tally()
    addresses = [tagged(site, rounds) for _ in range(scale.of(REPOSITORIES, WORKERS + 1))]
    for number in range(rounds):
        limit = LIMITS[number % len(LIMITS)]
        with site.service(workers=WORKERS, drain_seconds=limit, lease_seconds=LEASE_SECONDS) as service:
            drain_once(site, scale, service, addresses, tally, limit, f"round{number}")
    forced = force(site, tally)
    with site.service(workers=WORKERS) as service:
        done = [service.job(job, PATIENCE_SECONDS) for job in tally.jobs]
    figures.all("exits with code 0, within the limit + 10 s", tally.on_time, rounds)
    figures.all("exits at once at the second signal", forced, 1)
    figures.none("attempts spent by it", tally.attempts)
    figures.at_least("jobs handed back", tally.handed_back, rounds / 2)
    figures.at_least("jobs that could finish", tally.finished, rounds / 2)
    figures.none("surviving processes", tally.survivors)
    figures.none("directories left", tally.directories)
    completed = sum(job["status"] == "completed" and job["attempt"] == 1 for job in done)
    figures.all("jobs completed at their first attempt", completed, len(tally.jobs))


def tagged(site: Site, rounds: int) -> str:
    """A repository with an index for each round, so that no job takes the place of one that was handed back."""
    address, repo = site.repository(sources(1))
    for number in range(rounds):
        repo.git("tag", f"round{number}")
    return address


def drain_once(
    site: Site, scale: Scale, service: Service, addresses: list[str], tally: Tally, limit: float, ref: str
) -> None:
    """Tell it to stop while three jobs run and more wait; with a short limit one of them cannot finish."""
    gate = hold(site, service, site.repository()[0], "fetch") if limit == min(LIMITS) else None
    jobs = [service.index(address, ref=ref, force=True) for address in addresses]
    tally.jobs |= {job["job_id"] for job in jobs} | ({gate.job_id} if gate else set())
    until(lambda: len(service.lines("job started")) >= WORKERS)
    threading.Event().wait(scale.random.uniform(0, 0.5))  # wherever they are by then
    processes = psutil.Process(service.process.pid).children(recursive=True)
    signalled_at, at = time.monotonic(), site.now()
    service.process.send_signal(signal.SIGTERM)
    code = exit_code(service, limit + GRACE_SECONDS)
    tally.on_time += code == 0 and time.monotonic() - signalled_at <= limit + GRACE_SECONDS
    if gate:
        gate.let_go()
    until(lambda: not alive(processes), 1)
    tally.survivors += len(alive(processes))
    tally.directories += len(site.orphans())
    count(site, at, tally)


def exit_code(service: Service, seconds: float) -> int | None:
    """The service's, None if it does not end within that time."""
    try:
        return service.process.wait(seconds)
    except subprocess.TimeoutExpired:
        return None


def count(site: Site, since: datetime, tally: Tally) -> None:
    """What the drain made of the jobs."""
    for job in site.rows("select status, attempt, finished_at, claim from index_jobs"):
        is_waiting = job["status"] in ("pending", "processing")
        tally.attempts += job["attempt"] if is_waiting else job["attempt"] - 1
        tally.handed_back += is_waiting and job["claim"] is not None
        tally.finished += not is_waiting and job["finished_at"] > since


def force(site: Site, tally: Tally) -> bool:
    """Whether a drain that may take an hour ends at the second signal, and hands its job back."""
    with site.service(workers=WORKERS, drain_seconds=3600, lease_seconds=LEASE_SECONDS) as service:
        held = hold(site, service, site.repository()[0], "fetch")
        tally.jobs.add(held.job_id)
        service.process.send_signal(signal.SIGTERM)
        service.wait_for_log("draining")
        service.process.send_signal(signal.SIGTERM)
        code = exit_code(service, GRACE_SECONDS)
        held.let_go()
        return code == 0


SIGTERM = Check(
    "sigterm",
    "told to stop under load, the service ends in time, hands back what is not done, and no job loses an attempt",
    drain,
    breaks=("free_hand_back",),
    is_quick=False,
)

CHECKS = (SIGTERM,)
