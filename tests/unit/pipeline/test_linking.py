"""Linking a commit of all languages at once: rows that lead somewhere, in any order, from any input, without end."""

import gc
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import permutations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kotadb.languages import language_of, load
from kotadb.model import unpack_positions
from kotadb.pipeline.discover import decode
from kotadb.pipeline.extract import extract
from kotadb.pipeline.identify import symbol_ids
from kotadb.pipeline.link import LinkedFile, Linker
from kotadb.pipeline.packing import pack
from support.commits import COMMITS, CYCLES, MODULES
from support.copied import ReferenceRow, dependency_rows, reference_rows, symbol_rows
from support.corpus import files
from support.program import Commit, linker_of, meaning, meanings, refs

CORPUS = {f"{file.parent.name}/{file.name}": file.read_bytes() for file in files()}

# ---- rows lead to what there is --------------------------------------------------------------------------------------


@given(COMMITS)
@example(CYCLES)
@settings(max_examples=60, deadline=None)
def test_a_row_leads_to_a_symbol_of_the_file_that_it_leads_to(commit: dict[str, str]) -> None:
    assert_sound(Commit(commit))


def test_a_row_of_the_corpus_leads_to_a_symbol_of_the_file_that_it_leads_to() -> None:
    assert_sound(Commit(CORPUS))


def assert_sound(commit: Commit) -> None:
    symbols = {commit.ids[path]: set(symbol_ids(facts.symbols)) for path, facts in commit.facts.items()}
    for path, rows in commit.rows.items():
        own = symbols[commit.ids[path]]
        lines = commit.sources[path].split(b"\n")
        references, edges = reference_rows(rows.references), dependency_rows(rows.dependencies)
        for row in references:
            assert_leads_somewhere(row, own, symbols)
            assert_stands_somewhere(row, lines)
        assert {row.symbol_id for row in symbol_rows(rows.symbols)} == own
        assert all(row.to_file_id in {None, *commit.ids.values()} for row in edges)
        assert rows.symbol_count == len(own)
        assert rows.reference_count == sum(row.occurrences for row in references)
        assert rows.dependency_count == len(edges) + len(commit.uses(path))


def assert_leads_somewhere(row: ReferenceRow, own: set[int], symbols: Mapping[int, set[int]]) -> None:
    assert row.enclosing_symbol_id is None or row.enclosing_symbol_id in own, row
    assert row.target_file_id is None or row.target_file_id in symbols, row
    assert (row.target_symbol_id is None) == (row.resolution is None), row
    assert row.target_symbol_id is None or row.target_symbol_id in symbols[row.target_file_id or 0], row
    assert row.package is None or row.target_file_id is None, row


def assert_stands_somewhere(row: ReferenceRow, lines: Sequence[bytes]) -> None:
    positions = unpack_positions(row.positions)
    assert row.occurrences == len(positions) > 0, row
    assert row.line == positions[0][0], row
    assert positions == sorted(set(positions)), row
    assert all(line >= 1 and column < len(lines[line - 1]) for line, column in positions), row


# ---- rows stand on what they name ------------------------------------------------------------------------------------

WORD = re.compile(r"#?[\w$]+")
ALIASES = [
    (r"(?P<meant>\w+)\s+as\s+(?P<shown>\w+)", None),
    (r"import (?:type )?(?P<shown>\w+)(?:, \{.*\})? from", "default"),
    (r"(?:\* as|import|const) (?P<shown>\w+) (?:from|= require\()", "default"),
    (r"import (?P<shown>\w+) = (?:\w+\.)*(?P<meant>\w+)", None),
    (r"export default (?:(?:async|abstract|class|function)\b\*? *)*(?P<meant>\w+)", "default"),
    (r"(?:module\.exports|export) = (?:(?:async|class|function)\b\*? *)*(?P<meant>\w+)", "default"),
    (r"exports\.(?P<shown>\w+) = (?P<meant>\w+)", None),
    (r"\{ (?P<meant>\w+): (?P<shown>\w+) \} = require", None),
]
"""How one name is made another: what is shown, and what is meant by it; of the two, a pattern may leave one to say."""


@given(COMMITS)
@example(CYCLES)
@settings(max_examples=60, deadline=None)
def test_a_reference_stands_on_its_name_or_on_an_alias_of_it(commit: dict[str, str]) -> None:
    assert_named(Commit(commit))


