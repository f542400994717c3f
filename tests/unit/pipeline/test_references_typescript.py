"""What names in TypeScript and JavaScript refer to."""

import pytest

from support.program import Sources, marked, meaning, meanings, refs

# ---- kinds -----------------------------------------------------------------------------------------------------------

LIB = {
    "lib.ts": """
        export function f() {}
        export class C { m(): C { return this } static s() {} p = 1; get g(): C { return this } }
        export interface I { q: C }
        export type T = string
        export const k = { a() {} }
        export let v = 1
        export enum E { A, B }
        export namespace N { export class D {} export namespace O { export const z = 1 } }
        export default class Dflt { m() {} }
    """
}
IMPORTS = """\
import Any, { f, C, I, T, k, v, E, N } from './lib'
import * as lib from './lib'
"""


def with_lib(source: str, path: str = "main.ts") -> str | None:
    """What is marked in a file that imports all there is."""
    return meaning(LIB | {path: IMPORTS + source})


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import { «f» } from './lib'", "import lib.ts#f"),
        ("import { «f» as g } from './lib'", "import lib.ts#f"),
        ("import { f as «g» } from './lib'", None),
        ("import «D» from './lib'", "import lib.ts#Dflt"),
        ("import { «default» as D } from './lib'", "import lib.ts#Dflt"),
        ("import * as «lib» from './lib'", "import lib.ts"),
        ("import type { «T» } from './lib'", "import lib.ts#T"),
        ("import { type «T» } from './lib'", "import lib.ts#T"),
        ("import «lib» = require('./lib')", "import lib.ts"),
        ("export { «f» } from './lib'", "reexport lib.ts#f"),
        ("export { «f» as g } from './lib'", "reexport lib.ts#f"),
        ("export { f as «g» } from './lib'", None),
        ("export { «default» } from './lib'", "reexport lib.ts#Dflt"),
        ("export { «default» as D } from './lib'", "reexport lib.ts#Dflt"),
        ("export * as «lib» from './lib'", "reexport lib.ts"),
        ("import { f } from './lib'; export { «f» }", "reexport lib.ts#f"),
        ("import { f } from './lib'; export { «f» as g }", "reexport lib.ts#f"),
        ("import { f } from './lib'; export default «f»", "reexport lib.ts#f"),
        ("function f() {} export { «f» }", "read main.ts#f"),
        ("const { «f» } = await import('./lib')", "property lib.ts#f"),
        ("const { f } = await import('./lib'); «f»()", "call main.ts#f"),
        ("const lib = await import('./lib'); lib.«f»()", "call lib.ts#f"),
    ],
)
def test_imports_and_exports(source: str, expected: str | None) -> None:
    assert meaning(LIB | {"main.ts": source}) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("«f»()", "call lib.ts#f"),
        ("lib.«f»()", "call lib.ts#f"),
        ("f?.«call»()", "call ?"),
        ("«f»?.()", "call lib.ts#f"),
        ("«f»!()", "call lib.ts#f"),
        ("lib.«f»!()", "call lib.ts#f"),
        ("«f»<T>()", "call lib.ts#f"),
        ("await «f»()", "call lib.ts#f"),
        ("«f»`text`", "call lib.ts#f"),
        ("lib.«f»`text`", "call lib.ts#f"),
        ("C.«s»()", "call lib.ts#C.s"),
        ("lib.C.«s»()", "call lib.ts#C.s"),
        ("new C().«m»()", "call lib.ts#C.m"),
        ("new C()\n  .m()\n  .«m»()", "call lib.ts#C.m"),
        ("new «C»()", "instantiation lib.ts#C"),
        ("new «C»", "instantiation lib.ts#C"),
        ("new «C»<T>()", "instantiation lib.ts#C"),
        ("new lib.«C»()", "instantiation lib.ts#C"),
        ("new «lib».C()", "read lib.ts"),
        ("new N.«D»()", "instantiation lib.ts#N.D"),
        ("new lib.N.«D»()", "instantiation lib.ts#N.D"),
        ("new «Any»()", "instantiation lib.ts#Dflt"),
        ("new lib.«default»()", "instantiation lib.ts#Dflt"),
    ],
)
def test_calls_and_instantiations(source: str, expected: str) -> None:
    assert with_lib(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("class A extends «C» {}", "extends lib.ts#C"),
        ("class A extends lib.«C» {}", "extends lib.ts#C"),
        ("class A extends «lib».C {}", "read lib.ts"),
        ("class A extends «C»<T> {}", "extends lib.ts#C"),
        ("abstract class A extends «C» {}", "extends lib.ts#C"),
        ("const A = class extends «C» {}", "extends lib.ts#C"),
        ("interface A extends «I» {}", "extends lib.ts#I"),
        ("interface A extends lib.«I» {}", "extends lib.ts#I"),
        ("interface A extends «I»<T>, J {}", "extends lib.ts#I"),
        ("interface A extends I<«T»> {}", "type lib.ts#T"),
        ("class A implements «I» {}", "implements lib.ts#I"),
        ("class A extends C implements B, «I»<T> {}", "implements lib.ts#I"),
        ("class A implements lib.«I» {}", "implements lib.ts#I"),
        ("class A extends f(«C») {}", "read lib.ts#C"),
        ("class A extends «f»(C) {}", "call lib.ts#f"),
    ],
)
def test_heritage(source: str, expected: str) -> None:
    assert with_lib(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        "let a: «T»",
        "let a: lib.«T»",
        "let a: «T»[]",
        "let a: Array<«T»>",
        "let a: («T» | undefined)",
        "let a: { b: «T» }",
        "let a: [«T», string]",
        "let a: [b: «T»]",
        "let a: readonly «T»[]",
        "let a: keyof «T»",
        "let a: «T»['length']",
        "let a: C[«T»]",
        "let a: `a${«T»}`",
        "let a: (b: «T») => void",
        "let a: () => «T»",
        "let a: new () => «T»",
        "let a: import('./lib').«T»",
        "let a: Promise<import('./lib').«T»>",
        "function g(a: «T») {}",
        "function g(a?: «T») {}",
        "function g(...a: «T»[]) {}",
        "function g(): «T» {}",
        "function g(a: any): a is «T» {}",
        "function g(a: any): asserts a is «T» {}",
        "function g<A extends «T»>() {}",
        "function g<A = «T»>() {}",
        "class A { p: «T» }",
        "class A { constructor(private p: «T») {} }",
        "class A { [key: string]: «T» }",
        "type A = «T»",
        "type A = «T» & { b: 1 }",
        "type A = «T» extends string ? 1 : 2",
        "type A = string extends «T» ? 1 : 2",
        "type A = string extends string ? «T» : 2",
        "type A = string extends string ? 2 : «T»",
        "type A = { [K in «T»]: 1 }",
        "type A = { [K in 'a' as «T»]: 1 }",
        "type A = { [K in 'a']: «T» }",
        "interface A { m(a: «T»): void }",
        "interface A { m(): «T» }",
        "k as «T»",
        "k satisfies «T»",
        "<«T»>k",
        "f<«T»>()",
        "new C<«T»>()",
        "new Map<string, «T»>()",
        "class A extends C<«T»> {}",
        "try {} catch (e: «T») {}",
        "declare const a: «T»",
        "declare function g(a: «T»): void",
        "export default function (a: «T») {}",
    ],
)
def test_types(source: str) -> None:
    assert with_lib(source) == "type lib.ts#T"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("let a: typeof «k»", "read lib.ts#k"),
        ("let a: typeof k.«a»", "property lib.ts#k.a"),
        ("let a: typeof lib.«k»", "property lib.ts#k"),
        ("let a: «lib».T", "read lib.ts"),
        ("let a: N.«D»", "type lib.ts#N.D"),
        ("let a: «N».D", "read lib.ts#N"),
        ("let a: «C»", "type lib.ts#C"),
        ("let a: «E»", "type lib.ts#E"),
        ("let a: E.«A»", "type lib.ts#E.A"),
        ("new C().«p»", "property lib.ts#C.p"),
        ("new C()?.«p»", "property lib.ts#C.p"),
        ("new C().«g».m()", "property lib.ts#C.g"),
        ("new C().g.«m»()", "call lib.ts#C.m"),
        ("C.prototype.«m»", "property ?"),
        ("E.«A»", "property lib.ts#E.A"),
        ("k.«a»", "property lib.ts#k.a"),
        ("k['a']; «k»", "read lib.ts#k"),
        ("lib.«k»", "property lib.ts#k"),
        ("N.O.«z»", "property lib.ts#N.O.z"),
        ("import O = N.O; O.«z»", "property lib.ts#N.O.z"),
        ("g(«f»)", "read lib.ts#f"),
        ("[«f»]", "read lib.ts#f"),
        ("({ «f» })", "read lib.ts#f"),
        ("({ f: «f» })", "read lib.ts#f"),
        ("({ [«k»]: 1 })", "read lib.ts#k"),
        ("const a = { b: { c: «f» } }", "read lib.ts#f"),
        ("`a${«k»}`", "read lib.ts#k"),
        ("typeof «k»", "read lib.ts#k"),
        ("[...«k»]", "read lib.ts#k"),
        ("export default «f»", "reexport lib.ts#f"),
        ("export const a = «k»", "read lib.ts#k"),
        ("return_(«k»)", "read lib.ts#k"),
        ("«k» ? 1 : 2", "read lib.ts#k"),
        ("x instanceof «C»", "read lib.ts#C"),
        ("for (const a of «k») {}", "read lib.ts#k"),
        ("const { «a» } = k", "property lib.ts#k.a"),
        ("const { «a»: b } = k", "property lib.ts#k.a"),
        ("const { «a» = 1 } = k", "property lib.ts#k.a"),
        ("function g({ «p» }: C) {}", "property lib.ts#C.p"),
    ],
)
def test_members_and_values(source: str, expected: str) -> None:
    assert with_lib(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("lib.«v» = 2", "write lib.ts#v"),
        ("k.«a» = 2", "write lib.ts#k.a"),
        ("k.«a»++", "write lib.ts#k.a"),
        ("k.«a» += 1", "write lib.ts#k.a"),
        ("delete k.«a»", "write lib.ts#k.a"),
        ("«k».a = 2", "read lib.ts#k"),
        ("new C().«p» = 2", "write lib.ts#C.p"),
        ("let w = 1; «w» = 2", "write main.ts#w"),
        ("let w = 1; «w»++", "write main.ts#w"),
        ("let w = 1; --«w»", "write main.ts#w"),
        ("let w = 1; «w» ??= 2", "write main.ts#w"),
        ("let w = 1; [«w»] = [2]", "write main.ts#w"),
        ("let w = 1; ({ a: «w» } = k)", "write main.ts#w"),
        ("let w = 1; ({ «w» } = k)", "write main.ts#w"),
        ("let w = 1; for («w» of []) {}", "write main.ts#w"),
        ("let w = 1; function g() { «w» = 2 }", "write main.ts#w"),
    ],
)
def test_writes(source: str, expected: str) -> None:
    assert with_lib(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("@«f» class A {}", "decorator lib.ts#f"),
        ("@«f»() class A {}", "decorator lib.ts#f"),
        ("@lib.«f» class A {}", "decorator lib.ts#f"),
        ("@lib.«f»() class A {}", "decorator lib.ts#f"),
        ("@f(«k») class A {}", "read lib.ts#k"),
        ("class A { @«f» m() {} }", "decorator lib.ts#f"),
        ("class A { @«f»() p = 1 }", "decorator lib.ts#f"),
        ("class A { constructor(@«f»() p) {} }", "decorator lib.ts#f"),
        ("export @«f» class A {}", "decorator lib.ts#f"),
    ],
)
def test_decorators(source: str, expected: str) -> None:
    assert with_lib(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("<«C» />", "jsx lib.ts#C"),
        ("<«C»></C>", "jsx lib.ts#C"),
        ("<C></«C»>", "jsx lib.ts#C"),
        ("<lib.«C» />", "jsx lib.ts#C"),
        ("<«lib».C />", "read lib.ts"),
        ("<«f» />", None),
        ("<«f»></f>", None),
        ("<C a={«k»} />", "read lib.ts#k"),
        ("<C «k»={1} />", None),
        ("<C {...«k»} />", "read lib.ts#k"),
        ("<C>{«k»}</C>", "read lib.ts#k"),
        ("<><«C» /></>", "jsx lib.ts#C"),
        ("<C<«T»> />", "type lib.ts#T"),
        ("<div>{k && <«C» />}</div>", "jsx lib.ts#C"),
        ("<C onClick={() => «f»()} />", "call lib.ts#f"),
    ],
)
def test_jsx(source: str, expected: str | None) -> None:
    assert with_lib(f"const a = {source}", "main.tsx") == expected


