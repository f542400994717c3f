"""What depends on what: edges between files, to packages, and between symbols."""

import pytest

from kotadb.pipeline.graph import cycles
from support.program import Dependency, Sources, Use, dependencies, uses

# ---- TypeScript ------------------------------------------------------------------------------------------------------


def typescript(source: str, path: str = "main.ts") -> list[tuple[str, str, bool]]:
    """Kind, target and whether it is for types alone, of each edge of one file."""
    files = {"a.ts": "export const f = 1\nexport type T = 1\nexport default f", path: source}
    return [(edge.kind, edge.target, edge.type_only) for edge in dependencies(files, path)]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import { f } from './a'", ("import", "a.ts", False)),
        ("import f from './a'", ("import", "a.ts", False)),
        ("import * as a from './a'", ("import", "a.ts", False)),
        ("import './a'", ("import", "a.ts", False)),
        ("import {} from './a'", ("import", "a.ts", False)),
        ("import { f } from './a.js'", ("import", "a.ts", False)),
        ("import { f, type T } from './a'", ("import", "a.ts", False)),
        ("import f, { type T } from './a'", ("import", "a.ts", False)),
        ("import type { T } from './a'", ("type_import", "a.ts", True)),
        ("import type T from './a'", ("type_import", "a.ts", True)),
        ("import type * as a from './a'", ("type_import", "a.ts", True)),
        ("import { type T } from './a'", ("type_import", "a.ts", True)),
        ("import { type T, type T as U } from './a'", ("type_import", "a.ts", True)),
        ("let a: import('./a').T", ("type_import", "a.ts", True)),
        ("let a: typeof import('./a')", ("type_import", "a.ts", True)),
        ("function g(a: Promise<import('./a').T>) {}", ("type_import", "a.ts", True)),
        ("export { f } from './a'", ("reexport", "a.ts", False)),
        ("export * from './a'", ("reexport", "a.ts", False)),
        ("export * as a from './a'", ("reexport", "a.ts", False)),
        ("export type { T } from './a'", ("reexport", "a.ts", True)),
        ("export { f, type T } from './a'", ("reexport", "a.ts", False)),
        ("await import('./a')", ("dynamic_import", "a.ts", False)),
        ("const { f } = await import('./a')", ("dynamic_import", "a.ts", False)),
        ("const a = () => import('./a')", ("dynamic_import", "a.ts", False)),
        ("const a = require('./a')", ("require", "a.ts", False)),
        ("const { f } = require('./a')", ("require", "a.ts", False)),
        ("require('./a').f()", ("require", "a.ts", False)),
        ("require.resolve('./a')", ("require", "a.ts", False)),
        ("import a = require('./a')", ("require", "a.ts", False)),
        ("function g() { if (x) { require('./a') } }", ("require", "a.ts", False)),
        ("import { x } from 'react'", ("import", "(react)", False)),
        ("import { x } from 'react/jsx-runtime'", ("import", "(react)", False)),
        ("import { x } from '@scope/name/deep'", ("import", "(@scope/name)", False)),
        ("import type { x } from 'react'", ("type_import", "(react)", True)),
        ("import fs from 'node:fs'", ("import", "(node:fs)", False)),
        ("import { x } from './missing'", ("import", "?", False)),
    ],
)
def test_the_edge_of_an_import(source: str, expected: tuple[str, str, bool]) -> None:
    assert typescript(source) == [expected]


@pytest.mark.parametrize(
    "source",
    [
        "import(name)",
        "require(name)",
        "import(`./${name}`)",
        "require(`./${name}`)",
        "const s = './a'",
        "// import './a'",
        "x.require('./a')",
        "function g() { return require }",
    ],
)
def test_what_names_no_module_is_no_edge(source: str) -> None:
    assert typescript(source) == []


def test_an_edge_tells_what_the_source_says() -> None:
    files = {
        "src/main.ts": "\nimport { f } from '../lib/a.js'\nimport React from 'react/addons'\nimport x from './gone'\n",
        "lib/a.ts": "export const f = 1",
    }
    assert dependencies(files, "src/main.ts") == [
        Dependency("import", "lib/a.ts", "../lib/a.js", type_only=False, line=2),
        Dependency("import", "(react)", "react/addons", type_only=False, line=3),
        Dependency("import", "?", "./gone", type_only=False, line=4),
    ]


def test_imports_of_one_module_in_several_ways_are_several_edges() -> None:
    files = {
        "main.ts": "import { f } from './a'\nimport type { T } from './a'\nexport * from './a'\nrequire('./a')",
        "a.ts": "export const f = 1\nexport type T = 1",
    }
    assert [(edge.kind, edge.line) for edge in dependencies(files, "main.ts")] == [
        ("import", 1), ("type_import", 2), ("reexport", 3), ("require", 4),
    ]  # fmt: skip


