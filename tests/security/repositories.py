"""Hostile repositories: nothing in them is run, and nothing that is not in them is read."""

import json
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from proving.check import Check, Figures, Scale
from proving.site import PATIENCE_SECONDS, PLANT, TESTS, Site
from security.lenders import LENDERS
from security.paths import as_shown, entries
from security.raw import raw_repo
from security.servers import SERVERS
from security.traps import Control, Hostile, Traps, run_control, set_traps
from security.trees import TREES
from support.repos import Repo
from support.service import KOTADB_PROGRAM, Service, environment

SHORT = 16
ALWAYS = ("alternates", "fsmonitor", "promisor", "inside", "hooks", "links", "manifests", "name_escape")
FETCH_SECONDS = 8
FETCH_BYTES = 32 * 2**20
INSIDE_SECONDS = 30
LONGEST_MESSAGE = 300

UNEXPLAINED = ("fetch_failed", "internal", "worker_died", "job_timeout")
"""Codes of jobs of which kotadb does not know why they failed."""


@dataclass
class Outcome:
    """What became of a hostile repository: its job, or the status with which it was refused at once."""

    hostile: Hostile
    repo: Repo
    address: str
    job: dict[str, Any] = field(default_factory=dict)
    refused: int | None = None
    printed: str = ""

    @property
    def has_ended(self) -> bool:
        return self.refused is not None or self.job.get("finished_at") is not None

    @property
    def is_complete(self) -> bool:
        return self.job.get("status") == "completed"

    @property
    def error(self) -> dict[str, str]:
        return self.job.get("error") or {}


def offer_repositories(site: Site, scale: Scale, figures: Figures) -> None:
    traps = set_traps(site.folder / "traps", f"outside_{scale.random.getrandbits(64):016x}", site.git)
    outcomes = [build(hostile, traps) for hostile in choose(scale)]
    for outcome in outcomes:
        if outcome.hostile.by == "command":
            run_inside(site, outcome)
    limits = {"max_fetch_seconds": FETCH_SECONDS, "max_fetch_bytes": FETCH_BYTES, "retry_limit": 0}
    with site.service(workers=3, local_roots=traps.roots, **limits) as service:
        posted = [outcome for outcome in outcomes if outcome.hostile.by != "command"]
        for outcome in posted:
            post(service, outcome)
        healthy = service.index(site.repository(name="owner/healthy")[0])
        for outcome in posted:
            if outcome.job:
                outcome.job = service.job(outcome.job["job_id"], PATIENCE_SECONDS)
        healed = service.job(healthy["job_id"], PATIENCE_SECONDS)
        after = service.indexed(site.repository(name="owner/after")[0])
        log = list(service.log)
    figures.at_least("repositories", len(outcomes), scale.of(40, SHORT))
    figures.at_least("of them completed", sum(outcome.is_complete for outcome in outcomes), scale.of(40, 6))
    report(site, traps, figures, outcomes, log)
    figures.all("healthy repositories completed", sum(job["status"] == "completed" for job in (healed, after)), 2)
    figures.at_least("canaries that plain programs fire", *controls(traps, outcomes))


def choose(scale: Scale) -> list[Hostile]:
    """All of them; in short some, and those that every guard must stop."""
    every = [*LENDERS, *TREES, *SERVERS]
    if not scale.short:
        return every
    chosen = [hostile for hostile in every if hostile.name in ALWAYS]
    others = [hostile for hostile in every if hostile.name not in ALWAYS and not hostile.is_slow]
    return chosen + scale.random.sample(others, SHORT - len(chosen))


def build(hostile: Hostile, traps: Traps) -> Outcome:
    """Make the repository where it is to be offered."""
    by_path = hostile.by != "https"
    path = (traps.roots if by_path else traps.git.root / "hostile") / hostile.name
    hostile.build(raw_repo(path), traps)
    return Outcome(hostile, Repo(path), str(path) if by_path else traps.git.url(f"hostile/{hostile.name}"))


def post(service: Service, outcome: Outcome) -> None:
    answer = service.client.post("/index", json={"repository": outcome.address})
    if answer.status_code == 202:
        outcome.job = answer.json()
    else:
        outcome.refused = answer.status_code


