"""How much of what compilers know about real repositories kotadb finds, and how much of what it says is right.

    make accuracy REPOS="PATH..."
    python -m benchmarks.accuracy PATH... [--tools DIR] [--worst N] [--python | --typescript]

Each PATH is a checkout with its HEAD; a clean copy of that is indexed, without its dependencies, by kotadb in a fresh
embedded database and by the oracle for most of its source files: scip-typescript or scip-python. oracle.py and
references.py say how the two are compared. Packages of a workspace are linked, as an installation would, so that the
compiler finds them. The edges between files are compared too: with TypeScript's own resolver, or with grimp's modules.
Last, our index in the SCIP format is read back by another implementation: read_back.py.

The oracles need node and npm, which install them into the folder for tools (default: `kotadb-accuracy` in the user's
folder for caches); what they write is kept there, by commit, so that the second run is ours alone.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import venv
from collections import Counter
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from benchmarks.accuracy import file_edges, module_edges, read_back, references

VERSIONS = {"typescript": "@sourcegraph/scip-typescript@0.4.0", "python": "@sourcegraph/scip-python@0.6.6"}
LANGUAGES = {".ts": "typescript", ".tsx": "typescript", ".js": "typescript", ".jsx": "typescript", ".py": "python"}
RECIPES = {"typescript": 2, "python": 3}
"""How the oracles are run; 2: with links to the packages of a workspace, and no Python packages; 3: with the folders
that the packages of a `src` layout are imported from."""

MAX_ATTEMPTS = 10

HERE = Path(__file__).parent
KOTADB = [sys.executable, "-m", "kotadb"]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description="Compare kotadb with compilers.")
    parser.add_argument("checkouts", type=Path, nargs="+", metavar="PATH")
    parser.add_argument("--tools", type=Path, default=default_tools(), metavar="DIR")
    parser.add_argument("--worst", type=int, default=0, metavar="N", help="show the N most frequent disagreements")
    language = parser.add_mutually_exclusive_group()
    for name in VERSIONS:
        language.add_argument(f"--{name}", dest="language", action="store_const", const=name)
    given = parser.parse_args()
    for checkout in given.checkouts:
        measure(checkout.resolve(), given.tools.resolve(), given.language, given.worst)
    return 0


def default_tools() -> Path:
    caches = os.environ.get("XDG_CACHE_HOME")
    return (Path(caches) if caches else Path.home() / ".cache") / "kotadb-accuracy"


def measure(checkout: Path, tools: Path, language: str | None, worst: int) -> None:
    with tempfile.TemporaryDirectory(prefix="accuracy-") as temporary:
        copy = Path(temporary) / checkout.name
        run(["git", "clone", "--quiet", "--no-hardlinks", str(checkout), str(copy)])
        paths = tracked(copy)
        language = language or main_language(paths)
        print(f"== {checkout.name} ({language})", flush=True)
        export = exported(copy, Path(temporary))
        if language == "typescript" and PurePosixPath("package.json") in paths:
            run(["node", str(HERE / "link_workspaces.mjs"), str(copy)])
        references.report(export, indexed(copy, paths, language, tools), copy, worst=worst)
        if language == "typescript":
            print("\nimports between files, by TypeScript")
            compare_files(export, copy, tools)
        elif (package := main_package(paths)) is not None:
            print(f"\nmodules of {package}, by grimp")
            compare_modules(export, copy, package, worst)
        program(tools, "typescript")  # brings a decoder of SCIP with it
        read_back.report(export, export.with_suffix(".scip"), folder_of(tools, "typescript"))


def compare_files(export: Path, copy: Path, tools: Path) -> None:
    program(tools, "typescript")  # brings the compiler with it
    oracle = export.with_name("files.jsonl")
    oracle.write_bytes(run(["node", str(HERE / "resolve_modules.mjs"), str(folder_of(tools, "typescript")), str(copy)]))
    found, expected = set(file_edges.exported_edges(export)), set(file_edges.read_oracle(oracle))
    file_edges.report(found, expected, file_edges.files_only)


def compare_modules(export: Path, copy: Path, package: str, worst: int) -> None:
    found = set(module_edges.within(package, module_edges.exported(export)))
    module_edges.report(found, module_edges.grimp_edges(copy, package, sys.executable), worst)


def tracked(copy: Path) -> list[PurePosixPath]:
    listing = run(["git", "-C", str(copy), "ls-files", "-z"]).decode("utf-8", "backslashreplace")
    return [PurePosixPath(path) for path in listing.split("\0") if path]


def main_language(paths: Iterable[PurePosixPath]) -> str:
    counts = Counter(LANGUAGES[path.suffix] for path in paths if path.suffix in LANGUAGES)
    if not counts:
        raise SystemExit("neither TypeScript nor Python is in there")
    return counts.most_common(1)[0][0]


def main_package(paths: Iterable[PurePosixPath]) -> str | None:
    """The package with the most modules that is in no other one and not of tests."""
    python = [path for path in paths if path.suffix == ".py"]
    packages = {path.parent for path in python if path.name == "__init__.py"}
    tops = {package for package in packages if package.parent not in packages and package.name not in ("", "tests")}
    counts = Counter(parent for path in python for parent in path.parents if parent in tops)
    return str(counts.most_common(1)[0][0]) if counts else None


# ---- our side --------------------------------------------------------------------------------------------------------


def exported(copy: Path, temporary: Path) -> Path:
    """What kotadb knows of the copy, from a database of its own."""
    temporary.chmod(0o755)  # as root the server runs as another user
    environment = os.environ | {"KOTADB_DATA_DIR": str(temporary / "data")}
    environment.pop("DATABASE_URL", None)
    run([*KOTADB, "index", str(copy)], environment=environment)
    export = temporary / "export.jsonl"
    for suffix, format_ in ((".jsonl", "jsonl"), (".scip", "scip")):
        command = [*KOTADB, "export", str(copy), "--format", format_]
        export.with_suffix(suffix).write_bytes(run(command, environment=environment))
    return export


# ---- the oracles -----------------------------------------------------------------------------------------------------


def indexed(copy: Path, paths: Iterable[PurePosixPath], language: str, tools: Path) -> Path:
    """The oracle's index of the copy; made once per commit."""
    commit = run(["git", "-C", str(copy), "rev-parse", "HEAD"]).decode().strip()
    version = VERSIONS[language].rpartition("@")[2]
    index = tools / "indexes" / f"{copy.name}-{commit}-{language}-{version}-{RECIPES[language]}.scip"
    if not index.exists():
        index.parent.mkdir(parents=True, exist_ok=True)
        written = index.with_suffix(".part")
        {"typescript": index_typescript, "python": index_python}[language](copy, paths, tools, written)
        written.replace(index)
    return index


