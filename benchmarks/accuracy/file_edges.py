"""How well imports of TypeScript and JavaScript lead to files, compared with what the compiler says.

    python benchmarks/accuracy/file_edges.py CHECKOUT ORACLE_JSONL [EXPORT_JSONL]

ORACLE_JSONL is what `resolve_modules.mjs` printed for the checkout. Each of its specifiers is given to our module
resolution, and the answers are compared one by one. With EXPORT_JSONL, what `kotadb export --format jsonl` printed,
the edges (from file, to file) of the whole index are compared instead.

Every disagreement is printed. Those where the compiler finds nothing, or a file that is no code, are counted apart: it
does not look for styles and images, nor for the source in the place of what a build would write, and we do on purpose.
They count neither for nor against us; the last line says what the precision would be if all of them were wrong.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from kotadb.languages.modules import Files
from kotadb.languages.typescript.modules import typescript_modules

CODE = (".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs")


class Edge(NamedTuple):
    """An import and the file it leads to; None stands for nothing in the repository."""

    source: str
    specifier: str
    target: str | None


def main(arguments: list[str]) -> int:
    checkout, oracle_file, *exported = arguments
    oracle = set(read_oracle(Path(oracle_file)))
    if exported:
        report(set(exported_edges(Path(exported[0]))), oracle, files_only)
    else:
        report(resolved(Path(checkout), oracle), oracle, whole)
    return 0


def read_oracle(file: Path) -> Iterator[Edge]:
    for record in records(file):
        yield Edge(record["from"], record["specifier"], record["to"])


def records(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def resolved(checkout: Path, oracle: set[Edge]) -> set[Edge]:
    """Our answers to the oracle's questions."""
    files = Files(tracked(checkout), reader(checkout))
    began = time.perf_counter()
    modules = typescript_modules(files)
    edges = {edge._replace(target=modules.resolve(edge.source, edge.specifier).path) for edge in oracle}
    milliseconds = (time.perf_counter() - began) * 1000
    print(f"{len(files.paths)} files, {len(oracle)} specifiers, {milliseconds:.0f} ms")
    return edges


def tracked(checkout: Path) -> frozenset[str]:
    listing = subprocess.run(["git", "-C", str(checkout), "ls-files", "-z"], check=True, capture_output=True)
    return frozenset(listing.stdout.decode("utf-8", "backslashreplace").split("\0")[:-1])


def reader(checkout: Path) -> Callable[[str], str | None]:
    def read(path: str) -> str | None:
        try:
            return (checkout / path).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None

    return read


def exported_edges(file: Path) -> Iterator[Edge]:
    for record in records(file):
        if record["record"] == "dependency" and record["kind"] != "use" and record["from_path"].endswith(CODE):
            yield Edge(record["from_path"], record["specifier"], record.get("to_path"))


def whole(edge: Edge) -> Edge:
    return edge


def files_only(edge: Edge) -> Edge:
    """Without the specifier: an index may keep one of several that lead to the same file."""
    return edge._replace(specifier="")


def report(ours: set[Edge], oracle: set[Edge], key: Callable[[Edge], Edge]) -> None:
    """What differs, edge by edge, and the figures; `key` is what makes two edges the same."""
    found = {key(edge): edge for edge in sorted(edge for edge in ours if edge.target)}
    true = {key(edge): edge for edge in sorted(edge for edge in oracle if edge.target)}
    unanswered = {edge[:2] for edge in oracle if edge.target is None}
    extra = [found[edge] for edge in found.keys() - true.keys()]
    alone = [edge for edge in extra if edge[:2] in unanswered or not str(edge.target).endswith(CODE)]
    wrong = [edge for edge in extra if edge not in alone]
    missed = [true[edge] for edge in true.keys() - found.keys()]
    for title, edges in (("only ours", alone), ("wrong", wrong), ("missed", missed)):
        show(title, edges)
    agreed = len(found.keys() & true.keys())
    print(f"edges: {agreed} agreed, {len(alone)} only ours, {len(wrong)} wrong, {len(missed)} missed")
    print(f"precision {ratio(agreed, agreed + len(wrong))}, recall {ratio(agreed, len(true))}")
    print(f"precision if all that is only ours were wrong {ratio(agreed, len(found))}")


def show(title: str, edges: Iterable[Edge]) -> None:
    for source, specifier, target in sorted(edges):
        print(f"{title:10} {source}  {specifier!r} -> {target}")


def ratio(part: int, whole: int) -> str:
    return f"{part / whole:.4f}" if whole else "n/a"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
