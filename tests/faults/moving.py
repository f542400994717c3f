"""Repositories that change while they are indexed: rewritten, deleted, no longer wanted."""

import time

from faults.held import Held, hold
from faults.kills import CLAIM_LOST, LATE_SECONDS
from proving.check import Check, Figures, Scale
from proving.site import PATIENCE_SECONDS, Site, sources, until
from support.repos import Repo
from support.service import Service

STAGES = ("fetch", "parse", "resolve", "staged", "store")
TABLES = (
    "indexes",
    "indexed_files",
    "symbols",
    "symbol_references",
    "dependency_graph",
    "symbol_relations",
    "skipped_files",
    "source_blobs",
)
STOPS_WITHIN_SECONDS = 2

# ---- rewritten -------------------------------------------------------------------------------------------------------


def rewrite(site: Site, scale: Scale, figures: Figures) -> None:
    times = scale.of(5, 1)
    with site.service(workers=2) as service:
        right = sum(
            [pushed(site, service) for pushed in (between_runs, old_there, old_gone) for _ in range(times)], start=0
        )
        deleted = sum(branch_deleted(site, service) for _ in range(times))
    figures.all("jobs that record the commit that they indexed, and the right one", right, 3 * times)
    figures.all("jobs that fail at once for want of their branch, the old index served", deleted, times)


def between_runs(site: Site, service: Service) -> bool:
    """Force-pushed between two runs: the index is that of the new commit."""
    address, repo = site.repository()
    service.indexed(address)
    after = force_push(repo)
    return is_of(site, service.indexed(address), repo, after)


def old_there(site: Site, service: Service) -> bool:
    """Force-pushed after the run was told what HEAD is: that commit is what it indexes."""
    address, repo = site.repository()
    before = repo.head
    job, gate = told_head(site, service, address)
    force_push(repo)
    site.git.let_go(gate)
    return is_of(site, service.finished(job), repo, before)


def old_gone(site: Site, service: Service) -> bool:
    """And the server has thrown the old commit away: tried again, with the new one."""
    address, repo = site.repository()
    job, gate = told_head(site, service, address)
    after = force_push(repo)
    repo.git("reflog", "expire", "--expire=now", "--all")
    repo.git("gc", "--quiet", "--prune=now")
    site.git.let_go(gate)
    done = service.finished(job)
    return [run["code"] for run in done["history"]] == ["ref_moved"] and is_of(site, done, repo, after)


def branch_deleted(site: Site, service: Service) -> bool:
    address, repo = site.repository()
    repo.git("branch", "topic")
    repository_id = service.indexed(address, ref="topic")["repository_id"]
    before = site.digest(repository_id)
    repo.git("branch", "--quiet", "-D", "topic")
    done = service.indexed(address, ref="topic", force=True)
    failed = done["status"], done["attempt"], (done["error"] or {}).get("code")
    return failed == ("failed", 1, "ref_not_found") and site.digest(repository_id) == before


def told_head(site: Site, service: Service, address: str) -> tuple[str, str]:
    """A job that has been told what HEAD is, and is held at its next question; and the name of the gate."""
    gate_name = address.rsplit("/", 1)[1] + "/info/refs"
    gate = site.git.hold(gate_name, after=1)
    job = service.index(address)["job_id"]
    assert gate.reached.wait(PATIENCE_SECONDS), "git asked nothing more"
    return job, gate_name


def force_push(repo: Repo) -> str:
    """Replace the branch's only commit by another one."""
    repo.write(sources(2))
    repo.git("commit", "--quiet", "--all", "--amend", "--message", "rewritten")
    return repo.head


