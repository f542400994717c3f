"""Everything that `/metrics` shows, as two tables; and how events are counted, across processes and kill -9.

Events happen in the service and in its workers, which may be killed at any time. So their counts are in files, mapped
into memory, in a folder of the service's; what a killed process counted stays, and whoever takes its place counts on.
Where no service runs nothing is counted, and prometheus_client, which takes its time to load, is left alone.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count, product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kotadb.logs import get_logger
from kotadb.model import JobStatus, SkipReason, Step

if TYPE_CHECKING:
    from prometheus_client import Counter, Histogram, Metric

FOLDER = "KOTADB_METRICS_FOLDER"
"""Tells workers where their service counts; no setting. The library's is other programs' too."""

LIBRARYS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Where the library looks for its files."""

FILE_BYTES = {"counter": 128 * 1024, "histogram": 2 * 1024 * 1024}
"""Room for every sample that a process can make, all of it taken at once: memory that is mapped to a file, and the disk
full, is the death of who writes to it."""

log = get_logger(__name__)


class Outcome(StrEnum):
    """How a run ended, as its worker tells it; one that was killed tells nothing, and is rescued."""

    COMPLETED = "completed"
    SKIPPED = "skipped"
    FAILED = "failed"
    RETRIED = "retried"
    DISCARDED = "discarded"


class Loss(StrEnum):
    """Why a job was taken from the worker that ran it."""

    WORKER_DIED = "worker_died"
    LEASE_OVER = "lease_over"


@dataclass(frozen=True, slots=True)
class Definition:
    """A metric. Values of labels that are known beforehand show as 0 until something happens; none stands for any."""

    name: str
    help: str
    labels: Mapping[str, Iterable[str]] = field(default_factory=dict)
    buckets: tuple[float, ...] = ()


_RUNS = (1, 2, 3, 4, 6, 11)
_STEPS = (0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600)
_REQUESTS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)  # the last for `?wait=`

EVENTS = (
    Definition("kotadb_run_attempt", "Runs begun, by which attempt of their job they are", buckets=_RUNS),
    Definition("kotadb_runs", "Runs ended, by how", {"outcome": Outcome}),
    Definition("kotadb_rescues", "Jobs taken back from runs that were given up", {"reason": Loss}),
    Definition("kotadb_jobs_handed_back", "Jobs that a drain could not finish"),
    Definition("kotadb_worker_exits", "Worker processes that ended unasked"),
    Definition("kotadb_step_seconds", "Time of runs, by step", {"step": Step}, _STEPS),
    Definition("kotadb_files_stored", "Files of completed runs"),
    Definition("kotadb_symbols_stored", "Symbols of completed runs"),
    Definition("kotadb_references_stored", "References of completed runs"),
    Definition("kotadb_dependencies_stored", "Dependencies of completed runs"),
    Definition("kotadb_files_skipped", "Entries of completed runs that are not indexed", {"reason": SkipReason}),
    Definition(
        "kotadb_http_request_seconds", "Requests to the API", {"method": (), "route": (), "status": ()}, _REQUESTS
    ),
)
"""Counted where they happen. Those with buckets are histograms; the others are counters, whose names get `_total`."""

GAUGES = (
    Definition("kotadb_database_up", "Whether the database answered in time"),
    Definition("kotadb_jobs", "Jobs, by status", {"status": JobStatus}),
    Definition("kotadb_oldest_waiting_seconds", "How long the job has waited that could have begun first"),
    Definition("kotadb_dead_letters", "Jobs that were given up for good, by error", {"code": ()}),
    Definition("kotadb_workers", "Workers with a sign of life within the lease"),
    Definition("kotadb_worker_heartbeat_age_seconds", "Age of the last signs of life", {"of": ("newest", "oldest")}),
    Definition("kotadb_orphaned_directories", "Temporary directories whose run is gone"),
    Definition("kotadb_temp_bytes", "What runs, and those that are gone, have in the temporary folder"),
    Definition("kotadb_temp_free_bytes", "What is free there"),
)
"""Read when asked for. The database's, up to the workers', are of all machines; the last three are of this one."""


# ---- what happens ----------------------------------------------------------------------------------------------------


def run_began(attempt: int) -> None:
    _observe("kotadb_run_attempt", attempt)


def run_ended(outcome: Outcome, stats: Mapping[str, Any] | None = None) -> None:
    """A run came to its own end; `stats` of one that stored an index."""
    _count("kotadb_runs", outcome=outcome.value)
    if outcome is Outcome.COMPLETED and stats is not None:
        _count("kotadb_files_stored", stats["files_indexed"])
        _count("kotadb_symbols_stored", stats["symbols_extracted"])
        _count("kotadb_references_stored", stats["references_found"])
        _count("kotadb_dependencies_stored", stats["dependencies_extracted"])
        for reason, files in stats["files_skipped"].items():
            _count("kotadb_files_skipped", files, reason=reason)


