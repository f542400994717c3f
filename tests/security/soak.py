"""An hour of ordinary work in a few minutes: jobs that succeed, fail, are cancelled and deleted. Nothing piles up."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median

import psutil
import psycopg

from proving.check import Check, Figures, Scale
from proving.site import Site, sources, until
from support.repos import Repo
from support.service import Service

REPOSITORIES = 12
GROWTH = 1.05
DEAD_SHARE = 0.5
WINDOW = 5
"""Rounds whose median is one measurement: a single one has the garbage of a moment in it."""


@dataclass
class Sample:
    """What there is after a round."""

    memory_bytes: float
    descriptors: float
    connections: float


@dataclass
class Soak:
    """Rounds of jobs against one service, and a sample after each."""

    site: Site
    service: Service
    repositories: list[tuple[str, Repo]]
    jobs: int = 0
    unexpected: int = 0
    samples: list[Sample] = field(default_factory=list)

    def round(self, number: int) -> None:
        for at, (_, repo) in enumerate(self.repositories):
            repo.commit({"m0.py": f"def changed_{number}_{at}():\n    return {number}\n"})
        with ThreadPoolExecutor(6) as callers:
            done = list(callers.map(lambda at: self.service.indexed(at[0]), self.repositories))
            done += callers.map(self.service.indexed, [self.site.git.url("owner/missing")] * 2)
        wanted = ["completed"] * len(self.repositories) + ["failed"] * 2
        self.unexpected += sum(job["status"] != status for job, status in zip(done, wanted, strict=True))
        self._cancel_and_delete(number)
        self.jobs += len(done) + 2
        self.samples.append(self._sample())

    def _cancel_and_delete(self, number: int) -> None:
        """A job that is cancelled while it runs, and a repository that is deleted with its index."""
        address, _ = self.repositories[number % len(self.repositories)]
        name = address.rsplit("/", 1)[1] + "/"
        gate = self.site.git.hold(name)
        held = self.service.index(address, force=True)
        assert gate.reached.wait(60)
        self.service.client.post(f"/jobs/{held['job_id']}/cancel")
        self.site.git.let_go(name)
        self.unexpected += self.service.finished(held["job_id"])["status"] != "cancelled"
        self.service.client.delete(f"/repositories/{held['repository_id']}")
        self.unexpected += self.service.indexed(address)["status"] != "completed"

    def _sample(self) -> Sample:
        until(lambda: not self.site.orphans())
        processes = [psutil.Process(self.service.process.pid), *self.service.workers()]
        return Sample(
            sum(process.memory_full_info().uss for process in processes),
            sum(process.num_fds() - len(process.net_connections("tcp")) for process in processes),
            len(self.site.rows(CONNECTIONS)),
        )

    def growth(self, of: Callable[[Sample], float]) -> float:
        """The last rounds by those after the first, which warm things up."""
        window = min(WINDOW, len(self.samples) // 2)
        first, last = self.samples[:window], self.samples[-window:]
        return median(map(of, last)) / median(map(of, first))


CONNECTIONS = """select pid from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'"""

DEAD = """select sum(n_dead_tup)::float / greatest(sum(n_live_tup), 1) as share from pg_stat_user_tables
where relname in ('indexed_files', 'symbols', 'symbol_references', 'dependency_graph', 'symbol_relations',
    'source_blobs')"""

UNUSED = """select count(*) as blobs from source_blobs b where not exists (
    select from indexed_files f where f.repository_id = b.repository_id and f.blob_sha = b.blob_sha)"""


def work_for_an_hour(site: Site, scale: Scale, figures: Figures) -> None:
    warm_up, rounds = scale.of(8, 1), scale.of(36, 2)
    with often_vacuumed(site), site.service(workers=3) as service:
        repositories = [site.repository(sources(number)) for number in range(scale.of(REPOSITORIES, 3))]
        soak = Soak(site, service, repositories)
        for number in range(warm_up):
            soak.round(number)
        soak.samples.clear()
        for number in range(warm_up, warm_up + rounds):
            soak.round(number)
        restarts = len(service.lines("a worker ended unasked"))
        until(lambda: _dead(site) <= DEAD_SHARE)
        dead = _dead(site)
        [unused] = site.rows(UNUSED)
    figures.at_least("jobs", soak.jobs, scale.of(500, 20))
    figures.none("jobs with another end than they should have", soak.unexpected)
    figures.none("workers that had to be replaced", restarts)
    figures.within("memory by the end, of that after the start", soak.growth(lambda at: at.memory_bytes), GROWTH)
    # In a few rounds pools have not reached the size that they keep.
    most = 1.2 if scale.short else 1
    figures.at_most("descriptors by the end, of those after the start", soak.growth(lambda at: at.descriptors), most)
    figures.at_most("connections by the end, of those after the start", soak.growth(lambda at: at.connections), most)
    figures.none("directories left", len(site.orphans()))
    figures.none("blobs that nothing refers to", unused["blobs"])
    figures.at_most("dead rows of the index for each that lives", dead, DEAD_SHARE)


@contextmanager
def often_vacuumed(site: Site) -> Iterator[None]:
    """The hour is compressed for autovacuum too, which looks once a minute by default."""
    with psycopg.connect(site.url, autocommit=True) as connection:
        connection.execute("alter system set autovacuum_naptime = '5s'")
        connection.execute("select pg_reload_conf()")
        try:
            yield
        finally:
            connection.execute("alter system reset autovacuum_naptime")
            connection.execute("select pg_reload_conf()")


def _dead(site: Site) -> float:
    share: float = site.rows(DEAD)[0]["share"]
    return share


SOAK = Check(
    "soak",
    "whatever is done for however long, memory, descriptors, connections, directories and dead rows do not pile up",
    work_for_an_hour,
    breaks=("leak_memory", "leak_descriptors", "leak_blobs"),
)

CHECKS = (SOAK,)
