"""Where a check acts: a database, a git server, services with what is planted in them, a reader that never rests."""

import hashlib
import json
import os
import select
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import psutil
import psycopg

from kotadb.access.keys import LOCAL_OWNER, create_key, local_owner
from kotadb.errors import DatabaseUnavailable, NotFound
from kotadb.postgres.database import Database
from kotadb.questions.export import export_records
from kotadb.questions.repositories import get_repository
from support.git_server import GitServer
from support.repos import Repo, make_repo
from support.service import Service, run

PLANT = Path(__file__).with_name("plant")
TESTS = PLANT.parent.parent
LEASE_SECONDS = 2.0
PATIENCE_SECONDS = 60


@dataclass
class Site:
    """Everything of one check. `broken` is the guard that is disabled, if any, by the module `planted` of `suite`.

    `server_options` are those of its PostgreSQL, besides kotadb's own.
    """

    folder: Path
    url: str
    git: GitServer
    database: Database
    suite: str
    server_options: dict[str, str]
    broken: str | None = None
    lease: float = LEASE_SECONDS
    _key: str | None = None
    _number: Iterator[int] = field(default_factory=lambda: iter(range(10**6)))

    def service(self, **settings: object) -> Service:
        """A service that trusts the git server, with short leases, and what is planted."""
        trust = {"git_allowed_hosts": self.git.host_port, "git_ca_file": self.git.ca_file}
        chosen: dict[str, object] = (
            {"lease_seconds": self.lease, "retry_delay": 0.5, "retry_jitter": 0} | trust | settings
        )
        service = Service(self.url, self.folder, **chosen)
        service.environment |= self.environment()
        self._key = self._key or create_key(self.database, LOCAL_OWNER, "check")
        service.key = self._key
        return service

    def environment(self) -> dict[str, str]:
        """What has the processes of a service import what is planted."""
        self.barriers.mkdir(exist_ok=True)
        wanted = {"module": f"{self.suite}.planted", "folder": str(self.barriers), "break": self.broken}
        path = [str(PLANT), str(TESTS), os.environ.get("PYTHONPATH", "")]
        return {"PYTHONPATH": os.pathsep.join(path), "PLANTED": json.dumps(wanted)}

    def command(self, service: Service, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command line as the service's operator would; where nothing is broken, without what is planted.

        Not from a network of one's own: the process may be a copy of one outside of it.
        """
        environment = service.environment
        if self.broken is None:
            planted = self.environment().keys()
            environment = {name: value for name, value in environment.items() if name not in planted}
            environment |= {name: os.environ[name] for name in planted if name in os.environ}
        return run(list(arguments), environment, check=False)

    @property
    def barriers(self) -> Path:
        return self.folder / "barriers"

    @property
    def temp_dir(self) -> Path:
        return self.folder / "tmp"

    def repository(self, files: dict[str, str | bytes] | None = None, name: str = "") -> tuple[str, Repo]:
        """A new repository on the git server: its address, and its work tree."""
        name = name or f"owner/r{next(self._number)}"
        return self.git.url(name), make_repo(self.git.root / name, files or sources(1))

    def rows(self, sql: str, *parameters: object) -> list[dict[str, Any]]:
        with self.database.transaction() as connection:
            cursor = connection.execute(sql.encode(), parameters)
            return cursor.fetchall() if cursor.description else []

    def now(self) -> datetime:
        """By the database's clock, as all times of jobs."""
        at: datetime = self.rows("select clock_timestamp() as at")[0]["at"]
        return at

    def seconds_until_started(self, job_id: str, after: datetime) -> float:
        """From that moment to the start of the job's last run."""
        [row] = self.rows("select started_at from index_jobs where id = %s", job_id)
        started_at: datetime = row["started_at"]
        return (started_at - after).total_seconds()

    def digest(self, repository_id: str) -> str | None:
        """What a reader sees of the repository's first index, without its times; None before there is one."""
        try:
            overview = get_repository(self.database, local_owner(self.database).id, UUID(repository_id))
        except NotFound:
            return None
        index = next((index for index in overview.indexes if index.indexed_at is not None), None)
        if index is None:
            return None
        digest = hashlib.sha256()
        for record in export_records(self.database, overview.repository, index):
            if record["record"] == "index":
                record = {"commit_sha": record["commit_sha"]}
            digest.update(json.dumps(record, sort_keys=True).encode())
        return digest.hexdigest()

    def orphans(self) -> list[Path]:
        return list(self.temp_dir.glob("kotadb-*"))


def sources(version: int, files: int = 12) -> dict[str, str | bytes]:
    """A small program whose index differs from version to version, in symbols, references and edges."""
    names = [f"m{number}" for number in range(files)]
    return {
        f"{name}.py": f"from {names[number - 1]} import f{version}\n\n\ndef f{version}(x):\n    return f{version}(x)\n"
        + "".join(
            f"\n\nclass C{version}_{n}:\n    def method(self):\n        return f{version}({n})\n" for n in range(20)
        )
        for number, name in enumerate(names)
    }


class Barrier:
    """A named point of a run (`planted.BARRIERS`) that is closed: the first worker to come there stands still."""

    def __init__(self, folder: Path, name: str, *, send_on: bool = False) -> None:
        folder.mkdir(exist_ok=True)
        self._path = folder / name
        self._go = self._path.with_suffix(".go")
        if send_on:
            os.mkfifo(self._go)
        os.mkfifo(self._path)
        self._descriptor = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK)

    def wait(self, seconds: float = PATIENCE_SECONDS) -> psutil.Process | None:
        """The worker that stands here, as soon as one does."""
        with os.fdopen(self._descriptor, "rb") as fifo:
            if not select.select([fifo], [], [], seconds)[0]:
                self._path.unlink(missing_ok=True)
                return None
            return psutil.Process(int(fifo.read()))

    def send_on(self) -> None:
        self._go.write_bytes(b"go")
        self._go.unlink()


class Reader:
    """Exports an index all the time, for as long as a `with`.

    `partial` is how often it saw what no complete index is.
    """

    def __init__(self, site: Site, repository_id: str, complete: set[str]) -> None:
        self._site = site
        self._repository_id = repository_id
        self._complete = complete
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read, name="reader")
        self.looks = 0
        self.partial = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _read(self) -> None:
        while not self._stop.is_set():
            with suppress(DatabaseUnavailable, psycopg.Error):  # that is what some checks are about
                self.partial += self._site.digest(self._repository_id) not in self._complete
                self.looks += 1
            self._stop.wait(0.02)


@contextmanager
def lasting(seconds: float) -> Iterator[Callable[[], bool]]:
    """Yields whether there is still time; for loops that wait for what other processes do."""
    stop = threading.Event()
    timer = threading.Timer(seconds, stop.set)
    timer.start()
    try:
        yield lambda: not stop.wait(0.02)
    finally:
        timer.cancel()


def until(happened: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> bool:
    """Look until it is so, or the time is over. Returns whether it is so."""
    with lasting(seconds) as there_is_time:
        while not happened():
            if not there_is_time():
                return happened()
    return True
