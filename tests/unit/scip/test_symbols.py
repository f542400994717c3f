"""Symbols are written by SCIP's grammar, and read back as what they were."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kotadb.scip.symbols import Suffix, descriptor, last_descriptor, package, path
from support.scip import descriptors

NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
SUFFIXES = st.sampled_from(
    [Suffix.NAMESPACE, Suffix.TYPE, Suffix.TERM, Suffix.METHOD, Suffix.META, Suffix.MACRO]
)  # fmt: skip


@given(NAMES, SUFFIXES, st.integers(0, 3))
def test_any_name_is_read_back_as_it_was(name: str, suffix: Suffix, number: int) -> None:
    symbol = package("kotadb", "git", "a b", "1") + descriptor("C", Suffix.TYPE) + descriptor(name, suffix, number)
    assert last_descriptor(symbol) == (name, suffix)
    assert len(descriptors(symbol)) == 2 + (number > 0 and suffix is not Suffix.METHOD)


@pytest.mark.parametrize(
    ("symbol", "expected"),
    [
        ("scip-python python a 1 `a.b`/C#m().", ("m", "().")),
        ("scip-python python a 1 `a.b`/C#m(+1).", ("m", "().")),
        ("scip-python python a 1 `a.b`/f().(x)", ("x", "()")),
        ("scip-python python a 1 `a.b`/__init__:", ("__init__", ":")),
        ("scip-typescript npm a 1 src/`a.ts`/", ("a.ts", "/")),
        ("scip-typescript npm a 1 src/`a.ts`/C#[T]", ("T", "[]")),
        ("scip-typescript npm a 1 src/`a.ts`/C#`<get>``x`.", ("<get>`x", ".")),
        ("scip-typescript npm a 1 src/`a.ts`/C#", ("C", "#")),
        ("local 7", ("", "")),
        ("", ("", "")),
    ],
)
def test_the_last_descriptor_tells_name_and_kind(symbol: str, expected: tuple[str, str]) -> None:
    assert last_descriptor(symbol) == expected


@pytest.mark.parametrize(
    ("given", "written"),
    [
        (package("kotadb", "git", "my repo", ""), "kotadb git my  repo . "),
        (path("src/a b.ts"), "src/`a b.ts`/"),
        (descriptor("f", Suffix.METHOD), "f()."),
        (descriptor("f", Suffix.METHOD, 2), "f(+2)."),
        (descriptor("T", Suffix.TYPE, 1), "+1:T#"),
        (descriptor("a`b", Suffix.TERM), "`a``b`."),
        (descriptor("é", Suffix.TERM), "`é`."),
    ],
)
def test_what_is_written(given: str, written: str) -> None:
    assert given == written