# ---- locals ----------------------------------------------------------------------------------------------------------

X = {"x.ts": "export function x() {}"}


def with_x(source: str, path: str = "main.ts") -> str | None:
    """What is marked in a file that imports `x`."""
    return meaning(X | {path: f"import {{ x }} from './x'\n{source}"})


@pytest.mark.parametrize(
    "source",
    [
        "function g(x) { «x» }",
        "function g(x) { return () => «x» }",
        "function g(x) { «x» = 1 }",
        "function g(x) { «x».y }",
        "function g(x) { ({ «x» }) }",
        "function g(«x») {}",
        "function g(x?: any) { «x» }",
        "function g({ x }) { «x» }",
        "function g({ x }: any) { «x» }",
        "function g({ x = 1 }) { «x» }",
        "function g({ y: x }) { «x» }",
        "function g({ y: x = 1 }) { «x» }",
        "function g({ a: { b: [x] } }) { «x» }",
        "function g([, x]) { «x» }",
        "function g([x = 1]) { «x» }",
        "function g([...x]) { «x» }",
        "function g({ ...x }) { «x» }",
        "function g(...x) { «x» }",
        "function g(...[x]) { «x» }",
        "function g(x = 1) { «x» }",
        "function g({ x } = {}) { «x» }",
        "function g(x, y = «x») {}",
        "function g(x, { y = «x» }) {}",
        "const g = x => «x»",
        "const g = (x) => «x»",
        "const g = async x => { «x» }",
        "const g = ({ x }) => «x»",
        "const g = function (x) { «x» }",
        "const g = function x() { «x» }",
        "const g = class x { m() { «x» } }",
        "function* g(x) { yield «x» }",
        "function g() { let x; «x» }",
        "function g() { const x = 1, y = «x» }",
        "function g() { const [x] = y; «x» }",
        "function g() { const { x } = y; «x» }",
        "function g() { const { x = 1 } = y; «x» }",
        "function g() { const { a: { x } } = y; «x» }",
        "function g() { const { ...x } = y; «x» }",
        "function g() { «x»; var x }",
        "function g() { «x»; { var x } }",
        "function g() { if (1) { for (;;) { var x } } «x» }",
        "function g() { for (var x = 0; ;) {} «x» }",
        "function g() { const h = () => «x»; let x }",
        "function g() { { let x; «x» } }",
        "function g() { const h = () => { «x» }; const x = 1 }",
        "for (const x of y) «x»",
        "for (const x in y) { «x» }",
        "for (const [x] of y) { «x» }",
        "for (const { x } of y) { «x» }",
        "for await (const x of y) { «x» }",
        "for (let x = 0; «x» < 1;) {}",
        "for (let x = 0; ; «x»++) {}",
        "for (let x = 0, y = «x»; ;) {}",
        "try {} catch (x) { «x» }",
        "try {} catch ({ x }) { «x» }",
        "try {} catch ([x]) { «x» }",
        "switch (y) { case 1: let x; case 2: «x» }",
        "class A { m(x) { «x» } }",
        "class A { constructor(private x) { «x» } }",
        "class A { set p(x) { «x» } }",
        "class A { static { let x; «x» } }",
        "const o = { m(x) { «x» } }",
        "const o = { set p(x) { «x» } }",
        "«x»: for (;;) {}",
        "x: for (;;) { break «x» }",
        "x: for (;;) { continue «x» }",
        "let a: (x: number) => typeof «x»",
        "let a: («x»: number) => void",
        "interface A { m(«x»: number): void }",
        "function g(a: { «x»: 1 }) {}",
        "const o = { «x»: 1 }",
        "type A = [«x»: string]",
        "type A = { [«x»: string]: 1 }",
        "function g(x: any): «x» is string {}",
        "function g(x: any): asserts «x» {}",
    ],
)
def test_a_local_is_no_reference(source: str) -> None:
    assert with_x(source) is None