def run_inside(site: Site, outcome: Outcome) -> None:
    """`kotadb index` by somebody who stands in the repository, with a worker of its own."""
    settings = environment(site.url, site.folder) | site.environment()
    del settings["KOTADB_LOG_FORMAT"]  # as people have it
    settings["PYTHONPATH"] = os.pathsep.join([str(PLANT), str(TESTS)])  # nothing that means the current folder
    try:
        done = subprocess.run(
            [KOTADB_PROGRAM, "index", ".", "--json"], cwd=outcome.repo.path, env=settings, capture_output=True,
            text=True, check=False, timeout=INSIDE_SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return  # no job is one that did not end
    outcome.printed = done.stdout + done.stderr
    lines = done.stdout.splitlines()
    outcome.job = json.loads(lines[-1]) if lines else {}


# ---- what is to be seen ----------------------------------------------------------------------------------------------


def report(site: Site, traps: Traps, figures: Figures, outcomes: list[Outcome], log: list[dict[str, Any]]) -> None:
    figures.none("code executed", len(traps.fired()))
    figures.none("values from outside indexed", found_in_database(site, traps.marker))
    figures.none("requests that they lured git into", len(traps.lured()))
    figures.none("jobs that never end", sum(not outcome.has_ended for outcome in outcomes))
    figures.none("jobs that nobody knows why they failed", sum(is_unexplained(outcome) for outcome in outcomes))
    figures.none("messages that are not plain", sum(not is_plain(outcome, site.folder) for outcome in outcomes))
    figures.none("entries without a fate", sum(without_fate(site, outcome) for outcome in outcomes))
    figures.none("lines that they put into the log", sum(is_forged(line) for line in log))
    figures.none("control characters printed", sum(is_control(char) for each in outcomes for char in each.printed))
    figures.none("directories left behind", len(site.orphans()))


def is_unexplained(outcome: Outcome) -> bool:
    if outcome.refused is not None:
        return outcome.refused not in (403, 422)
    return not outcome.is_complete and outcome.error.get("code", "internal") in UNEXPLAINED


def is_plain(outcome: Outcome, folder: Path) -> bool:
    """Whether what is said of a failure is for people, and names no folder of the server's."""
    message = outcome.error.get("message", "It went well.")
    return message.isprintable() and 0 < len(message) < LONGEST_MESSAGE and str(folder) not in message


def found_in_database(site: Site, marker: str) -> int:
    """How many rows of all tables hold the marker, as text or in bytes."""
    tables = site.rows("select quote_ident(tablename) as name from pg_tables where schemaname = 'kotadb'")
    wanted = [f"%{marker}%", f"%{marker.encode().hex()}%"]
    return sum(
        int(
            site.rows(f"select count(*) as n from kotadb.{table['name']} as t where t::text like any (%s)", wanted)[0][
                "n"
            ]
        )
        for table in tables
    )


def without_fate(site: Site, outcome: Outcome) -> int:
    """By how much what the index holds differs from the commit's tree, as plain git lists it."""
    if not outcome.is_complete:
        return 0
    commit = outcome.job["commit_sha"]
    listing = [] if commit is None else entries(outcome.repo.path, commit)
    stored = site.rows(
        """with wanted as (select repository_id, index_id from indexes natural join
               (select id as repository_id from repositories where uuid = %s) as found)
           select path from indexed_files natural join wanted
           union all select path from skipped_files natural join wanted""",
        outcome.job["repository_id"],
    )
    expected, found = Counter(map(as_shown, listing)), Counter(row["path"] for row in stored)
    return (expected - found).total() + (found - expected).total()


def is_forged(line: dict[str, Any]) -> bool:
    """Whether the service did not write it: it is no line of ours, or one that somebody thought up."""
    return "level" not in line or "forged" in line


def is_control(char: str) -> bool:
    return not char.isprintable() and char != "\n"


# ---- controls --------------------------------------------------------------------------------------------------------


def controls(traps: Traps, outcomes: Iterable[Outcome]) -> tuple[int, int]:
    """How many canaries fire once plain programs do what kotadb does not, and of how many."""
    settings = traps.folder / "permissive"
    settings.write_text("[protocol]\n allow = always\n[safe]\n directory = *\n")
    done = list(_carry_out(traps, outcomes, settings))
    return len({control.canary for control in done} & traps.fired()), len(done)


def _carry_out(traps: Traps, outcomes: Iterable[Outcome], settings: Path) -> Iterator[Control]:
    for outcome in outcomes:
        for number, control in enumerate(outcome.hostile.controls):
            copy = traps.folder / "copies" / f"{outcome.hostile.name}-{number}"
            shutil.copytree(outcome.repo.path, copy, symlinks=True)
            run_control(control, copy, outcome.repo.path, outcome.address, settings)
            yield control


REPOSITORIES = Check(
    "repositories",
    "of a hostile repository nothing is run, nothing outside of it is read, and its job ends with a plain word",
    offer_repositories,
    breaks=("roots", "status", "lazy_fetch", "imports"),
)

CHECKS = (REPOSITORIES,)