def test_a_reference_in_the_corpus_stands_on_its_name_or_on_an_alias_of_it() -> None:
    assert_named(Commit(CORPUS))


def assert_named(commit: Commit) -> None:
    aliases = aliases_of(commit.sources.values())
    for path, source in commit.sources.items():
        lines = source.split(b"\n")
        specifiers = {item.specifier for item in commit.facts[path].links.imports}
        for each in commit.occurrences(path):
            word = WORD.match(lines[each.line - 1][each.column :].decode())
            assert word is not None, (path, each)
            names_module = "#" not in (each.target or "") and names_part(each.name, specifiers)
            assert names_module or each.name in meant_by(word[0], aliases), (path, word[0], each)


def names_part(name: str, specifiers: Iterable[str]) -> bool:
    """Whether it is a specifier, or a dotted one as far as one of its parts."""
    return any(f"{specifier}.".startswith(f"{name}.") for specifier in specifiers)


def aliases_of(sources: Iterable[bytes]) -> Mapping[str, set[str]]:
    """What each name may stand for, by one step, in any of the sources."""
    found: dict[str, set[str]] = {}
    for source in sources:
        for pattern, other in ALIASES:
            for match in re.finditer(pattern, source.decode()):
                said = {"shown": other, "meant": other} | match.groupdict()
                found.setdefault(str(said["shown"]), set()).add(str(said["meant"]))
    return found


def meant_by(name: str, aliases: Mapping[str, set[str]]) -> set[str]:
    meant = {name}
    pending = [name]
    while pending:
        new = aliases.get(pending.pop(), set()) - meant
        meant |= new
        pending += new
    return meant


# ---- rows are the same however they are asked for --------------------------------------------------------------------


@given(COMMITS, st.permutations(sorted(MODULES)))
@example(CYCLES, sorted(CYCLES))
@settings(max_examples=40, deadline=None)
def test_rows_depend_on_neither_the_order_of_files_nor_that_of_questions(
    commit: dict[str, str], order: list[str]
) -> None:
    shuffled = [path for path in order if path in commit]
    assert_same_in_any_order(Commit(commit), [sorted(commit), sorted(commit, reverse=True), shuffled])


def test_rows_of_the_corpus_depend_on_neither_the_order_of_files_nor_that_of_questions() -> None:
    assert_same_in_any_order(Commit(CORPUS), [sorted(CORPUS), sorted(CORPUS, reverse=True)])


def assert_same_in_any_order(commit: Commit, found: Iterable[list[str]]) -> None:
    for added, asked in permutations(found, 2):
        linker = linker_of(
            commit.sources, {path: pack(commit.facts[path], str(language_of(path))) for path in added}, commit.ids
        )
        once = linked(linker, added, asked)
        assert once == commit.rows
        assert linked(linker, added, reversed(asked)) == once


def linked(linker: Linker, added: Sequence[str], asked: Iterable[str]) -> dict[str, LinkedFile]:
    numbers = {path: added.index(path) for path in asked}
    return {path: linker.linked(linker.resolved(number)) for path, number in numbers.items()}


# ---- damaged sources -------------------------------------------------------------------------------------------------


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, bytes]:
    """A file of the corpus in which slices of bytes were deleted, doubled or put in: of any file, or any bytes."""
    path = draw(st.sampled_from(sorted(CORPUS)))
    source = CORPUS[path]
    for _ in range(draw(st.integers(1, 5))):
        start, length = draw(st.integers(0, len(source))), draw(st.integers(0, 60))
        end = start + length
        other = CORPUS[draw(st.sampled_from(sorted(CORPUS)))]
        there = draw(st.integers(0, len(other)))
        put = draw(
            st.sampled_from([b"", source[start:end] * 2, other[there : there + length], source[start : end + 1]])
        )
        noise = draw(st.binary(max_size=4))
        source = source[:start] + put + noise + source[end:]
    return path, decode(source).encode()


@given(st.lists(damaged(), min_size=1, max_size=3))
@settings(max_examples=60, deadline=None)
def test_damaged_sources_are_linked_as_soundly_as_others(damages: list[tuple[str, bytes]]) -> None:
    commit = {path.rpartition("/")[2]: source for path, source in damages}
    assert_sound(Commit(commit))