@pytest.mark.parametrize(
    "source",
    [
        "{ let x } «x»",
        "{ function x() {} } «x»",
        "{ class x {} } «x»",
        "if (y) { const x = 1 } «x»",
        "for (const x of y) {} «x»",
        "for (const y of «x») {}",
        "for (let x = 0; ;) {} «x»",
        "try {} catch (x) {} «x»",
        "switch (y) { case 1: let x } «x»",
        "switch («x») { case 1: let x }",
        "(function x() {}); «x»",
        "(class x {}); «x»",
        "((x) => 1); «x»",
        "function g(x) {} «x»",
        "function g() { var x } «x»",
        "function g(a = «x») { const x = 1 }",
        "function g({ a = «x» }) {}",
        "function g({ [«x»]: a }) {}",
        "const { a = «x» } = y",
        "const { x: a } = y; «x»",
        "const { [«x»]: a } = y",
        "class A { x = 1; m() { «x» } }",
        "class A { x() { «x» } }",
        "class A { static x = 1; p = «x» }",
        "class A { [«x»] = 1 }",
        "const o = { x: 1, a: «x» }",
        "const o = { x() { «x» } }",
        "const o = { x: «x» }",
        "namespace M { const a = «x» }",
        "enum A { x = 1 } «x»",
        "enum A { a = «x» }",
        "function g() { return «x» }",
        "const g = () => () => «x»",
    ],
)
def test_a_name_is_bound_no_further_than_its_scope(source: str) -> None:
    assert with_x(source) == "read x.ts#x"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("function g() { function x() {} «x»() }", "call main.ts#g.x"),
        ("function g() { «x»(); function x() {} }", "call main.ts#g.x"),
        ("function g() { class x {} new «x»() }", "instantiation main.ts#g.x"),
        ("namespace M { export const x = 1; export const y = «x» }", "read main.ts#M.x"),
        ("{ let x; «x» }", "read main.ts#x"),
        ("namespace M { function x() {} «x»() }", "call main.ts#M.x"),
    ],
)
def test_an_inner_symbol_hides_an_import(source: str, expected: str) -> None:
    assert with_x(source) == expected


