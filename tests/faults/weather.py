"""What happens to databases: sessions that are ended, restarts, connections that go dead, too many of them."""

import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from faults.proxy import Proxy
from kotadb.errors import DatabaseUnavailable
from kotadb.postgres.database import Connection, Database, connect
from kotadb.postgres.embedded import EmbeddedServer, running_postmaster
from kotadb.postgres.migrate import migrate
from proving.check import Check, Figures, Scale
from proving.site import PATIENCE_SECONDS, Reader, Site, sources, until
from support.service import Service

WORKERS = 3
GENTLE: dict[str, object] = {"workers": WORKERS, "retry_delay": 0.2, "retry_backoff": 1.5, "retry_limit": 20}
"""Many attempts, soon: what is counted is whether a job is lost, not how patient it is."""

MAX_CONNECTIONS = 30
STORM_SECONDS = 2
GREED = 5


class Traffic:
    """Jobs all the time and somebody who reads, for as long as a `with`.

    In the end all jobs must be done, by themselves, or have left it to a newer job of the same request.
    """

    def __init__(self, site: Site, service: Service, figures: Figures) -> None:
        self.accepted: list[str] = []
        self._service = service
        self._figures = figures
        self._refused: list[int] = []
        self._stop = threading.Event()
        address, _ = site.repository(sources(1))
        first = service.indexed(address)
        self._reader = Reader(site, first["repository_id"], {site.digest(first["repository_id"]) or ""})
        self._addresses = [site.repository()[0] for _ in range(WORKERS)]
        self._thread = threading.Thread(target=self._ask, name="traffic")

    def __enter__(self) -> "Traffic":
        self._reader.__enter__()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._reader.__exit__(None, None, None)
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        ended = [self._service.job(job_id, max(0, give_up_at - time.monotonic())) for job_id in self.accepted]
        self._figures.at_least("jobs accepted", len(self.accepted), 1)
        self._figures.none("jobs lost", sum(not is_done(job) for job in ended))
        self._figures.none("partial indexes seen", self._reader.partial)
        self._figures.none("answers other than 202 and 503", sum(status != 503 for status in self._refused))

    def goes_on(self) -> bool:
        """Whether a job that is accepted from now on is done, within a minute."""
        count = len(self.accepted)
        if not until(lambda: len(self.accepted) > count):
            return False
        return bool(self._service.job(self.accepted[count], PATIENCE_SECONDS)["finished_at"])

    def _ask(self) -> None:
        """One request after another; of those that are refused, the status."""
        while not self._stop.wait(0.1):
            for address in self._addresses:
                try:
                    answer = self._service.client.post("/index", json={"repository": address, "force": True})
                except httpx.TimeoutException:
                    self._refused.append(0)
                    continue
                if answer.status_code != 202:
                    self._refused.append(answer.status_code)
                elif answer.json()["job_id"] not in self.accepted:
                    self.accepted.append(answer.json()["job_id"])


def is_done(job: dict[str, Any]) -> bool:
    is_superseded = job["status"] == "cancelled" and job["error"]["code"] == "superseded"
    return job["status"] in ("completed", "skipped") or is_superseded


def end_sessions(site: Site, scale: Scale, figures: Figures) -> None:
    """All sessions but our own, again and again."""
    times, ended, pause = scale.of(20, 3), 0, threading.Event()
    with site.service(**GENTLE) as service:
        with Traffic(site, service, figures) as traffic:
            for _ in range(times):
                pause.wait(scale.random.uniform(0.2, 1.5))
                ended += end_all(site)
            figures.all("work goes on", traffic.goes_on(), 1)
        figures.at_least("sessions ended", ended, times)
        figures.all("workers alive after it", until(lambda: workers_of(service) == WORKERS) * WORKERS, WORKERS)


END_OTHERS = """select count(pg_terminate_backend(pid)) as ended from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and pid <> all(%s::integer[])"""


def end_all(site: Site) -> int:
    with connect(site.url, autocommit=True) as connection:
        row = connection.execute(END_OTHERS, [[]]).fetchone()
    assert row is not None
    return int(row["ended"])


def is_busy(site: Site) -> bool:
    """Whether all workers have something to lose."""
    return len(site.rows("select id from index_jobs where status = 'processing'")) >= WORKERS


def workers_of(service: Service) -> int:
    answer = service.client.get("/ready")
    return int(answer.json()["workers"]) if answer.status_code == 200 else 0