# ---- garbage ---------------------------------------------------------------------------------------------------------


@given(damaged())
@settings(max_examples=60, deadline=None)
def test_extraction_leaves_nothing_to_the_collector_of_cycles(damage: tuple[str, bytes]) -> None:
    """Parser processes switch it off."""
    assert garbage_of(*damage) == 0


@given(COMMITS)
@example(CYCLES)
@settings(max_examples=40, deadline=None)
def test_extraction_of_modules_leaves_nothing_to_the_collector_of_cycles(commit: dict[str, str]) -> None:
    for path, source in commit.items():
        assert garbage_of(path, source.encode()) == 0


def garbage_of(path: str, source: bytes) -> int:
    """How many objects the collector finds after the source was extracted; a first time fills caches."""
    language = load(str(language_of(path)))
    extract(source, language)
    gc.disable()
    gc.freeze()
    try:
        extract(source, language)
        return gc.collect()
    finally:
        gc.enable()
        gc.unfreeze()


# ---- hostile shapes: each ends, and soon; the timeout says so --------------------------------------------------------

pytestmark = pytest.mark.timeout(60)
DEEP = 10_000
LONG = 5_000
MANY = 300
LEVELS = 40


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("a.ts", f"function x() {{}}\n{'(' * DEEP}x{')' * DEEP}()"),
        ("a.py", f"def x(): ...\n{'(' * DEEP}x{')' * DEEP}()"),
    ],
)
def test_ten_thousand_parentheses(path: str, source: str) -> None:
    assert refs({path: source}, path)[-1][2:4] == ("x", f"{path}#x")


def test_a_chain_of_two_thousand_calls() -> None:
    chain = "a" + "".join(f".m{number}()" for number in range(2_000))
    names = [name for _, _, name, _, _ in refs({"a.ts": chain}, "a.ts")]
    assert names == ["a", *(f"m{number}" for number in range(2_000))]


@pytest.mark.parametrize("extension", ["ts", "py"])
def test_a_class_finds_what_it_inherits_through_four_hundred_bases(extension: str) -> None:
    per_file = 20
    sources = [class_chain(extension, start, per_file) for start in range(1, 400, per_file)]
    files = {f"m{number}.{extension}": source for number, source in enumerate(sources, start=1)}
    if extension == "ts":
        files |= {"m0.ts": "export class C0 { m() {} }", "main.ts": "import { C400 } from './m20'; new C400().«m»()"}
    else:
        files |= {"m0.py": "class C0:\n def m(self): ...", "main.py": "from m20 import C400\nC400().«m»()"}
    assert meaning(files) == f"call m0.{extension}#C0.m"


def class_chain(extension: str, start: int, length: int) -> str:
    before, here = f"C{start - 1}", f"m{(start - 1) // length}"
    numbers = range(start, start + length)
    if extension == "ts":
        lines = [f"export class C{number} extends C{number - 1} {{}}" for number in numbers]
        return "\n".join([f"import {{ {before} }} from './{here}'", *lines])
    return "\n".join([f"from {here} import {before}", *(f"class C{number}(C{number - 1}): ..." for number in numbers)])


@pytest.mark.parametrize("extension", ["ts", "py"])
def test_a_name_that_three_hundred_barrels_each_call_differently(extension: str) -> None:
    link = "export {{ f{1} as f{0} }} from './m{1}'" if extension == "ts" else "from m{1} import f{1} as f{0}"
    files = {f"m{number}.{extension}": link.format(number, number + 1) for number in range(MANY)}
    files[f"m{MANY}.{extension}"] = f"export class f{MANY} {{}}" if extension == "ts" else f"class f{MANY}: ..."
    files[f"main.{extension}"] = "import { f0 } from './m0'; «f0»" if extension == "ts" else "from m0 import f0\n«f0»"
    assert meaning(files) == f"read m{MANY}.{extension}#f{MANY}"


