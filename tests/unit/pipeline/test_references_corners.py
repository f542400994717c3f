"""Corners of the languages: what names mean where it is easily got wrong."""

import pytest

from support.program import Sources, dependencies, marked, meaning, meanings

X_TS = {"x.ts": "export class x { m() {} }\nexport type T = 1\nexport namespace N { export class D {} }"}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import * as lib from './x'; let a: lib.«N».D", "property x.ts#N"),
        ("import { N } from './x'; import D = N.«D»", "property x.ts#N.D"),
        ("import { x } from './x'; function g() { for (var x of y) {} «x» }", None),
        ("import { x } from './x'; enum A { x = 1, y = «x» }", "read main.ts#A.x"),
        ("import { T } from './x'; type A = B extends [infer T, ...infer R] ? C<R, «T»> : never", None),
        ("import { x } from './x'; (<x>y).«m»()", "call x.ts#x.m"),
        ("import { x } from './x'; function g<U extends x>(a: U) { a.«m»() }", "call x.ts#x.m"),
        ("class C { p = 1 }; const c = new C(); [c.«p»] = [1]", "write main.ts#C.p"),
        ("class C { p = 1 }; const c = new C(); ({ b: c.«p» } = o)", "write main.ts#C.p"),
        ("class C { p = 1 }; const c = new C(); for (c.«p» of []) {}", "write main.ts#C.p"),
    ],
)
def test_typescript(source: str, expected: str | None) -> None:
    assert meaning(X_TS | {"main.ts": source}) == expected


@pytest.mark.parametrize(
    ("exporting", "use", "expected"),
    [
        ("module.exports = { f }", "const { f } = require('./a'); «f»()", "call a.js#f"),
        ("module.exports = { g: f }", "const { g } = require('./a'); «g»()", "call a.js#f"),
        ("module.exports = { f }", "const { f: g } = require('./a'); «g»()", "call a.js#f"),
        ("module.exports = { f }", "import a from './a'; a.«f»()", "call a.js#f"),
        ("exports.f = f", "const { f } = require('./a'); «f»()", "call a.js#f"),
        ("module.exports = f", "const g = require('./a'); «g»()", "call a.js#f"),
        ("exports.g = function () {}", "const a = require('./a'); a.«g»()", "call a.js#g"),
        ("exports.g = () => 1", "require('./a').«g»()", "call a.js#g"),
        ("module.exports.g = function g() {}", "require('./a').«g»()", "call a.js#g"),
        ("module.exports = { g() {} }", "require('./a').«g»()", "call a.js#g"),
        ("module.exports = { g: () => 1 }", "require('./a').«g»()", "call a.js#g"),
    ],
)
def test_common_js(exporting: str, use: str, expected: str) -> None:
    assert meaning({"a.js": f"function f() {{}}\n{exporting}", "main.js": use}) == expected


def test_all_of_a_common_js_module_handed_on() -> None:
    files = {
        "a.js": "function f() {}\nexports.f = f",
        "b.js": "module.exports = require('./a')",
        "main.js": "require('./b').«f»()",
    }
    assert meaning(files) == "call a.js#f"


def test_a_whole_export_is_what_its_import_names() -> None:
    files = {"a.ts": "class A {}\nexport = A", "main.ts": "import a = require('./a')\nnew «a»()"}
    assert meaning(files) == "instantiation a.ts#A"


X_PY = {"x.py": "class x:\n    def m(self): ...\ndef f(): ..."}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def g(x: «x»): ...", "type x.py#x"),
        ("def g(x) -> «x»: ...", "type x.py#x"),
        ("def g(x: x): x.«m»()", "call x.py#x.m"),
        ("class A(«x»):\n    x = 1", "extends x.py#x"),
        ("class A(x):\n    def x(self): ...\nA().«m»()", "call x.py#x.m"),
        ("class A:\n    class x: ...\n    class B:\n        y = «x»", "read x.py#x"),
        ("class A:\n    class x: ...\n    def m(self) -> «x»: ...", "type main.py#A.x"),
        ("class A[x]:\n    def m(self) -> «x»: ...", None),
        ("[x for x in «x»]", "read x.py#x"),
        ("(x for x in «x»)", "read x.py#x"),
        ("class A:\n    x = 1\n    y = [z for z in «x»]", "read main.py#A.x"),
        ("w = 1\ndel «w»", "write main.py#w"),
        ("class C: p = 1\n[C.«p», y] = 1, 2", "write main.py#C.p"),
        ("class C: p = 1\ndel C.«p», y", "write main.py#C.p"),
        ("def g(a: 'Literal[\"«x»\"]'): ...", None),
    ],
)
def test_python(source: str, expected: str | None) -> None:
    assert meaning(X_PY | {"main.py": f"from x import x\n{source}"}) == expected


