"""What values are in TypeScript and JavaScript, shown by the members that are found of them."""

import pytest

from support.program import meaning

LIB = """
export class A { m(): B { return new B() }; self() { return this }; p = new B(); static s = 1 }
export class B { n() {} get a(): A { return new A() }; one = 1 }
export class Sub extends A { k() {} }
export class Box<T> {
  constructor(readonly inner: T) {}
  get(): T { return this.inner }
  map<U>(f: (x: T) => U): Box<U> { return null! }
}
export class Boxes<T> extends Box<T[]> {}
export class Fluent { a(): this { return this } b() { return this } }
export class More extends Fluent { c() {} }
export interface Options { onA: (a: A, b: B) => void; nested: { b: B }; list: A[]; maybe?: A }
export type Handler = (a: A) => Promise<B>
export interface Calls { (a: A): B; other: A }
export type Either = A | B
export type Pair = [A, B]
export type Named = { key: A } & { other: B }
export type Alias<T> = { held: T } | null
export type Fn<T> = (given: T) => T
export enum E { X, Y }
export function make(): A { return new A() }
export function inferred() { return new A() }
export async function soon() { return new A() }
export const arrow = () => new A()
export const either = (x: boolean) => x ? new A() : null
export function id<T>(x: T): T { return x }
export function first<T>(xs: T[]): T { return xs[0] }
export function each<T>(xs: T[], f: (x: T, i: number) => void): void {}
export function make2<T>(c: new () => T): Box<T> { return null! }
export function run(options: Options): void {}
export function on(handler: Handler): void {}
export function over(x: string): A
export function over(x: string, y: number): B
export function over(x: any, y?: any): any {}
export function create<T>(): Box<T> { return null! }
export const table: Record<string, A> = {}
export const map = new Map<string, A>()
export const plain = { a: new A(), inner: { b: new B() }, make }
export declare const handler: Handler
export declare const calls: Calls
"""
IMPORTS = """\
import { A, B, Sub, Box, Boxes, More, Options, Handler, Calls, Either, Pair, Named, Alias, Fn } from './lib'
import { E, make, inferred, soon } from './lib'
import { arrow, either, id, first, each, make2, run, on, over, create, table, map, plain, handler, calls } from './lib'
"""


