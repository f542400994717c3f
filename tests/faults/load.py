"""Many jobs that wait, and many callers, while all processors are busy."""

import http.client
import json
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from urllib.parse import urlsplit

from kotadb.access.keys import local_owner
from kotadb.postgres.database import connect
from kotadb.postgres.queries import query
from proving.check import Check, Figures, Scale
from proving.site import PATIENCE_SECONDS, Site, sources, until
from support.service import Service

# ---- many that wait --------------------------------------------------------------------------------------------------

CLAIM_MS = 25
CLAIMERS = 3
RUNNING = 5
"""Indexes whose job runs; behind each of them a tenth of all jobs waits, at the head of the queue."""

# Of jobs whose address no worker may reach: they fail at once.
MAKE_REPOSITORIES = """
insert into repositories (owner_id, address, name)
select %(owner)s, 'https://127.0.0.1:1/owner/r' || n, 'owner/r' || n from generate_series(1, %(jobs)s) n"""

MAKE_INDEXES = """
insert into indexes (repository_id, ref) select id, 'HEAD' from repositories where address like 'https://127.0.0.1:1/%%'"""

MAKE_JOBS = """
with waiting as (
    insert into index_jobs (owner_id, repository_id, repository_uuid, repository_name, index_id, ref, commit_sha)
    select r.owner_id, r.id, r.uuid, r.name, i.index_id, i.ref, lpad(n::text, 40, '0')
    from generate_series(1, %(jobs)s) n
    join repositories r on r.address = 'https://127.0.0.1:1/owner/r'
        || case when n <= %(jobs)s / 2 then 1 + n %% %(running)s else n end
    join indexes i on i.repository_id = r.id
    order by n
    returning *)
insert into procrastinate_jobs (queue_name, task_name, lock, args)
select 'index-repo', 'index-repo', 'index:' || index_id,
    jsonb_build_object('job_id', id, 'repository_id', repository_uuid, 'commit_sha', commit_sha)
from waiting order by commit_sha"""

CARRY_JOBS = """
update index_jobs set queue_job_id = q.id from procrastinate_jobs q where (q.args ->> 'job_id')::uuid = index_jobs.id"""

RUN_FIRST = """
update procrastinate_jobs q set status = 'doing', worker_id = %(worker)s
where id in (select min(id) from procrastinate_jobs group by lock order by min(id) limit %(running)s)"""

ACCOUNTED_FOR = """
select count(*) as n from index_jobs j
where status = 'failed' and exists (
        select from procrastinate_jobs q
        where q.queue_name = 'index-repo_dlq' and q.args ->> 'job_id' = j.id::text)
    or status in ('pending', 'processing') and exists (
        select from procrastinate_jobs q where q.id = j.queue_job_id and q.status in ('todo', 'doing'))"""


def keep_backlog(site: Site, scale: Scale, figures: Figures) -> None:
    jobs, done = 10_000, scale.of(1_000, 60)
    make_backlog(site, jobs)
    latencies = claim_many(site, scale.of(600, 300))
    site.rows("update procrastinate_workers set last_heartbeat = now() - interval '1 hour'")  # whoever claimed is dead
    with site.service(workers=3) as service:
        until(lambda: ended(site) >= done)
        assert service.stop() == 0
    figures.at_least("claims", len(latencies), 300)
    figures.within("claim p99, ms", percentile(latencies, 99), CLAIM_MS)
    figures.at_least("jobs that workers got to the end of", ended(site), done)
    figures.all("jobs accounted for", site.rows(ACCOUNTED_FOR)[0]["n"], jobs)


def make_backlog(site: Site, jobs: int) -> None:
    [worker] = site.rows("insert into procrastinate_workers default values returning id")
    parameters = {"owner": local_owner(site.database).id, "jobs": jobs, "running": RUNNING, "worker": worker["id"]}
    with site.database.transaction() as connection:
        for statement in (MAKE_REPOSITORIES, MAKE_INDEXES, MAKE_JOBS, CARRY_JOBS, RUN_FIRST):
            connection.execute(statement.encode(), parameters)
    with connect(site.url, autocommit=True) as connection:
        connection.execute("vacuum analyze")


def ended(site: Site) -> int:
    return int(site.rows("select count(*) as n from index_jobs where finished_at is not null")[0]["n"])


