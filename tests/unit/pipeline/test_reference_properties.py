"""What holds of every program, however odd: sound rows, the same in any order, and no input that ends or stalls it."""

import gc
import re
from collections.abc import Iterable, Iterator, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kotadb.parsers.work import work
from support.corpus import files
from support.program import Commit, Occurrence, facts_of, linked, meaning

CORPUS = {f"{file.parent.name}/{file.name}": file.read_bytes() for file in files()}
_WORD = re.compile(r"#?[\w$]+")
_ALIAS = re.compile(r"([\w.]+)\s+as\s+(\w+)|import\s+(?P<default>\w+)\s+from")


# ---- small programs of modules that import each other ----------------------------------------------------------------

MODULES = st.sampled_from("abc")
NAMES = st.sampled_from(["f", "g", "C", "D", "x"])
TYPESCRIPT = [
    "import {{ {n} }} from './{m}'", "import {{ {n} as {o} }} from './{m}'", "import {o} from './{m}'",
    "import * as {o} from './{m}'", "import type {{ {n} }} from './{m}'", "export {{ {n} }} from './{m}'",
    "export {{ {n} as {o} }} from './{m}'", "export * from './{m}'", "export * as {o} from './{m}'", "export {{ {n} }}",
    "export {{ {n} as {o} }}", "export default {n}", "export function {n}({o}: {p}) {{ {o}.{p}(); {n}({p}) }}",
    "export class {n} extends {o} {{ {p}: {n}; m(): {o} {{ return this.{p}.m() }} }}", "export const {n} = new {o}()",
    "export type {n} = {o}", "namespace {n} {{ export const {o} = {p} }}", "{n}()", "new {n}().m().{o}",
    "{n}.{o} = {p}", "let {n}: {o} = {p}", "function {n}() {{ const {o} = {p}(); return {o}.m() }}",
]  # fmt: skip
PYTHON = [
    "import {m}", "import {m} as {o}", "from {m} import {n}", "from {m} import {n} as {o}", "from {m} import *",
    "from . import {m}", "from .{m} import {n} as {o}", "__all__ = ['{n}', '{o}']",
    "def {n}({o}: {p}): return {o}.{p}({n})",
    "class {n}({o}):\n    {p}: {n}\n    def m(self) -> {o}: return self.{p}.m()",
    "{n} = {o}()", "{n}: '{o}' = {p}", "{n}.{o} = {p}", "{n}().m().{o}", "def {n}():\n    global {o}\n    {o} = {p}",
    "[{n} for {o} in {p}]", "@{n}\ndef {o}(): ...", "{m}.{n}()",
]  # fmt: skip


def statements(templates: list[str]) -> st.SearchStrategy[str]:
    filled = st.builds(
        lambda template, m, n, o, p: template.format(m=m, n=n, o=o, p=p),
        st.sampled_from(templates), MODULES, NAMES, NAMES, NAMES,
    )  # fmt: skip
    return st.lists(filled, max_size=6).map("\n".join)


def programs(extension: str, templates: list[str]) -> st.SearchStrategy[dict[str, str]]:
    return st.fixed_dictionaries({f"{module}{extension}": statements(templates) for module in "abc"})


PROGRAMS = st.one_of(programs(".ts", TYPESCRIPT), programs(".py", PYTHON))


@given(PROGRAMS)
@settings(max_examples=300, deadline=None)
def test_every_row_of_a_program_is_sound(program: dict[str, str]) -> None:
    assert_sound(Commit(program))


def test_every_row_of_the_corpus_is_sound() -> None:
    assert_sound(Commit(CORPUS))


def assert_sound(commit: Commit) -> None:
    """Every edge leads to what there is (`Commit` looks it up), and every reference stands on its name or an alias."""
    aliases = aliases_of(commit.sources.values())
    for path, source in commit.sources.items():
        commit.uses(path)
        commit.dependencies(path)
        lines = source.split(b"\n")
        for each in commit.occurrences(path):
            written = _WORD.match(lines[each.line - 1][each.column :].decode())
            assert written is not None, each
            assert is_module(each) or each.name in aliases.get(written[0], {written[0]}), each


def is_module(occurrence: Occurrence) -> bool:
    """Whether it means a whole module, whose name is the specifier; one that is missing, too."""
    says_so = occurrence.target or occurrence.package or occurrence.name.startswith(".")
    return "#" not in (occurrence.target or "") and (occurrence.kind in ("import", "reexport") or bool(says_so))


def aliases_of(sources: Iterable[bytes]) -> Mapping[str, set[str]]:
    """All names that a name may stand for, by the specifiers of all files: chains of aliases are one set."""
    sets: dict[str, set[str]] = {}
    for one, other in aliased(sources):
        joined = sets.get(one, {one}) | sets.get(other, {other})
        sets |= dict.fromkeys(joined, joined)
    return sets


def aliased(sources: Iterable[bytes]) -> Iterator[tuple[str, str]]:
    for source in sources:
        for match in _ALIAS.finditer(source.decode()):
            yield ("default", match["default"]) if match["default"] else (match[1], match[2])
        for match in re.finditer(r"export default (?:async )?(?:function\*? |class )?(\w+)", source.decode()):
            yield "default", match[1]


@given(PROGRAMS, st.permutations("abc"))
@settings(max_examples=200, deadline=None)
def test_rows_depend_neither_on_the_order_of_files_nor_on_what_was_asked_before(
    program: dict[str, str], order: list[str]
) -> None:
    commit = Commit(program)
    again = {path: commit.facts[path] for module in order for path in program if path.startswith(module)}
    assert linked(commit.sources, again, commit.ids) == commit.rows
    assert Commit(program).rows == commit.rows


