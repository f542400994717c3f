"""A PostgreSQL as kotadb starts it, and a site for each check on a database of its own."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from kotadb.postgres.database import Database
from kotadb.postgres.embedded import EmbeddedServer
from proving.check import Suite
from proving.site import Site
from support.databases import create_database, create_template, drop_database
from support.git_server import GitServer

UNSYNCED = {"fsync": "off", "full_page_writes": "off"}
"""What is committed survives every crash of PostgreSQL, as ever, and none of the machine, which no check has."""


class Ground:
    """The server that the checks of a suite share, its options besides kotadb's own; a context manager.

    Processes that name the same `home` share it too, and whoever made that folder removes it.
    """

    def __init__(self, suite: Suite, options: Mapping[str, str] | None = None, home: Path | None = None) -> None:
        self._options = dict(options or {})
        self._suite = suite
        # Not below a folder of pytest's: as root the server runs as another user, who could not enter that.
        self._home = home or Path(tempfile.mkdtemp(prefix=f"{suite.name}-"))
        self._is_own = home is None
        self._home.mkdir(exist_ok=True)
        self._home.chmod(0o755)
        self._server = EmbeddedServer(self._home / "postgres", None, self._options)

    def __enter__(self) -> Self:
        self._server.__enter__()
        create_template(self._server.url, self._home / "template.lock")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.__exit__(kind, error, trace)
        if self._is_own:
            shutil.rmtree(self._home, ignore_errors=True)

    @contextmanager
    def site(self, name: str, broken: str | None) -> Iterator[Site]:
        """A fresh database, git server and folder for one check."""
        folder = self._home / f"{name}-{broken}"
        (folder / "git").mkdir(parents=True)
        url = create_database(self._server.url)
        with GitServer(folder / "git", folder) as git, Database(url) as database:
            self._suite.unguard(database, broken)
            yield Site(folder, url, git, database, self._suite.name, self._options, broken)
        drop_database(self._server.url, url)