T = {"t.ts": "export type T = string"}


def with_t(source: str) -> str | None:
    """What is marked in a file that imports the type `T`."""
    return meaning(T | {"main.ts": f"import type {{ T }} from './t'\n{source}"})


@pytest.mark.parametrize(
    "source",
    [
        "function g<T>(a: «T») {}",
        "function g<T>(): «T» {}",
        "function g<T>() { let a: «T» }",
        "function g<T, U extends «T»>() {}",
        "function g<T extends { a: «T» }>() {}",
        "const g = <T,>(a: «T») => 1",
        "const g = function <T>(a: «T») {}",
        "class A<T> { p: «T» }",
        "class A<T> { m(a: «T») {} }",
        "class A<T> extends B<«T»> {}",
        "class A<T> implements B<«T»> {}",
        "class A { m<T>(a: «T») {} }",
        "abstract class A<T> { abstract m(a: «T»): void }",
        "interface I<T> { p: «T» }",
        "interface I<T> extends B<«T»> {}",
        "interface I { m<T>(a: «T»): void }",
        "interface I { <T>(a: «T»): void }",
        "interface I { new <T>(a: «T»): void }",
        "type A<T> = «T»[]",
        "type A = <T>(a: «T») => void",
        "type A = new <T>(a: «T») => void",
        "type A = { [T in 'a']: «T» }",
        "type A = { [T in 'a' as «T»]: 1 }",
        "type A = B extends (infer T)[] ? «T» : never",
        "type A = B extends (infer T extends string)[] ? «T» : never",
        "declare function g<T>(a: «T»): void",
    ],
)
def test_a_type_parameter_is_no_reference(source: str) -> None:
    assert with_t(source) is None


@pytest.mark.parametrize(
    "source",
    [
        "function g<T>() {} let a: «T»",
        "class A<T> {} let a: «T»",
        "interface I { m<T>(): void; p: «T» }",
        "type A = <T>() => void; let a: «T»",
        "type A<T> = 1; let a: «T»",
        "type A = { [T in 'a']: 1 } | «T»",
        "type A = B extends infer T ? 1 : 2; let a: «T»",
        "function g(T: number, a: «T») {}",
        "function g() { const T = 1; let a: «T» }",
        "type A = (T: number) => «T»",
        "type A = { [T: string]: «T» }",
        "type A = [T: «T»]",
    ],
)
def test_a_type_is_hidden_by_types_alone(source: str) -> None:
    assert with_t(source) == "type t.ts#T"