def index_typescript(copy: Path, paths: Iterable[PurePosixPath], tools: Path, index: Path) -> None:
    """By the root's tsconfig, or else by those of the packages, or else by one that is made up."""
    projects = sorted(str(path.parent) for path in paths if path.name == "tsconfig.json")
    how = ["."] if "." in projects else projects or ["--infer-tsconfig"]
    run([str(program(tools, "typescript")), "index", *how, "--output", str(index)], folder=copy)


def index_python(copy: Path, paths: Iterable[PurePosixPath], tools: Path, index: Path) -> None:
    """With an interpreter that has no packages: what happens to be installed must not matter.

    At a file that breaks it, scip-python ends, and writes what it has got so far. It is asked again without that file.
    """
    bare = tools / "bare"
    if not bare.exists():
        venv.create(bare, symlinks=True)
    installed = tools / "no-packages.json"
    installed.write_text("[]")
    environment = os.environ | {"PATH": f"{bare / 'bin'}:{os.environ['PATH']}", "VIRTUAL_ENV": str(bare)}
    environment.pop("PYTHONPATH", None)
    options = ["--project-name", copy.name, "--project-version", "0", "--environment", str(installed)]
    command = [str(program(tools, "python")), "index", ".", *options, "--output", str(index)]
    with tempfile.TemporaryDirectory(prefix="accuracy-") as temporary:
        folder = shutil.copytree(copy, Path(temporary) / copy.name, symlinks=True)
        roots = sorted({str(path.parent.parent) for path in paths if path.name == "__init__.py"} & {"src", "lib"})
        if roots and not (folder / "pyrightconfig.json").exists():
            (folder / "pyrightconfig.json").write_text(json.dumps({"extraPaths": roots}))
        for _attempt in range(MAX_ATTEMPTS):
            done = subprocess.run(command, cwd=folder, env=environment, capture_output=True)
            if done.returncode == 0:
                return
            guilty = guilty_file(folder, done.stdout + done.stderr)
            print(f"scip-python breaks at {guilty.relative_to(folder)}, which is left out", flush=True)
            guilty.unlink()
    raise SystemExit("scip-python breaks at too many files")


def guilty_file(folder: Path, output: bytes) -> Path:
    """The file that it last complained of as it broke."""
    named = re.findall(r'while type checking file "([^"]+)"', output.decode("utf-8", "replace"))
    if not named or not (file := Path(named[-1])).is_relative_to(folder) or not file.is_file():
        sys.stderr.buffer.write(output[-4000:])
        raise SystemExit("scip-python failed")
    return file


def program(tools: Path, language: str) -> Path:
    """The oracle's command, installed if need be."""
    folder = folder_of(tools, language)
    command = folder / "node_modules" / ".bin" / f"scip-{language}"
    if not command.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), VERSIONS[language]])
    return command


def folder_of(tools: Path, language: str) -> Path:
    return tools / VERSIONS[language].rpartition("/")[2]


def run(command: list[str], *, folder: Path | None = None, environment: dict[str, str] | None = None) -> bytes:
    """What the command prints. What it complains of is shown only if it fails: the oracles talk a lot."""
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True)
    if done.returncode != 0:
        sys.stderr.buffer.write(done.stdout[-4000:] + done.stderr[-4000:])
        raise SystemExit(f"{command[0]} failed with exit code {done.returncode}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
