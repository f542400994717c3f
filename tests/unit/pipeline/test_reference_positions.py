"""A reference stands where its name stands in the bytes of the file, whatever else is on the line."""

import pytest

from support.program import Commit, Sources

BEFORE = {"ascii": "", "two bytes": "é", "three bytes": "€", "four bytes": "😀", "all": "aé€😀 é"}
TYPESCRIPT = [
    "/* {} */ import {{ größe }} from './lib'",
    "/* {} */ größe()",
    "const a = '{}' + größe",
    "const b = `{}${{größe}}`",
    "/* {} */ lib.größe()",
    "const c = {{ k: '{}', größe }}",
    "/* {} */ let d: Größe",
    "/* {} */ export {{ größe as size }}",
    "/* {} */ export * as größe2 from './lib'",
    "@größe('{}') class E extends Größe {{}}",
    "const [f = '{}', g = größe] = []",
]
PYTHON = [
    "_ = '{}'; from lib import größe",
    "_ = '{}'; größe()",
    "a = '{}' + größe",
    "b = f'{}{{größe}}'",
    "_ = '{}'; lib.größe()",
    "_ = ('{}', größe)",
    "def c(a: Größe = '{}', b: Größe = None): ...",
    "def d(a='{}', b: 'Größe' = None): ...",
    "def e(a='{}', b: 'dict[Größe, lib.Größe]' = None): ...",
    "class F(Größe, k='{}', l=größe): ...",
]


def assert_named(path: str, source: bytes, *, at_least: int) -> None:
    """Every reference to what `lib` has stands on its name."""
    lib = {
        "lib.ts": "export function größe() {}\nexport class Größe {}",
        "lib.py": "def größe(): ...\nclass Größe: ...",
    }
    lines = source.split(b"\n")
    found = [each for each in Commit(lib | {path: source}).occurrences(path) if each.name in ("größe", "Größe")]
    assert len(found) >= at_least
    for each in found:
        name = each.name.encode()
        assert lines[each.line - 1][each.column : each.column + len(name)] == name
    assert {each.target for each in found} <= {f"lib{path[4:]}#größe", f"lib{path[4:]}#Größe"}


@pytest.mark.parametrize("before", BEFORE.values(), ids=BEFORE.keys())
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("start", ["", "\ufeff"], ids=["plain", "bom"])
def test_typescript(before: str, end: str, start: str) -> None:
    head = ["import { größe, Größe } from './lib'", "import * as lib from './lib'"]
    lines = head + [line.format(before) for line in TYPESCRIPT]
    assert_named("main.ts", (start + end.join(lines)).encode(), at_least=13)


@pytest.mark.parametrize("before", BEFORE.values(), ids=BEFORE.keys())
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("start", ["", "\ufeff"], ids=["plain", "bom"])
def test_python(before: str, end: str, start: str) -> None:
    head = ["from lib import größe, Größe", "import lib"]
    lines = head + [line.format(before) for line in PYTHON]
    assert_named("main.py", (start + end.join(lines)).encode(), at_least=13)


@pytest.mark.parametrize(
    ("path", "source", "places"),
    [
        ("main.ts", "import { f } from './lib'\n\t\tf()\n", ["1:9", "2:2"]),
        ("main.ts", "\ufeffimport { f } from './lib'\r\n\r\nf()\r\n", ["1:12", "3:0"]),
        ("main.ts", "import { f } from './lib'; /* 😀 */ f(); /* é\n€ */ f()", ["1:9", "1:38", "2:7"]),
        ("main.ts", "import { f } from './lib'\n`\n😀\n${f()}`", ["1:9", "4:2"]),
        ("main.tsx", "import { f } from './lib'\nconst a = <p>😀 {f()}</p>", ["1:9", "2:19"]),
        ("main.py", "from lib import f\nif f:\n\tf()\n", ["1:16", "2:3", "3:1"]),
        ("main.py", "\ufefffrom lib import f\r\n\r\nf()\r\n", ["1:19", "3:0"]),
        ("main.py", "from lib import f\n'😀'; f(); 'é'; f()", ["1:16", "2:8", "2:19"]),
        ("main.py", "from lib import f\n'''\n😀\n'''; f()", ["1:16", "4:5"]),
        ("main.py", "from lib import f\nf'{f()}😀{f()}'", ["1:16", "2:3", "2:12"]),
        ("main.py", "from lib import f\ndef g(a: 'é | f'): ...", ["1:16", "2:15"]),
        ("main.py", "from lib import f\r\n\x0c\r\nf()", ["1:16", "3:0"]),
    ],
)
def test_lines_count_from_one_and_columns_in_bytes_from_zero(path: str, source: str, places: list[str]) -> None:
    lib = {"lib.ts": "export function f() {}", "lib.py": "def f(): ..."}
    found = Commit(lib | {path: source.encode()}).occurrences(path)
    assert [f"{each.line}:{each.column}" for each in found if each.name == "f"] == places


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_source_that_the_grammar_needs_repaired_keeps_its_positions(ending: str) -> None:
    lines = ["import { f, T } from './lib'", "interface A<in out B = T> {", "  (): void", "  <C>(): T", "}", "f()"]
    files: Sources = {"lib.ts": "export function f() {}\nexport type T = 1", "main.ts": ending.join(lines).encode()}
    found = [(f"{each.line}:{each.column}", each.target) for each in Commit(files).occurrences("main.ts")]
    assert found == [
        ("1:9", "lib.ts#f"),
        ("1:12", "lib.ts#T"),
        ("2:23", "lib.ts#T"),
        ("4:9", "lib.ts#T"),
        ("6:0", "lib.ts#f"),
    ]
