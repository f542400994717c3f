"""Indexing a repository: cold, and again after edits of several sizes; each cold run with its limit beside it.

A run is a fresh installation: cold, the limit, VACUUM and CHECKPOINT, then one case after the other on what is there.
Runs of the same repository follow each other, so that cold and limit alternate, and their ratio is taken within a run.
"""

import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.performance import limit
from benchmarks.performance.checkout import FUNCTIONS, Checkout, checked_out
from benchmarks.performance.figures import Record
from benchmarks.performance.installation import Installation, Job, installed, job_seconds, step_seconds
from benchmarks.performance.measure import Cost, MeasurementFailed
from benchmarks.performance.sizes import Source, clean_up, relation_bytes, source_of

INDEX = "index"
LIMIT = "limit"
VARIANTS = "variants"
COMPARED = ("job_seconds", "after_fetch_seconds", "wall_seconds", "cpu_seconds", "stored_mb", "vacuumed_mb")
REINDEXES = 20
BRANCH = "other"

SHOWN = 10

Files = Sequence[tuple[str, str]]
"""Paths and languages."""

Exported = list[dict[str, Any]]
"""Of `kotadb export`, the records about files and imports."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Which files are edited: one that nobody imports, the one that most import, and all that can be edited."""

    leaf: tuple[str, str]
    barrel: tuple[str, str]
    importers: int
    """How many files import the barrel."""
    editable: Files

    def hundredth(self, turn: int = 0) -> Files:
        """One file in a hundred, spread evenly; others in each turn."""
        count = max(1, round(len(self.editable) / 100))
        step = len(self.editable) // count
        return [self.editable[(number * step + turn) % len(self.editable)] for number in range(count)]


