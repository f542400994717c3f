"""Whether the service can do its work."""

from kotadb.postgres import health, jobs
from kotadb.postgres.database import Database


def readiness(database: Database, lease_seconds: float) -> int:
    """How many workers are alive. Raises DatabaseUnavailable or SchemaMismatch if requests cannot be served."""
    with database.transaction() as connection:
        health.check(connection)
        return jobs.live_workers(connection, lease_seconds)
