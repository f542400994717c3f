"""What the supervisor's side counts, in this process; `tests/integration/http/test_metrics.py` has a whole service."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import pytest

from kotadb import metrics
from kotadb.errors import SourceRefused, SourceUnreachable
from kotadb.jobs.rescue import hand_back, release
from kotadb.jobs.tracker import Run
from kotadb.metrics import Outcome, counted, counting
from kotadb.model import Job
from kotadb.postgres.database import Database
from kotadb.settings import Settings

MakeJob = Callable[..., Job]
ClaimJob = Callable[[Job, str], Job]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Where this process counts."""
    with counting(tmp_path / "metrics"):
        [made] = [entry for entry in (tmp_path / "metrics").iterdir() if entry.is_dir()]
        yield made


def counts() -> dict[str, float]:
    """Those that are not 0."""
    samples = (sample for family in counted() for sample in family.samples)
    return {
        " ".join([sample.name.removeprefix("kotadb_"), *sample.labels.values()]): sample.value
        for sample in samples
        if sample.value and not sample.name.endswith(("_bucket", "_sum"))
    }


def test_a_drain_is_no_rescue(
    database: Database, settings: Settings, make_job: MakeJob, claim_job: ClaimJob, folder: Path
) -> None:
    claim_job(make_job(), "worker")
    hand_back(settings, database, ["worker"])
    assert counts() == {"jobs_handed_back_total": 1}


def test_a_lease_that_is_over_is_told_from_a_worker_that_was_seen_to_end(
    database: Database, settings: Settings, make_job: MakeJob, claim_job: ClaimJob, folder: Path
) -> None:
    for name, workers, lease in (("a/a", ["worker"], 30.0), ("b/b", [], 0.0)):
        claim_job(make_job(name), "worker")
        release(settings.model_copy(update={"lease_seconds": lease}), database, workers, expired=True)
    assert counts() == {"rescues_total worker_died": 1, "rescues_total lease_over": 1}


def test_a_failure_that_comes_after_the_claim_is_lost_is_discarded(
    database: Database, settings: Settings, make_job: MakeJob, claim_job: ClaimJob, folder: Path
) -> None:
    job = claim_job(make_job(), "worker")
    hand_back(settings, database, ["worker"])
    with Run(database, job, settings) as run:
        run.fail(RuntimeError())
    assert counts() == {"jobs_handed_back_total": 1, "runs_total discarded": 1}


def test_a_run_that_is_tried_again_is_told_from_one_that_failed_for_good(
    database: Database, settings: Settings, make_job: MakeJob, claim_job: ClaimJob, folder: Path
) -> None:
    for name, error in (("a/a", SourceUnreachable()), ("b/b", SourceRefused())):
        with Run(database, claim_job(make_job(name), "worker"), settings) as run:
            run.fail(error)
    assert counts() == {"runs_total retried": 1, "runs_total failed": 1}


def test_processes_count_together_and_one_that_is_killed_takes_nothing_with_it(folder: Path) -> None:
    program = """
import os, signal
from kotadb import metrics
from kotadb.errors import SourceRefused, SourceUnreachable
metrics.join()
metrics.run_ended(metrics.Outcome.FAILED)
os.kill(os.getpid(), signal.SIGKILL)
"""
    for _ in range(3):
        assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -9
    metrics.run_ended(Outcome.FAILED)
    assert counts() == {"runs_total failed": 4}
    assert sorted(file.name for file in folder.glob("*.db")) == [
        f"{kind}_{place}.db" for kind in ("counter", "histogram") for place in "01"
    ]


def test_a_full_disk_or_a_missing_folder_costs_the_counts_and_not_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    with counting(tmp_path / "file" / "metrics"):
        metrics.run_ended(Outcome.FAILED)
        assert counts() == {}
    monkeypatch.setenv(metrics.FOLDER, str(tmp_path / "gone"))
    metrics.join()
    metrics.run_ended(Outcome.FAILED)


def test_no_file_has_to_grow_while_memory_is_mapped_to_it(folder: Path) -> None:
    """A file that grows on a full disk kills its process. More routes than there are, with every status."""
    for route, method in product(range(25), ("GET", "POST")):
        for status in (200, 400, 401, 404, 422, 429, 500, 503):
            metrics.request_answered(method, f"/repositories/{{repository_id}}/indexes/{route}", status, 1)
    assert {file.stat().st_size for file in folder.glob("*.db")} == set(metrics.FILE_BYTES.values())


def test_what_is_counted_nowhere_needs_no_library(tmp_path: Path) -> None:
    program = "import sys, kotadb.__main__, kotadb.jobs.worker; sys.exit('prometheus_client' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_nothing_stays_when_it_is_over(tmp_path: Path) -> None:
    before = dict(os.environ)
    with counting(tmp_path / "metrics"):
        assert dict(os.environ) != before
    assert dict(os.environ) == before
    assert [entry.name for entry in (tmp_path / "metrics").iterdir()] == [".lock"]
    assert list(counted()) == []
