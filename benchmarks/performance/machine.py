"""Where and with what was measured."""

import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil
import psycopg

import kotadb
from benchmarks.performance.installation import installed
from benchmarks.performance.limit import cores
from kotadb.settings import Settings

FOLDERS = ("KOTADB_DATA_DIR", "KOTADB_TEMP_DIR")

CHANGED_SETTINGS = "select name, setting from pg_settings where source not in ('default', 'client') order by name"


def describe() -> dict[str, Any]:
    """The machine, the versions, and what kotadb and its server are set to; it starts a server to ask it."""
    with installed() as site, psycopg.connect(site.url) as connection:
        server = connection.info.server_version
        changed: dict[str, str] = dict(connection.execute(CHANGED_SETTINGS).fetchall())
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": cores(),
        "processor": _processor(),
        "memory_bytes": psutil.virtual_memory().total,
        "system": platform.platform(),
        "load_before": os.getloadavg()[0],
        "versions": {
            "kotadb": _commit(),
            "python": platform.python_version(),
            "postgresql": f"{server // 10000}.{server % 10000}",
            "git": _said("git", "version").removeprefix("git version "),
            "tree-sitter": version("tree-sitter"),
        },
        "settings": {name: value for name, value in Settings().as_environment().items() if name not in FOLDERS},
        "server_settings": {name: value for name, value in changed.items() if not value.startswith("/")},
    }


def _commit() -> str:
    """The commit of the kotadb that is measured; `+` behind it if the code differs from that."""
    folder = str(Path(kotadb.__file__).parent)
    commit = _said("git", "-C", folder, "rev-parse", "--short=12", "HEAD")
    return commit + "+" * bool(_said("git", "-C", folder, "status", "--porcelain", "--untracked-files=no"))


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _said(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def is_supported() -> bool:
    """Whether CPU and memory of all processes can be read here."""
    files = "/proc/self/smaps_rollup", f"/proc/self/task/{os.getpid()}/children"
    return sys.platform == "linux" and all(Path(file).exists() for file in files)