def test_a_file_that_is_no_source_can_be_imported() -> None:
    files = {"main.ts": "import data from './data.json'\nimport './style.css'", "data.json": "{}", "style.css": ""}
    assert [edge.target for edge in dependencies(files, "main.ts")] == ["data.json", "style.css"]


def test_a_file_may_import_itself() -> None:
    assert [edge.target for edge in dependencies({"a.ts": "import * as self from './a'"}, "a.ts")] == ["a.ts"]


# ---- Python ----------------------------------------------------------------------------------------------------------

PACKAGE = {
    "pkg/__init__.py": "own = 1",
    "pkg/a.py": "def f(): ...",
    "pkg/b.py": "",
    "pkg/sub/__init__.py": "",
    "pkg/sub/deep.py": "def h(): ...",
}


def python(source: str, path: str = "main.py") -> list[tuple[str, str, bool]]:
    """The same for Python."""
    files = PACKAGE | {path: source}
    return [(edge.kind, edge.target, edge.type_only) for edge in dependencies(files, path)]


@pytest.mark.parametrize(
    ("path", "source", "targets"),
    [
        ("main.py", "import pkg", ["pkg/__init__.py"]),
        ("main.py", "import pkg.a", ["pkg/a.py"]),
        ("main.py", "import pkg.a as x", ["pkg/a.py"]),
        ("main.py", "import pkg.a, pkg.b", ["pkg/a.py", "pkg/b.py"]),
        ("main.py", "from pkg import own", ["pkg/__init__.py"]),
        ("main.py", "from pkg import a", ["pkg/a.py"]),
        ("main.py", "from pkg import a, b", ["pkg/a.py", "pkg/b.py"]),
        ("main.py", "from pkg import a, own", ["pkg/a.py", "pkg/__init__.py"]),
        ("main.py", "from pkg import a as x", ["pkg/a.py"]),
        ("main.py", "from pkg import *", ["pkg/__init__.py"]),
        ("main.py", "from pkg.a import f", ["pkg/a.py"]),
        ("main.py", "from pkg.sub import deep", ["pkg/sub/deep.py"]),
        ("main.py", "from pkg.sub.deep import h", ["pkg/sub/deep.py"]),
        ("pkg/c.py", "from . import a", ["pkg/a.py"]),
        ("pkg/c.py", "from . import own", ["pkg/__init__.py"]),
        ("pkg/c.py", "from .sub import deep", ["pkg/sub/deep.py"]),
        ("pkg/sub/c.py", "from ..a import f", ["pkg/a.py"]),
        ("pkg/sub/c.py", "from .. import a, own", ["pkg/a.py", "pkg/__init__.py"]),
        ("main.py", "def g():\n    from pkg.a import f", ["pkg/a.py"]),
        ("main.py", "try:\n    import pkg.a\nexcept ImportError:\n    import pkg.b", ["pkg/a.py", "pkg/b.py"]),
        ("main.py", "import numpy", ["(numpy)"]),
        ("main.py", "import numpy.linalg", ["(numpy)"]),
        ("main.py", "from numpy.linalg import norm", ["(numpy)"]),
        ("main.py", "from .gone import x", ["?"]),
        ("main.py", "from pkg.gone import x", ["?"]),
        ("pkg/c.py", "from .gone import x", ["?"]),
        ("main.py", "from __future__ import annotations", []),
    ],
)
def test_where_a_python_import_leads(path: str, source: str, targets: list[str]) -> None:
    assert [target for _, target, _ in python(source, path)] == targets


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import pkg.a", ("import", "pkg/a.py", False)),
        ("if TYPE_CHECKING:\n    import pkg.a", ("type_import", "pkg/a.py", True)),
        ("if TYPE_CHECKING:\n    from pkg.a import f", ("type_import", "pkg/a.py", True)),
        ("if TYPE_CHECKING:\n    from pkg import a", ("type_import", "pkg/a.py", True)),
        ("if typing.TYPE_CHECKING:\n    from pkg.a import f", ("type_import", "pkg/a.py", True)),
        ("if TYPE_CHECKING:\n    ...\nelse:\n    from pkg.a import f", ("import", "pkg/a.py", False)),
        ("if not TYPE_CHECKING:\n    from pkg.a import f", ("import", "pkg/a.py", False)),
        ("if TYPE_CHECKING:\n    ...\nfrom pkg.a import f", ("import", "pkg/a.py", False)),
        ("importlib.import_module('pkg.a')", ("dynamic_import", "pkg/a.py", False)),
        ("import_module('pkg.a')", ("dynamic_import", "pkg/a.py", False)),
        ("__import__('pkg.a')", ("dynamic_import", "pkg/a.py", False)),
    ],
)
def test_kinds_of_python_imports(source: str, expected: tuple[str, str, bool]) -> None:
    assert python(source) == [expected]