def test_a_value_is_not_hidden_by_a_type() -> None:
    assert with_x("function g<x>() { «x»() }") == "call x.ts#x"
    assert with_x("function g() { type x = 1; «x»() }") == "call x.ts#x"


# ---- one name for a type and a value ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("interface A { p: 1 } const A = 1; let a: «A»", "type main.ts#A"),
        ("interface A { p: 1 } const A = 1; «A»", "read main.ts#A(2)"),
        ("const A = 1; interface A { p: 1 } let a: «A»", "type main.ts#A(2)"),
        ("const A = 1; interface A { p: 1 } «A»", "read main.ts#A"),
        ("type A = 1; const A = 1; g(«A»)", "read main.ts#A(2)"),
        ("type A = 1; function A() {} «A»()", "call main.ts#A(2)"),
        ("type A = 1; function A() {} let a: typeof «A»", "read main.ts#A(2)"),
        ("interface A { p: 1 } const A = { q() {} }; A.«q»()", "call main.ts#A.q"),
        ("interface A { p: 1 } const A = { q: 1 }; function g(a: A) { a.«p» }", "property main.ts#A.p"),
    ],
)
def test_a_type_and_a_value_of_one_name(source: str, expected: str) -> None:
    assert meaning({"main.ts": source}) == expected


def test_a_type_and_a_value_of_one_name_through_an_import() -> None:
    files = {
        "lib.ts": "export interface A { p: 1 }\nexport const A = { q() {} }",
        "main.ts": "import { A } from './lib'\nlet a: «A» = «A».«q»()\na.«p»",
    }
    assert meanings(files) == ["type lib.ts#A", "read lib.ts#A(2)", "call lib.ts#A.q", "property lib.ts#A.p"]


def test_overloads_and_merged_declarations_are_found_by_their_first() -> None:
    source = """
        function f(a: string): void
        function f(a: number): void
        function f(a: any) {}
        «f»(1)
        interface I { p: 1 }
        interface I { q: 1 }
        function g(i: I) { i.«p»; i.«q» }
    """
    assert meanings({"main.ts": source}) == ["call main.ts#f", "property main.ts#I.p", "property main.ts#I.q"]


# ---- modules ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("barrel", "use"),
    [
        ("export { f } from './deep'", "import { f } from './barrel'; «f»()"),
        ("export { f as g } from './deep'", "import { g } from './barrel'; «g»()"),
        ("export { f as g } from './deep'", "import { g as h } from './barrel'; «h»()"),
        ("export { f as default } from './deep'", "import g from './barrel'; «g»()"),
        ("export * from './deep'", "import { f } from './barrel'; «f»()"),
        ("export * from './deep'", "import * as b from './barrel'; b.«f»()"),
        ("export * as ns from './deep'", "import { ns } from './barrel'; ns.«f»()"),
        ("export * as ns from './deep'", "import * as b from './barrel'; b.ns.«f»()"),
        ("import { f } from './deep'; export { f }", "import { f } from './barrel'; «f»()"),
        ("import { f as g } from './deep'; export { g as h }", "import { h } from './barrel'; «h»()"),
        ("import { f } from './deep'; export default f", "import g from './barrel'; «g»()"),
        ("import * as ns from './deep'; export { ns }", "import { ns } from './barrel'; ns.«f»()"),
        ("import * as ns from './deep'; export default ns", "import ns from './barrel'; ns.«f»()"),
        ("export { default } from './deep'", "import g from './barrel'; «g»()"),
        ("export { default as g } from './deep'", "import { g } from './barrel'; «g»()"),
        ("import g from './deep'; export { g }", "import { g } from './barrel'; «g»()"),
        ("import { f } from './deep'; export const g = f", "import { g } from './barrel'; g; «g»()"),
    ],
)
def test_barrels(barrel: str, use: str) -> None:
    files = {"deep.ts": "export function f() {}\nexport { f as default }", "barrel.ts": barrel, "main.ts": use}
    found = meaning(files)
    assert found == ("call barrel.ts#g" if "const g" in barrel else "call deep.ts#f")


def test_a_reference_has_the_name_of_its_target_whatever_it_is_called_here() -> None:
    files = {
        "deep.ts": "export class Original {}",
        "barrel.ts": "export { Original as Renamed } from './deep'",
        "main.ts": "import { «Renamed» as Local } from './barrel'\nnew «Local»()",
    }
    assert [each.name for each in marked(files)] == ["Original", "Original"]


def test_a_reference_to_a_package_has_the_name_it_has_there() -> None:
    files: Sources = {"main.ts": "import { «useState» as state, type FC as F } from 'react'\n«state»(0)\nlet a: «F»"}
    found = marked(files)
    assert [each.name for each in found] == ["useState", "useState", "FC"]
    assert [each.said() for each in found] == ["import (react)", "call (react)", "type (react)"]


def test_a_default_import_of_a_package_has_the_name_it_has_here() -> None:
    files: Sources = {"main.ts": "import React from 'react'\n«React».«useState»()"}
    assert [(each.name, each.said()) for each in marked(files)] == [
        ("React", "read (react)"),
        ("useState", "call (react)"),
    ]


def test_barrels_through_several_files() -> None:
    files = {
        "index.ts": "export * from './a'",
        "a/index.ts": "export * from './b'\nexport * from './other'",
        "a/other.ts": "export const other = 1",
        "a/b.ts": "export { inner as outer } from './c'",
        "a/c.ts": "export * from './d'",
        "a/d.ts": "export function inner() {}",
        "main.ts": "import { outer, other } from '.'\n«outer»(«other»)",
    }
    assert meanings(files) == ["call a/d.ts#inner", "read a/other.ts#other"]


