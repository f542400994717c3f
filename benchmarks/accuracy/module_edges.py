"""Which modules of a Python package import which, compared with what grimp finds.

    python -m benchmarks.accuracy.module_edges CHECKOUT PACKAGE --from-ast
    python -m benchmarks.accuracy.module_edges CHECKOUT PACKAGE --export EXPORT.jsonl

PACKAGE is the folder of a regular package in CHECKOUT, such as `httpx` or `src/flask`. Our edges come from the
`dependency` records of `kotadb export`, or, with `--from-ast`, from the import statements that Python's own parser
finds, asked one by one: that measures module resolution and nothing else.

grimp comes with import-linter and so is in the environment for development; `--grimp PYTHON` names another interpreter
that can import it. It runs in a process of its own, with the package's root on its path: it reads the package's files
and imports none of them.

The rules are grimp's, for both sides: an edge is a pair of modules of the package, however often and on whichever line
it is imported; `from a import b` leads to the module `a.b` if there is one, else to `a`; imports for type checking
count. A module that is no file (a namespace package) is left out.
"""

import argparse
import ast
import json
import subprocess
import sys
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

from kotadb.languages.modules import MISSING, Files, Modules
from kotadb.languages.python.modules import python_modules

Edge = tuple[str, str]

GRIMP = """
import json, sys
import grimp
sys.path.insert(0, sys.argv[1])
graph = grimp.build_graph(
    sys.argv[2], include_external_packages=False, cache_dir=None, exclude_type_checking_imports=False)
edges = [(a, b) for a in graph.modules for b in graph.find_modules_directly_imported_by(a)]
json.dump(sorted(edges), sys.stdout)
"""


def main() -> int:
    arguments = parsed_arguments()
    checkout, package = arguments.checkout.resolve(), arguments.package.strip("/")
    expected = grimp_edges(checkout, package, arguments.grimp)
    pairs = exported(arguments.export) if arguments.export else asked(checkout, package)
    found = set(within(package, pairs))
    report(found, expected)
    return 0


def parsed_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare the imports between a package's modules with grimp's.")
    parser.add_argument("checkout", type=Path)
    parser.add_argument("package")
    ours = parser.add_mutually_exclusive_group(required=True)
    ours.add_argument("--export", type=Path, help="what `kotadb export` wrote for this checkout")
    ours.add_argument("--from-ast", action="store_true", help="ask the module resolution alone")
    parser.add_argument("--grimp", default=sys.executable, metavar="PYTHON", help="an interpreter that has grimp")
    return parser.parse_args()


def report(found: set[Edge], expected: set[Edge], limit: int | None = None) -> None:
    """Prints the figures and up to `limit` disagreements of each kind."""
    for edge in sorted(found - expected)[:limit]:
        print("only ours  ", *edge)
    for edge in sorted(expected - found)[:limit]:
        print("only grimp ", *edge)
    agreed = len(found & expected)
    print(f"edges: ours {len(found)}, grimp {len(expected)}")
    print(f"precision {agreed / max(len(found), 1):.4f}  recall {agreed / max(len(expected), 1):.4f}")


def grimp_edges(checkout: Path, package: str, interpreter: str) -> set[Edge]:
    root, _, name = package.rpartition("/")
    command = [interpreter, "-c", GRIMP, str(checkout / root), name]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return {(importer, imported) for importer, imported in json.loads(output)}


def exported(export: Path) -> Iterator[Edge]:
    """Pairs of files from the records of an export."""
    with export.open(encoding="utf-8") as lines:
        for record in map(json.loads, lines):
            if record["record"] == "dependency" and record["kind"] != "use" and record.get("to_path"):
                yield record["from_path"], record["to_path"]


def asked(checkout: Path, package: str) -> Iterator[Edge]:
    """Pairs of files from asking our module resolution for every import statement."""
    listing = subprocess.run(["git", "-C", str(checkout), "ls-files", "-z"], check=True, stdout=subprocess.PIPE).stdout
    paths = frozenset(path for path in listing.decode("utf-8", "backslashreplace").split("\0") if path)

    def read(path: str) -> str | None:
        return (checkout / path).read_text(encoding="utf-8", errors="replace") if path in paths else None

    modules = python_modules(Files(paths, read))
    for path in sorted(paths):
        if path.endswith(".py") and path.startswith(f"{package}/"):
            yield from ((path, imported) for imported in imports_of(checkout / path, path, modules))


def imports_of(file: Path, path: str, modules: Modules) -> Iterator[str]:
    with warnings.catch_warnings(action="ignore"):  # escapes that are none, in strings of the package
        tree = ast.parse(file.read_bytes())
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found = [modules.resolve(path, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = modules.resolve(path, "." * node.level + (node.module or ""))
            submodules = [modules.submodule(module, alias.name) for alias in node.names]
            found = [module if submodule == MISSING else submodule for submodule in submodules]
        else:
            continue
        yield from (location.path for location in found if location.path is not None)


def within(package: str, pairs: Iterable[tuple[str, str]]) -> Iterator[Edge]:
    """The pairs as names of modules, as far as both are of the package."""
    root = package.rpartition("/")[0]
    for pair in pairs:
        if all(path.startswith(f"{package}/") and path.endswith(".py") for path in pair) and pair[0] != pair[1]:
            importer, imported = (module_name(path.removeprefix(f"{root}/")) for path in pair)
            yield importer, imported


def module_name(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


if __name__ == "__main__":
    sys.exit(main())
