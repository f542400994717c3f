"""What a file depends on, and what depends on it."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from kotadb.errors import InvalidInput, NotFound
from support.questions import MakeIndexed, paths, verdict

WEB: dict[str, str | bytes] = {
    "src/app.ts": "import { start } from './server'\n"
    "import type { Options } from './options'\n"
    "import logo from './logo.png'\n"
    "import React from 'react'\n"
    "import './gone'\n"
    "export function main(options: Options) {\n"
    "  start()\n"
    "  return import('./later')\n"
    "}\n",
    "src/server.ts": "export { start } from './impl'\n",
    "src/impl.ts": "export function start() {}\nexport function stop() { start() }\n",
    "src/options.ts": "export interface Options {}\n",
    "src/later.ts": "export {}\n",
    "src/logo.png": b"\0",
}  # fmt: skip


def imported(kind: str, specifier: str, line: int, *, type_only: bool = False) -> dict[str, object]:
    return {"kind": kind, "specifier": specifier, "line": line, "type_only": type_only}


def file(path: str, imports: Sequence[object] = (), uses: Sequence[object] = (), **more: object) -> dict[str, object]:
    """A file at the other end of these edges."""
    known = {"path": path, "skipped": None, "test": False, "distance": 1, "via": None}
    return {**known, "imports": list(imports), "uses": list(uses), **more}


def use(from_symbol: str, to_symbol: str, line: int) -> dict[str, object]:
    return {"from_symbol": from_symbol, "to_symbol": to_symbol, "line": line}


def test_a_file_depends_on_files_and_packages_and_on_what_is_missing(indexed_once: MakeIndexed) -> None:
    answer = indexed_once(WEB).dependencies("src/app.ts")
    assert (answer["path"], answer["language"]) == ("src/app.ts", "typescript")
    assert [(file["path"], file["skipped"], file["imports"]) for file in answer["files"]] == [
        ("src/impl.ts", None, []),
        ("src/later.ts", None, [imported("dynamic_import", "./later", 8)]),
        ("src/logo.png", "binary", [imported("import", "./logo.png", 3)]),
        ("src/options.ts", None, [imported("type_import", "./options", 2, type_only=True)]),
        ("src/server.ts", None, [imported("import", "./server", 1)]),
    ]
    assert answer["packages"] == [{"package": "react", "imports": [imported("import", "react", 4)]}]
    assert answer["missing"] == [imported("import", "./gone", 5)]


def test_a_symbol_is_used_where_it_is_declared_whatever_hands_it_on(indexed_once: MakeIndexed) -> None:
    asked = indexed_once(WEB)
    uses = {file["path"]: file["uses"] for file in asked.dependencies("src/app.ts")["files"]}
    assert uses["src/impl.ts"] == [{"from_symbol": "main", "to_symbol": "start", "line": 7}]
    assert uses["src/options.ts"] == [{"from_symbol": "main", "to_symbol": "Options", "line": 6}]
    assert uses["src/server.ts"] == []
    assert asked.dependents("src/impl.ts")["files"] == [
        file("src/app.ts", uses=[use("main", "start", 7)]),
        file("src/server.ts", [imported("reexport", "./impl", 1)]),
    ]


def test_a_file_that_was_skipped_has_dependents_but_no_dependencies(indexed_once: MakeIndexed) -> None:
    asked = indexed_once(WEB)
    answer = asked.dependents("src/logo.png")
    assert (answer["skipped"], paths(answer)) == ("binary", ["src/app.ts"])
    with pytest.raises(NotFound, match=r"src/logo\.png is not indexed, it was skipped as binary"):
        asked.dependencies("src/logo.png")


def test_python_files_depend_on_each_other_too(indexed_once: MakeIndexed) -> None:
    asked = indexed_once(
        {
            "pkg/__init__.py": "from .impl import f\n",
            "pkg/impl.py": "import os\n\ndef f():\n    return os\n",
            "names/inner.py": "V = 1\n",
            "main.py": "import names\nimport names.inner\nfrom pkg import f\n\nW = f() + names.inner.V\n",
        }
    )
    answer = asked.dependencies("main.py")
    assert paths(answer) == ["names/inner.py", "pkg/__init__.py", "pkg/impl.py"]
    assert (answer["missing"], answer["verdict"]) == ([], "complete")
    assert [package["package"] for package in asked.dependencies("pkg/impl.py")["packages"]] == ["os"]
    assert paths(asked.dependents("pkg/impl.py")) == ["main.py", "pkg/__init__.py"]


def test_a_file_that_imports_itself_depends_on_itself(indexed_once: MakeIndexed) -> None:
    asked = indexed_once({"a.ts": "import './a'\nfunction f() {}\nfunction g() { f() }\n"})
    edge = file("a.ts", [imported("import", "./a", 1)])
    assert asked.dependencies("a.ts")["files"] == [edge]
    assert asked.dependents("a.ts")["files"] == [edge]


def test_what_the_verdict_of_dependencies_rests_on(indexed_once: MakeIndexed) -> None:
    asked = indexed_once(
        {
            "whole.py": "import os\n",
            "broken.py": "import os\ndef f(:\n",
            "lost.py": "from . import nothing\nfrom .nowhere import x\n",
            "README.md": "# Read me\n",
        }
    )
    assert verdict(asked.dependencies("whole.py"))[0] == "complete"
    assert verdict(asked.dependencies("broken.py")) == (
        "lower_bound",
        "There may be more: 1 file has syntax errors.",
    )
    assert verdict(asked.dependencies("lost.py")) == (
        "lower_bound",
        "There may be more: 2 imports lead to what is not in the commit.",
    )
    assert verdict(asked.dependencies("README.md")) == (
        "unknown",
        "Imports are not looked for in files of this sort (text).",
    )


def test_dependents_are_in_doubt_only_for_files_that_could_import_the_file(indexed_once: MakeIndexed) -> None:
    asked = indexed_once(
        {
            "a.py": "x = 1\n",
            "a.ts": "import './gone'\nexport {}\n",
            "bundle.js": "!function(a,b){a.exports=b(c(0),d[1],{e:f});}(g,h);" * 100,
            "ignored.ts": "import './a'\n",
            "logo.png": b"\0",
            ".kotadbignore": "ignored.ts\n",
        }
    )
    everything = (
        "There may be more: 1 source file was not read (minified 1), 1 import leads to what is not in the commit."
    )
    assert verdict(asked.dependents("a.py"))[0] == "complete"
    assert verdict(asked.dependents("a.ts")) == ("lower_bound", everything)
    assert verdict(asked.dependents("logo.png")) == ("lower_bound", everything)


def test_an_index_of_an_older_version_knows_no_dependencies(indexed: MakeIndexed) -> None:
    asked = indexed({"a.py": "import b\n", "b.py": ""})
    with asked.database.transaction() as connection:
        connection.execute("update indexes set extractor_version = 1")
    for answer in (asked.dependencies("a.py"), asked.dependents("b.py")):
        kind, reason = verdict(answer)
        assert kind == "unknown"
        assert "index it again" in reason


# ---- which file a path means -----------------------------------------------------------------------------------------

ODD = "caf\u00e9 [1]/%.py"
TREE: dict[str, str | bytes] = {
    "same.py": "import os\n",
    "deep/same.py": "import sys\n",
    "deep/only.py": "import re\n",
    "a/only.py": "import re\n",
    "deep/Name.ts": "export {}\n",
    "long/" + "/".join(["x" * 200] * 15) + "/file.py": "import json\n",
    ODD: "import abc\n",
}


def test_a_path_is_from_the_root_or_else_from_the_folder(indexed_once: MakeIndexed) -> None:
    asked = indexed_once(TREE)
    assert asked.dependencies("same.py", folder="deep")["path"] == "same.py"
    assert asked.dependencies("only.py", folder="deep")["path"] == "deep/only.py"
    assert asked.dependencies("../same.py", folder="deep")["path"] == "same.py"
    assert asked.dependencies("./deep//same.py")["path"] == "deep/same.py"
    assert asked.dependencies(ODD)["path"] == ODD


def test_a_path_longer_than_an_entry_of_an_index_is_found(indexed_once: MakeIndexed) -> None:
    asked = indexed_once(TREE)
    [path] = [path for path in TREE if path.startswith("long/")]
    assert len(path) > 2_700
    assert asked.dependencies(path)["packages"][0]["package"] == "json"


NOWHERE = [
    ("only.py", r"no file only\.py in repo at .*Did you mean a/only\.py or deep/only\.py\?"),
    ("src/deep/same.py", r"Did you mean same\.py or deep/same\.py\?"),
    ("deep/only", r"Did you mean deep/only\.py or a/only\.py\?"),
    ("name", r"Did you mean deep/Name\.ts\?"),
    ("Client.send", "no symbol or package of that name"),
    ("no/such.py", "paths start at the root of the repository, and what is not committed is not indexed"),
    ("100%", "no file 100% in repo"),
]


def test_where_there_is_no_such_file_the_answer_says_what_to_do(indexed_once: MakeIndexed) -> None:
    asked = indexed_once(TREE)
    for path, says in NOWHERE:
        with pytest.raises(NotFound, match=says):
            asked.dependencies(path)
        with pytest.raises(NotFound, match=says):
            asked.dependents(path)


def test_what_was_skipped_says_how_it_can_be_had(indexed_once: MakeIndexed) -> None:
    asked = indexed_once({"a.py": "", "b.py": "import a\n", ".kotadbignore": "b.py\n"})
    with pytest.raises(NotFound, match=r"skipped as excluded: take it out of \.kotadbignore and index it again"):
        asked.dependencies("b.py")


def test_an_index_that_is_gone_by_now_is_not_found(indexed: MakeIndexed) -> None:
    asked = indexed({"a.py": ""})
    with asked.database.transaction() as connection:
        connection.execute("delete from indexes")
    with pytest.raises(NotFound, match="Nothing is stored"):
        asked.dependents("a.py")


# ---- folders, symbols, packages, and beyond --------------------------------------------------------------------------

DEEP: dict[str, str | bytes] = {
    "lib/base.ts": "import React from 'react'\nexport class Base { run() { return React } }\n",
    "lib/inner.ts": "import { Base } from './base'\nexport class Inner extends Base { go() { return this.run() } }\n",
    "app/one.ts": "import { Inner } from '../lib/inner'\nexport function one() { return new Inner().go() }\n",
    "app/two.ts": "import { one } from './one'\nimport 'react'\nexport function two() { return one() }\n",
    "app/two.test.ts": "import { two } from './two'\nfunction test() { two() }\n",
    "loop.ts": "import './app/two'\nimport './loop2'\n",
    "loop2.ts": "import './loop'\n",
}


def reached(answer: Mapping[str, Any]) -> list[tuple[str, int, str | None]]:
    return [(each["path"], each["distance"], each["via"]) for each in answer["files"]]


def test_a_folder_depends_on_what_its_files_lead_to_outside_of_it(indexed_once: MakeIndexed) -> None:
    asked = indexed_once(DEEP)
    own = {"file": "app/one.ts"}
    uses = [own | use("one", symbol, 2) for symbol in ("Inner", "Inner.go")]
    assert asked.dependencies("app/")["files"] == [
        file("lib/inner.ts", [own | imported("import", "../lib/inner", 1)], uses)
    ]
    assert [each["package"] for each in asked.dependencies(".")["packages"]] == ["react"]
    assert paths(asked.dependents("lib")) == ["app/one.ts"]
    assert asked.dependents(".")["files"] == []


def test_a_symbol_depends_on_the_symbols_that_it_and_its_members_use(indexed_once: MakeIndexed) -> None:
    asked = indexed_once(DEEP)
    uses = [use("Inner", "Base", 2), use("Inner.go", "Base.run", 2)]
    assert asked.dependencies("Inner")["files"] == [file("lib/base.ts", uses=uses)]
    assert asked.dependents("lib/base.ts#Base.run:method")["files"] == [file("lib/inner.ts", uses=uses[1:])]
    with pytest.raises(InvalidInput, match="`impact` tells"):
        asked.dependents("Inner", depth=2)


def test_a_package_is_depended_on_by_the_files_that_import_it(indexed_once: MakeIndexed) -> None:
    asked = indexed_once(DEEP)
    answer = asked.dependents("react")
    assert (answer["package"], paths(answer)) == ("react", ["app/two.ts", "lib/base.ts"])
    assert verdict(asked.dependencies("react"))[0] == "unknown"


def test_what_is_reached_in_several_steps_is_told_with_its_distance(indexed_once: MakeIndexed) -> None:
    asked = indexed_once(DEEP)
    assert reached(asked.dependents("lib/base.ts", depth=10)) == [
        ("lib/inner.ts", 1, None), ("app/one.ts", 2, "lib/inner.ts"), ("app/two.ts", 3, "app/one.ts"),
        ("loop.ts", 4, "app/two.ts"), ("app/two.test.ts", 4, "app/two.ts"), ("loop2.ts", 5, "loop.ts"),
    ]  # fmt: skip
    assert reached(asked.dependencies("loop.ts", depth=2)) == [
        ("app/two.ts", 1, None), ("loop2.ts", 1, None), ("app/one.ts", 2, "app/two.ts"),
    ]  # fmt: skip


def test_edges_are_chosen_by_kind_and_files_by_whether_they_are_tests(indexed_once: MakeIndexed) -> None:
    asked = indexed_once(DEEP)
    assert paths(asked.dependents("app/two.ts", tests="only")) == ["app/two.test.ts"]
    assert paths(asked.dependents("app/two.ts", tests="exclude")) == ["loop.ts"]
    [other] = asked.dependents("lib/inner.ts", kind=["use"])["files"]
    assert (other["path"], other["imports"], len(other["uses"])) == ("app/one.ts", [], 2)
    assert asked.dependents("lib/inner.ts", kind=["require"])["files"] == []


def test_pages_hold_every_file_once(indexed_once: MakeIndexed) -> None:
    asked = indexed_once(DEEP)
    whole = asked.dependents("lib/base.ts", depth=10)["files"]
    pages, cursor = [], None
    for _ in range(3):
        page = asked.dependents("lib/base.ts", depth=10, limit=2, cursor=cursor)
        pages += page["files"]
        cursor = page["next_cursor"]
    assert (pages, cursor) == (whole, None)
