"""Whether the service can do its work."""

import shutil
import threading
import time
from pathlib import Path

from kotadb.errors import NoSpace
from kotadb.postgres import health, jobs
from kotadb.postgres.database import Database

LOOK_SECONDS = 5
MIN_FREE_BYTES = 16 * 1024 * 1024
"""With less left of the temporary disk, hardly a repository can be fetched."""


def readiness(database: Database, lease_seconds: float) -> int:
    """How many workers are alive. Raises DatabaseUnavailable or SchemaMismatch if requests cannot be served."""
    with database.transaction() as connection:
        health.check(connection)
        return jobs.live_workers(connection, lease_seconds)


class Space:
    """Whether the disks have room: the database's, and that of `temp_dir` where jobs run here.

    Looked at once in LOOK_SECONDS at most, however many ask: the look writes.
    """

    def __init__(self, database: Database, temp_dir: Path | None) -> None:
        self._database = database
        self._temp_dir = temp_dir
        self._lock = threading.Lock()
        self._looked_at: float | None = None
        self._trouble: NoSpace | None = None

    def require(self) -> None:
        """Raises NoSpace, saying which disk is full, and DatabaseUnavailable."""
        with self._lock:
            if self._looked_at is None or time.monotonic() - self._looked_at > LOOK_SECONDS:
                self._trouble = self._look()
                self._looked_at = time.monotonic()
            if self._trouble is not None:
                raise NoSpace(self._trouble.message, code=self._trouble.code)

    def _look(self) -> NoSpace | None:
        try:
            with self._database.transaction() as connection:
                health.check_space(connection)
            self._require_temporary_space()
        except NoSpace as trouble:
            return trouble
        return None

    def _require_temporary_space(self) -> None:
        if self._temp_dir is None or not self._temp_dir.exists():
            return
        if shutil.disk_usage(self._temp_dir).free < MIN_FREE_BYTES:
            raise NoSpace("The disk of KOTADB_TEMP_DIR is full: jobs wait until there is space again")