def of(source: str, path: str = "main.ts") -> str | None:
    """What is marked, without its kind."""
    found = meaning({"lib.ts": LIB, path: IMPORTS + source})
    return found and found.partition(" ")[2].removeprefix("lib.ts#")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        # results
        ("inferred().«m»()", "A.m"),
        ("arrow().«m»()", "A.m"),
        ("either(true)?.«m»()", "A.m"),
        ("make().m().a.m().«n»()", "B.n"),
        ("(await soon()).«m»()", "A.m"),
        ("soon().then(a => a.«m»())", "A.m"),
        ("soon().then(a => a.m()).then(b => b.«n»())", "B.n"),
        ("async function f() { const a = await soon(); a.«m»() }", "A.m"),
        ("const f = async () => make(); f().then(a => a.«m»())", "A.m"),
        ("handler(make()).then(b => b.«n»())", "B.n"),
        ("calls(make()).«n»()", "B.n"),
        ("calls.other.«m»()", "A.m"),
        ("over('').«m»()", "A.m"),
        ("over('', 1).«n»()", "B.n"),
        ("declare function f(x: string): A; declare function f(x: number): B; f(1).«n»()", "B.n"),
        # `this` is what a method was called on
        ("new Sub().self().«k»()", "Sub.k"),
        ("new More().a().b().«c»()", "More.c"),
        # generics
        ("new Box(make()).get().«m»()", "A.m"),
        ("new Box<B>(null!).get().«n»()", "B.n"),
        ("declare const box: Box<A>; box.inner.«m»()", "A.m"),
        ("declare const box: Box<A>; box.map(a => a.m()).get().«n»()", "B.n"),
        ("declare const boxes: Boxes<A>; boxes.get()[0].«m»()", "A.m"),
        ("class Own extends Box<A> { f() { this.get().«m»() } }", "A.m"),
        ("id(make()).«m»()", "A.m"),
        ("first([make()]).«m»()", "A.m"),
        ("make2(A).get().«m»()", "A.m"),
        ("create<A>().get().«m»()", "A.m"),
        ("declare const a: Alias<A>; a!.held.«m»()", "A.m"),
        ("declare const f: Fn<A>; f(null!).«m»()", "A.m"),
        ("function f<T extends A>(x: T) { x.«m»() }", "A.m"),
        ("function f<K extends keyof Options>(x: Options['maybe']) { x!.«m»() }", "A.m"),
        # containers
        ("declare const xs: A[]; xs[0].«m»()", "A.m"),
        ("declare const xs: A[]; xs.filter(Boolean).map(a => a.m())[0].«n»()", "B.n"),
        ("declare const xs: A[]; for (const a of xs) a.«m»()", "A.m"),
        ("declare const xs: A[]; const [a] = xs; a.«m»()", "A.m"),
        ("declare const xs: A[]; xs.forEach((a, i) => a.«m»())", "A.m"),
        ("declare const xs: readonly A[]; xs.find(a => a.«m»())", "A.m"),
        ("for (const [key, a] of map) a.«m»()", "A.m"),
        ("map.get('')!.«m»()", "A.m"),
        ("for (const a of map.values()) a.«m»()", "A.m"),
        ("table.x.«m»()", "?"),
        ("table['x'].«m»()", "A.m"),
        ("Object.keys(table).«m»()", "?"),
        ("declare const p: Pair; p[1].«n»()", "B.n"),
        ("declare const p: Pair; const [, b] = p; b.«n»()", "B.n"),
        ("[make(), 1][0].«m»()", "A.m"),
        ("class It { *[Symbol.iterator](): Iterator<A> {} } for (const a of new It()) a.«m»()", "A.m"),
        # objects without a class
        ("plain.a.«m»()", "A.m"),
        ("plain.inner.b.«n»()", "B.n"),
        ("plain.make().«m»()", "A.m"),
        ("plain.«make»()", "?"),
        ("declare const o: Options; o.nested.«b»", "Options.nested.b"),
        ("declare const o: Options; o.nested.b.«n»()", "B.n"),
        ("declare const o: { a: A }; o.a.«m»()", "A.m"),
        ("declare const o: Partial<Options>; o.nested!.b.«n»()", "B.n"),
        ("declare const o: { [K in keyof Options]: Options[K] }; o.nested.b.«n»()", "B.n"),
        ("declare const n: Named; n.other.«n»()", "B.n"),
        # patterns
        ("declare const o: Options; const { nested: { b } } = o; b.«n»()", "B.n"),
        ("declare const o: Options; const { nested: { «b» } } = o", "Options.nested.b"),
        ("declare const o: Options; const { list: [a] } = o; a.«m»()", "A.m"),
        ("function f({ nested: { b } }: Options) { b.«n»() }", "B.n"),
        ("function f({ a = make() }: { a?: A }) { a.«m»() }", "A.m"),
        ("let a; [a] = [make()]; a.«m»()", "?"),
        # what is expected
        ("on(a => a.m()); on(async (a) => a.«m»())", "A.m"),
        ("run({ onA: (a, b) => b.«n»() } as Options)", "B.n"),
        ("run({ onA(a, b) { b.«n»() } })", "B.n"),
        ("const f: Handler = async a => a.«m»()", "A.m"),
        ("const fs: Handler[] = [async a => a.«m»()]", "A.m"),
        ("function f(): Handler { return async a => a.«m»() }", "A.m"),
        ("const o = { h: async (a) => a.«m»() } satisfies { h: Handler }", "A.m"),
        ("class C { h: Handler = async a => a.«m»() }", "A.m"),
        ("each([make()], a => a.«m»())", "A.m"),
        ("each([make()], (a, i) => i.«m»())", "?"),
        ("const boxed: Box<A> = create(); boxed.get().«m»()", "A.m"),
        # conditions
        ("declare const x: Either; if (x instanceof B) x.«one»", "B.one"),
        ("declare const x: unknown; if (x instanceof A) x.«m»()", "A.m"),
        ("declare const x: unknown; if (!(x instanceof A)) throw x; x.«m»()", "A.m"),
        ("function f(x: unknown) { return x instanceof A && x.«m»() }", "A.m"),
        ("type R = { ok: true; v: A } | { ok: false; v: B }; function f(r: R) { if (r.ok) r.v.«m»() }", "A.m"),
        ("type R = { ok: true; v: A } | { ok: false; v: B }; function f(r: R) { if (r.ok) return; r.v.«n»() }", "B.n"),
        ("type R = { k: 'a'; v: A } | { k: 'b'; v: B }; function f(r: R) { if (r.k === 'b') r.v.«n»() }", "B.n"),
        ("type R = { k: E.X; v: A } | { k: E.Y; v: B }; function f(r: R) { r.k === E.Y ? r.v.«n»() : 0 }", "B.n"),
        (
            "type R = { k: 'a'; v: A } | { k: 'b'; v: B }; function f(r: R) { switch (r.k) { case 'b': r.v.«n»() } }",
            "B.n",
        ),
        ("type R = { a: A } | { b: B }; function f(r: R) { if ('b' in r) r.b.«n»() }", "B.n"),
        ("function f(x: Either) { if (x instanceof A) return; x.«n»() }", "B.n"),
        ("function f(x: A | Sub2) { if (!(x instanceof A)) x.«m»() }; class Sub2 { m() {} }", "main.ts#Sub2.m"),
        (
            "class S { m() {} } declare const r: { k: 1; v: A } | { k: 2; v: S }; if (r.k !== 1) r.v.«m»()",
            "main.ts#S.m",
        ),
        ("declare const r: { k: 1; v: A } | { k: 2; v: B }; switch (r.k) { case 1: break; default: r.v.«n»() }", "B.n"),
        ("function f(x: A) { if (x instanceof Sub) { const g = (x: A) => x.«k»() } }", "?"),
        ("function f(x: unknown) { if (x instanceof A) { x = 1; x.«m»() } }", "?"),
        # types of values
        ("declare const x: typeof plain; x.inner.b.«n»()", "B.n"),
        ("declare const x: ReturnType<typeof inferred>; x.«m»()", "A.m"),
        ("declare const x: Parameters<Handler>; x[0].«m»()", "?"),
        ("declare const x: Parameters<typeof handler>[0]; x.«m»()", "A.m"),
        ("declare const x: Options['nested']['b']; x.«n»()", "B.n"),
        ("declare const x: Options['list'][number]; x.«m»()", "A.m"),
    ],
)
def test_members_of_values(source: str, expected: str) -> None:
    assert of(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        "[make()].«map»(f)",
        "map.«get»('')",
        "soon().«then»(f)",
        "'x'.«m»()",
        "function f(m: any) { m.«m»() }",
        "on(function (x, y) { y.«m»() })",
        "function f<T>(x: T) { x.«m»() }",
        "declare const Array: any; Array.«m»()",
        "plain.inner.«b»",
        "const f = (x => x)(null); f.«m»()",
        "function f() { return f() } f().«m»()",
        "type R = R[]; declare const r: R; r.«m»()",
        "class C extends C {} new C().«m»()",
        "function* g() { yield 1; return make() } g().«m»()",
        "declare const x: Exclude<Either, A>; x.«m»()",
        "let o = [o[0]]; o[0].«m»()",
        "const o = { a: o['a'] }; o['a'].«m»()",
        "type T = [T[0]]; declare let x: T; x[0].«m»()",
        "class C<U extends D['y']> {} class D extends C<string> { y = 1 } new D().«m»()",
        "declare const x: Pair; x[2].«m»()",
    ],
)
def test_what_is_not_of_the_repository_or_not_known_has_no_target(source: str) -> None:
    assert of(source) in ("?", None)


