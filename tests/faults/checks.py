"""All checks, in the order in which they are carried out."""

from faults import disks, kills, retries, weather
from faults.check import Check

CHECKS: dict[str, Check] = {
    check.name: check
    for check in (
        kills.KILL9,
        kills.SERVICE_KILL,
        kills.PAUSED,
        kills.POISON_JOB,
        kills.POISON_FILE,
        retries.FLAKY,
        retries.NEVER_CLEARS,
        retries.PERMANENT_ERRORS,
        weather.BACKENDS,
        weather.RESTARTS,
        weather.HALF_OPEN,
        weather.STORMS,
        disks.DATABASE_DISK,
        disks.TEMP_DISK,
    )
}
