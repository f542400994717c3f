"""How many definitions and references kotadb finds, and how many of its targets are right, by a compiler's word.

    python -m benchmarks.accuracy.references EXPORT.jsonl INDEX.scip CHECKOUT [--worst N] [--json]

EXPORT is what `kotadb export` wrote for CHECKOUT, INDEX what scip-typescript or scip-python did. oracle.py has the
rules by which the oracle's side is cleaned. Ours is compared in the files that the oracle has, by places alone:

- a reference is right where its target is at a place where the oracle has the definition. Several symbols may share
  path and qualified name (overloads, properties); any of these will do;
- `precision` is of all our references that have a target. Where the oracle has nothing at all (dependencies are not
  installed, so it may not know a type), ours may be right and is still counted as wrong; `judged` is the precision
  without those;
- `position` is the share of the oracle's references where we have one at all, with or without target;
- `cross` are the references to another file;
- `keys` are left out of the others: only a type checker can tell whose keys of an object literal, attributes in JSX and
  keyword arguments are.

`--worst N` shows the N most frequent patterns of disagreement, with examples.
"""

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from benchmarks.accuracy.oracle import Oracle, Place, is_name, read_oracle

EXAMPLES = 4
"""Of each pattern."""


@dataclass(frozen=True, slots=True)
class Reference:
    """One of ours."""

    place: Place
    name: str
    kind: str
    resolution: str | None
    target: str | None
    targets: frozenset[Place]
    """Where the symbols are that it may mean; of none if it has no target, or one that is not there."""


@dataclass(frozen=True, slots=True)
class Export:
    """Our side."""

    definitions: Mapping[Place, str]
    """With their kinds."""
    references: Mapping[Place, list[Reference]]


class Verdict(StrEnum):
    """On one of our references."""

    RIGHT = "right"
    WRONG = "wrong target"
    UNJUDGED = "nothing known there"
    UNRESOLVED = "no target"
    IGNORED = "ignored"


@dataclass(slots=True)
class Comparison:
    """The verdicts, and what was missed."""

    verdicts: list[tuple[Reference, Verdict]] = field(default_factory=list)
    found: set[Place] = field(default_factory=set)
    """The oracle's references that ours agree with."""
    missed: dict[Place, Reference | None] = field(default_factory=dict)
    """Those that ours do not, with what we have there instead."""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Compare an export's symbols and references with a SCIP index.")
    parser.add_argument("export", type=Path)
    parser.add_argument("index", type=Path)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--worst", type=int, default=0, metavar="N", help="show the N most frequent disagreements")
    parser.add_argument("--json", action="store_true", help="the figures as one JSON object")
    given = parser.parse_args(arguments)
    report(given.export, given.index, given.checkout, worst=given.worst, as_json=given.json)
    return 0


def report(export: Path, index: Path, checkout: Path, *, worst: int = 0, as_json: bool = False) -> None:
    oracle, ours = read_oracle(index, checkout), read_export(export)
    comparison = compare(ours, oracle)
    if as_json:
        print(json.dumps(figures(ours, oracle, comparison)))
    else:
        print_tables(ours, oracle, comparison)
    sources = Sources(checkout)
    told = [*differing_definitions(ours, oracle, sources), *disagreements(comparison, oracle, sources)]
    print_worst(told, worst)


# ---- our side --------------------------------------------------------------------------------------------------------


def read_export(export: Path) -> Export:
    with export.open(encoding="utf-8") as lines:
        return exported([json.loads(line) for line in lines])


def exported(records: Iterable[Mapping[str, Any]]) -> Export:
    definitions: dict[Place, str] = {}
    named: dict[tuple[str, str], set[Place]] = defaultdict(set)
    references: list[Mapping[str, Any]] = []
    for record in records:
        if record["record"] == "symbol":
            place = Place(record["path"], record["name_line"], record["name_column"])
            if is_name(record["name"]):
                definitions[place] = record["kind"]
            named[record["path"], record["qualified_name"]].add(place)
        elif record["record"] == "reference":
            references.append(record)
    return Export(definitions, _by_place(_reference(record, named) for record in references))


