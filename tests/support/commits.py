"""Commits of modules that hand names on to each other, for properties that hold of any of them."""

from collections.abc import Sequence

from hypothesis import strategies as st

NAMES = st.sampled_from(["f", "g", "C", "x"])
ECMASCRIPT = [
    "import {{ {n} as {o} }} from '{m}'", "import {n}, {{ {o} }} from '{m}'", "import * as {n} from '{m}'",
    "export {{ {n}, {o} as {p} }} from '{m}'", "export {{ default as {n} }} from '{m}'", "export * from '{m}'",
    "export {{ {n} as default }} from '{m}'", "export * as {n} from '{m}'", "export {{ {n} as {o} }}",
    "export default {n}", "export default class {n} extends {o} {{}}", "const {n} = require('{m}')",
    "const {{ {n}: {o} }} = require('{m}')", "export const {n} = {o}.{p}", "export const {n} = {o}({p}), {o} = {n}()",
    "export function {n}({o}) {{ return {n}({o}.{p}()) }}", "class {n} extends {o}.{p} {{ {p}() {{ this.{p}() }} }}",
    "class {n} extends {o} {{ g() {{}} }}", "{n}.{o}().{p} = new {p}({n})", "function {n}() {{ {o}; import('{m}') }}",
]  # fmt: skip
TYPESCRIPT = [
    *ECMASCRIPT, "import type {{ {n} as {o} }} from '{m}'", "export type {{ {n} }} from '{m}'", "type {n} = {o}",
    "import {n} = require('{m}')", "import {n} = {o}.{p}", "export = {n}", "interface {n} extends {o} {{ {p}: {n} }}",
    "export class {n} implements {o} {{ x = {p}; g() {{}} }}",
    "export namespace {n} {{ export const {o}: {p} = {n}.{o} }}", "let {n}: typeof {o}.{p}; {n}.{p}()",
]  # fmt: skip
JAVASCRIPT = [*ECMASCRIPT, "module.exports = {n}", "exports.{n} = {o}", "module.exports = {{ {n}, {o}() {{}} }}"]
PYTHON = [
    "import {m}", "import {m} as {o}", "from {m} import {n}, {o} as {p}", "from {m} import *", "from . import {n}",
    "from .{m} import {n} as {o}", "__all__ = ['{n}', '{o}']", "{n} = {n}.{o}", "{n} = {o}({p})", "{m}.{n}({o})",
    "class {n}({o}, {m}.{p}):\n    def {p}(self) -> {n}: return super().{p}().{o}", "{n}: '{o}.{p}' = {p}",
    "class {n}({o}, {p}):\n    def g(self): ...",
    "def {n}({o}: {p} = {n}):\n    global {p}\n    from {m} import {p}\n    {o}.{p}",
]  # fmt: skip
DEFINITIONS = ["export class C { g() { return this.x } x = new C() }", "export function f() {}", ""]
DEFINITIONS_PYTHON = ["class C:\n    def g(self) -> 'C': ...\n    x: 'C'", "def f(): ...", ""]
ECMASCRIPT_PATHS = ["./a", "./b", "./c.js", "./lib", "../a", "package", "./missing"]
MODULES = {
    "a.ts": TYPESCRIPT, "b.tsx": TYPESCRIPT, "c.js": JAVASCRIPT, "lib/index.ts": TYPESCRIPT, "lib/a.ts": TYPESCRIPT,
    "a.py": PYTHON, "b.py": PYTHON, "lib/__init__.py": PYTHON, "lib/a.py": PYTHON,
}  # fmt: skip


def module(templates: Sequence[str]) -> st.SearchStrategy[str]:
    specifiers = ["a", "b", "lib", "lib.a", "package"] if templates is PYTHON else ECMASCRIPT_PATHS
    filled = st.builds(
        lambda template, m, n, o, p: template.format(m=m, n=n, o=o, p=p),
        st.sampled_from(templates), st.sampled_from(specifiers), NAMES, NAMES, NAMES,
    )  # fmt: skip
    first = DEFINITIONS_PYTHON if templates is PYTHON else DEFINITIONS
    return st.builds(lambda head, rest: "\n".join([head, *rest]), st.sampled_from(first), st.lists(filled, max_size=5))


COMMITS = st.fixed_dictionaries({path: module(templates) for path, templates in MODULES.items()})
CYCLES = {
    "a.ts": "import { g as f } from './b'\nexport { f as g }; export * from './lib'\nf.C().x",
    "b.tsx": "export { g } from './a'\nexport * from './lib'; export default g",
    "lib/index.ts": "export * from '../a'; import f, { C } from '../b'\nexport class C extends f { x: C }\nnew C().x.x",
    "a.py": "from lib import *\nfrom lib import f as g\nclass C(g): ...\nC().x.f()",
    "lib/__init__.py": "from a import *\nfrom .a import C as f\nf.x = f",
    "lib/a.py": "from . import f as C\nimport lib.a as x\nx.C.x()",
}
