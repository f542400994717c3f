"""The yardstick itself: what is read from an oracle's index, and what counts as right."""

from pathlib import Path
from typing import Any

import pytest

from benchmarks.accuracy.oracle import Oracle, Place, read_oracle
from benchmarks.accuracy.references import Verdict, compare, exported, figures
from kotadb.scip.documents import metadata, part
from kotadb.scip.reading import DEFINITION
from kotadb.scip.scip_pb2 import Document, Occurrence, PositionEncoding

TS = "scip-typescript npm a 1 `a.ts`/"
PY = "scip-python python a 1 a/"


def occurrence(symbol: str, line: int, start: int, end: int, roles: int = 0) -> Occurrence:
    return Occurrence(range=(line, start, end), symbol=symbol, symbol_roles=roles)


def oracle_of(tmp_path: Path, source: str, *occurrences: Occurrence, encoding: int = 0) -> Oracle:
    (tmp_path / "a").write_text(source)
    index = tmp_path / "index.scip"
    document = Document(relative_path="a", occurrences=occurrences, position_encoding=PositionEncoding.Name(encoding))
    index.write_bytes(metadata("1", "/a") + part([document]))
    return read_oracle(index, tmp_path)


# ---- cleaning --------------------------------------------------------------------------------------------------------


def test_a_reference_leads_to_every_definition_of_its_symbols(tmp_path: Path) -> None:
    defined = [occurrence(TS + "f().", line, 0, 1, DEFINITION) for line in (0, 1)]
    again = occurrence(TS + "f().", 2, 2, 3)
    oracle = oracle_of(tmp_path, "f\nf\n  f\n", *defined, again, again)
    assert oracle.definitions.keys() == {Place("a", 1, 0), Place("a", 2, 0)}
    assert oracle.references == {Place("a", 3, 2): frozenset(oracle.definitions)}


@pytest.mark.parametrize(("encoding", "column"), [(0, 3), (1, 5), (2, 3), (3, 2)])
def test_columns_become_bytes(tmp_path: Path, encoding: int, column: int) -> None:
    oracle = oracle_of(tmp_path, "😀 f", occurrence(TS + "f().", 0, column, column + 1, DEFINITION), encoding=encoding)
    assert oracle.definitions.keys() == {Place("a", 1, 5)}


@pytest.mark.parametrize("symbol", ["local 1", TS + "f().(x)", TS + "C#[x]", TS + "x0:"])
def test_what_is_local_is_not_expected(tmp_path: Path, symbol: str) -> None:
    oracle = oracle_of(tmp_path, "x\nx", occurrence(symbol, 0, 0, 1, DEFINITION), occurrence(symbol, 1, 0, 1))
    assert (dict(oracle.definitions), dict(oracle.references)) == ({}, {})
    assert oracle.others == {Place("a", 2, 0): {Place("a", 1, 0)}}


def test_what_is_defined_elsewhere_is_not_expected(tmp_path: Path) -> None:
    oracle = oracle_of(tmp_path, "x", occurrence(TS + "x.", 0, 0, 1))
    assert (dict(oracle.references), oracle.others) == ({}, {Place("a", 1, 0): frozenset()})


@pytest.mark.parametrize(
    ("source", "symbol"),
    [
        ("def\n'./a'", TS + "x."),
        ("def\nthis", TS + "C#"),
        ("def\nz", TS),
        ("def\nTimeout", PY + "create_ssl_context()."),
        ("def\na", PY + "__init__:"),
    ],
)
def test_what_is_no_name_or_another_name_is_not_looked_at(tmp_path: Path, source: str, symbol: str) -> None:
    end = len(source.split("\n")[1])
    module = occurrence(TS, 0, 0, 0, DEFINITION)
    defined = occurrence(symbol, 0, 0, 3, DEFINITION)
    oracle = oracle_of(tmp_path, source, module, defined, occurrence(symbol, 1, 0, end))
    assert Place("a", 2, 0) in oracle.ignored
    assert not oracle.references


def test_an_alias_may_have_another_name(tmp_path: Path) -> None:
    defined, used = occurrence(PY + "f().", 0, 4, 5, DEFINITION), occurrence(PY + "f().", 2, 0, 1)
    oracle = oracle_of(tmp_path, "def f(): ...\nfrom a import f as g\ng()", defined, used)
    assert oracle.references == {Place("a", 3, 0): {Place("a", 1, 4)}}