def cut_connections(site: Site, scale: Scale, figures: Figures) -> None:
    """The machine between us and the database goes away: nobody is told."""
    times, cut = scale.of(5, 1), 0
    parts = urlsplit(site.url)
    with Proxy(f"{parse_qs(parts.query)['host'][0]}/.s.PGSQL.5432") as proxy:
        behind = replace(site, url=f"postgresql://kotadb@127.0.0.1:{proxy.port}{parts.path}")
        with behind.service(**GENTLE) as service:
            gone_on = 0
            with Traffic(site, service, figures) as traffic:
                for _ in range(times):
                    until(lambda: bool(traffic.accepted))
                    cut += proxy.cut()
                    gone_on += traffic.goes_on()
            figures.all("work goes on", gone_on, times)
            figures.at_least("connections cut", cut, times)
            figures.all("workers alive after it", until(lambda: workers_of(service) == WORKERS) * WORKERS, WORKERS)


@contextmanager
def own_server(site: Site, options: dict[str, str] | None = None) -> Iterator[tuple[Site, EmbeddedServer]]:
    """The site on a server of its own, and that server."""
    with EmbeddedServer(site.folder / "postgres", None, site.server_options | (options or {})) as server:
        migrate(server.url)
        with Database(server.url) as database:
            yield replace(site, url=server.url, database=database), server


def restart(site: Site, scale: Scale, figures: Figures) -> None:
    """PostgreSQL is stopped as by a crash, stays away for a while, and comes back."""
    times = scale.of(2, 1)
    gone_on, refused = 0, 0
    with own_server(site) as (there, server), there.service(**GENTLE) as service:
        with Traffic(there, service, figures) as traffic:
            for _ in range(times):
                until(lambda: is_busy(there))
                crash(server)
                with ThreadPoolExecutor() as callers:  # each waits as long as the API has patience
                    asked = [
                        callers.submit(service.client.post, "/index", json={"repository": "a/b"}),
                        callers.submit(service.client.get, "/ready"),
                    ]
                    answers = [each.result() for each in asked]
                refused += all(answer.status_code == 503 and "retry-after" in answer.headers for answer in answers)
                # A client of the same folder: it starts the server.
                with EmbeddedServer(server.folder, None, site.server_options):
                    gone_on += traffic.goes_on()
        figures.all("times the API said 503 with Retry-After meanwhile", refused, times)
        figures.all("work goes on", gone_on, times)
        figures.all("workers alive after it", until(lambda: workers_of(service) == WORKERS) * WORKERS, WORKERS)


def crash(server: EmbeddedServer) -> None:
    """What `pg_ctl stop -m immediate` does; the next start recovers from the log."""
    postmaster = running_postmaster(server.data_dir)
    assert postmaster is not None
    postmaster.send_signal(signal.SIGQUIT)
    assert until(lambda: running_postmaster(server.data_dir) is None)


def exhaust(site: Site, scale: Scale, figures: Figures) -> None:
    """Somebody else takes every connection that the server has."""
    with (
        own_server(site, {"max_connections": str(MAX_CONNECTIONS)}) as (there, _),
        there.service(**GENTLE) as service,
        Traffic(there, service, figures) as traffic,
    ):
        until(lambda: is_busy(there))
        taken = take_all(there, [])
        for _ in range(GREED):  # from whoever has one
            taken[0].execute(END_OTHERS, [[connection.info.backend_pid for connection in taken]])
            taken = take_all(there, taken)
        figures.at_least("connections taken", len(taken), 1)
        if not scale.short:  # which lasts as long as the API has patience
            service.client.post("/index", json={"repository": "a/b"})
        threading.Event().wait(scale.of(STORM_SECONDS, 1))
        for connection in taken:
            connection.close()
        figures.all("work goes on", traffic.goes_on(), 1)


def take_all(site: Site, taken: list[Connection]) -> list[Connection]:
    """Those taken already, and all that are left."""
    with suppress(DatabaseUnavailable):
        while True:
            taken.append(connect(site.url, autocommit=True))
    return taken


BACKENDS = Check(
    "backends",
    "sessions that the database ends lose no job, and work goes on by itself",
    end_sessions,
    breaks=("stubborn",),
)
RESTARTS = Check(
    "restarts",
    "a database that crashes and comes back loses no job; meanwhile the API says so",
    restart,
    breaks=("stubborn",),
)
HALF_OPEN = Check(
    "half_open",
    "connections whose other end is gone without a word are given up, and no job is lost",
    cut_connections,
    breaks=("keepalive",),
    is_quick=False,
)
STORMS = Check(
    "storms", "a database with no connection to spare loses no job, and work goes on", exhaust, breaks=("stubborn",)
)

CHECKS = (BACKENDS, RESTARTS, HALF_OPEN, STORMS)
