"""From any bytes to facts: positions, errors, hostile input."""

import sys
from dataclasses import astuple
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kotadb.languages import load, names
from kotadb.model import FileFacts, Symbol
from kotadb.pipeline.extract import extract, text_facts
from kotadb.pipeline.packing import PackedFacts, pack, unpack_outline
from kotadb.pipeline.text import MAX_DOCUMENTATION, MAX_NAME, MAX_SIGNATURE
from support.languages import facts_of, symbols_of


@pytest.mark.parametrize(
    ("source", "lines"), [(b"", 0), (b"a", 1), (b"a\n", 1), (b"a\n\n", 2), (b"a\r\nb", 2), (b"\xff\n", 1), (b"a\rb", 1)]
)
def test_lines_are_those_an_editor_counts(source: bytes, lines: int) -> None:
    assert text_facts(source) == FileFacts(lines=lines, has_errors=False)
    assert facts_of("python", source).lines == lines


def test_columns_are_bytes() -> None:
    symbol = symbols_of("typescript", "/* ä€😀 */ function größe() {}")["größe"]
    assert (symbol.column_start, symbol.name_column, symbol.column_end) == (16, 25, 37)


def test_a_byte_order_mark_is_three_bytes_of_the_first_line() -> None:
    symbols = symbols_of("python", b"\xef\xbb\xbfx = 1\ny = 2")
    assert [(s.name_line, s.name_column) for s in symbols.values()] == [(1, 3), (2, 0)]
    assert symbols["x"].signature == "x = 1"


def test_carriage_returns_belong_to_their_line() -> None:
    symbol = symbols_of("typescript", b"\r\nclass A {\r\n\tm() {}\r\n}\r\n")["A.m"]
    assert (symbol.name_line, symbol.name_column, symbol.line_end) == (3, 1, 3)


def test_a_tab_is_one_column() -> None:
    assert symbols_of("python", "class A:\n\tdef m(self): pass")["A.m"].name_column == 5


def test_invalid_utf8_counts_its_bytes() -> None:
    symbol = symbols_of("typescript", b"/* \xff\xfe\xc3 */ class A { 'b\xff' = 1 }")["A"]
    assert (symbol.column_start, symbol.name_column) == (10, 16)


def test_invalid_utf8_becomes_replacement_characters() -> None:
    facts = facts_of("typescript", b"/** a\xff */ function f(a = '\xfe') {}")
    assert facts.symbols[0].documentation == "a\ufffd"
    assert facts.symbols[0].signature == "function f(a = '\ufffd')"


def test_nul_becomes_a_replacement_character() -> None:
    assert symbols_of("python", b"def f(a='\x00'): pass")["f"].signature == "def f(a='\ufffd')"


def test_the_code_around_a_syntax_error_is_kept() -> None:
    facts = facts_of("typescript", "export function before() {}\nlet = = ;;)\nexport function after() {}\n")
    assert facts.has_errors
    assert {"before", "after"} <= {symbol.name for symbol in facts.symbols}


def test_code_without_errors_has_none() -> None:
    assert not facts_of("python", "x = 1\n").has_errors


def test_symbols_come_in_the_order_of_their_position() -> None:
    symbols = facts_of("typescript", "class B { z() {} a() {} }\nexport class A {}").symbols
    assert [symbol.qualified_name for symbol in symbols] == ["B", "B.z", "B.a", "A"]


def test_long_texts_are_bounded() -> None:
    source = f"/** {'d' * 50_000} */ function {'n' * 5_000}(a = '{'s' * 50_000}') {{}}"
    (symbol,) = facts_of("typescript", source).symbols
    assert len(symbol.documentation or "") == MAX_DOCUMENTATION
    assert len(symbol.signature or "") == MAX_SIGNATURE
    assert len(symbol.name) == MAX_NAME


@pytest.mark.parametrize("language", names())
@pytest.mark.parametrize(
    "bracket", ["(", "[", "{", "class A { m() {", "a(", "x = ", "f(() => ", "-", "lambda: ", "<a>"]
)
def test_deep_nesting_is_only_more_source(language: str, bracket: str) -> None:
    assert facts_of(language, (bracket * 5_000).encode()).lines == 1