def test_cycles_of_barrels_are_followed_once() -> None:
    files = {
        "a.ts": "export * from './b'\nexport const inA = 1",
        "b.ts": "export * from './c'\nexport * from './a'",
        "c.ts": "export * from './a'\nexport * from './c'\nexport const inC = 1",
        "main.ts": "import { inA } from './c'\nimport { inC, nowhere } from './a'\n«inA»; «inC»; «nowhere»",
    }
    assert meanings(files) == ["read a.ts#inA", "read c.ts#inC", "read ?"]


def test_names_that_only_name_each_other_mean_nothing() -> None:
    files = {
        "a.ts": "export { x } from './b'",
        "b.ts": "export { x } from './a'",
        "main.ts": "import { x } from './a'\n«x»()",
    }
    assert meaning(files) == "call ?"


def test_an_own_export_goes_before_a_star() -> None:
    files = {
        "a.ts": "export const x = 1",
        "b.ts": "export * from './a'\nexport const x = 2",
        "main.ts": "import { x } from './b'\n«x»",
    }
    assert meaning(files) == "read b.ts#x"


def test_a_star_does_not_hand_on_the_default() -> None:
    files = {
        "a.ts": "export default function f() {}",
        "b.ts": "export * from './a'",
        "main.ts": "import g from './b'\n«g»()",
    }
    assert meaning(files) == "call ?"


def test_what_is_not_exported_cannot_be_imported() -> None:
    files = {"a.ts": "function f() {}\nexport {}", "main.ts": "import { f } from './a'\n«f»()"}
    assert meaning(files) == "call ?"


@pytest.mark.parametrize(
    ("exporting", "target"),
    [
        ("export default function f() {}", "a.ts#f"),
        ("export default class f {}", "a.ts#f"),
        ("export default function () {}", "a.ts#default"),
        ("export default () => 1", "a.ts#default"),
        ("function f() {}\nexport default f", "a.ts#f"),
        ("function f() {}\nexport { f as default }", "a.ts#f"),
        ("class f {}\nexport = f", "a.ts#f"),
    ],
)
def test_defaults(exporting: str, target: str) -> None:
    files = {"a.ts": exporting, "main.ts": "import g from './a'\ng(«g»)"}
    assert meaning(files) == f"read {target}"


@pytest.mark.parametrize(
    ("use", "expected"),
    [
        ("import a from './a'; new «a»()", "instantiation a.ts#A"),
        ("import * as a from './a'; new a.«B»()", "instantiation a.ts#A.B"),
        ("import { B } from './a'; new «B»()", "instantiation a.ts#A.B"),
        ("import a = require('./a'); let b: a.«B»", "type a.ts#A.B"),
    ],
)
def test_a_whole_export(use: str, expected: str) -> None:
    files = {"a.ts": "class A {}\nnamespace A { export class B {} }\nexport = A", "main.ts": use}
    assert meaning(files) == expected


@pytest.mark.parametrize(
    ("exporting", "use"),
    [
        ("module.exports = { f }", "const a = require('./a'); a.«f»()"),
        ("module.exports = { f }", "require('./a').«f»()"),
        ("module.exports = { f }", "const g = require('./a').f; g; require('./a').«f»()"),
        ("module.exports = { f }", "import { f } from './a'; «f»()"),
        ("module.exports.f = f", "const a = require('./a'); a.«f»()"),
        ("module.exports = f", "import g from './a'; «g»()"),
    ],
)
def test_common_js(exporting: str, use: str) -> None:
    assert meaning({"a.js": f"function f() {{}}\n{exporting}", "main.js": use}) == "call a.js#f"


# ---- types -----------------------------------------------------------------------------------------------------------