def test_the_last_of_several_bindings_counts_if_it_is_always_made() -> None:
    assert of("function f() { var a = make(); var a = make().m(); a.«n»() }") == "B.n"


def test_a_method_of_a_typed_object_is_the_member_of_its_type() -> None:
    assert of("const o: Options = { onA(a, b) {} } as any; o.«onA»(null!, null!)") == "Options.onA"


def test_a_component_takes_what_its_attributes_are() -> None:
    source = "function C(props: { on: (a: A) => void }) {} const x = <C on={a => a.«m»()} />"
    assert of(source, "main.tsx") == "A.m"


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ("declare const ambient: string", "read globals.d.ts#ambient"),
        ("declare function ambient(): void", "read globals.d.ts#ambient"),
        ("export {}; declare global { const ambient: number }", "read globals.d.ts#global.ambient"),
        ("export declare const ambient: string", "read ?"),
    ],
)
def test_what_declaration_files_declare_outside_of_modules_is_seen_everywhere(declared: str, expected: str) -> None:
    assert meaning({"globals.d.ts": declared, "main.ts": "«ambient»"}) == expected


def test_what_a_file_declares_itself_comes_before_what_is_seen_everywhere() -> None:
    assert meaning({"globals.d.ts": "declare const a: string", "main.ts": "const a = 1; «a»"}) == "read main.ts#a"
