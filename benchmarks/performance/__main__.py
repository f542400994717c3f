"""What indexing costs, and how far it is from what the machine can do.

    make bench REPOS="PATH..." BENCH="--only index,limit --runs N --json FILE"
    python -m benchmarks.performance PATH... [--only PARTS] [--runs N] [--json FILE] [--plot DIR] [--idle-seconds S]

docs/performance.md says how it is measured. Each PATH is a git repository, bare or with a work tree, whose HEAD is
measured. Growth is measured with the first of them, and the service needs none. Exit code 1 if an index is not
complete: an entry of the tree is missing, or was lost by a parser.
"""

import argparse
import json
import os
import signal
import sys
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Any

from benchmarks.performance import cases, growth, machine, peers, service
from benchmarks.performance.checkout import problem_of
from benchmarks.performance.figures import Record
from benchmarks.performance.installation import forget_settings
from benchmarks.performance.measure import MeasurementFailed
from benchmarks.performance.report import tables

PARTS = (cases.INDEX, cases.LIMIT, growth.GROWTH, peers.PEERS, service.SERVICE)


def main(arguments: Sequence[str]) -> int:
    given = _parsed(arguments)
    forget_settings()
    records: list[Record] = []
    described: dict[str, Any] = {}
    problem = _gather(given, described, records)
    print(tables(records))
    if given.plot is not None:
        growth.write_curves(records, given.plot)
    if given.json is not None:
        result = {"machine": described, "records": [asdict(record) for record in records]}
        given.json.write_text(json.dumps(result, indent=1), "utf-8")
    if problem is not None:
        print(f"error: {problem}", file=sys.stderr)
    return 0 if problem is None and all(record.details.get("complete", True) for record in records) else 1


def _gather(given: argparse.Namespace, described: dict[str, Any], records: list[Record]) -> str | None:
    """Fill both; why that ended early, if it did. What was measured until then is worth showing."""
    try:
        described |= machine.describe()
        with closing(measured(given)) as found:
            for record in found:
                records.append(record)
                print(f"{record.part}: {record.subject}, {record.case}, {record.run + 1}", file=sys.stderr, flush=True)
    except KeyboardInterrupt:
        return "interrupted; the tables have what was measured until then"
    except MeasurementFailed as failed:
        return str(failed)
    return None


def measured(given: argparse.Namespace) -> Generator[Record]:
    """Part after part, repository after repository."""
    if given.only & {cases.INDEX, cases.LIMIT}:
        for repository in given.repositories:
            yield from cases.measure_index(repository, given.runs, given.only)
    if given.against is not None:
        for repository in given.repositories:
            yield from cases.compare(repository, given.runs, given.against)
    if growth.GROWTH in given.only:
        yield from growth.measure_growth(given.repositories[0], given.runs)
    if peers.PEERS in given.only:
        for repository in given.repositories:
            yield from peers.measure_peers(repository, given.runs)
    if service.SERVICE in given.only:
        yield from service.measure_service(given.runs, idle_seconds=given.idle_seconds)


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.performance", description="Measure what indexing costs."
    )
    parser.add_argument("repositories", type=_repository, nargs="*", metavar="PATH", help="git repositories")
    parser.add_argument("--only", type=_parts, metavar="PARTS", help=", ".join(PARTS))
    parser.add_argument("--runs", type=_positive, default=3, metavar="N", help="how often each case is measured (3)")
    parser.add_argument("--json", type=_file, metavar="FILE", help="write every run's figures there")
    parser.add_argument(
        "--against", type=_code, metavar="DIR", help="compare cold runs with those of another checkout of kotadb"
    )
    parser.add_argument("--plot", type=_folder, metavar="DIR", help="write the curves of growth there, as CSV and SVG")
    parser.add_argument(
        "--idle-seconds", type=_positive, default=60, metavar="S", help="how long a worker is watched idling (60)"
    )
    given = parser.parse_args(arguments)
    if given.only is None:  # a comparison alone, or everything
        given.only = frozenset() if given.against is not None else frozenset(PARTS)
    if (problem := _problem(given)) is not None:
        parser.error(problem)
    return given


def _problem(given: argparse.Namespace) -> str | None:
    """What is wrong with what is given, taken together."""
    if not machine.is_supported():
        return "CPU and memory of all processes are read from Linux's /proc: run this on Linux"
    if not given.repositories and given.only != {service.SERVICE}:
        return 'no repository is given: make bench REPOS="PATH...", each a git repository with a commit'
    names = [repository.name.removesuffix(".git") for repository in given.repositories]
    if len(set(names)) < len(names):
        return f"repositories are told apart by their folders' names, and two have the same: {', '.join(names)}"
    return None


def _repository(value: str) -> Path:
    path = Path(value).resolve()
    problem = problem_of(path)
    if problem is not None:
        raise argparse.ArgumentTypeError(problem)
    return path


def _file(value: str) -> Path:
    """Looked at now, not after hours."""
    path = Path(value).resolve()
    if path.is_dir() or not os.access(path.parent, os.W_OK):
        raise argparse.ArgumentTypeError(f"{path} cannot be written: give a file in a folder that is there")
    return path


def _folder(value: str) -> Path:
    path = Path(value).resolve()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{path} cannot be made ({error.strerror}): give another folder") from None
    return path


def _code(value: str) -> Path:
    path = Path(value).resolve()
    if not (path / "src" / "kotadb").is_dir():
        raise argparse.ArgumentTypeError(f"{path} has no src/kotadb: give another checkout of kotadb")
    return path


def _parts(value: str) -> frozenset[str]:
    chosen = frozenset(value.split(","))
    if unknown := sorted(chosen - set(PARTS)):
        raise argparse.ArgumentTypeError(f"there is no part {', '.join(unknown)}: choose from {','.join(PARTS)}")
    return chosen


def _positive(value: str) -> int:
    number = int(value) if value.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{value!r} is no number of 1 or more")
    return number


def _interrupt(number: int, frame: FrameType | None) -> None:
    """SIGTERM as Ctrl-C: everything that was started is ended and removed."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _interrupt)
    sys.exit(main(sys.argv[1:]))