def test_thousands_of_levels_do_not_end_the_interpreter() -> None:
    assert facts_of("python", b"(" * 40_000).has_errors


@pytest.mark.parametrize(
    ("language", "unit"),
    [
        ("typescript", "export const a = 1, b = 2;\n"),
        ("typescript", "namespace A { "),
        ("typescript", "/** d */ "),
        ("typescript", "@d() "),
        ("typescript", "const { a: { "),
        ("javascript", "exports.a = 1; "),
        ("javascript", "a = { m() {}, "),
        ("python", "class A:\n  x = 1\n"),
        ("python", "@d\n"),
        ("python", "a = "),
        ("python", "'doc'\n"),
        ("python", "a{} = "),
    ],
)
def test_the_work_grows_with_the_source_and_not_faster(language: str, unit: str) -> None:
    small, large = (_lines_executed(language, _repeated(unit, size)) for size in (2_000, 8_000))
    assert large < small * 4 * 1.5


def _repeated(unit: str, size: int) -> str:
    """At least `size` characters; `{}` in a unit alone becomes its number."""
    count = size // len(unit)
    return "".join(unit.replace("{}", str(number)) for number in range(count))


def _lines_executed(language: str, source: str) -> int:
    """How many lines of Python the extraction takes: unlike seconds, the same on every machine."""
    loaded = load(language)
    content = source.encode()
    count = 0

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal count
        count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        extract(content, loaded)
    finally:
        sys.settrace(before)
    return count


SNIPPETS = st.sampled_from(
    [
        "export ", "default ", "async ", "function ", "class ", "const ", "let ", "a", "größe", "(", ")", "{", "}", "[",
        "]", "=> ", "= ", ", ", ": ", ";", "\n", "\r\n", "\t", "    ", "@d ", "def ", "lambda ", "self.x = ", "'q r'",
        '"""doc"""', "/** doc */", "// c\n", "# c\n", "namespace ", "interface ", "enum ", "type ", "get ", "#p ",
        "__all__ = ['a']", "module.exports = ", "exports.a = ", "declare ", "\0", "<a>", "*", "...", "1",
    ]
)  # fmt: skip
SOURCES = st.one_of(st.binary(max_size=200), st.lists(SNIPPETS, max_size=40).map(lambda parts: "".join(parts).encode()))


@given(language=st.sampled_from(names()), source=SOURCES)
@settings(max_examples=400, deadline=None)
def test_any_bytes_have_facts(language: str, source: bytes) -> None:
    loaded = load(language)
    facts = extract(source, loaded)
    kept = unpack_outline(PackedFacts.of_bytes(pack(facts, language).to_bytes()).outline)
    assert list(kept.names) == [symbol.name for symbol in facts.symbols]
    lines = source.split(b"\n")
    for symbol in facts.symbols:
        _assert_inside(symbol, lines)
        _assert_named(symbol, lines)
        assert "\0" not in repr(astuple(symbol))


def _assert_inside(symbol: Symbol, lines: list[bytes]) -> None:
    assert 1 <= symbol.line_start <= symbol.line_end <= len(lines)
    assert 0 <= symbol.column_start <= len(lines[symbol.line_start - 1])
    assert 0 <= symbol.column_end <= len(lines[symbol.line_end - 1])
    assert (symbol.line_start, symbol.column_start) <= (symbol.name_line, symbol.name_column)
    assert (symbol.name_line, symbol.name_column) <= (symbol.line_end, symbol.column_end)


def _assert_named(symbol: Symbol, lines: list[bytes]) -> None:
    """The source at the name's position is the name, but for white space in computed names."""
    rest = b"\n".join(lines[symbol.name_line - 1 :])[symbol.name_column :]
    text = rest.decode("utf-8", "replace").replace("\0", "\ufffd")
    assert "".join(text.split()).startswith("".join(symbol.name.split()))
    assert symbol.qualified_name.endswith(symbol.name)