def test_a_constructor_stands_for_its_class(tmp_path: Path) -> None:
    defined = occurrence(TS + "C#", 0, 0, 1, DEFINITION)
    constructor = [
        occurrence(TS + "C#`<constructor>`().", line, 0, 1, role) for line, role in ((1, DEFINITION), (2, 0))
    ]
    oracle = oracle_of(tmp_path, "C\nC\nC", defined, *constructor)
    assert oracle.references == {Place("a", 3, 0): {Place("a", 1, 0), Place("a", 2, 0)}}


@pytest.mark.parametrize(
    ("source", "symbol", "is_key"),
    [
        ("x: 1", TS + "T#x.", True),
        ("x: 1", TS + "typeLiteral1:x.", True),
        ("x: 1", TS + "x.", False),
        ("x=1", PY + "T#x.", True),
        ("x == 1", PY + "T#x.", False),
    ],
)
def test_keys_are_apart(tmp_path: Path, source: str, symbol: str, is_key: bool) -> None:
    oracle = oracle_of(tmp_path, f"x\n{source}", occurrence(symbol, 0, 0, 1, DEFINITION), occurrence(symbol, 1, 0, 1))
    assert (oracle.keys == {Place("a", 2, 0)}) is is_key
    assert (Place("a", 2, 0) in oracle.references) is not is_key


def test_what_is_behind_a_dot_is_no_key(tmp_path: Path) -> None:
    oracle = oracle_of(
        tmp_path, "x\na.x", occurrence(TS + "T#x.", 0, 0, 1, DEFINITION), occurrence(TS + "T#x.", 1, 2, 3)
    )
    assert oracle.references.keys() == {Place("a", 2, 2)}


# ---- comparing -------------------------------------------------------------------------------------------------------


def symbol(line: int, name: str = "f") -> dict[str, Any]:
    return {
        "record": "symbol",
        "path": "a",
        "name": name.rpartition(".")[2],
        "qualified_name": name,
        "kind": "function",
        "name_line": line,
        "name_column": 0,
    }


def reference(line: int, target: str | None) -> dict[str, Any]:
    return {
        "record": "reference",
        "path": "a",
        "line": line,
        "column": 0,
        "name": "f",
        "kind": "call",
        "target_path": None if target is None else "a",
        "target": target,
        "resolution": None if target is None else "scope",
    }


@pytest.fixture
def oracle(tmp_path: Path) -> Oracle:
    """Two functions in lines 1 and 2, one called in line 3, a local name in line 4, nothing known of line 5."""
    functions = [occurrence(TS + name, line, 0, 1, DEFINITION) for line, name in enumerate(("f().", "g()."))]
    called, local = occurrence(TS + "f().", 2, 0, 1), occurrence("local 1", 3, 0, 1)
    return oracle_of(tmp_path, "f\ng\nf\nf\nf", *functions, called, local)


@pytest.mark.parametrize(
    ("line", "target", "expected"),
    [
        (3, "f", Verdict.RIGHT),
        (3, "g", Verdict.WRONG),
        (3, "not there", Verdict.WRONG),
        (3, None, Verdict.UNRESOLVED),
        (4, "f", Verdict.WRONG),
        (5, "f", Verdict.UNJUDGED),
        (1, "f", Verdict.IGNORED),
    ],
)
def test_a_target_is_right_where_the_oracle_has_the_definition(
    oracle: Oracle, line: int, target: str | None, expected: Verdict
) -> None:
    comparison = compare(exported([symbol(1), symbol(2, "g"), reference(line, target)]), oracle)
    assert [verdict for _, verdict in comparison.verdicts] == [expected]


def test_the_figures(oracle: Oracle) -> None:
    ours = exported([symbol(1), symbol(2), reference(3, "f"), reference(4, "f"), reference(5, "f"), reference(5, None)])
    found = figures(ours, oracle, compare(ours, oracle))
    assert found["definitions"] == {"precision": 1.0, "recall": 1.0, "ours": 2, "oracle": 2}
    assert found["references"] == {
        "precision": 0.3333,
        "judged": 0.5,
        "ours": 3,
        "recall": 1.0,
        "position": 1.0,
        "oracle": 1,
    }