def run_took(duration_ms: Mapping[Step, float]) -> None:
    for step, spent in duration_ms.items():
        _observe("kotadb_step_seconds", spent / 1000, step=step.value)


def job_rescued(reason: Loss) -> None:
    _count("kotadb_rescues", reason=reason.value)


def job_handed_back() -> None:
    _count("kotadb_jobs_handed_back")


def worker_exited() -> None:
    _count("kotadb_worker_exits")


def request_answered(method: str, route: str, status: int, seconds: float) -> None:
    _observe("kotadb_http_request_seconds", seconds, method=method, route=route, status=str(status))


# ---- counting --------------------------------------------------------------------------------------------------------

_counters: "dict[str, Counter]" = {}
_histograms: "dict[str, Histogram]" = {}


def _count(name: str, amount: float = 1, **labels: str) -> None:
    if (counter := _counters.get(name)) is not None:
        (counter.labels(**labels) if labels else counter).inc(amount)


def _observe(name: str, value: float, **labels: str) -> None:
    if (histogram := _histograms.get(name)) is not None:
        (histogram.labels(**labels) if labels else histogram).observe(value)


@contextmanager
def counting(parent: Path) -> Iterator[None]:
    """Count in a new folder in `parent` for as long as the context lasts; workers started meanwhile count there too."""
    with ExitStack() as stack:
        try:
            os.environ[FOLDER] = str(stack.enter_context(_folder(parent)))
        except OSError as error:
            log.warning("no events will be counted", error=str(error))
        join()
        try:
            yield
        finally:
            _leave()


def join() -> None:
    """Count where the service counts that started this process, if any. Trouble with it keeps nobody from work."""
    folder = os.environ.get(FOLDER)
    if folder is None:
        return
    try:
        _count_in(Path(folder))
    except OSError as error:
        log.warning("what this process does will not be counted", error=str(error))


def _leave() -> None:
    _counters.clear()
    _histograms.clear()
    os.environ.pop(FOLDER, None)
    if os.environ.pop(LIBRARYS_FOLDER, None) is not None:
        from prometheus_client import values

        values.close_all_multiprocess_files()  # type: ignore[no-untyped-call] # the library's, as the two below


def counted() -> "Iterable[Metric]":
    """The counts of all processes together, as they are now."""
    folder = os.environ.get(FOLDER)
    if folder is None:
        return []
    from prometheus_client.multiprocess import MultiProcessCollector

    files = [str(file) for file in Path(folder).glob("*.db")]
    found: Iterable[Metric] = MultiProcessCollector.merge(files)  # type: ignore[no-untyped-call]
    return found


def _count_in(folder: Path) -> None:
    place = _take_place(folder)
    for kind, size in FILE_BYTES.items():
        _make_room(folder / f"{kind}_{place}.db", size)
    os.environ[LIBRARYS_FOLDER] = str(folder)

    from prometheus_client import Counter, Histogram, values

    values.ValueClass = values.MultiProcessValue(lambda: place)  # type: ignore[no-untyped-call]
    for event in EVENTS:
        made: Counter | Histogram
        if event.buckets:
            made = Histogram(event.name, event.help, list(event.labels), registry=None, buckets=event.buckets)
            _histograms[event.name] = made
        else:
            made = _counters[event.name] = Counter(event.name, event.help, list(event.labels), registry=None)
        for labels in product(*event.labels.values()) if event.labels else ():
            made.labels(*labels)


def _take_place(folder: Path) -> str:
    """The first place in the folder that no living process has. The lock is held until this one ends, in any way."""
    for number in count():
        lock = os.open(folder / f"{number}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
        else:
            return str(number)
    raise AssertionError


def _make_room(file: Path, size: int) -> None:
    """Have a file of zeros there, if none is: readers see all of it or none."""
    if not file.exists():
        unfinished = file.with_suffix(".new")
        unfinished.write_bytes(bytes(size))
        unfinished.rename(file)


@contextmanager
def _folder(parent: Path) -> Iterator[Path]:
    """A folder of this process's own; those of services that were killed go first."""
    parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as held:
        with _locked(parent):  # nobody takes a folder that is being made for one that was left
            for left in parent.iterdir():
                if left.is_dir() and not _is_held(left):
                    shutil.rmtree(left, ignore_errors=True)
            folder = Path(tempfile.mkdtemp(dir=parent))
            held.enter_context(_locked(folder))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / ".lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _is_held(folder: Path) -> bool:
    with suppress(FileNotFoundError), (folder / ".lock").open() as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
