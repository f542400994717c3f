"""Files that nobody would write, by the thousand: each has a fate, and costs nothing else anything."""

import json
import subprocess
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any

from kotadb.languages import names
from proving.check import Check, Figures, Scale
from proving.site import PATIENCE_SECONDS, Site
from security.mutations import EXTENSIONS, Seeds, file_name, fuzzed, seeds
from security.paths import as_shown, entries
from security.raw import RawRepo, raw_repo
from support.service import KOTADB, Service

FILES, FEW_FILES = 340, 120
"""Of one repository, and of the one in short; every tenth is a healthy one."""

HEALTHY = {
    ".py": "def healthy_{n}(x):\n    return x\n",
    ".ts": "export function healthy_{n}(x: number) {{ return x; }}\n",
}
PARSER_TROUBLE = ("parser_crash", "parser_memory", "parser_timeout")
PARSE_SECONDS = 40
"""Whatever takes so long does not end: a slow machine is no matter here."""

NAME_BYTES = 4_000
"""What is looked at of a name's place."""


@dataclass
class Fuzzed:
    """A repository of fuzzed files, and what came of it."""

    repo: RawRepo
    address: str
    files: dict[bytes, bytes]
    healthy: set[str]
    job: dict[str, Any] = field(default_factory=dict)
    records: list[dict[str, Any]] = field(default_factory=list)
    broken_lines: int = 0

    @property
    def is_complete(self) -> bool:
        return self.job.get("status") == "completed"

    def of(self, record: str) -> list[dict[str, Any]]:
        return [found for found in self.records if found["record"] == record]


def index_fuzzed_files(site: Site, scale: Scale, figures: Figures) -> None:
    sources = seeds()
    files = scale.of(FILES, FEW_FILES)
    made = [make(site, scale.random, sources, number, files) for number in range(scale.of(30, 1))]
    with site.service(workers=2, retry_limit=0, max_parse_seconds=PARSE_SECONDS) as service:
        for fuzz in made:
            fuzz.job = service.index(fuzz.address)
        for fuzz in made:
            fuzz.job = service.job(fuzz.job["job_id"], PATIENCE_SECONDS)
            read_export(service, fuzz)
        differing = reindex(site, service, scale.random, sources, made[0])
        exits = service.metrics().get("kotadb_worker_exits_total", 0)
        lost = len(service.lines("a worker ended unasked"))
        raised = len(service.lines("extraction raised"))
    figures.at_least("files", sum(len(fuzz.files) for fuzz in made), scale.of(10_000, 100))
    figures.none("languages without a file", len(set(names()) - languages(made)))
    figures.none("worker crashes", max(exits, lost))
    figures.none("repositories failed", sum(not fuzz.is_complete for fuzz in made))
    figures.none("files without a fate", sum(without_fate(fuzz) for fuzz in made))
    figures.none("healthy files whose symbols are missing", sum(missing_symbols(fuzz) for fuzz in made))
    figures.none("lines of exports that are no JSON", sum(fuzz.broken_lines for fuzz in made))
    figures.none("files that made extraction raise", raised)
    figures.none("files that their parser could not do", sum(parser_trouble(fuzz) for fuzz in made))
    figures.at_least("symbols found", sum(len(fuzz.of("symbol")) for fuzz in made), scale.of(20_000, 150))
    figures.none("symbols whose name is not at their place", sum(misplaced(site, fuzz) for fuzz in made))
    figures.none("records in which a changed index differs from a new one", differing)


# ---- repositories ----------------------------------------------------------------------------------------------------