CLASSES = {
    "lib.ts": """
        export class Base { b() {} shared() {} static create(): Base { return new Base() } }
        export class C extends Base {
            next?: C
            other: D = new D()
            made = new D()
            constructor(public given: D, readonly plain: number) { super() }
            m(): D { return this.other }
            async later(): Promise<D> { return this.other }
            get got(): D { return this.other }
            self() { return this }
            shared() {}
        }
        export class D { d() {} }
        export interface I { d: D; make(): D }
        export type Alias = C
        export function make(): C { return new C(new D(), 1) }
        export const arrow = (): C => make()
        export async function makeLater(): Promise<C> { return make() }
        export const shared: C = make()
        export const inferred = new C(new D(), 1)
    """
}
CLASS_IMPORTS = """\
import { Base, C, D, I, Alias, make, arrow, makeLater, shared, inferred } from './lib'
import * as l from './lib'
"""


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("const c = new C(); c.«m»()", "lib.ts#C.m"),
        ("const c: C = get(); c.«m»()", "lib.ts#C.m"),
        ("let c: C | undefined; c?.«m»()", "lib.ts#C.m"),
        ("let c: C | null | undefined; c!.«m»()", "lib.ts#C.m"),
        ("let c: undefined | C; c?.«m»()", "lib.ts#C.m"),
        ("let c: l.C; c.«m»()", "lib.ts#C.m"),
        ("let c: Alias; c.«m»()", "lib.ts#C.m"),
        ("let c: Readonly<C>; c.«m»()", "lib.ts#C.m"),
        ("function g(c: C) { c.«m»() }", "lib.ts#C.m"),
        ("function g(c?: C) { c?.«m»() }", "lib.ts#C.m"),
        ("function g(c = new C()) { c.«m»() }", "lib.ts#C.m"),
        ("const g = (c: C) => c.«m»()", "lib.ts#C.m"),
        ("function g(c: C) { return () => c.«m»() }", "lib.ts#C.m"),
        ("function g({ other }: C) { other.«d»() }", "lib.ts#D.d"),
        ("function g(c: C) { const { other: o } = c; o.«d»() }", "lib.ts#D.d"),
        ("function g() { const c = new C(); c.«m»() }", "lib.ts#C.m"),
        ("function g() { const c = make(); c.«m»() }", "lib.ts#C.m"),
        ("make().«m»()", "lib.ts#C.m"),
        ("arrow().«m»()", "lib.ts#C.m"),
        ("l.make().«m»()", "lib.ts#C.m"),
        ("make().m().«d»()", "lib.ts#D.d"),
        ("make().next.next.«m»()", "lib.ts#C.m"),
        ("make().other.«d»()", "lib.ts#D.d"),
        ("make().made.«d»()", "lib.ts#D.d"),
        ("make().given.«d»()", "lib.ts#D.d"),
        ("make().«given»", "lib.ts#C.given"),
        ("make().«plain»", "lib.ts#C.plain"),
        ("make().got.«d»()", "lib.ts#D.d"),
        ("async function g() { (await makeLater()).«m»() }", "lib.ts#C.m"),
        ("async function g() { const c = await makeLater(); c.«m»() }", "lib.ts#C.m"),
        ("async function g() { (await make().later()).«d»() }", "lib.ts#D.d"),
        ("shared.«m»()", "lib.ts#C.m"),
        ("inferred.«m»()", "lib.ts#C.m"),
        ("(x as C).«m»()", "lib.ts#C.m"),
        ("(x satisfies C).«m»()", None),
        ("new C().«b»()", "lib.ts#Base.b"),
        ("new C().«shared»()", "lib.ts#C.shared"),
        ("C.«create»()", "lib.ts#Base.create"),
        ("C.create().«b»()", "lib.ts#Base.b"),
        ("function g(i: I) { i.d.«d»() }", "lib.ts#D.d"),
        ("function g(i: I) { i.make().«d»() }", "lib.ts#D.d"),
        ("function g(i: I) { i.«make»() }", "lib.ts#I.make"),
        ("class A { c = new C(); m() { this.c.«m»() } }", "lib.ts#C.m"),
        ("class A { c: C; m() { this.c.«m»() } }", "lib.ts#C.m"),
        ("class A { #c = new C(); m() { this.#c.«m»() } }", "lib.ts#C.m"),
        ("class A { constructor(private c: C) {} m() { this.c.«m»() } }", "lib.ts#C.m"),
        ("class A { constructor(private c: C) { c.«m»() } }", "lib.ts#C.m"),
        ("class A extends C { n() { this.«m»() } }", "lib.ts#C.m"),
        ("class A extends C { n() { this.«b»() } }", "lib.ts#Base.b"),
        ("class A extends C { m() { super.«m»() } }", "lib.ts#C.m"),
        ("class A extends C { n() { this.other.«d»() } }", "lib.ts#D.d"),
        ("class A extends C { n() { return () => this.«m»() } }", "lib.ts#C.m"),
        ("class A extends l.C { n() { this.«m»() } }", "lib.ts#C.m"),
        ("const A = class extends C {}; new A().«m»()", "lib.ts#C.m"),
    ],
)
def test_members_of_values_whose_type_is_plain(source: str, expected: str | None) -> None:
    (found,) = marked(CLASSES | {"main.ts": CLASS_IMPORTS + source})
    assert found.target == expected


@pytest.mark.parametrize(
    "source",
    [
        "function g(c) { c.«m»() }",
        "function g(c: any) { c.«m»() }",
        "function g(c: unknown) { c.«m»() }",
        "declare const c: Missing; c.«m»()",
        "let c = new C(); c = new D(); function g(c) { c.«m»() }",
        "function g() { this.«m»() }",
        "const o = { m: 1, n() { this.«d»() } }",
        "class A { n() { return function () { this.«n»() } } }",
        "class A { n() { this.«missing»() } }",
        "new C().«missing»()",
        "C.«missing»",
        "l.«missing»",
        "x['y'].«m»()",
        "'text'.«m»()",
    ],
)
def test_a_member_of_an_unknown_value_has_no_target(source: str) -> None:
    (found,) = marked(CLASSES | {"main.ts": CLASS_IMPORTS + source})
    assert (found.target, found.resolution) == (None, None)


def test_this_and_super() -> None:
    source = """
        class Base { a() {} b() {} p = 1 }
        class C extends Base {
            a() { super.«a»(); this.«a»(); this.«b»(); this.«p» = 2 }
            static s() { this.«t»() }
            static t() {}
            #x = 1
            y() { return this.«#x» }
        }
    """
    assert meanings({"main.ts": source}) == [
        "call main.ts#Base.a",
        "call main.ts#C.a",
        "call main.ts#Base.b",
        "write main.ts#Base.p",
        "call main.ts#C.t",
        "property main.ts#C.#x",
    ]


