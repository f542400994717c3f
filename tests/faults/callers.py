"""Callers of the API: what was accepted is kept, and what is asked for twice is done once at a time."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import accumulate, count
from typing import Any

import httpx

from faults.held import hold
from proving.check import Check, Figures, Scale
from proving.site import PATIENCE_SECONDS, Site, sources, until
from support.service import Service

CALLERS = 6

# ---- the API is killed -----------------------------------------------------------------------------------------------


@dataclass
class Crowd:
    """Callers that ask for one repository after another, each for another one, until nobody answers."""

    url: str
    key: str
    names: Iterator[int]
    accepted: list[str] = field(default_factory=list)
    _wanted: int = 0
    _enough: threading.Event = field(default_factory=threading.Event)

    def until_killed(self, kill: Callable[[], None], answers: int) -> int:
        """Kill it when so many were accepted. Returns how many requests were under way then and got no answer."""
        self._wanted = answers
        with ThreadPoolExecutor(CALLERS) as callers:
            unanswered = [callers.submit(self._ask) for _ in range(CALLERS)]
            assert self._enough.wait(PATIENCE_SECONDS), "the service accepts nothing"
            kill()
            return sum(caller.result() for caller in unanswered)

    def _ask(self) -> bool:
        """Whether the last request was under way when the service ended."""
        with httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {self.key}"}) as client:
            while True:
                try:
                    answer = client.post(
                        "/index", json={"repository": f"https://example.com/owner/r{next(self.names)}"}
                    )
                except httpx.ConnectError:
                    return False
                except httpx.TransportError:
                    return True
                assert answer.status_code == 202, answer.text
                self.accepted.append(answer.json()["job_id"])
                if len(self.accepted) >= self._wanted:
                    self._enough.set()


def kill_apis(site: Site, scale: Scale, figures: Figures) -> None:
    kills = scale.of(50, 3)
    names = count()
    accepted: list[str] = []
    unanswered = 0
    for _ in range(kills):
        with site.service(workers=0) as service:
            crowd = Crowd(str(service.client.base_url), service.key or "", names)
            unanswered += crowd.until_killed(service.process.kill, scale.random.randint(1, 40))
            accepted += crowd.accepted
    until(lambda: not site.rows(OTHERS))  # the server may be busy with the last statements of the dead
    kept = {str(job["id"]) for job in site.rows("select id from index_jobs")}
    queued = {row["job_id"] for row in site.rows("select args ->> 'job_id' as job_id from procrastinate_jobs")}
    figures.at_least("answers 202", len(accepted), kills)
    figures.at_least("requests under way at a kill", unanswered, kills)
    figures.none("202s without a job", len(set(accepted) - kept))
    figures.none("202s without a row in the queue", len(set(accepted) - queued))
    figures.none("jobs without a row in the queue", len(kept - queued))
    figures.none("rows in the queue without a job", len(queued - kept))


OTHERS = """select pid from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
    and state <> 'idle'"""


# ---- one index -------------------------------------------------------------------------------------------------------

REQUESTS = 100


def ask_for_one_index(site: Site, scale: Scale, figures: Figures) -> None:
    """While the first job is held there are no more jobs than different requests, however many ask."""
    rounds = scale.of(5, 1)
    with site.service(workers=3) as service:
        address, repo = site.repository(sources(1))
        repo.commit(sources(2))
        commits = [*repo.git("log", "--format=%H").split(), None]
        jobs: set[str] = set()
        unfinished = 0
        for _ in range(rounds):
            jobs |= at_once(site, scale, service, address, commits)
            until(lambda: not open_jobs(site))
            unfinished += open_jobs(site)
    runs = site.rows("select status, started_at, finished_at from index_jobs where id = any(%s::uuid[])", sorted(jobs))
    figures.at_least("jobs made", len(jobs), rounds * len(commits))
    figures.at_most("jobs made for the same request, beside the one that ran", len(jobs), rounds * (len(commits) + 1))
    figures.at_most("most runs at one time", most_at_once(runs), 1)
    figures.none("jobs that never end", unfinished)
    figures.none("jobs that fail", sum(run["status"] == "failed" for run in runs))


def at_once(site: Site, scale: Scale, service: Service, address: str, commits: list[str | None]) -> set[str]:
    """Ask for one index a hundred times at once while one of its jobs is held. Returns the jobs."""
    wanted = [{"ref": "main", "commit_sha": commits[n % len(commits)], "force": True} for n in range(REQUESTS)]
    scale.random.shuffle(wanted)
    held = hold(site, service, address, "fetch", ref="main")
    with ThreadPoolExecutor(20) as callers:
        asked = list(callers.map(lambda how: service.index(address, **how)["job_id"], wanted))
    # A job that came later is done, or no worker is left to do it: those that must not run have had their chance.
    other = service.index(site.repository()[0])["job_id"]
    until(lambda: service.job(other)["status"] == "completed" or running(site, held.job_id) > 1)
    held.let_go()
    return {held.job_id, *asked}


def running(site: Site, job_id: str) -> int:
    """How many jobs of its index are running."""
    return len(
        site.rows(
            """select id from index_jobs where status = 'processing'
               and index_id = (select index_id from index_jobs where id = %s)""", job_id
        )
    )  # fmt: skip


def open_jobs(site: Site) -> int:
    return len(site.rows("select id from index_jobs where finished_at is null"))


def most_at_once(runs: list[dict[str, Any]]) -> int:
    """How many of these overlap at most, by their starts and ends."""
    changes = [(run["started_at"], 1) for run in runs] + [
        (run["finished_at"], -1) for run in runs if run["finished_at"]
    ]
    return max(accumulate(change for _, change in sorted(changes)), default=0)


API_KILL = Check(
    "api_kill",
    "behind every 202 there is a job and its row in the queue, whenever the API is killed",
    kill_apis,
    breaks=("durable", "one_transaction"),
)

ONE_INDEX = Check(
    "one_index",
    "whoever asks for an index, as often and at the same time as they like: its jobs run one after another",
    ask_for_one_index,
    breaks=("lock",),
)

CHECKS = (API_KILL, ONE_INDEX)
