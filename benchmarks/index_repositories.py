"""What indexing costs, and whether every entry of the tree is accounted for, on local repositories.

    .venv/bin/python benchmarks/index_repositories.py PATH...

Each repository is indexed cold, in a fresh embedded database. One JSON line each: counts, CPU seconds of all processes
(kotadb, workers, parsers, git, PostgreSQL), the most memory that all of them had at one time (proportional set size,
sampled every 50 ms: shared pages count once), and the time per step. Exit code 1 if an entry of the tree is neither
indexed nor skipped, or was lost by a parser.
"""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import psutil

SAMPLE_SECONDS = 0.05
KOTADB = [sys.executable, "-m", "kotadb"]


def main(paths: list[str]) -> int:
    results = [measure(Path(path).resolve()) for path in paths]
    for result in results:
        print(json.dumps(result))
    return 0 if all(result["complete"] for result in results) else 1


def measure(repository: Path) -> dict[str, Any]:
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    folder.chmod(0o755)  # as root the server runs as another user
    environment = os.environ | {"KOTADB_DATA_DIR": str(folder)}
    environment.pop("DATABASE_URL", None)
    try:
        subprocess.run([*KOTADB, "migrate"], env=environment, check=True, capture_output=True)
        job, cost = run(["index", str(repository), "--json"], environment)
        exported = subprocess.run(
            [*KOTADB, "export", str(repository)], env=environment, check=True, capture_output=True
        )
        return {"repository": repository.name} | cost | check(repository, exported.stdout) | {"stats": job["stats"]}
    finally:
        shutil.rmtree(folder)


def run(arguments: list[str], environment: dict[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The finished job, and what it took."""
    before, began, peak = cpu_seconds(), time.monotonic(), 0
    process = subprocess.Popen([*KOTADB, *arguments], env=environment, stdout=subprocess.PIPE, text=True)
    while process.poll() is None:
        peak = max(peak, memory_bytes(process.pid))
        time.sleep(SAMPLE_SECONDS)  # memory can only be sampled
    assert process.stdout is not None
    with process.stdout:
        job = json.loads(process.stdout.read())
    cost = {
        "wall_seconds": round(time.monotonic() - began, 2),
        "cpu_seconds": round(cpu_seconds() - before, 2),
        "peak_memory_mb": round(peak / 2**20),
    }
    return job, cost


def cpu_seconds() -> float:
    """Of all descendants that have ended; each is waited for by its parent, so none is missing."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def memory_bytes(pid: int) -> int:
    total = 0
    try:
        root = psutil.Process(pid)
        for process in [root, *root.children(recursive=True)]:
            total += process.memory_full_info().pss
    except psutil.Error:  # one ended while we looked
        pass
    return total


def check(repository: Path, exported: bytes) -> dict[str, Any]:
    """Files and skipped against git's own listing, path by path."""
    listing = subprocess.run(
        ["git", "-C", str(repository), "ls-tree", "-rz", "--name-only", "HEAD"], check=True, capture_output=True
    )
    tree = Counter(path.decode("utf-8", "backslashreplace") for path in listing.stdout.split(b"\0") if path)
    records = [json.loads(line) for line in exported.splitlines()]
    kept = Counter(record["path"] for record in records if record["record"] in ("file", "skipped"))
    lost = [record for record in records if record.get("reason", "").startswith("parser_")]
    return {
        "entries": tree.total(),
        "in_tree_only": sorted(tree - kept)[:10],
        "in_index_only": sorted(kept - tree)[:10],
        "lost_by_parsers": lost,
        "symbols_by_kind": dict(Counter(record["kind"] for record in records if record["record"] == "symbol")),
        "complete": tree == kept and not lost,
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