def plan(exported: Exported) -> Plan:
    """From an export. Raises MeasurementFailed where nothing in it can be edited."""
    files: dict[str, str] = {}
    sizes: dict[str, int] = {}
    importers: dict[str, set[str]] = defaultdict(set)
    for record in exported:
        if record["record"] == "file" and record["language"] in FUNCTIONS:
            files[record["path"]], sizes[record["path"]] = record["language"], record["size_bytes"]
        elif record["record"] == "dependency" and record.get("to_path"):
            importers[record["to_path"]].add(record["from_path"])
    if not files:
        raise MeasurementFailed(f"there is no file to edit: give a repository with files in {', '.join(FUNCTIONS)}")
    paths = sorted(files)
    alone = sorted((path for path in paths if path not in importers), key=lambda path: sizes[path]) or paths
    leaf, barrel = alone[len(alone) // 2], max(paths, key=lambda path: len(importers[path]))
    return Plan((leaf, files[leaf]), (barrel, files[barrel]), len(importers[barrel]), list(files.items()))


# ---- the series ------------------------------------------------------------------------------------------------------


def measure_index(repository: Path, runs: int, parts: frozenset[str]) -> Iterator[Record]:
    """Cold with its limit so many times, if that is one of the parts, and if INDEX is, with all other cases.

    Memory and many re-indexes are measured once.
    """
    with checked_out(repository) as checkout:
        for run in range(runs):
            yield from _one_run(checkout, run, parts)
        if INDEX in parts:
            yield _memory_run(checkout)
            yield _many_reindexes(checkout)


def compare(repository: Path, runs: int, other: Path) -> Iterator[Record]:
    """Cold runs of this code and of another checkout of kotadb in turn; how many times the other's this one takes."""
    with checked_out(repository) as checkout:
        for run in range(runs):
            records = {}
            for name, code in (("other", other), ("this", None)):
                with installed(code) as site:
                    _, records[name] = _cold(site, checkout, run)
                yield replace(records[name], part=VARIANTS, case=name)
            this, that = records["this"].figures, records["other"].figures
            ratios = {name: this[name] / that[name] for name in COMPARED}
            yield Record(VARIANTS, checkout.path.name, "this ÷ other", run, ratios)


def _one_run(checkout: Checkout, run: int, parts: frozenset[str]) -> Iterator[Record]:
    checkout.reset()
    with installed() as site:
        exported, cold = _cold(site, checkout, run)
        yield cold
        if LIMIT in parts:
            yield _limit(site, checkout, exported, cold)
        if INDEX in parts:
            yield from _again(site, checkout, plan(exported), cold)


def _again(site: Installation, checkout: Checkout, planned: Plan, cold: Record) -> Iterator[Record]:
    """The cases after the cold one, in an order in which none spoils the next."""

    def indexed(case: str, *options: str) -> Record:
        job, cost = site.index(checkout.path, *options)
        figures = _times(job, cost)
        figures["of_cold"] = figures["job_seconds"] / cold.figures["job_seconds"]
        return Record(INDEX, cold.subject, case, cold.run, figures, {"job": job})

    yield indexed("unchanged")
    checkout.edit([planned.leaf], 1)
    yield indexed("one file")
    checkout.edit([planned.barrel], 2)
    yield indexed(f"barrel of {planned.importers}")
    checkout.edit(planned.hundredth(), 3)
    yield indexed("1 %")
    checkout.git("checkout", "--quiet", "-b", BRANCH)
    checkout.edit(planned.hundredth(1), 4)
    yield indexed("new branch, 1 %", "--ref", BRANCH)


def _memory_run(checkout: Checkout) -> Record:
    """Cold once more, with the memory of all processes looked at all the time; its times do not count."""
    checkout.reset()
    with installed() as site:
        job, cost = site.index(checkout.path, sampled=True)
        figures = {
            "peak_memory_mb": cost.peak_bytes / 1e6,
            "job_peak_memory_mb": job["stats"]["peak_memory_bytes"] / 1e6,
        }
        return Record(INDEX, checkout.path.name, "memory", 0, figures, {"job": job, "memory": cost.memory})


def _many_reindexes(checkout: Checkout) -> Record:
    """What many small changes leave behind, against a fresh index of the same commit."""
    checkout.reset()
    with installed() as site:
        site.index(checkout.path)
        planned = plan(site.export(checkout.path))
        jobs = []
        for turn in range(REINDEXES):
            checkout.edit(planned.hundredth(turn), 100 + turn)
            jobs.append(site.index(checkout.path)[0])
        worn = _stored(site, _source(site, jobs[-1]))
    with installed() as site:
        job, _ = site.index(checkout.path)
        fresh = _stored(site, _source(site, job))
    figures = {
        "bytes_of_fresh": worn.figures["stored_mb"] / fresh.figures["stored_mb"],
        "vacuumed_bytes_of_fresh": worn.figures["vacuumed_mb"] / fresh.figures["vacuumed_mb"],
    }
    details = {"worn": worn.details, "fresh": fresh.details, "job_seconds": [job_seconds(job) for job in jobs]}
    return Record(INDEX, checkout.path.name, f"{REINDEXES} times 1 %", 0, worn.figures | figures, details)


# ---- figures ---------------------------------------------------------------------------------------------------------


def _cold(site: Installation, checkout: Checkout, run: int) -> tuple[Exported, Record]:
    """What it then holds, and what that took."""
    load = os.getloadavg()[0]  # who else is at work on the machine
    job, cost = site.index(checkout.path)
    source = _source(site, job)
    stored = _stored(site, source)
    exported = site.export(checkout.path)
    figures = _times(job, cost) | _rates(job, source) | stored.figures
    details = {"job": job, "load_before": load} | stored.details | _completeness(checkout, exported)
    return exported, Record(INDEX, checkout.path.name, "cold", run, figures, details)


def _source(site: Installation, job: Job) -> Source:
    """Raises MeasurementFailed where the job indexed nothing: there is nothing to divide by."""
    source = source_of(site.url, job["index_id"])
    if not source.size_bytes:
        raise MeasurementFailed(f"no file of the repository was indexed: {job['stats']}")
    return source


def _times(job: Job, cost: Cost) -> dict[str, float]:
    """Seconds: of the job and its steps by its own clock; of the command, and the CPU of all, from start to end."""
    steps = step_seconds(job)
    fetch = steps["fetch"]
    return {
        "job_seconds": job_seconds(job),
        "fetch_seconds": fetch,
        "after_fetch_seconds": job_seconds(job) - fetch,
        "wall_seconds": cost.wall_seconds,
        "cpu_seconds": cost.cpu_seconds,
        "others_percent": cost.others_percent,
    } | {f"step_{step}_seconds": spent for step, spent in steps.items()}


def _rates(job: Job, source: Source) -> dict[str, float]:
    seconds = job_seconds(job)
    return {
        "source_mb": source.megabytes,
        "files": source.files,
        "lines": source.lines,
        "mb_per_s": source.megabytes / seconds,
        "mb_per_s_per_core": source.megabytes / seconds / limit.cores(),
        "files_per_s": source.files / seconds,
        "lines_per_s": source.lines / seconds,
    }


@dataclass(frozen=True, slots=True)
class _Stored:
    figures: dict[str, float]
    details: dict[str, Any]


def _stored(site: Installation, source: Source) -> _Stored:
    """Bytes in PostgreSQL as the job left them, and after VACUUM and CHECKPOINT, which it runs."""
    after_job = relation_bytes(site.url)
    clean_up(site.url)
    vacuumed = relation_bytes(site.url)
    figures = {
        "stored_mb": sum(after_job.values()) / 1e6,
        "stored_per_source": sum(after_job.values()) / source.size_bytes,
        "vacuumed_mb": sum(vacuumed.values()) / 1e6,
        "vacuumed_per_source": sum(vacuumed.values()) / source.size_bytes,
    }
    return _Stored(figures, {"bytes": after_job, "vacuumed_bytes": vacuumed})


def _completeness(checkout: Checkout, exported: Exported) -> dict[str, Any]:
    """Files and skipped against git's own listing, path by path; and what parsers lost."""
    listing = checkout.git("ls-tree", "-rz", "--name-only", "HEAD").split(b"\0")
    tree = Counter(path.decode("utf-8", "backslashreplace") for path in listing if path)
    kept = Counter(record["path"] for record in exported if record["record"] in ("file", "skipped"))
    lost = [record for record in exported if record.get("reason", "").startswith("parser_")]
    return {
        "complete": tree == kept and not lost,
        "in_tree_only": sorted(tree - kept)[:SHOWN],
        "in_index_only": sorted(kept - tree)[:SHOWN],
        "lost_by_parsers": lost[:SHOWN],
    }


def _limit(site: Installation, checkout: Checkout, exported: Exported, cold: Record) -> Record:
    """The limit for what was just indexed, and how many times as long the cold job took."""
    texts = limit.texts(checkout, [record for record in exported if record["record"] == "file"])
    rows = limit.stored_rows(site.url)
    fetch = limit.middle(lambda: limit.fetch(checkout))
    parse = limit.middle(lambda: limit.parse(texts))
    copy = limit.middle(lambda: limit.copy(site.url, site.server, rows))
    after_fetch, cpu = parse.wall_seconds + copy.wall_seconds, sum(part.cpu_seconds for part in (fetch, parse, copy))
    total, ours = fetch.wall_seconds + after_fetch, cold.figures
    figures = {
        "fetch_seconds": fetch.wall_seconds,
        "parse_seconds": parse.wall_seconds,
        "copy_seconds": copy.wall_seconds,
        "limit_seconds": total,
        "limit_cpu_seconds": cpu,
        "ours_of_limit": ours["job_seconds"] / total,
        "ours_of_limit_after_fetch": ours["after_fetch_seconds"] / after_fetch,
        "command_of_limit": ours["wall_seconds"] / total,
        "cpu_of_limit": ours["cpu_seconds"] / cpu,
        "fetch_with_blobs_seconds": limit.fetch(checkout, with_blobs=True).wall_seconds,
        "parsed_mb": sum(len(source) for _, source in texts) / 1e6,
    }
    return Record(LIMIT, cold.subject, LIMIT, cold.run, figures)
