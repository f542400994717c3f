"""What the corpus cannot show of TypeScript and JavaScript: ranges, signatures, documentation."""

import pytest

from support.languages import facts_of, symbols_of

FAMILY = ("typescript", "tsx", "javascript", "jsx")


@pytest.mark.parametrize(
    ("source", "name", "signature"),
    [
        (
            "export async function load(\n  url: string,\n): Promise<void> {}",
            "load",
            "export async function load( url: string, ): Promise<void>",
        ),
        ("export const f = async (x: number): number => x", "f", "export const f = async (x: number): number"),
        ("export class A<T> extends B<T> {}", "A", "export class A<T> extends B<T>"),
        ("@Dec({ a: 1 })\nexport class A {}", "A", "export class A"),
        ("class A { @Dec() private x = 1; }", "A.x", "private x = 1"),
        ("const LIMIT = 10;", "LIMIT", "const LIMIT = 10"),
        ("const big = {\n  a: 1,\n};", "big", "const big"),
        ("const { a, b } = load();", "b", "const { a, b } = load()"),
        ("let a = 1, b = 2;", "b", "b = 2"),
        ("type Id = string | number;", "Id", "type Id = string | number"),
        ("type Point = { x: number };", "Point", "type Point"),
        ("enum E { A = 'x' }", "E.A", "A = 'x'"),
        ("interface I { m?(a: string): void }", "I.m", "m?(a: string): void"),
        ("export default function () {}", "default", "export default function ()"),
        ("export default class extends B {}", "default", "export default class extends B"),
        ("function f(a /* one */, // two\n  b = '//x') {}", "f", "function f(a , b = '//x')"),
        ("declare module 'x' {}", "x", "declare module 'x'"),
    ],
)
def test_signature(source: str, name: str, signature: str) -> None:
    assert symbols_of("typescript", source)[name].signature == signature


@pytest.mark.parametrize(
    ("source", "name", "documentation"),
    [
        ("/** Loads it. */\nexport function f() {}", "f", "Loads it."),
        (
            "/**\n * One.\n *\n *   Two.\n * @param a three\n */\nconst f = () => 1",
            "f",
            "One.\n\n  Two.\n@param a three",
        ),
        ("/** Windows.\r\n * Two.\r\n */\r\nclass A {}", "A", "Windows.\nTwo."),
        ("/** far */\n// note\n/* other */\nclass A {}", "A", "far"),
        ("/** first */\n/** nearest */\nclass A {}", "A", "nearest"),
        ("/** doc */\n@Dec()\nexport class A {}", "A", "doc"),
        ("class A {\n  /** doc */\n  @Dec()\n  m() {}\n}", "A.m", "doc"),
        ("class A {\n  @Dec()\n  /** doc */\n  m() {}\n}", "A.m", "doc"),
        ("interface I {\n  /** doc */\n  x: string;\n}", "I.x", "doc"),
        ("enum E {\n  /** doc */\n  A,\n}", "E.A", "doc"),
        ("/** all */\nconst { a, b } = c;", "b", "all"),
        ("/** first */\nlet a = 1, b = 2;", "b", None),
        ("/* no doc */\nclass A {}", "A", None),
        ("/***/\nclass A {}", "A", None),
        ("/** other */\nimport x from 'x';\nclass A {}", "A", None),
    ],
)
def test_documentation(source: str, name: str, documentation: str | None) -> None:
    assert symbols_of("typescript", source)[name].documentation == documentation


@pytest.mark.parametrize(
    ("source", "name", "start", "end"),
    [
        ("x;\n@Dec()\nexport class A {\n}", "A", (2, 0), (4, 1)),
        ("export default async function f() {}", "f", (1, 0), (1, 36)),
        ("export const a = 1, b = 2;", "a", (1, 0), (1, 18)),
        ("export const a = 1, b = 2;", "b", (1, 20), (1, 25)),
        ("const { a } = c, b = 2;", "b", (1, 17), (1, 22)),
        ("const { a, b } = c;", "a", (1, 8), (1, 9)),
        ("class A {\n  @Dec() m() {}\n}", "A.m", (2, 2), (2, 15)),
        ("declare namespace A.B { }", "A.B", (1, 8), (1, 25)),
    ],
)
def test_the_range_is_the_whole_definition(
    source: str, name: str, start: tuple[int, int], end: tuple[int, int]
) -> None:
    symbol = symbols_of("typescript", source)[name]
    assert ((symbol.line_start, symbol.column_start), (symbol.line_end, symbol.column_end)) == (start, end)