def is_of(site: Site, job: dict[str, str], repo: Repo, commit: str) -> bool:
    """Whether the job is completed and says this commit, and its index holds just the files of it."""
    rows = site.rows(
        """select path, blob_sha, commit_sha from indexed_files join indexes using (repository_id, index_id)
           join repositories on id = repository_id where uuid = %s""", job["repository_id"]
    )  # fmt: skip
    wanted = {
        tuple(line.split()) for line in repo.git("ls-tree", "--format=%(path) %(objectname)", commit).splitlines()
    }
    stored = {(row["path"], row["blob_sha"]) for row in rows}
    says = {job["commit_sha"], *(row["commit_sha"] for row in rows)}
    return job["status"] == "completed" and says == {commit} and stored == wanted


# ---- deleted ---------------------------------------------------------------------------------------------------------


def delete(site: Site, scale: Scale, figures: Figures) -> None:
    stages = scale.random.sample(STAGES, 2) if scale.short else STAGES * 3
    cancelled = discarded = left = 0
    with site.service(workers=2) as service:
        for stage in stages:
            address, _ = site.repository()
            service.indexed(address)
            held = hold(site, service, address, stage, send_on=True)
            [repository] = site.rows("select id from repositories where uuid = %s", held.repository_id)
            answer = service.client.delete(f"/repositories/{held.repository_id}")
            assert answer.status_code == 204, answer.text
            held.let_go()
            discarded += discards(service, held)
            left += rows_of(site, repository["id"])
            cancelled += service.job(held.job_id)["status"] == "cancelled"
        until(lambda: not site.orphans())
    figures.all("jobs cancelled", cancelled, len(stages))
    figures.all("runs that discarded what they had", discarded, len(stages))
    figures.none("rows left of deleted repositories", left)
    figures.none("orphan directories", len(site.orphans()))


def rows_of(site: Site, repository_id: int) -> int:
    counts = [
        site.rows(f"select count(*) as n from {table} where repository_id = %s", repository_id) for table in TABLES
    ]
    return sum(count[0]["n"] for count in counts)


def discards(service: Service, held: Held, seconds: float = PATIENCE_SECONDS) -> bool:
    """Whether the run says within that time that it stores nothing."""
    return service.logs(CLAIM_LOST, seconds, job_id=held.job_id) is not None


# ---- cancelled -------------------------------------------------------------------------------------------------------


def cancel(site: Site, scale: Scale, figures: Figures) -> None:
    stages = scale.random.sample(STAGES, 2) if scale.short else STAGES * 4
    stopped = changed = other = 0
    slowest = 0.0
    with site.service(workers=2) as service:
        address, repo = site.repository()
        repository_id = service.indexed(address)["repository_id"]
        before = site.digest(repository_id)
        repo.commit(sources(2))
        for stage in stages:
            held = hold(site, service, address, stage, send_on=True)
            answer = service.client.post(f"/jobs/{held.job_id}/cancel")
            assert answer.status_code == 200, answer.text
            answered_at = time.monotonic()
            if stage != "fetch":  # where git waits the run has to stop by itself
                held.let_go()
            stopped += discards(service, held, LATE_SECONDS)
            slowest = max(slowest, time.monotonic() - answered_at)
            held.let_go()
            other += service.job(held.job_id) != answer.json()
            changed += site.digest(repository_id) != before
        until(lambda: not site.orphans())
    figures.all("runs that stopped", stopped, len(stages))
    figures.within("slowest stop, seconds", slowest, STOPS_WITHIN_SECONDS)
    figures.none("indexes changed", changed)
    figures.none("jobs that did not stay as they were answered", other)
    figures.none("orphan directories", len(site.orphans()))


MOVING = Check(
    "moving",
    "a branch rewritten or deleted at any time: a job indexes the one commit that it says, or fails and harms nothing",
    rewrite,
    breaks=("one_resolution",),
)

DELETED = Check(
    "deleted",
    "a repository deleted while it is indexed leaves not one row, whatever its run was at",
    delete,
    breaks=("foreign_keys",),
)

CANCELLED = Check(
    "cancelled",
    "a job cancelled while it runs stops within 2 s and stores nothing, whatever it was at",
    cancel,
    breaks=("fence",),
)

CHECKS = (MOVING, DELETED, CANCELLED)
