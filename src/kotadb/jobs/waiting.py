"""How often to look at a job that somebody waits for: its row is where all look, whoever works on it."""

POLL_SECONDS = 0.25
SOON_SECONDS = 0.05
SHARE = 0.1
"""Who waits for a job that ends soon is told soon, later by no more than a tenth of what they have waited."""


def pause_after(waited: float) -> float:
    """How many seconds until the next look at a job for which somebody has waited so long."""
    return min(max(SOON_SECONDS, waited * SHARE), POLL_SECONDS)