def make(site: Site, random: Random, sources: Seeds, number: int, count: int) -> Fuzzed:
    files: dict[bytes, bytes] = {}
    healthy = set()
    for n in range(count):
        if n % 10 == 0:
            extension = random.choice(list(HEALTHY))
            healthy.add(f"healthy_{n}")
            files[f"healthy/m{n}{extension}".encode()] = HEALTHY[extension].format(n=n).encode()
        else:
            extension = EXTENSIONS[n % len(EXTENSIONS)]
            files[file_name(random, n, extension)] = fuzzed(random, sources, extension)
    repo = raw_repo(site.git.root / "fuzzed" / f"r{number}")
    repo.commit(repo.nested(files))
    return Fuzzed(repo, site.git.url(f"fuzzed/r{number}"), files, healthy)


def reindex(site: Site, service: Service, random: Random, sources: Seeds, fuzz: Fuzzed) -> int:
    """Change some of the files, and see the index become what it would be if it were made anew."""
    for path in random.sample(sorted(fuzz.files), 40):
        fuzz.files[path] = fuzzed(random, sources, ".py") if b"healthy" not in path else fuzz.files[path]
    fuzz.repo.commit(fuzz.repo.nested(fuzz.files))
    found = []
    for force in (False, True):
        fuzz.job = service.indexed(fuzz.address, force=force)
        read_export(service, fuzz)
        found.append(Counter(json.dumps(record, sort_keys=True) for record in fuzz.records[1:]))
    changed, new = found
    return ((changed - new) + (new - changed)).total()


def read_export(service: Service, fuzz: Fuzzed) -> None:
    """What `kotadb export` prints: lines of JSON in UTF-8, ended by line feeds and by nothing else."""
    if not fuzz.is_complete:
        return
    done = subprocess.run([*KOTADB, "export", fuzz.address], env=service.environment, capture_output=True, check=True)
    fuzz.records = []
    for line in done.stdout.removesuffix(b"\n").split(b"\n"):
        try:
            fuzz.records.append(json.loads(line.decode()))
        except ValueError:
            fuzz.broken_lines += 1


# ---- what is to be seen ----------------------------------------------------------------------------------------------


def languages(made: list[Fuzzed]) -> set[str]:
    return {record["language"] for fuzz in made for record in fuzz.of("file")}


def without_fate(fuzz: Fuzzed) -> int:
    if not fuzz.is_complete:
        return 0
    listing = Counter(map(as_shown, entries(fuzz.repo.path, fuzz.job["commit_sha"])))
    found = Counter(record["path"] for record in (*fuzz.of("file"), *fuzz.of("skipped")))
    return ((listing - found) + (found - listing)).total()


def missing_symbols(fuzz: Fuzzed) -> int:
    return len(fuzz.healthy - {record["name"] for record in fuzz.of("symbol")})


def parser_trouble(fuzz: Fuzzed) -> int:
    return sum(record["reason"] in PARSER_TROUBLE for record in fuzz.of("skipped"))


def misplaced(site: Site, fuzz: Fuzzed) -> int:
    """Symbols whose name is not what the stored text has in their place."""
    if not fuzz.is_complete:
        return 0
    rows = site.rows(
        """select path, content from indexed_files
           join source_blobs using (repository_id, blob_sha, language, extractor_version)
           where repository_id = (select id from repositories where uuid = %s)""",
        fuzz.job["repository_id"],
    )
    lines = {row["path"]: row["content"].encode().split(b"\n") for row in rows}
    return sum(not is_in_place(record, lines[record["path"]]) for record in fuzz.of("symbol"))


def is_in_place(symbol: dict[str, Any], lines: list[bytes]) -> bool:
    """A name may be a computed one, of many lines, which is told as one."""
    name, line = symbol["name"].removesuffix("…"), symbol["name_line"]
    rest = [lines[line - 1][symbol["name_column"] :], *lines[line : line + 3 * len(name.split())]]
    return " ".join(b"\n".join(rest)[:NAME_BYTES].decode("utf-8", "replace").split()).startswith(name)


FUZZED = Check(
    "files",
    "whatever bytes a file has and whatever it is called, it is indexed or skipped with a reason, and harms no other",
    index_fuzzed_files,
    breaks=("decoding", "nul", "paths"),
)

CHECKS = (FUZZED,)
