"""What an index says of a repository's references and dependencies, and a sample of it to judge by hand.

    python -m benchmarks.accuracy.figures EXPORT.jsonl [--sample N --seed S --checkout PATH]

EXPORT is what `kotadb export` wrote. `module` are references to a module as a whole, `package` those to what is known
to come from outside of the repository; `none` is everything else without a target: builtin names, and what nobody could
tell. A sample of N references to other files is drawn with the seed S and shown with both lines of source.
"""

import argparse
import json
import random
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

Record = dict[str, Any]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy.figures")
    parser.add_argument("export", type=Path)
    parser.add_argument("--sample", type=int, default=0, metavar="N")
    parser.add_argument("--seed", type=int, default=1, metavar="S")
    parser.add_argument("--checkout", type=Path, metavar="PATH")
    given = parser.parse_args()
    with given.export.open() as lines:
        records = [json.loads(line) for line in lines]
    print(json.dumps(figures(records)))
    for reference in sample(records, given.sample, given.seed):
        print(shown(reference, records, given.checkout))
    return 0


def figures(records: Iterable[Record]) -> Record:
    """The counts of one index."""
    kinds: Counter[str] = Counter()
    methods: Counter[str] = Counter()
    edges: Counter[str] = Counter()
    cycles: list[int] = []
    for record in records:
        match record["record"]:
            case "reference":
                kinds[record["kind"]] += 1
                methods[method(record)] += 1
            case "dependency":
                edges[f"{record['kind']} {destination(record)}"] += 1
            case "cycle":
                cycles.append(len(record["paths"]))
    total = sum(methods.values())
    return {
        "references": total,
        "by_kind": dict(kinds.most_common()),
        "share_by_method": {name: round(count / total, 4) for name, count in methods.most_common()},
        "edges": dict(edges.most_common()),
        "cycles": sorted(cycles, reverse=True),
    }


def method(reference: Record) -> str:
    """How the target was found, or what is known instead."""
    if reference["resolution"] is not None:
        return str(reference["resolution"])
    if reference["target_path"] is not None:
        return "module"
    return "package" if reference["package"] is not None else "none"


def destination(dependency: Record) -> str:
    """What kind of thing the edge leads to."""
    if dependency["to_symbol"] is not None:
        return "symbol"
    if dependency["to_path"] is not None:
        return "file"
    return "package" if dependency["package"] is not None else "missing"


def sample(records: Iterable[Record], size: int, seed: int) -> list[Record]:
    """References with a target in another file, drawn by the seed."""
    across = [
        record
        for record in records
        if record["record"] == "reference" and record["target"] is not None and record["target_path"] != record["path"]
    ]
    return random.Random(seed).sample(across, min(size, len(across)))


def shown(reference: Record, records: Iterable[Record], checkout: Path | None) -> str:
    """The reference with its line and that of its target."""
    said = (
        f"{reference['path']}:{reference['line']}:{reference['column']} {reference['kind']} {reference['name']} -> "
        f"{reference['target_path']} {reference['target']} ({reference['resolution']})"
    )
    if checkout is None:
        return said
    where = [
        record["name_line"]
        for record in records
        if record["record"] == "symbol"
        and (record["path"], record["qualified_name"]) == (reference["target_path"], reference["target"])
    ]
    here = line_of(checkout / reference["path"], reference["line"])
    there = line_of(checkout / reference["target_path"], where[0]) if where else "?"
    return f"{said}\n    {here}\n    {there}"


def line_of(path: Path, number: int) -> str:
    """One line of a file, cut to a screen's width."""
    return path.read_text(errors="replace").split("\n")[number - 1].strip()[:140]


if __name__ == "__main__":
    raise SystemExit(main())
