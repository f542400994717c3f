"""What all tests share: real PostgreSQL servers, one per version, and a fresh migrated database for each test.

The servers are the product's own embedded ones: every test process is one more client, and the last one out stops them.
"""

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from kotadb.postgres.database import Database
from kotadb.postgres.embedded import EmbeddedServer
from kotadb.settings import Settings, get_settings
from support.databases import create_database, create_template, drop_database

HOME = "KOTADB_TEST_HOME"
DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")
SERVERS = {"pg18": None} | ({"pg15": DEBIAN_15} if DEBIAN_15.is_dir() else {})
"""The embedded server, and PostgreSQL 15 where Debian's package of it is installed."""

EMBEDDED = next(iter(SERVERS))

# Tests need no durability; a crash of the machine fails them anyway.
SERVER_OPTIONS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "300"}


def pytest_configure(config: pytest.Config) -> None:
    # What a shell runs in the background ignores SIGINT, and so would its children; ours are to be interrupted.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # Or each of the many processes that tests start would compile all of kotadb first, and pytest all of the tests.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    if not hasattr(config, "workerinput"):
        # Not below pytest's own folder: as root the server runs as another user, who could not enter that.
        home = tempfile.mkdtemp(prefix="ktest-")
        Path(home).chmod(0o755)
        os.environ[HOME] = home
    for name in [name for name in os.environ if name.startswith("KOTADB_") and name != HOME] + ["DATABASE_URL"]:
        os.environ.pop(name, None)


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ[HOME], ignore_errors=True)


LONG = (
    "tests/security/",
    "tests/faults/",
    "tests/integration/jobs/test_supervisor.py",
    "tests/integration/benchmarks/",
)
"""Where a test takes many seconds. They go first: what is left in the end is short, and all processes end together."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    items[:] = [item for item in items if _is_embedded(item) or item.get_closest_marker("every_server")]
    long = [item for item in items if item.nodeid.startswith(LONG)]
    hands = _hands(config)
    # Each process begins with a stretch of the list: some of the long ones are at the head of each.
    short = [item for item in items if not item.nodeid.startswith(LONG)]
    size = -(-len(short) // hands)
    items[:] = [item for hand in range(hands) for item in (*long[hand::hands], *short[hand * size : (hand + 1) * size])]


def _hands(config: pytest.Config) -> int:
    """How many processes share the tests."""
    worker: dict[str, int] = getattr(config, "workerinput", {})
    return worker.get("workercount", 1)


def _is_embedded(item: pytest.Item) -> bool:
    parameters = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    return parameters.get("server", EMBEDDED) == EMBEDDED


@pytest.fixture(scope="session")
def home() -> Path:
    """A folder for the whole run that every user can enter."""
    return Path(os.environ[HOME])


@pytest.fixture(scope="session", params=SERVERS)
def server(request: pytest.FixtureRequest, home: Path) -> Iterator[EmbeddedServer]:
    """A running PostgreSQL with a migrated template database."""
    with EmbeddedServer(home / "postgres", SERVERS[request.param], SERVER_OPTIONS) as running:
        create_template(running.url, home / f"{request.param}.lock")
        yield running


@pytest.fixture
def url(server: EmbeddedServer) -> Iterator[str]:
    """The URL of a fresh migrated database."""
    made = create_database(server.url)
    yield made
    drop_database(server.url, made)


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """A fresh migrated database."""
    with Database(url) as opened:
        yield opened


@pytest.fixture
def settings(url: str, tmp_path: Path) -> Settings:
    """Settings for one test, with folders of its own."""
    (tmp_path / "tmp").mkdir()
    changes = {"database_url": url, "temp_dir": tmp_path / "tmp", "data_dir": tmp_path / "data"}
    return Settings().model_copy(update=changes)


@pytest.fixture(autouse=True)
def _fresh_settings() -> Iterator[None]:
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()
