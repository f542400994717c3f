"""Other programs that do part of the job, on the same files: what they cost, and what they give.

Only those that install from a package registry. One that is not there, or fails, is named with the reason.
"""

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from benchmarks.accuracy.__main__ import default_tools, main_language, main_package, program, tracked
from benchmarks.accuracy.module_edges import GRIMP
from benchmarks.performance.checkout import Checkout, checked_out
from benchmarks.performance.figures import Record
from benchmarks.performance.measure import MeasurementFailed, run

PEERS = "peers"
MIN_SAMPLES = 3
"""Of fewer nothing can be said: it was over too soon."""

PYGMENTS_CONFIGURATIONS = ("/etc/gtags/gtags.conf", "/usr/share/doc/global/examples/gtags.conf", "/etc/gtags.conf")


class Unavailable(Exception):
    """The program is not there, or has nothing to do in this repository; the message says which."""


@dataclass(frozen=True, slots=True)
class Command:
    """How a peer is run: in the checkout, with some variables."""

    arguments: list[str]
    variables: dict[str, str]


@dataclass(frozen=True, slots=True)
class Work:
    """What a peer is given: a checkout, a fresh folder to write into, and where tools are installed."""

    checkout: Path
    output: Path
    tools: Path
    paths: Sequence[PurePosixPath]


@dataclass(frozen=True, slots=True)
class Peer:
    """A program, and what it gives and does not give. `command` raises Unavailable."""

    name: str
    gives: str
    command: Callable[[Work], Command]


def _ctags(work: Work) -> Command:
    ctags = _found("ctags", "universal-ctags")
    if "Universal Ctags" not in run([ctags, "--version"]).output:
        raise Unavailable(f"{ctags} is another ctags: apt-get install universal-ctags")
    return Command([ctags, "-R", "-f", str(work.output / "tags"), "."], {})


def _global(work: Work) -> Command:
    """With the plug-in for pygments: its own parsers know neither TypeScript nor Python."""
    gtags = _found("gtags", "global python3-pygments")
    configuration = next((path for path in PYGMENTS_CONFIGURATIONS if Path(path).is_file()), None)
    if configuration is None:
        raise Unavailable("gtags has no configuration with pygments: apt-get install global python3-pygments")
    return Command([gtags, "--gtagsconf", configuration, "--gtagslabel=pygments", str(work.output)], {})


def _codesearch(work: Work) -> Command:
    return Command([_found("cindex", "codesearch"), "."], {"CSEARCHINDEX": str(work.output / "index")})


def _scip_typescript(work: Work) -> Command:
    _require_language(work, "typescript")
    projects = sorted(str(path.parent) for path in work.paths if path.name == "tsconfig.json")
    how = ["."] if "." in projects else projects or ["--infer-tsconfig"]
    return Command([_npm(work, "typescript"), "index", *how, "--output", str(work.output / "index.scip")], {})


def _scip_python(work: Work) -> Command:
    """With no packages: what happens to be installed must not matter."""
    _require_language(work, "python")
    installed = work.output / "no-packages.json"
    installed.write_text("[]")
    options = ["--project-name", work.checkout.name, "--project-version", "0", "--environment", str(installed)]
    index = str(work.output / "index.scip")
    return Command([_npm(work, "python"), "index", ".", *options, "--output", index], {})


def _grimp(work: Work) -> Command:
    """In the environment for development, where it comes with import-linter."""
    _require_language(work, "python")
    package = main_package(work.paths)
    if package is None:
        raise Unavailable("there is no regular Python package in it")
    root, _, name = package.rpartition("/")
    return Command([sys.executable, "-c", GRIMP, str(work.checkout / root), name], {})


ALL = (
    Peer("universal-ctags", "definitions; no references, no imports, no search", _ctags),
    Peer("GNU global", "definitions and names of references, unresolved; no imports, no search", _global),
    Peer("codesearch", "a trigram index of the text; nothing of the code", _codesearch),
    Peer(
        "scip-typescript",
        "definitions and references as the compiler knows them, in a file; no search, no increments",
        _scip_typescript,
    ),
    Peer(
        "scip-python",
        "definitions and references as a type checker knows them, in a file; no search, no increments",
        _scip_python,
    ),
    Peer(
        "grimp", "imports between the modules of one package, in memory; no symbols, no references, no search", _grimp
    ),
)


# ---- measuring -------------------------------------------------------------------------------------------------------


def measure_peers(repository: Path, runs: int, peers: Sequence[Peer] = ALL) -> Iterator[Record]:
    """Every peer so many times, in turn."""
    with checked_out(repository) as checkout:
        for number in range(runs):
            for peer in peers:
                yield _measured(checkout, peer, number)


def _measured(checkout: Checkout, peer: Peer, number: int) -> Record:
    """One run, or why there is none."""
    details = {"gives": peer.gives}
    with TemporaryDirectory(prefix="kotadb-bench-peer-") as folder:
        try:
            command = peer.command(Work(checkout.path, Path(folder), default_tools(), tracked(checkout.path)))
            environment = os.environ | command.variables
            cost = run(command.arguments, environment=environment, folder=checkout.path, sampled=True).cost
        except (Unavailable, MeasurementFailed, OSError) as error:
            return Record(PEERS, checkout.path.name, peer.name, number, {}, details | {"skipped": str(error)})
        written = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
    figures = {"wall_seconds": cost.wall_seconds, "cpu_seconds": cost.cpu_seconds, "written_mb": written / 1e6}
    if len(cost.memory) >= MIN_SAMPLES:
        figures["peak_memory_mb"] = cost.peak_bytes / 1e6
    return Record(PEERS, checkout.path.name, peer.name, number, figures, details)


def _found(name: str, package: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise Unavailable(f"{name} is not installed: apt-get install {package}")
    return path


def _npm(work: Work, language: str) -> str:
    """The compiler's indexer, as benchmarks/accuracy installs it."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise Unavailable("node and npm are not installed: apt-get install nodejs npm")
    try:
        return str(program(work.tools, language))
    except SystemExit as error:
        raise Unavailable(f"it could not be installed: {error}") from None


def _require_language(work: Work, language: str) -> None:
    try:
        found = main_language(work.paths)
    except SystemExit:
        found = "neither"
    if found != language:
        raise Unavailable(f"most of the source is not {language}")