@pytest.mark.parametrize(
    ("path", "source", "expected"),
    [
        ("main.py", "import pkg\npkg.b.«g»()", "call pkg/b.py#g"),
        ("main.py", "from pkg import «b»", "import pkg/b.py"),
        ("pkg/c.py", "from . import «b»", "import pkg/b.py"),
    ],
)
def test_a_package_that_imports_its_own_module(path: str, source: str, expected: str) -> None:
    files = {"pkg/__init__.py": "from . import b", "pkg/b.py": "def g(): ...", path: source}
    assert meaning(files) == expected


def test_a_later_star_import_goes_before_an_earlier_one() -> None:
    files = {"a.py": "f = 1", "b.py": "f = 1", "main.py": "from a import *\nfrom b import *\n«f»"}
    assert meaning(files) == "read b.py#f"


def test_the_name_of_a_module_is_not_its_alias() -> None:
    files: Sources = {"main.py": "import numpy as np\n«np».zeros()\nimport lib as l\n«l».f()", "lib.py": "def f(): ..."}
    assert [each.name for each in marked(files)] == ["numpy", "lib"]


def test_what_a_package_has_is_not_known() -> None:
    assert meanings({"main.py": "from package import *\n«print»(«f»)"}) == ["call ?", "read ?"]


@pytest.mark.parametrize(
    ("path", "source", "expected"),
    [
        ("main.ts", "export { type T } from './x'", [("reexport", "x.ts", True)]),
        ("main.ts", "import(`./x`)", [("dynamic_import", "x.ts", False)]),
        ("main.py", "import_module(f'x.{name}')", []),
    ],
)
def test_dependencies(path: str, source: str, expected: list[tuple[str, str, bool]]) -> None:
    edges = dependencies(X_TS | X_PY | {path: source}, path)
    assert [(edge.kind, edge.target, edge.type_only) for edge in edges] == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("class P:\n def f(self):\n  def key(row): return row.«g»()\n def g(self): ...", "call ?"),
        ("class A:\n def g(self): ...\nv = A()\nv = other()\nv.«g»()", "call main.py#A.g"),
        ("class A:\n def g(self): ...\nv = A()\nv = A()\nv.«g»()", "call main.py#A.g"),
        ("try:\n from x import x\nexcept ImportError:\n x = None\n«x»()", "instantiation x.py#x"),
        ("try:\n from elsewhere import x\nexcept ImportError:\n x = None\n«x»", "read (elsewhere)"),
        ("class A:\n if 1:\n  def f(self): self.«g»()\n def g(self): ...", "call main.py#A.g"),
    ],
)
def test_what_is_bound_again_or_in_between(source: str, expected: str) -> None:
    assert meaning({"x.py": "class x: ...", "main.py": source}) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("class A { api = { get() { this.«foo»() } }; foo() {} }", "call ?"),
        ("class A { h = () => this.«foo»(); foo() {} }", "call main.ts#A.foo"),
        ("class A { h = function () { this.«foo»() }; foo() {} }", "call main.ts#A.foo"),
        ("class A { m() { reg(class extends B { go() { this.«foo»() } }) } foo() {} }", "call ?"),
        ("class A { static { reg(class extends B { go() { this.«foo»() } }) } foo() {} }", "call ?"),
        ("class B { run() {} } class A { static { reg(class extends B {}) } } new A().«run»()", "call ?"),
        ("let hits = 0; function warm() { [«hits»] = [1] }", "write main.ts#hits"),
        ("let hits = 0; function warm(o) { ({ «hits» } = o) }", "write main.ts#hits"),
        ("let hits = 0; function warm(o) { ({ hits } = o); return «hits» }", "read main.ts#hits"),
    ],
)
def test_this_and_patterns(source: str, expected: str) -> None:
    assert meaning({"main.ts": source}) == expected
