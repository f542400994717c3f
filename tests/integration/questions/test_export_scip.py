"""An index in the SCIP format says what the index says, by the rules of the format."""

from collections import Counter

import pytest

from kotadb.questions.export import export_records
from kotadb.questions.scip import export_scip
from kotadb.scip.reading import decoded, documents
from kotadb.scip.scip_pb2 import Document, Index, Occurrence, SymbolInformation, SymbolRole, TextEncoding
from support.questions import Indexed, MakeIndexed
from support.scip import descriptors, text_at

UTF8 = 1

FILES = {
    "lib.ts": (
        "/** Says hello. */\n"
        "export function greet(name: string): string\n"
        "export function greet(name: number): string\n"
        "export function greet(name: unknown) { return `${name}` }\n"
        "export interface Runs { run(): void }\n"
        "export class Base { run() {} ; get x() { return 1 } ; set x(to: number) {} }\n"
        "export let count = 0\n"
    ),
    "main.ts": (
        "import { greet as hi, Base, count, type Runs } from './lib'\n"
        "import { useState } from 'react'\n"
        "export class Sub extends Base implements Runs { run() { return 'äö𝄞' + hi('x') + useState(count) } }\n"
        "export function early() { return missing() }\n"
    ),
    "generated/made.ts": "import { count } from '../lib'\ncount\n",
    "lib.test.ts": "import { Base } from './lib'\nnew Base().x = 1\n",
    "pkg/a b.py": "class C:\n    '''Documented.'''\n    def m(self): return self.m()\n",
    "README.md": "# No code\n",
}


@pytest.fixture
def at(indexed_once: MakeIndexed) -> Indexed:
    return indexed_once(FILES)


@pytest.fixture
def exported(at: Indexed) -> Index:
    return decoded(b"".join(export_scip(at.database, at.repository, at.index)))


def document(index: Index, path: str) -> Document:
    [found] = [each for each in documents(index) if each.relative_path == path]
    return found


def place(line: int, found: Document, symbol: str) -> Occurrence:
    """The occurrence of a symbol with this end on a line, from 1."""
    [each] = [each for each in found.occurrences if each.range[0] == line - 1 and each.symbol.endswith(symbol)]
    return each


def described(found: Document, symbol: str) -> SymbolInformation:
    [each] = [each for each in found.symbols if each.symbol.endswith(symbol)]
    return each


def test_it_begins_with_what_it_is_of_and_has_every_file_in_order(at: Indexed, exported: Index) -> None:
    about = exported.metadata
    assert (about.tool_info.name, about.text_document_encoding) == ("kotadb", TextEncoding.UTF8)
    assert about.project_root == f"file://{at.repo.path}"
    assert [each.relative_path for each in documents(exported)] == sorted(FILES)
    assert {each.language for each in documents(exported)} == {"TypeScript", "Python", ""}
    assert {each.position_encoding for each in documents(exported)} == {UTF8}


def test_it_is_the_same_each_time(at: Indexed) -> None:
    first, second = (list(export_scip(at.database, at.repository, at.index)) for _ in range(2))
    assert first == second


def test_every_symbol_is_of_the_grammar_of_the_commit_and_described_once(at: Indexed, exported: Index) -> None:
    external = [SymbolInformation.FromString(data).symbol for data in exported.external_symbols]
    own = [symbol.symbol for each in documents(exported) for symbol in each.symbols]
    assert max(Counter(own + external).values()) == 1
    assert {each.symbol for found in documents(exported) for each in found.occurrences} == {*own, *external}
    assert all(descriptors(symbol) for symbol in own + external)
    assert all(symbol.startswith(f"kotadb git repo {at.repo.head} ") for symbol in own)
    assert external == ["kotadb npm react . react/useState."]


def test_what_stands_at_a_place_is_the_name_or_its_alias(exported: Index) -> None:
    names = {symbol.symbol: symbol.display_name for each in documents(exported) for symbol in each.symbols}
    for found in documents(exported):
        lines = FILES[found.relative_path].encode().split(b"\n")
        for each in found.occurrences:
            assert text_at(lines, each, UTF8) in (names.get(each.symbol), "", "hi", "useState")


def test_it_has_the_places_of_the_other_export(at: Indexed, exported: Index) -> None:
    records = [*export_records(at.database, at.repository, at.index)]
    known = [
        (each["path"], each["line"] - 1, each["column"])
        for each in records
        if each["record"] == "reference" and (each["target_path"] or each["package"])
    ]
    defined = [(each["path"], each["name_line"] - 1, each["name_column"]) for each in records if "name_line" in each]
    places: dict[int, list[tuple[str, int, int]]] = {0: [], SymbolRole.Definition: []}
    for found in documents(exported):
        for each in found.occurrences:
            if each.range[1] != each.range[2]:  # else it is the file itself
                place = found.relative_path, each.range[0], each.range[1]
                places[each.symbol_roles & SymbolRole.Definition].append(place)
    assert (sorted(places[0]), sorted(places[SymbolRole.Definition])) == (sorted(known), sorted(defined))


def test_a_definition_has_all_that_is_known_of_it(exported: Index) -> None:
    lib = document(exported, "lib.ts")
    greet = described(lib, "greet().")
    assert greet.documentation == ["Says hello."]
    assert (greet.kind, greet.display_name) == (SymbolInformation.Function, "greet")
    assert greet.signature_documentation.text == "export function greet(name: string): string"
    assert greet.signature_documentation.language == "TypeScript"
    assert described(lib, "Base#run().").enclosing_symbol == described(lib, "Base#").symbol
    assert place(6, lib, "Base#").enclosing_range == [5, 0, 76]


def test_overloads_are_told_apart_and_meant_together_and_accessors_are_one(exported: Index) -> None:
    lib = document(exported, "lib.ts")
    for overload in ("greet(+1).", "greet(+2)."):
        [related] = described(lib, overload).relationships
        assert (related.symbol, related.is_reference) == (described(lib, "greet().").symbol, True)
    assert len([each for each in lib.occurrences if each.symbol.endswith("Base#x.")]) == 2


def test_what_is_extended_implemented_and_overridden_is_related(exported: Index) -> None:
    main = document(exported, "main.ts")
    classes = described(main, "Sub#").relationships
    assert [each.symbol.rpartition("/")[2] for each in classes] == ["Base#", "Runs#"]
    assert all(each.is_implementation and not each.is_reference for each in classes)
    members = described(main, "Sub#run().").relationships
    assert [each.symbol.rpartition("/")[2] for each in members] == ["Base#run().", "Runs#run()."]
    assert all(each.is_implementation and each.is_reference for each in members)


def test_roles_tell_what_is_done(exported: Index) -> None:
    main, test, made = (document(exported, path) for path in ("main.ts", "lib.test.ts", "generated/made.ts"))
    assert place(1, main, "Base#").symbol_roles == SymbolRole.Import
    assert place(3, main, "count.").symbol_roles == SymbolRole.ReadAccess
    assert place(3, main, "Sub#").symbol_roles == SymbolRole.Definition
    assert place(2, test, "Base#x.").symbol_roles == SymbolRole.WriteAccess | SymbolRole.Test
    assert place(2, made, "count.").symbol_roles == SymbolRole.ReadAccess | SymbolRole.Generated


def test_what_is_not_known_is_not_there(exported: Index) -> None:
    assert "missing" not in str(document(exported, "main.ts"))
