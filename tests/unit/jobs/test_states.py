"""The table of transitions, against what the documents promise."""

from pathlib import Path

from kotadb.jobs.states import RETRYABLE, TRANSITIONS, sources
from kotadb.model import JobStatus

DRAWING = Path(__file__).parents[3] / "docs" / "job_states.md"


def test_every_status_has_its_row() -> None:
    assert TRANSITIONS.keys() == set(JobStatus)


def test_the_drawing_shows_exactly_the_table() -> None:
    lines = [line.split() for line in DRAWING.read_text().splitlines() if "-->" in line and "[*]" not in line]
    drawn = {(line[0], line[2].rstrip(":")) for line in lines}
    assert drawn == {(start.value, end.value) for start, ends in TRANSITIONS.items() for end in ends}


def test_a_success_is_final() -> None:
    assert not TRANSITIONS[JobStatus.COMPLETED]
    assert not TRANSITIONS[JobStatus.SKIPPED]


def test_sources_reads_the_table_backwards() -> None:
    assert sources(JobStatus.COMPLETED) == [JobStatus.PROCESSING]
    assert sources(JobStatus.PROCESSING) == [JobStatus.PENDING]


def test_what_a_person_may_retry_may_become_pending() -> None:
    assert set(RETRYABLE) < set(sources(JobStatus.PENDING))