def test_inheritance_through_several_files() -> None:
    files = {
        "a.ts": "export class A { deep() {} over() {} }",
        "b.ts": "import { A } from './a'\nexport default class B extends A { over() {} }",
        "index.ts": "export { default as Renamed } from './b'",
        "main.ts": """
            import { Renamed } from './index'
            class C extends Renamed { m() { this.«deep»(); this.«over»(); super.«over»() } }
            new C().«deep»()
        """,
    }
    assert meanings(files) == ["call a.ts#A.deep", "call b.ts#B.over", "call b.ts#B.over", "call a.ts#A.deep"]


def test_classes_that_extend_each_other_end_the_search() -> None:
    source = "class A extends B { a() { this.«b»(); this.«c»() } }\nclass B extends A { b() {} }"
    assert meanings({"main.ts": source}) == ["call main.ts#B.b", "call ?"]


def test_a_member_of_a_class_with_a_base_from_outside_may_be_from_there() -> None:
    source = "import { Component } from 'react'\nclass A extends Component { m() { this.«setState»(); this.«m»() } }"
    assert meanings({"main.ts": source}) == ["call (react)", "call main.ts#A.m"]


# ---- what stays unresolved -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import { f } from 'package'; «f»()", "call (package)"),
        ("import { f } from '@scope/package/deep'; «f»()", "call (@scope/package)"),
        ("import f from 'package'; «f»()", "call (package)"),
        ("import * as p from 'package'; p.«f»()", "call (package)"),
        ("import { f } from 'package'; f.«f»()", "call (package)"),
        ("import { f } from 'package'; f().«f»()", "call (package)"),
        ("import { f } from 'package'; const a = f(); a.«f»()", "call (package)"),
        ("import { F } from 'package'; function g(a: F) { a.«f»() }", "call (package)"),
        ("import { f } from './missing'; «f»()", "call ?"),
        ("«f»()", "call ?"),
        ("x.«f»()", "call ?"),
        ("«window».f()", "read ?"),
    ],
)
def test_the_same_name_elsewhere_is_no_target(source: str, expected: str) -> None:
    files = {"main.ts": source, "other.ts": "export function f() {}\nexport class A { f() {} }"}
    assert meaning(files) == expected


def test_a_name_bound_by_an_external_import_has_no_target_in_the_repository() -> None:
    files = {
        "main.ts": "import { Button } from 'ui'\nnew Button()\nlet b: Button = Button.of()\nexport { Button }",
        "button.ts": "export class Button { static of() {} }",
    }
    assert {target for _, _, _, target, _ in refs(files, "main.ts")} == {None}


# ---- how sure, and where ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "how"),
    [
        ("function g() {} «g»()", "scope"),
        ("«f»()", "import"),
        ("import { «f» as h } from './lib'", "import"),
        ("lib.«f»()", "member"),
        ("C.«s»()", "member"),
        ("class A { a() { this.«b»() } b() {} }", "member"),
        ("new C().«m»()", "type"),
        ("new C().g.«m»()", "type"),
    ],
)
def test_every_target_says_how_it_was_found(source: str, how: str) -> None:
    (found,) = marked(LIB | {"main.ts": IMPORTS + source})
    assert found.resolution == how


@pytest.mark.parametrize(
    ("source", "enclosing"),
    [
        ("«f»()", None),
        ("function g() { «f»() }", "main.ts#g"),
        ("function g() { () => { «f»() } }", "main.ts#g"),
        ("function g(a = «f»()) {}", "main.ts#g"),
        ("class A { m() { «f»() } }", "main.ts#A.m"),
        ("class A { p = «f»() }", "main.ts#A.p"),
        ("class A extends «C» {}", "main.ts#A"),
        ("@«f» class A {}", "main.ts#A"),
        ("const a = «f»()", "main.ts#a"),
        ("const a = () => «f»()", "main.ts#a"),
        ("export const a = { b: «f»() }", "main.ts#a"),
        ("export const a = { b: () => «f»() }", "main.ts#a.b"),
        ("namespace M { «f»() }", "main.ts#M"),
        ("interface A { p: «T» }", "main.ts#A.p"),
        ("type A = «T»", "main.ts#A"),
        ("function g() { function h() { «f»() } }", "main.ts#g.h"),
        ("class A {} «f»()", None),
    ],
)
def test_a_reference_knows_the_innermost_symbol_around_it(source: str, enclosing: str | None) -> None:
    (found,) = marked(LIB | {"main.ts": IMPORTS + source})
    assert found.enclosing == enclosing


def test_the_references_of_a_file() -> None:
    files = {
        "main.ts": "import { f as g } from './lib'\n\nfunction h(x: number) {\n  return g(x, other)\n}\n",
        "lib.ts": "export function f() {}",
    }
    assert refs(files, "main.ts") == [
        ("1:9", "import", "f", "lib.ts#f", "import"),
        ("4:9", "call", "f", "lib.ts#f", "import"),
        ("4:14", "read", "other", None, None),
    ]


def test_definitions_are_no_references() -> None:
    source = """
        export function f(a: number) { let b = a }
        export class C { p = 1; m() {} get g() { return 1 } static s = 2; #h = 3 }
        export interface I { p: number; m(): void }
        export enum E { A, B = 2 }
        export const k = 1, { x, y: z } = null!
        export namespace N {}
        export type T<U> = U
        label: for (;;) {}
    """
    assert refs({"main.ts": source}, "main.ts") == []