@pytest.mark.parametrize(("extension", "many"), [("ts", MANY), ("py", 100)])
def test_hundreds_of_files_that_all_hand_on_each_others_names(extension: str, many: int) -> None:
    star = "export * from './m{}'" if extension == "ts" else "from m{} import *"
    stars = "\n".join(star.format(number) for number in range(many))
    files = {f"m{number}.{extension}": stars for number in range(many)}
    last = f"m{many - 1}.{extension}"
    files[last] += "\nexport function f() {}" if extension == "ts" else "\ndef f(): ..."
    takes = "import {{ f, g as {0} }} from './m{1}'" if extension == "ts" else "from m{1} import f, g as {0}"
    files[f"main.{extension}"] = "\n".join([takes.format("g", 0), "«f»(), «g»()"])
    files[f"g.{extension}"] = "export const g = 1" if extension == "ts" else "g = 1"
    assert meanings(files) == [f"call {last}#f", "call ?"]


def test_every_one_of_a_hundred_files_asks_all_others_for_a_name() -> None:
    stars = "\n".join(f"export * from './m{number}'" for number in range(100))
    files = {f"m{number}.ts": f"{stars}\nimport {{ f }} from './m{number}'; f()" for number in range(100)}
    files["m7.ts"] += "\nexport function f() {}"
    assert refs(files, "m8.ts")[-1][3] == "m7.ts#f"


@pytest.mark.parametrize("found", ["m", "missing"])
def test_a_ladder_of_diamonds_has_more_paths_than_can_be_walked(found: str) -> None:
    level = "class L{0}(C{1}): ...\nclass R{0}(C{1}): ...\nclass C{0}(L{0}, R{0}): ..."
    ladder = "\n".join(level.format(number, number - 1) for number in range(1, LEVELS + 1))
    source = f"class C0:\n def m(self): ...\n{ladder}\nC{LEVELS}().«{found}»()"
    assert meaning({"a.py": source}) == ("call a.py#C0.m" if found == "m" else "call ?")


def test_a_ladder_of_interfaces() -> None:
    level = "interface L{0} extends C{1} {{}}\ninterface R{0} extends C{1} {{}}\ninterface C{0} extends L{0}, R{0} {{}}"
    ladder = "\n".join(level.format(number, number - 1) for number in range(1, LEVELS + 1))
    source = f"interface C0 {{ m(): void }}\n{ladder}\nlet c: C{LEVELS}; c.«m»()"
    assert meaning({"a.ts": source}) == "call a.ts#C0.m"


@pytest.mark.parametrize(
    "files",
    [
        {"a.ts": "type A = A\nlet a: A; a.«m»()"},
        {"a.ts": "type A = B; type B = A[]\nlet a: A; a.«m»()"},
        {"a.ts": "type A = typeof a; let a: A; a.«m».m()"},
        {"a.ts": "import { B } from './b'; export type A = B\nlet a: A; a.«m»()", "b.ts": CYCLES["b.tsx"] +
                 "\nimport { A } from './a'; export type B = A"},
        {"a.py": "type A = A\na: A\na.«m»()"},
        {"a.py": "import b\nx = b.x.y\nx.«z»()", "b.py": "import a\nx = a.x.y"},
        {"a.ts": "import * as b from './b'; export const x = b.x.y\nx.«z»()",
         "b.ts": "import * as a from './a'; export const x = a.x.y"},
        {"a.ts": "import { x as y } from './b'; export const x = y.y\nx.«z»()",
         "b.ts": "import { x as y } from './a'; export const x = y.y"},
        {"a.js": "module.exports = require('./b')\nconst { x } = require('./b'); x.«z»()",
         "b.js": "module.exports = require('./a')"},
        {"a.ts": "class A extends A {}\nnew A().«m»()"},
        {"a.py": "from b import B\nclass A(B): ...\nA().«m»()", "b.py": "from a import A\nclass B(A): ..."},
        {"a.ts": "const f = f()\nf().«m»()"},
        {"a.py": "f = f()\nf()().«m»()"},
    ],
)  # fmt: skip
def test_what_goes_round_in_a_circle_leads_nowhere(files: dict[str, str]) -> None:
    assert meaning(files) in ("call ?", "property ?")


@pytest.mark.parametrize(
    ("path", "definition"),
    [
        ("a.ts", "function f(): typeof f { return f }"),
        ("a.ts", "function f() { return f() }"),
        ("a.py", "def f() -> f: return f()"),
    ],
)
def test_a_function_that_gives_itself_is_called_over_and_over(path: str, definition: str) -> None:
    calls = refs({path: f"{definition}\nf{'()' * LONG}.m()"}, path)
    assert calls[-2][2:4] == ("f", f"{path}#f")
