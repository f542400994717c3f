"""How often somebody looks who waits for a job."""

import pytest

from kotadb.jobs.waiting import pause_after


@pytest.mark.parametrize(("waited", "pause"), [(0, 0.05), (0.5, 0.05), (1, 0.1), (2, 0.2), (2.5, 0.25), (50, 0.25)])
def test_who_waits_for_a_job_is_told_soon_or_late_as_they_have_waited(waited: float, pause: float) -> None:
    assert pause_after(waited) == pytest.approx(pause)
