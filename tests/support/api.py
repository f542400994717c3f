"""The API alone, in this process: for tests that need neither workers nor a process of its own."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from kotadb.access.keys import create_key
from kotadb.http.server import ApiServer
from kotadb.postgres.database import Database
from kotadb.service import mounted_mcp
from kotadb.settings import Settings

PATIENCE_SECONDS = 60


@contextmanager
def serving(
    settings: Settings, database: Database, key: str | None = None, **changes: object
) -> Iterator[httpx.Client]:
    """An API with these changes to the settings; yields a client with this key, or with a new one."""
    chosen = settings.model_copy(update={"port": 0, "workers": 0} | changes)
    headers = {"Authorization": f"Bearer {key or create_key(database, 'somebody', 'test')}"}
    with (
        ApiServer(chosen, database, mounted_mcp, threading.Event(), threading.Event()) as server,
        httpx.Client(base_url=server.url, headers=headers, timeout=PATIENCE_SECONDS) as client,
    ):
        yield client
