"""What `/metrics` shows: what was counted, the database's numbers, and this machine's.

Reading changes nothing: no job is claimed, no row written, no directory removed. It takes a moment, whatever state the
database is in.
"""

import threading
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future
from shutil import disk_usage

from prometheus_client import Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from kotadb import metrics
from kotadb.errors import DatabaseUnavailable
from kotadb.jobs.workspace import look
from kotadb.logs import get_logger
from kotadb.model import JobStatus
from kotadb.postgres.metrics import Numbers, read
from kotadb.settings import Settings

DATABASE_SECONDS = 2.0
"""Less than any scraper waits."""

MEDIA_TYPE = CONTENT_TYPE_PLAIN_0_0_4

log = get_logger(__name__)


class ServiceNumbers(Collector):
    """The numbers of one service, read anew each time."""

    def __init__(self, settings: Settings, url: str) -> None:
        self._settings = settings
        self._database = DatabaseNumbers(url, settings.lease_seconds)

    def render(self) -> bytes:
        """All of them as Prometheus reads them."""
        return generate_latest(self)

    def collect(self) -> Iterator[Metric]:
        yield from metrics.counted()
        yield from self._of_the_database()
        yield from self._of_this_machine()

    def _of_the_database(self) -> Iterator[Metric]:
        numbers = self._database.read()
        yield gauge("kotadb_database_up", {(): numbers is not None})
        if numbers is None:  # no number is better than an old one, or a 0 that is none
            return
        yield gauge("kotadb_jobs", {(status.value,): numbers.jobs.get(status.value, 0) for status in JobStatus})
        yield gauge("kotadb_oldest_waiting_seconds", {(): numbers.oldest_waiting})
        yield gauge("kotadb_dead_letters", {(code,): letters for code, letters in numbers.dead_letters.items()})
        if not self._settings.async_indexing:  # there are no workers, and none are missing
            return
        yield gauge("kotadb_workers", {(): numbers.workers})
        ages = {("newest",): numbers.newest_heartbeat, ("oldest",): numbers.oldest_heartbeat}
        yield gauge("kotadb_worker_heartbeat_age_seconds", {of: age for of, age in ages.items() if age is not None})

    def _of_this_machine(self) -> Iterator[Metric]:
        found = look(self._settings.temp_dir)
        yield gauge("kotadb_orphaned_directories", {(): found.orphaned})
        yield gauge("kotadb_temp_bytes", {(): found.bytes})
        try:
            free = disk_usage(self._settings.temp_dir).free
        except OSError:  # nobody has made it yet
            return
        yield gauge("kotadb_temp_free_bytes", {(): free})


class DatabaseNumbers:
    """Reads the database in a thread, one at a time, and waits `DATABASE_SECONDS` for it.

    A network that swallows packets holds a connection far longer than any scraper waits. The thread is then left alone,
    and no second one starts before it has ended.
    """

    def __init__(self, url: str, lease_seconds: float) -> None:
        self._url = url
        self._lease_seconds = lease_seconds
        self._turn = threading.Lock()
        self._reading: Future[Numbers] | None = None

    def read(self) -> Numbers | None:
        """The numbers, or None if the database did not answer in time."""
        try:
            return self._begun().result(DATABASE_SECONDS)
        except (DatabaseUnavailable, TimeoutError) as error:
            log.warning("the database's numbers cannot be had", error=str(error) or "it does not answer in time")
            return None

    def _begun(self) -> Future[Numbers]:
        with self._turn:
            if self._reading is None or self._reading.done():
                self._reading = Future()
                threading.Thread(target=self._fill, args=[self._reading], name="numbers", daemon=True).start()
            return self._reading

    def _fill(self, reading: Future[Numbers]) -> None:
        try:
            reading.set_result(read(self._url, self._lease_seconds, DATABASE_SECONDS))
        except BaseException as error:
            reading.set_exception(error)


_DEFINITIONS = {definition.name: definition for definition in metrics.GAUGES}


def gauge(name: str, values: Mapping[Iterable[str], float]) -> Metric:
    """A gauge of the table, with its value for each combination of labels."""
    definition = _DEFINITIONS[name]
    family = GaugeMetricFamily(name, definition.help, labels=list(definition.labels))
    for labels, value in values.items():
        family.add_metric(list(labels), value)
    return family