def claim_many(site: Site, claims: int) -> list[float]:
    """Claim so many jobs as workers do, three at a time. Returns how long each took, in milliseconds."""
    with ThreadPoolExecutor(CLAIMERS) as claimers:
        return list(chain.from_iterable(claimers.map(lambda _: claim_some(site, claims // CLAIMERS), range(CLAIMERS))))


def claim_some(site: Site, claims: int) -> list[float]:
    fetch = query("queue.fetch") if site.broken != "claim" else QUEUES_OWN
    [worker] = site.rows("insert into procrastinate_workers default values returning id")
    latencies = []
    with connect(site.url, autocommit=True) as connection:
        for _ in range(claims):
            began = time.perf_counter()
            claimed = connection.execute(fetch, {"queue": "index-repo", "worker_id": worker["id"]}).fetchall()
            latencies.append((time.perf_counter() - began) * 1000)
            assert claimed
    return latencies


QUEUES_OWN = b"select * from procrastinate_fetch_job_v2(array[%(queue)s], %(worker_id)s)"


# ---- many callers ----------------------------------------------------------------------------------------------------

PER_SECOND = 50
ANSWER_MS = 100
CALLERS = 32
BLOCK_BYTES = 8192


def serve_under_load(site: Site, scale: Scale, figures: Figures) -> None:
    seconds = scale.of(60, 5)
    with site.service(workers=3, drain_seconds=0) as service:
        fill_workers(site, service, jobs_each=scale.of(20, 3))
        started = len(service.lines("job started"))
        with writing(site.folder / "probe") as writes:
            statuses, latencies = ask(service, seconds * PER_SECOND)
        running = site.rows("select count(*) as n from index_jobs where status = 'processing'")[0]["n"]
        figures.all("POSTs answered 202", statuses.count(202), seconds * PER_SECOND)
        figures.within("p50, ms", percentile(latencies, 50), ANSWER_MS)
        figures.within("p99, ms", percentile(latencies, 99), ANSWER_MS)
        figures.within("slowest, ms", max(latencies), 10 * ANSWER_MS)
        # No commit is faster than the disk: what a single block took meanwhile.
        figures.at_least("disk p99, ms", percentile(writes, 99), 0)
        figures.at_least("disk slowest, ms", max(writes), 0)
        figures.at_least("jobs that ran meanwhile", started, 3)
        figures.all("jobs running at the end of it", running, 3)


def fill_workers(site: Site, service: Service, jobs_each: int) -> None:
    """Have each of three workers at work, and behind that enough to keep it so: all is parsed again each time."""
    for _ in range(3):
        address, repo = site.repository({f"p{n}/{path}": text for n in range(20) for path, text in sources(n).items()})
        for number in range(jobs_each):
            repo.git("tag", f"t{number}")
            service.index(address, ref=f"t{number}", force=True)
    until(lambda: len(service.lines("job started")) >= 3)


@contextmanager
def writing(file: Path) -> Iterator[list[float]]:
    """Make one block durable, again and again. Yields how long each time took, in milliseconds."""
    stop = threading.Event()
    took: list[float] = []
    file.write_bytes(bytes(BLOCK_BYTES))

    def write() -> None:
        with file.open("r+b", buffering=0) as open_file:
            while not stop.wait(1 / PER_SECOND):
                began = time.perf_counter()
                os.pwrite(open_file.fileno(), bytes(BLOCK_BYTES), 0)
                os.fdatasync(open_file.fileno())
                took.append((time.perf_counter() - began) * 1000)

    with ThreadPoolExecutor(1) as thread:
        writer = thread.submit(write)
        try:
            yield took
        finally:
            stop.set()
            writer.result()


def ask(service: Service, requests: int) -> tuple[list[int], list[float]]:
    """Ask for one repository after another on the clock's beat, whether the others are answered or not.

    Returns the statuses, and how long each took from the moment at which it was due, in milliseconds.
    """
    local = threading.local()
    begin = time.monotonic() + 0.2

    def post(number: int) -> tuple[int, float]:
        due = begin + number / PER_SECOND
        threading.Event().wait(max(0, due - time.monotonic()))
        if not hasattr(local, "connection"):
            local.connection = http.client.HTTPConnection(
                urlsplit(str(service.client.base_url)).netloc, timeout=PATIENCE_SECONDS
            )
        body = json.dumps({"repository": f"https://example.com/owner/r{number}"})
        headers = {"Authorization": f"Bearer {service.key}", "Content-Type": "application/json"}
        local.connection.request("POST", "/index", body, headers)
        answer = local.connection.getresponse()
        answer.read()
        return answer.status, (time.monotonic() - due) * 1000

    with ThreadPoolExecutor(CALLERS) as callers:
        answers = list(callers.map(post, range(requests)))
    return [status for status, _ in answers], [latency for _, latency in answers]


def percentile(values: list[float], percent: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


BACKLOG = Check(
    "backlog",
    "with 10,000 jobs waiting, claims stay fast and none is lost",
    keep_backlog,
    breaks=("claim",),
    is_quick=False,
)

LOAD = Check(
    "load",
    "50 requests a second are accepted at once while three jobs use all processors",
    serve_under_load,
    breaks=("cheap_keys",),
    is_quick=False,
)

CHECKS = (BACKLOG, LOAD)
