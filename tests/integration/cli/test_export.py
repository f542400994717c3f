"""What `kotadb export` prints of references, dependencies and cycles: other programs rely on its keys."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from kotadb.model import EXTRACTOR_VERSION
from support.repos import make_repo
from support.service import environment, run

FILES: dict[str, str | bytes] = {
    "lib.ts": "export function greet(name: string) { return name }\n",
    "index.ts": "export { greet } from './lib'\n",
    "main.ts": (
        "import { greet as hi } from './index'\n"
        "import type { ReactNode } from 'react'\n"
        "\n"
        "export function run(): ReactNode { return 'äö→𝄞' + hi('x') }\n"
    ),
    "early.py": "import late\n",
    "late.py": "def f():\n    import early\n    return early\n",
    "shapes.ts": (
        "export class Shape { get area() { return 1 } set area(to) {} }\n"
        "export class Square extends Shape { get area() { return 2 } set area(to) {} }\n"
    ),
    "one.py": "import two\n",
    "two.py": "import one\n",
}

COLUMNS = {
    "reference": "path line column name kind enclosing target_path target resolution package",
    "dependency": "from_path to_path package kind specifier type_only line from_symbol to_symbol",
    "relation": "path symbol to_path to_symbol kind",
    "cycle": "paths at_load",
}


@pytest.fixture(scope="module")
def records(module_url: str, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("export")
    env: Mapping[str, str] = environment(module_url, folder)
    repo = make_repo(folder / "repo", FILES)
    run(["index", str(repo.path)], env)
    return [json.loads(line) for line in run(["export", str(repo.path)], env).stdout.splitlines()]


def of(records: list[dict[str, Any]], kind: str, /, **where: object) -> list[dict[str, Any]]:
    """The records of a kind with these values, without their kind."""
    found = (record for record in records if record["record"] == kind and where.items() <= record.items())
    return [{key: value for key, value in record.items() if key != "record"} for record in found]


@pytest.mark.parametrize("kind", COLUMNS)
def test_records_have_these_keys_and_no_others(records: list[dict[str, Any]], kind: str) -> None:
    found = of(records, kind)
    assert found
    assert {frozenset(record) for record in found} == {frozenset(COLUMNS[kind].split())}


def test_the_counts_in_the_header_are_those_of_the_records(records: list[dict[str, Any]]) -> None:
    stats = records[0]["stats"]
    assert stats["references_found"] == len(of(records, "reference"))
    assert stats["dependencies_extracted"] == len(of(records, "dependency"))
    assert records[0]["extractor_version"] == EXTRACTOR_VERSION


def test_a_reference_has_the_name_that_it_refers_to_and_its_column_in_bytes(records: list[dict[str, Any]]) -> None:
    source = str(FILES["main.ts"]).splitlines()[3]
    [call] = of(records, "reference", kind="call")
    assert call == {
        "path": "main.ts",
        "line": 4,
        "column": len(source[: source.index("hi(")].encode()),
        "name": "greet",
        "kind": "call",
        "enclosing": "run",
        "target_path": "lib.ts",
        "target": "greet",
        "resolution": "import",
        "package": None,
    }


def test_a_reexport_is_a_reference_to_what_it_passes_on(records: list[dict[str, Any]]) -> None:
    [reexport] = of(records, "reference", kind="reexport", name="greet")
    assert (reexport["path"], reexport["line"], reexport["column"]) == ("index.ts", 1, len("export { "))
    assert (reexport["target_path"], reexport["target"], reexport["enclosing"]) == ("lib.ts", "greet", None)


def test_a_reference_to_a_package_names_it_and_has_no_target(records: list[dict[str, Any]]) -> None:
    [used] = of(records, "reference", kind="type", name="ReactNode")
    assert (used["package"], used["target_path"], used["target"], used["resolution"]) == ("react", None, None, None)


def test_dependencies_on_files_packages_and_symbols(records: list[dict[str, Any]]) -> None:
    nothing = dict.fromkeys(COLUMNS["dependency"].split()) | {"from_path": "main.ts", "type_only": False}
    assert of(records, "dependency", from_path="main.ts") == [
        nothing | {"to_path": "index.ts", "kind": "import", "specifier": "./index", "line": 1},
        nothing | {"package": "react", "kind": "type_import", "specifier": "react", "line": 2, "type_only": True},
        nothing | {"to_path": "lib.ts", "kind": "use", "line": 4, "from_symbol": "run", "to_symbol": "greet"},
    ]
    [passed_on] = of(records, "dependency", from_path="index.ts")
    assert (passed_on["kind"], passed_on["to_path"], passed_on["specifier"]) == ("reexport", "lib.ts", "./lib")


def test_relations_are_those_of_classes_and_of_members_by_name(records: list[dict[str, Any]]) -> None:
    assert of(records, "relation") == [
        {"path": "shapes.ts", "symbol": "Square", "to_path": "shapes.ts", "to_symbol": "Shape", "kind": "extends"},
        {"path": "shapes.ts", "symbol": "Square.area", "to_path": "shapes.ts", "to_symbol": "Shape.area",
         "kind": "overrides"},
    ]  # fmt: skip


def test_cycles_come_last_and_tell_whether_they_close_at_load(records: list[dict[str, Any]]) -> None:
    assert records[-2:] == [
        {"record": "cycle", "paths": ["early.py", "late.py"], "at_load": False},
        {"record": "cycle", "paths": ["one.py", "two.py"], "at_load": True},
    ]
