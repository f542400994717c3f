"""Repositories that want to be large: each ends soon, within the memory that it is given, and its neighbours go on."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from proving.check import Check, Figures, Scale
from proving.site import Site, sources
from security.charges import BOMBS, Bomb
from security.raw import raw_repo
from security.watch import Watch
from support.service import Service

PATIENCE_SECONDS = 60.0
"""The most that one answer waits for the end of a job."""
PATIENCE_TIMES = 10

MIB = 2**20
PARSER_MB = 512
GIT_MB = 1024
WORKER_MB = 1024
BOMB_SECONDS = 60

LIMITS = {"max_files": 50_000, "max_fetch_seconds": 60, "max_fetch_bytes": 256 * MIB, "retry_limit": 0,
          "lease_seconds": 30}  # fmt: skip
SHORT_LIMITS = LIMITS | {"max_parse_seconds": 3, "max_git_memory_bytes": 256 * MIB}


@dataclass
class Charge:
    """A bomb, and what came of it."""

    bomb: Bomb
    address: str
    job: dict[str, Any] = field(default_factory=dict)

    @property
    def message(self) -> str:
        return str((self.job.get("error") or {}).get("message", ""))

    @property
    def seconds(self) -> float:
        """From the start of its job to the end."""
        times = (self.job.get("started_at"), self.job.get("finished_at"))
        began, ended = (datetime.fromisoformat(time) if time else None for time in times)
        return (ended - began).total_seconds() if began and ended else PATIENCE_SECONDS * PATIENCE_TIMES


def drop_bombs(site: Site, scale: Scale, figures: Figures) -> None:
    before = after = scale.of(3, 1)
    charges = [lay(site, bomb, scale) for bomb in BOMBS if not (scale.short and bomb.short is None)]
    roots = site.folder / "roots"
    with (
        site.service(workers=2, local_roots=roots, **(SHORT_LIMITS if scale.short else LIMITS)) as service,
        Watch(service.process.pid) as watch,
    ):
        neighbours = [service.index(site.repository(sources(n))[0])["job_id"] for n in range(before)]
        for charge in charges:
            charge.job = service.index(charge.address)
        neighbours += [service.index(site.repository(sources(n))[0])["job_id"] for n in range(after)]
        for charge in charges:
            charge.job = ended(service, charge.job["job_id"])
        spared = [ended(service, job) for job in neighbours]
        lost = len(service.lines("a worker ended unasked"))
    failed = [charge for charge in charges if charge.job["status"] == "failed"]
    figures.at_least("bombs", len(charges), 8)
    figures.at_most("MB of a parser process at most", watch.peaks["parser"] / MIB, PARSER_MB)
    figures.at_most("MB of git at most", watch.peaks["git"] / MIB, scale.of(GIT_MB, GIT_MB // 3))
    figures.at_most("MB of a worker at most", watch.peaks["worker"] / MIB, WORKER_MB)
    figures.within("seconds of a bomb at most", max(charge.seconds for charge in charges), BOMB_SECONDS)
    figures.none("jobs that never end", sum(charge.job["finished_at"] is None for charge in charges))
    figures.none("worker crashes", lost)
    figures.none("bombs that had another end than they should", sum(is_other_end(charge) for charge in charges))
    figures.none("messages that do not say what to change", sum(not says_what(charge.message) for charge in failed))
    figures.all("neighbours completed", sum(job["status"] == "completed" for job in spared), before + after)
    figures.none("directories left behind", len(site.orphans()))


def lay(site: Site, bomb: Bomb, scale: Scale) -> Charge:
    folder: Path = site.folder / "roots" if bomb.by == "path" else site.git.root / "bombs"
    repo = raw_repo(folder / bomb.name)
    bomb.build(repo, site.git, scale.of(bomb.full, bomb.short or 0))
    return Charge(bomb, str(repo.path) if bomb.by == "path" else site.git.url(f"bombs/{bomb.name}"))


def ended(service: Service, job_id: str) -> dict[str, Any]:
    """The job once it has ended, or when there is no patience left."""
    for _ in range(PATIENCE_TIMES):
        job = service.job(job_id, PATIENCE_SECONDS - 1)
        if job["finished_at"] is not None:
            break
    return job


def says_what(message: str) -> bool:
    """Whether it names the setting, or the file of the repository's."""
    return "KOTADB_MAX_" in message or ".kotadbignore" in message


def is_other_end(charge: Charge) -> bool:
    return (charge.job["status"] == "failed") is not charge.bomb.fails


BOMBS_CHECK = Check(
    "bombs",
    "a repository made to cost much costs no more than the limits, which say so, and its neighbours go on",
    drop_bombs,
    breaks=("memory", "folders"),
)

CHECKS = (BOMBS_CHECK,)