def _reference(record: Mapping[str, Any], named: Mapping[tuple[str, str], set[Place]]) -> Reference:
    return Reference(
        Place(record["path"], record["line"], record["column"]),
        record["name"],
        record["kind"],
        record["resolution"],
        record["target"],
        frozenset(named.get((record["target_path"], record["target"]), ())),
    )


def _by_place(references: Iterable[Reference]) -> dict[Place, list[Reference]]:
    found: dict[Place, list[Reference]] = defaultdict(list)
    for reference in references:
        found[reference.place].append(reference)
    return found


# ---- comparing -------------------------------------------------------------------------------------------------------


def compare(ours: Export, oracle: Oracle) -> Comparison:
    comparison = Comparison()
    for place, references in ours.references.items():
        verdicts = [(reference, judge(reference, oracle)) for reference in references]
        comparison.verdicts += verdicts
        if place in oracle.references and any(verdict is Verdict.RIGHT for _, verdict in verdicts):
            comparison.found.add(place)
    for place in oracle.references.keys() - comparison.found:
        # one with a target tells more
        here = sorted(ours.references.get(place, ()), key=lambda reference: reference.target is None)
        comparison.missed[place] = here[0] if here else None
    return comparison


def judge(reference: Reference, oracle: Oracle) -> Verdict:
    place = reference.place
    if place.path not in oracle.paths or place in oracle.ignored:
        return Verdict.IGNORED
    if reference.target is None:
        return Verdict.UNRESOLVED
    if place in oracle.references:
        return Verdict.RIGHT if reference.targets & oracle.references[place] else Verdict.WRONG
    if place in oracle.others:
        return Verdict.IGNORED if reference.targets & oracle.others[place] else Verdict.WRONG
    return Verdict.UNJUDGED


def comparable_definitions(ours: Export, oracle: Oracle) -> dict[Place, str]:
    return {
        place: kind
        for place, kind in ours.definitions.items()
        if place.path in oracle.paths
        and place not in oracle.other_definitions
        and (place in oracle.definitions or place not in oracle.ignored)
    }


def figures(ours: Export, oracle: Oracle, comparison: Comparison) -> dict[str, dict[str, float]]:
    """What is printed as the first table."""
    defined = comparable_definitions(ours, oracle).keys()
    agreed = len(defined & oracle.definitions.keys())
    found, expected = comparison.found, oracle.references.keys()
    crossing = {place for place in expected if all(target.path != place.path for target in oracle.references[place])}
    positions = len(expected & ours.references.keys())
    resolved = [(reference, verdict) for reference, verdict in comparison.verdicts if reference.target is not None]
    across = [
        verdict for reference, verdict in resolved if any(t.path != reference.place.path for t in reference.targets)
    ]
    return {
        "definitions": {
            "precision": share(agreed, len(defined)),
            "recall": share(agreed, len(oracle.definitions)),
            "ours": len(defined),
            "oracle": len(oracle.definitions),
        },
        "references": precision(verdict for _, verdict in resolved)
        | {
            "recall": share(len(found), len(expected)),
            "position": share(positions, len(expected)),
            "oracle": len(expected),
        },
        "cross": precision(across)
        | {
            "recall": share(len(found & crossing), len(crossing)),
            "position": share(len(crossing & ours.references.keys()), len(crossing)),
            "oracle": len(crossing),
        },
        "keys": {
            "position": share(len(oracle.keys & ours.references.keys()), len(oracle.keys)),
            "oracle": len(oracle.keys),
        },
    }


def precision(verdicts: Iterable[Verdict]) -> dict[str, float]:
    counts = Counter(verdicts)
    right, wrong, unjudged = counts[Verdict.RIGHT], counts[Verdict.WRONG], counts[Verdict.UNJUDGED]
    return {
        "precision": share(right, right + wrong + unjudged),
        "judged": share(right, right + wrong),
        "ours": right + wrong + unjudged,
    }


def share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 1.0


# ---- showing ---------------------------------------------------------------------------------------------------------


def print_tables(ours: Export, oracle: Oracle, comparison: Comparison) -> None:
    print_table("", figures(ours, oracle, comparison))
    print_table("by kind", grouped(comparison, lambda reference: reference.kind))
    print_table("by resolution", grouped(comparison, lambda reference: reference.resolution or "none"))


