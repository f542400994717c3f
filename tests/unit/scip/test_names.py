"""What symbols are called: by where they are, and no two things the same."""

import pytest

from kotadb.scip.names import names, outside

Symbols = list[tuple[str, str, bool]]
"""Qualified name, kind, and whether it is exported."""


def called(symbols: Symbols) -> list[str]:
    columns = ("qualified_name", "kind", "exported", "name", "symbol_id")
    rows = [
        dict(zip(columns, (*symbol, symbol[0].rpartition(".")[2], number), strict=True))
        for number, symbol in enumerate(symbols)
    ]
    found = names("s m p v ", "a.ts", rows)
    return [found[number].symbol.removeprefix("s m p v `a.ts`/") for number in range(len(rows))]


@pytest.mark.parametrize(
    ("symbols", "expected"),
    [
        ([("N", "namespace", True), ("N.C", "class", True), ("N.C.m", "method", True)], ["N/", "N/C#", "N/C#m()."]),
        ([("f", "function", True), ("f", "function", True)], ["f().", "f(+1)."]),
        ([("C", "class", True), ("C.x", "getter", True), ("C.x", "setter", True)], ["C#", "C#x.", "C#x."]),
        ([("I", "interface", True), ("I.a", "property", True), ("I", "interface", True), ("I.b", "property", True)],
         ["I#", "I#a.", "I#", "I#b."]),
        ([("x", "type", False), ("x.a", "property", False), ("x", "type", False), ("x.a", "property", False)],
         ["x#", "x#a.", "+1:x#", "+1:x#a."]),
        ([("x", "constant", True), ("x", "type", True)], ["x.", "x#"]),
        ([("f", "function", True), ("f.g", "function", False)], ["f().", "f().g()."]),
        ([("A.x", "property", True), ("A", "class", True)], ["A/x.", "A#"]),
    ],
    ids=["inside", "overloads", "accessors", "merged", "inner scopes", "value and type", "inner function", "before"],
)  # fmt: skip
def test_symbols_of_a_file(symbols: Symbols, expected: list[str]) -> None:
    assert called(symbols) == expected


def test_what_is_outside_is_called_by_its_package() -> None:
    assert outside("npm", "react", "useState") == "kotadb npm react . react/useState."
    assert outside("python", "os", "os") == "kotadb python os . os/"
    assert outside("npm", "@a/b", "") == "kotadb npm @a/b . `@a/b`/"
