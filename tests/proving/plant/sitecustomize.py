"""Imported by every Python that a check's services start: plants barriers and breaks where kotadb runs.

The folder is on PYTHONPATH of those processes alone. PLANTED names the module, and says what to plant.
"""

import importlib
import json
import os
import sys

PROGRAMS = ("kotadb", "kotadb.jobs.worker")

if "PLANTED" in os.environ and any(part.rpartition("/")[2] in PROGRAMS for part in sys.orig_argv):
    wanted = json.loads(os.environ["PLANTED"])
    importlib.import_module(wanted["module"]).plant(wanted)
