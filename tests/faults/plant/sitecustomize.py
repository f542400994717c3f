"""Imported by every Python that the harness's services start: plants barriers and breaks where kotadb runs.

The folder is on PYTHONPATH of those processes alone, and FAULTS says what to plant.
"""

import os
import sys

if "FAULTS" in os.environ and any(part in ("kotadb", "kotadb.jobs.worker") for part in sys.orig_argv):
    import planted

    planted.plant(os.environ["FAULTS"])