@pytest.mark.parametrize("language", FAMILY)
def test_what_the_four_languages_share(language: str) -> None:
    source = "export class A { m() {} }\nconst f = async () => 1;\nexport { f };\n/** d */ function* g() {}"
    symbols = symbols_of(language, source)
    assert list(symbols) == ["A", "A.m", "f", "g"]
    assert [symbol.exported for symbol in symbols.values()] == [True, True, True, False]
    assert symbols["f"].is_async
    assert symbols["g"].documentation == "d"


@pytest.mark.parametrize(
    "source",
    [
        "module.exports = f",
        "module.exports = { f }",
        "module.exports = { g: f }",
        "exports.g = f",
        "module.exports.g = f",
        "export { f }",
        "export { f as g }",
        "export default f",
    ],
)
def test_ways_to_export_a_function(source: str) -> None:
    assert symbols_of("javascript", f"function f() {{}}\n{source}")["f"].exported


@pytest.mark.parametrize("source", ["", "f()", "export { f } from 'x'", "export * from 'f'", "other.exports = 1"])
def test_what_exports_nothing(source: str) -> None:
    assert not symbols_of("javascript", f"function f() {{}}\n{source}")["f"].exported


def test_a_name_is_what_is_in_the_quotes() -> None:
    symbol = symbols_of("typescript", "class A { 'a b'() {} }")["A.a b"]
    assert (symbol.name, symbol.name_column) == ("a b", 11)


def test_an_anonymous_default_export_is_named_for_its_keyword() -> None:
    symbol = symbols_of("typescript", "export default () => {}")["default"]
    assert (symbol.kind, symbol.name_column) == ("function", 7)


def test_classes_of_functions_are_qualified_by_the_named_ones() -> None:
    source = "function outer() { return [1].map(() => class { m() {} }) }"
    assert list(symbols_of("javascript", source)) == ["outer", "outer.m"]


def test_old_style_redeclarations_are_one_symbol() -> None:
    assert len(facts_of("javascript", "var a = 1; var a = 2;").symbols) == 1


CALL_SIGNATURES = """\
export interface Make {
  <T>(a: T): T

  // two
  <
    A,
    B,
  >(a: A, b: B): [A, B]
}
export class After {}
"""


@pytest.mark.parametrize(
    "source",
    [
        CALL_SIGNATURES,
        CALL_SIGNATURES.replace("\n", "\r\n"),
        "export interface Make<out Output = unknown, in Input = 1> {}\nexport class After {}",
        "interface Make<\n  in out T extends string,\n> {}\nexport class After {}",
        "export type Make = 1\nexport type * from './x'\nexport class After {}",
    ],
)
def test_what_the_grammar_does_not_know_hides_nothing(source: str) -> None:
    facts = facts_of("typescript", source.encode())
    assert not facts.has_errors
    assert [symbol.name for symbol in facts.symbols] == ["Make", "After"]
    assert facts.symbols[1].name_line == source.count("\n", 0, source.index("After")) + 1


def test_a_repair_that_makes_it_worse_is_not_kept() -> None:
    source = "const a = b\n  <T>(1)\nfunction before() {}\nlet = ;;\n"
    assert [symbol.name for symbol in facts_of("typescript", source).symbols] == ["a", "before"]


def test_jsx_on_a_line_of_its_own_is_no_call_signature() -> None:
    source = "const A = () => (\n  <div>\n    <b>x</b>\n  </div>\n)\nlet = ;;\nfunction after() {}\n"
    assert {symbol.name for symbol in facts_of("tsx", source).symbols} >= {"A", "after"}


def test_a_documentation_is_not_repaired() -> None:
    source = "interface I {\n  (): void\n  <T>(): T\n}\n/** of\n <b>, in Type, > */\nclass A {}"
    assert symbols_of("typescript", source)["A"].documentation == "of\n<b>, in Type, >"


def test_a_scope_that_ends_where_a_name_starts_is_still_one() -> None:
    assert list(symbols_of("typescript", "class A{static{var local=1}b(){}}")) == ["A", "A.b"]


@pytest.mark.parametrize("declared", ["interface A {}", "type A = 1"])
def test_a_constant_may_share_its_name_with_a_type(declared: str) -> None:
    kinds = [symbol.kind for symbol in facts_of("typescript", f"{declared}\nexport const A = 1").symbols]
    assert kinds == [declared.split()[0], "constant"]


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("type A = { b: { c: 1 } }", {"A", "A.b", "A.b.c"}),
        ("interface A { b(): { c: 1 } }", {"A", "A.b", "A.b.c"}),
        ("function f(a: { b: 1; m(): void }) {}", {"f", "f.b", "f.m"}),
        ("const a: { b: 1 } = x", {"a", "a.b"}),
        ("f<{ a: 1 }>()", set()),
    ],
)
def test_properties_of_types_without_a_name_belong_to_what_is_around(source: str, names: set[str]) -> None:
    assert symbols_of("typescript", source).keys() == names
