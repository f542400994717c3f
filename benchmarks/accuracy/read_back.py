"""Whether another implementation of SCIP reads in our index what the other export of the same index says.

    python -m benchmarks.accuracy.read_back EXPORT.jsonl INDEX.scip TOOLS

TOOLS is where scip-typescript is installed, whose decoder read_scip.mjs uses. Every definition and every reference of
which something is known must be there, at the same place; the symbol of a reference must be defined where its target
is; and every symbol must be described, in a document or as external.
"""

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

DEFINITION = 1

Place = tuple[str, int, int]
Target = tuple[str, str]
"""A path and a qualified name."""


class Read(NamedTuple):
    """What was read: symbols by places, and what is said of symbols."""

    paths: set[str]
    definitions: dict[Place, set[str]]
    references: dict[Place, set[str]]
    described: set[str]
    related: set[str]


def main() -> int:
    export, index, tools = map(Path, sys.argv[1:])
    return 1 if report(export, index, tools) else 0


def report(export: Path, index: Path, tools: Path) -> bool:
    """Print what was compared. Returns whether anything differs."""
    script = Path(__file__).with_name("read_scip.mjs")
    output = subprocess.run(["node", str(script), str(tools), str(index)], capture_output=True, check=True).stdout
    found = read(json.loads(line) for line in output.splitlines())
    print("\nthe export in SCIP, read back by scip-typescript's decoder")
    print(f"{len(found.paths):,} documents, {sum(map(len, found.definitions.values())):,} definitions,", end=" ")
    print(f"{len(found.references):,} references, {len(found.described):,} symbols")
    wrong = list(differences(found, [json.loads(line) for line in export.read_bytes().splitlines()]))
    print("\n".join(wrong[:20]) if wrong else "as the export in JSON has it")
    return bool(wrong)


def read(lines: Iterable[dict[str, Any]]) -> Read:
    """What read_scip.mjs printed."""
    found = Read(set(), defaultdict(set), defaultdict(set), set(), set())
    for line in lines:
        found.described.update(line.get("external", ()))
        for (start, column, *_), symbol, roles in line.get("occurrences", ()):
            places = found.definitions if roles & DEFINITION else found.references
            places[line["path"], start + 1, column].add(symbol)
        for symbol, related in line.get("symbols", ()):
            found.described.add(symbol)
            found.related.update(related)
        found.paths.update([line["path"]] if "path" in line else [])
    return found


def differences(found: Read, records: list[dict[str, Any]]) -> Iterator[str]:
    """What of the export in JSON was read otherwise, a line each."""
    files = {each["path"] for each in records if each["record"] == "file"}
    symbols = [each for each in records if each["record"] == "symbol"]
    references = {_place(each): each for each in records if each["record"] == "reference" and _is_known(each)}
    yield from (f"the files differ: {path}" for path in files ^ found.paths)
    yield from (
        f"not defined: {each['path']} {each['name']}" for each in symbols if _name(each) not in found.definitions
    )
    yield from (f"the references differ: {place}" for place in references.keys() ^ found.references.keys())
    yield from (f"not described: {symbol}" for symbol in _all(found) - found.described)
    yield from _elsewhere(found, symbols, references)


def _elsewhere(
    found: Read, symbols: Iterable[dict[str, Any]], references: dict[Place, dict[str, Any]]
) -> Iterator[str]:
    """The references whose symbols are not defined where their targets are."""
    targets: dict[str, set[Target]] = defaultdict(set)
    for each in symbols:
        for symbol in found.definitions.get(_name(each), ()):
            targets[symbol].add((each["path"], each["qualified_name"]))
    for place, each in references.items():
        known = {target for symbol in found.references.get(place, ()) for target in targets[symbol]}
        if each["target"] is not None and (each["target_path"], each["target"]) not in known:
            yield f"another target: {place} {each['target']}"


def _all(found: Read) -> set[str]:
    return found.related.union(*found.definitions.values(), *found.references.values())


def _place(record: dict[str, Any]) -> Place:
    return record["path"], record["line"], record["column"]


def _name(record: dict[str, Any]) -> Place:
    return record["path"], record["name_line"], record["name_column"]


def _is_known(record: dict[str, Any]) -> bool:
    return record["target_path"] is not None or record["package"] is not None


if __name__ == "__main__":
    sys.exit(main())
