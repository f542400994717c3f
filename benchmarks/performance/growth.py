"""How time, memory and bytes grow with the repository: the same files once, four times and sixteen times.

A copy has folder names of its own, and each of its files differs from the others' by a function of its own, or by white
space where it is in no language: no blob is stored or parsed for two copies.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.performance.checkout import FUNCTIONS, Checkout, checked_out, function, git
from benchmarks.performance.figures import Record, exponent, slope
from benchmarks.performance.installation import installed, job_seconds
from benchmarks.performance.plot import Curve, svg
from benchmarks.performance.sizes import relation_bytes, source_of
from kotadb.languages import language_of

GROWTH = "growth"
FACTORS = (1, 4, 16)
SUMMARY = "1 to 16 times"


def measure_growth(repository: Path, runs: int, factors: Sequence[int] = FACTORS) -> Iterator[Record]:
    """Each size so many times, one after the other; behind them what they say together."""
    for run in range(runs):
        records = []
        for factor in factors:
            records.append(_measured(repository, factor, run))
            yield records[-1]
        yield summary(records)


def _measured(repository: Path, factor: int, run: int) -> Record:
    """One cold index, with memory looked at all the time: what that costs grows as the time does."""
    with multiplied(repository, factor) as checkout, installed() as site:
        job, cost = site.index(checkout.path, sampled=True)
        source = source_of(site.url, job["index_id"])
        stored = relation_bytes(site.url)
    figures = {
        "factor": factor,
        "source_mb": source.megabytes,
        "job_seconds": job_seconds(job),
        "cpu_seconds": cost.cpu_seconds,
        "others_percent": cost.others_percent,
        "mb_per_s": source.megabytes / job_seconds(job),
        "peak_memory_mb": cost.peak_bytes / 1e6,
        "stored_mb": sum(stored.values()) / 1e6,
        "stored_per_source": sum(stored.values()) / source.size_bytes,
    }
    details = {"job": job, "memory": cost.memory, "bytes": stored}
    return Record(GROWTH, repository.name.removesuffix(".git"), f"{factor} times", run, figures, details)


def summary(records: Sequence[Record]) -> Record:
    """Exponents over the bytes of source, and the memory that each further megabyte of it takes."""
    sizes = [record.figures["source_mb"] for record in records]

    def power(name: str) -> float:
        return exponent(sizes, [record.figures[name] for record in records])

    figures = {
        "time_exponent": power("job_seconds"),
        "cpu_exponent": power("cpu_seconds"),
        "memory_exponent": power("peak_memory_mb"),
        "bytes_exponent": power("stored_mb"),
        "memory_mb_per_source_mb": slope(sizes, [record.figures["peak_memory_mb"] for record in records]),
    }
    return Record(GROWTH, records[0].subject, SUMMARY, records[0].run, figures)


# ---- repositories ----------------------------------------------------------------------------------------------------


@contextmanager
def multiplied(repository: Path, factor: int) -> Iterator[Checkout]:
    """A repository with so many copies of the other's files, in one commit."""
    with checked_out(repository) as original, TemporaryDirectory(prefix="kotadb-bench-source-") as folder:
        path = Path(folder) / f"{original.path.name}-{factor}"
        git(Path(folder), "init", "--quiet", "--initial-branch=main", str(path))
        files = _regular_files(original)
        for number in range(factor):
            for name in files:
                _write_copy(original.path / name, path / f"copy{number}" / name, number)
        copies = Checkout(path, "")
        yield Checkout(path, copies.commit("copies"))


def _regular_files(checkout: Checkout) -> list[str]:
    """No symbolic links and no submodules: they have no text."""
    entries = checkout.git("ls-tree", "-rz", "HEAD").decode("utf-8", "surrogateescape").split("\0")
    return [entry.partition("\t")[2] for entry in entries if entry.startswith("100")]


def _write_copy(original: Path, copy: Path, number: int) -> None:
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_bytes(varied(original.name, original.read_bytes(), number))


def varied(name: str, content: bytes, number: int) -> bytes:
    """The content of a file as its copy of that number has it; binary files stay as they are."""
    if b"\0" in content:
        return content
    language = language_of(name)
    if language in FUNCTIONS:
        return content + function(language, number).encode()
    return content + b" " * number + b"\n"  # JSON stays JSON


# ---- the curve -------------------------------------------------------------------------------------------------------


def write_curves(records: Sequence[Record], folder: Path) -> None:
    """Memory over time for each size, as `growth.csv` and as a plot, `growth.svg`: those of the first run."""
    curves = {
        f"{record.subject}, {record.figures['source_mb']:.0f} MB": record.details["memory"]
        for record in records
        if record.part == GROWTH and record.run == 0 and "memory" in record.details
    }
    if not curves:
        return
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "growth.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["source", "seconds", "memory_bytes"])
        writer.writerows((name, f"{at:.3f}", size) for name, memory in curves.items() for at, size in memory)
    (folder / "growth.svg").write_text(svg(_megabytes(curves), "seconds", "MB of memory, all processes"), "utf-8")


def _megabytes(curves: Mapping[str, Curve]) -> dict[str, Curve]:
    return {name: [(at, size / 1e6) for at, size in curve] for name, curve in curves.items()}