def test_a_dynamic_import_of_a_computed_name_is_no_edge() -> None:
    assert python("import_module(name)\nimport_module('pkg.' + name)") == []


def test_a_python_edge_tells_what_the_source_says() -> None:
    source = "\nimport numpy.linalg as la\nfrom pkg import (\n    a,\n    own,\n)\nfrom pkg.sub.gone import x\n"
    assert dependencies(PACKAGE | {"main.py": source}, "main.py") == [
        Dependency("import", "(numpy)", "numpy.linalg", type_only=False, line=2),
        Dependency("import", "pkg/a.py", "pkg", type_only=False, line=3),
        Dependency("import", "pkg/__init__.py", "pkg", type_only=False, line=3),
        Dependency("import", "?", "pkg.sub.gone", type_only=False, line=7),
    ]


def test_a_package_that_imports_from_itself() -> None:
    files = {"pkg/__init__.py": "from . import a\nfrom .a import f\nfrom . import own\nown = 1", "pkg/a.py": "f = 1"}
    targets = [edge.target for edge in dependencies(files, "pkg/__init__.py")]
    assert targets == ["pkg/a.py", "pkg/a.py", "pkg/__init__.py"]


def test_a_folder_without_a_file_of_its_own_is_neither_loaded_nor_missing() -> None:
    files: Sources = {"main.py": "import names\nfrom names import inner, nothing\n", "names/inner.py": ""}
    assert [(edge.target, edge.line) for edge in dependencies(files, "main.py")] == [("names/inner.py", 2), ("?", 2)]


def test_a_module_named_like_a_package_means_the_package() -> None:
    assert [edge.target for edge in dependencies({"redis.py": "import redis"}, "redis.py")] == ["(redis)"]


# ---- symbols ---------------------------------------------------------------------------------------------------------


def test_a_symbol_uses_what_it_refers_to_from_the_first_line_on() -> None:
    files = {
        "main.py": "from lib import f, k\n\ndef g():\n    k\n    f()\n    f()\n\ndef h(): f()\n\nf()\n",
        "lib.py": "def f(): ...\nk = 1",
    }
    assert uses(files, "main.py") == [
        Use("main.py#g", "lib.py#f", 5),
        Use("main.py#g", "lib.py#k", 4),
        Use("main.py#h", "lib.py#f", 8),
    ]


def test_uses_of_several_kinds_are_one() -> None:
    files = {
        "main.ts": "import { C } from './lib'\nfunction g(\n  a: C,\n): C {\n  return new C(C)\n}",
        "lib.ts": "export class C {}",
    }
    assert uses(files, "main.ts") == [Use("main.ts#g", "lib.ts#C", 3)]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("function a() { b() }\nfunction b() {}", [Use("main.ts#a", "main.ts#b", 1)]),
        ("function a() {\n  a()\n}", [Use("main.ts#a", "main.ts#a", 2)]),
        ("class A extends B {}\nclass B {}", [Use("main.ts#A", "main.ts#B", 1)]),
        ("class A { m() { this.n() } n() {} }", [Use("main.ts#A.m", "main.ts#A.n", 1)]),
        ("import { x } from './x'\nexport { y } from './x'", []),
        ("function a() { unknown() }", []),
        ("function a() {}\na()", []),
    ],
)
def test_which_symbols_use_which(source: str, expected: list[Use]) -> None:
    files: Sources = {"main.ts": source, "x.ts": "export const x = 1, y = 2"}
    assert uses(files, "main.ts") == expected


# ---- cycles ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("edges", "expected"),
    [
        ({}, []),
        ({"a": "b", "b": "c"}, []),
        ({"a": "a"}, [["a"]]),
        ({"a": "b", "b": "a"}, [["a", "b"]]),
        ({"c": "a", "b": "c", "a": "b"}, [["a", "b", "c"]]),
        ({"a": "b", "b": "ac", "c": "d", "d": "c"}, [["a", "b"], ["c", "d"]]),
        ({"a": "bc", "b": "a", "c": "a"}, [["a", "b", "c"]]),
        ({"a": "bc", "b": "d", "c": "d"}, []),
        ({"a": "x", "b": "b"}, [["b"]]),
    ],
)
def test_cycles(edges: dict[str, str], expected: list[list[str]]) -> None:
    assert cycles(edges) == expected
