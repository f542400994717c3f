"""What a compiler says is held against the text: of another text it soon cannot be."""

import pytest

from kotadb.errors import Conflict, InvalidInput
from kotadb.scip.columns import in_bytes
from kotadb.scip.compiled import aliases, commit_of, is_mistaken, said
from kotadb.scip.scip_pb2 import Document, Occurrence, PositionEncoding, SymbolRole

TS = "scip-typescript npm a 1 `a.ts`/"
PY = "scip-python python a 1 a/"


def document(symbol: str, *place: int, roles: int = 0) -> Document:
    return Document(relative_path="a", occurrences=[Occurrence(range=place, symbol=symbol, symbol_roles=roles)])


@pytest.mark.parametrize(("encoding", "column"), [(0, 3), (1, 5), (2, 3), (3, 2)])
def test_columns_become_bytes(encoding: int, column: int) -> None:
    assert in_bytes("😀 f".encode(), column, encoding) == 5


@pytest.mark.parametrize(("encoding", "column"), [(0, 1), (1, 2), (2, 5), (3, 4), (1, -1)])
def test_a_column_within_a_character_or_behind_the_end_is_none(encoding: int, column: int) -> None:
    assert in_bytes("😀 f".encode(), column, encoding) is None


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("f", TS + "f()."), ("constructor", TS + "C#`<constructor>`()."), ("x", TS + "C#`<get>x`()."),
        ("'x'", TS + "C#x."), ("#x", TS + "C#`#x`."), ("name", TS + "name0:"), ("default", TS + "f()."),
        ("x", "local 3"), ("x", TS + "f().(x)"),
    ],
)  # fmt: skip
def test_a_definition_has_its_name_as_compilers_write_it(text: str, symbol: str) -> None:
    [found] = said(document(symbol, 0, 0, len(text), roles=SymbolRole.Definition), [text.encode()])
    assert (found.text, found.line, found.column, found.is_definition) == (text, 1, 0, True)


@pytest.mark.parametrize(
    ("place", "symbol", "roles"),
    [
        ((0, 0, 1), TS + "g().", SymbolRole.Definition), ((0, 0, 2), TS + "fo().", 0), ((0, 1, 3), TS + "oo().", 0),
        ((1, 0, 1), TS + "f().", 0), ((0, 9, 10), TS + "f().", 0), ((0, 2, 1), TS + "f().", 0),
        ((0, 0, 7, 1), TS + "f().", 0), ((-1, 0, 1), TS + "f().", 0),
    ],
    ids=["other name", "end of a word", "middle of a word", "line", "column", "backwards", "last line", "negative"],
)  # fmt: skip
def test_what_cannot_be_of_the_text_is_refused(place: tuple[int, ...], symbol: str, roles: int) -> None:
    with pytest.raises(Conflict, match="not made of the indexed commit: a has"):
        list(said(document(symbol, *place, roles=roles), [b"foo bar"]))


def test_a_place_of_too_few_numbers_is_no_place() -> None:
    with pytest.raises(InvalidInput, match="2 numbers"):
        list(said(document(TS + "f().", 0, 1), [b"f"]))


def test_modules_and_what_goes_on_for_lines_are_no_names() -> None:
    at = [Occurrence(range=place, symbol=TS, symbol_roles=1) for place in ((0, 0, 0), (0, 0, 1, 1))]
    assert list(said(Document(occurrences=at), [b"ab", b"cd"])) == []


@pytest.mark.parametrize(
    ("text", "symbol", "expected"),
    [
        ("Request", PY + "Response#", True), ("Answer", PY + "Response#", False), ("Answer", TS + "Response#", False),
        ("this", TS + "C#", True), ("Response as Answer", PY + "Response#", False),
    ],
)  # fmt: skip
def test_some_indexers_take_one_name_for_another(text: str, symbol: str, *, expected: bool) -> None:
    [found] = said(document(symbol, 0, 0, len(text)), [text.encode()])
    assert is_mistaken(found, aliases("from x import Response as Answer")) is expected


def test_a_package_may_say_of_which_commit_it_is() -> None:
    assert commit_of(f"scip-python python a {'0a' * 20} a/f().") == "0a" * 20
    assert commit_of("scip-python python a 1.0 a/f().") is None
    assert commit_of("local 1") is None


def test_columns_without_an_encoding_are_of_utf_16() -> None:
    source = "𝄞𝄞 f".encode()
    [found] = said(document(TS + "f().", 0, 5, 6), [source])
    assert (found.text, found.column) == ("f", 9)
    assert PositionEncoding.UTF16CodeUnitOffsetFromLineStart == 2