def grouped(comparison: Comparison, group: Callable[[Reference], str]) -> dict[str, dict[str, float]]:
    counts: dict[str, Counter[Verdict]] = defaultdict(Counter)
    for reference, verdict in comparison.verdicts:
        counts[group(reference)][verdict] += 1
    return {
        name: precision(count.elements()) | {str(verdict): count[verdict] for verdict in Verdict}
        for name, count in sorted(counts.items())
    }


def print_table(title: str, rows: Mapping[str, Mapping[str, float]]) -> None:
    columns = list(dict.fromkeys(column for row in rows.values() for column in row))
    widths = [max(len(column), 7) for column in columns]
    print(f"{title:16}", *(f"{column:>{width}}" for column, width in zip(columns, widths, strict=True)), sep="  ")
    for name, row in rows.items():
        cells = (f"{_shown(row.get(column)):>{width}}" for column, width in zip(columns, widths, strict=True))
        print(f"{name:16}", *cells, sep="  ")
    print()


def _shown(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def print_worst(told: Iterable[tuple[str, str]], number: int) -> None:
    """The most frequent patterns, each with examples from all over the repository."""
    patterns: dict[str, list[str]] = defaultdict(list)
    for pattern, example in told:
        patterns[pattern].append(example)
    for pattern, examples in sorted(patterns.items(), key=lambda item: -len(item[1]))[:number]:
        print(f"\n{len(examples)} times {pattern}")
        for example in sorted(examples)[:: max(1, len(examples) // EXAMPLES)][:EXAMPLES]:
            print(f"    {example}")


class Sources:
    """Lines of the checkout."""

    def __init__(self, checkout: Path) -> None:
        self._checkout = checkout
        self._lines: dict[str, list[bytes]] = {}

    def before(self, place: Place) -> str:
        """What stands before a name: a word, or the last of other characters."""
        text = self._line(place)[: place.column].rstrip().decode("utf-8", "replace")
        word = text[len(text.rstrip("abcdefghijklmnopqrstuvwxyz")) :]
        return word or text[-1:]

    def example(self, place: Place, targets: Iterable[Place]) -> str:
        line = self._line(place).strip().decode("utf-8", "replace")[:110]
        shown = ", ".join(f"{target.path}:{target.line}" for target in sorted(targets)[:3])
        return f"{place.path}:{place.line}:{place.column}  {f'({shown})  ' if shown else ''}{line}"

    def _line(self, place: Place) -> bytes:
        if place.path not in self._lines:
            self._lines[place.path] = (self._checkout / place.path).read_bytes().split(b"\n")
        return self._lines[place.path][place.line - 1]


def differing_definitions(ours: Export, oracle: Oracle, sources: Sources) -> Iterator[tuple[str, str]]:
    for place, kind in comparable_definitions(ours, oracle).items():
        if place not in oracle.definitions:
            yield f"definition only ours: {kind}", sources.example(place, ())
    for place, suffix in oracle.definitions.items():
        if place not in ours.definitions:
            yield f"definition only the oracle's: {suffix!r}", sources.example(place, ())


def disagreements(comparison: Comparison, oracle: Oracle, sources: Sources) -> Iterator[tuple[str, str]]:
    """Each with its pattern. A wrong target where another was expected is a miss and told once."""
    for place, ours in comparison.missed.items():
        suffix = f"{oracle.suffixes[place]!r} after {sources.before(place)!r}"
        what = "nothing of ours" if ours is None else f"our {ours.kind} by {ours.resolution}"
        targets = oracle.references[place]
        got = f"  [ours: {ours.target}]" if ours is not None and ours.target is not None else ""
        yield f"missed {suffix}: {what}", sources.example(place, targets) + got
    for reference, verdict in comparison.verdicts:
        place = reference.place
        if place in oracle.references or verdict not in (Verdict.WRONG, Verdict.UNJUDGED):
            continue
        known = "something else" if place in oracle.others else "nothing"
        pattern = f"our {reference.kind} by {reference.resolution} after {sources.before(place)!r}: {known} there"
        yield pattern, sources.example(place, reference.targets)


if __name__ == "__main__":
    raise SystemExit(main())