def test_rows_of_the_corpus_do_not_depend_on_the_order_of_files() -> None:
    commit = Commit(CORPUS)
    assert linked(commit.sources, dict(reversed(commit.facts.items())), commit.ids) == commit.rows


# ---- damaged sources -------------------------------------------------------------------------------------------------


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, bytes]:
    """A file of the corpus with slices of it deleted, doubled, or put elsewhere."""
    path = draw(st.sampled_from(sorted(CORPUS)))
    source = CORPUS[path]
    for _ in range(draw(st.integers(1, 4))):
        start, end, at = sorted(draw(st.tuples(*[st.integers(0, len(source))] * 3)))
        piece = source[start:end] if end - start < 200 else source[start : start + 20]
        rest = source[:start] + source[start + len(piece) :]
        source = draw(st.sampled_from([rest, source[:at] + piece + source[at:], rest[:at] + piece + rest[at:]]))
    return path, source


@given(damaged())
@settings(max_examples=300, deadline=None)
def test_a_damaged_source_has_references_inside_of_it(damage: tuple[str, bytes]) -> None:
    path, source = damage
    lines = source.split(b"\n")
    for each in Commit({path: source}).occurrences(path):
        assert 1 <= each.line <= len(lines)
        assert 0 <= each.column < len(lines[each.line - 1])


def test_a_name_that_is_missing_is_no_reference() -> None:
    assert [each.name for each in Commit({"a.py": "@x.@d\n"}).occurrences("a.py")] == ["x", "d"]


# ---- what the parser processes rely on -------------------------------------------------------------------------------


@pytest.mark.parametrize("path", CORPUS)
def test_extraction_leaves_no_reference_cycles(path: str) -> None:
    language = path.partition("/")[0]
    work(language, CORPUS[path])
    gc.collect()
    gc.disable()
    try:
        work(language, CORPUS[path])
        assert gc.collect() == 0
    finally:
        gc.enable()


# ---- deep and long sources -------------------------------------------------------------------------------------------

DEEP = 10_000
LONG, CHAIN = 5_000, 2_000


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("a.ts", f"const y = {'(' * DEEP}x{')' * DEEP}; y.m()"),
        ("a.py", f"y = {'(' * DEEP}x{')' * DEEP}\ny.m()"),
        ("a.ts", f"{'f(' * LONG}{')' * LONG}"),
        ("a.ts", f"{'function f(x) {' * 1_000}x{'}' * 1_000}"),
        ("a.py", f"{'lambda x: ' * 1_000}x"),
        ("a.ts", f"let a: {'A | ' * LONG}B; a.m()"),
        ("a.ts", f"let a: {'A<' * 1_000}B{'>' * 1_000}; a.m()"),
        ("a.py", f"a: {'A[' * 1_000}B{']' * 1_000}\na.m()"),
        ("a.ts", f"{'namespace A {' * 1_000}x{'}' * 1_000}"),
        ("a.ts", f"(x{' as T' * LONG}).m()"),
        ("a.py", f"import {'.'.join(['a'] * 3_000)}"),
    ],
)
@pytest.mark.timeout(30)
def test_deep_nesting_is_no_obstacle(path: str, source: str) -> None:
    assert facts_of({path: source.encode()})[path].lines > 0


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("a.ts", "class C { m(): C { return this } }\nnew C()" + ".m()" * CHAIN),
        ("a.py", "class C:\n    def m(self) -> 'C': ...\nC()" + ".m()" * CHAIN),
        ("a.ts", "a" + ".b" * CHAIN),
    ],
)
@pytest.mark.timeout(60)
def test_long_chains_are_followed_a_while(path: str, source: str) -> None:
    assert len(Commit({path: source}).occurrences(path)) >= CHAIN


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("a.ts", "function f() { const a0 = x;\n{lines}a{last}.m() }", ),
        ("a.py", "def f():\n    a0 = x\n{lines}    a{last}.m()"),
    ],
)  # fmt: skip
def test_locals_that_are_bound_to_each_other_are_followed_a_while(path: str, source: str) -> None:
    line = "const a{} = a{};\n" if path == "a.ts" else "    a{} = a{}\n"
    lines = "".join(line.format(number, number - 1) for number in range(1, LONG))
    last = Commit({path: source.replace("{lines}", lines).replace("{last}", str(LONG - 1))}).occurrences(path)[-1]
    assert last.said() == "call ?"


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("a.ts", "function f() { " + "var x = x.m();\n" * 1_000 + "}"),
        ("a.py", "def f(x):\n" + "    x = x.m()\n" * 1_000),
    ],
)
def test_a_local_that_is_bound_to_itself_over_and_over(path: str, source: str) -> None:
    assert {each.said() for each in Commit({path: source}).occurrences(path)} == {"call ?"}


@pytest.mark.parametrize(("extension", "star"), [("ts", "export * from './m{}'"), ("py", "from m{} import *")])
def test_a_chain_of_three_hundred_barrels(extension: str, star: str) -> None:
    links = {f"m{number}.{extension}": star.format(number + 1) for number in range(300)}
    definition = "export function f() {}" if extension == "ts" else "def f(): ..."
    use = "import { f } from './m0'; «f»()" if extension == "ts" else "from m0 import f\n«f»()"
    files = links | {f"m300.{extension}": definition, f"main.{extension}": use}
    assert meaning(files) == f"call m300.{extension}#f"
