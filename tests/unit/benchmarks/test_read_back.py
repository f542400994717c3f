"""What another implementation reads of our SCIP is held against our JSON."""

from typing import Any

from benchmarks.accuracy.read_back import differences, read

FILE = {"record": "file", "path": "a"}
SYMBOL = {"record": "symbol", "path": "a", "name": "f", "qualified_name": "f", "name_line": 1, "name_column": 4}
REFERENCE = {
    "record": "reference", "path": "a", "line": 2, "column": 0, "target_path": "a", "target": "f", "package": None,
}  # fmt: skip
DOCUMENT = {"path": "a", "occurrences": [[[0, 4, 5], "F", 1], [[1, 0, 1], "F", 8]], "symbols": [["F", []]]}


def found(document: dict[str, Any], *records: dict[str, Any]) -> list[str]:
    return list(differences(read([document, {"external": []}]), [FILE, *records]))


def test_the_same_has_no_differences() -> None:
    assert found(DOCUMENT, SYMBOL, REFERENCE) == []


def test_what_is_missing_or_elsewhere_or_not_described_is_told() -> None:
    moved = {**DOCUMENT, "occurrences": [[[0, 4, 5], "F", 1], [[1, 0, 1], "G", 8]]}
    assert found(moved, SYMBOL, REFERENCE) == ["not described: G", "another target: ('a', 2, 0) f"]
    assert found({**DOCUMENT, "path": "b"}, SYMBOL)[:2] != []
    assert found({**DOCUMENT, "occurrences": []}, SYMBOL, REFERENCE)[:2] == [
        "not defined: a f", "the references differ: ('a', 2, 0)",
    ]  # fmt: skip
