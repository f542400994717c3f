"""What a file depends on, and what depends on it."""

import pytest

from kotadb.errors import NotFound
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


def test_a_file_depends_on_files_and_packages_and_on_what_is_missing(indexed: MakeIndexed) -> None:
    answer = indexed(WEB).dependencies("src/app.ts")
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


def test_a_symbol_is_used_where_it_is_declared_whatever_hands_it_on(indexed: MakeIndexed) -> None:
    asked = indexed(WEB)
    uses = {file["path"]: file["uses"] for file in asked.dependencies("src/app.ts")["files"]}
    assert uses["src/impl.ts"] == [{"from_symbol": "main", "to_symbol": "start", "line": 7}]
    assert uses["src/options.ts"] == [{"from_symbol": "main", "to_symbol": "Options", "line": 6}]
    assert uses["src/server.ts"] == []
    assert asked.dependents("src/impl.ts")["files"] == [
        {"path": "src/app.ts", "skipped": None, "imports": [],
         "uses": [{"from_symbol": "main", "to_symbol": "start", "line": 7}]},
        {"path": "src/server.ts", "skipped": None, "imports": [imported("reexport", "./impl", 1)], "uses": []},
    ]  # fmt: skip


def test_a_file_that_was_skipped_has_dependents_but_no_dependencies(indexed: MakeIndexed) -> None:
    asked = indexed(WEB)
    answer = asked.dependents("src/logo.png")
    assert (answer["skipped"], paths(answer)) == ("binary", ["src/app.ts"])
    with pytest.raises(NotFound, match=r"src/logo\.png is not indexed, it was skipped as binary"):
        asked.dependencies("src/logo.png")


def test_python_files_depend_on_each_other_too(indexed: MakeIndexed) -> None:
    asked = indexed(
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


def test_a_file_that_imports_itself_depends_on_itself(indexed: MakeIndexed) -> None:
    asked = indexed({"a.ts": "import './a'\nfunction f() {}\nfunction g() { f() }\n"})
    edge = {"path": "a.ts", "skipped": None, "imports": [imported("import", "./a", 1)], "uses": []}
    assert asked.dependencies("a.ts")["files"] == [edge]
    assert asked.dependents("a.ts")["files"] == [edge]


def test_what_the_verdict_of_dependencies_rests_on(indexed: MakeIndexed) -> None:
    asked = indexed(
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
        "There may be more: the file has syntax errors.",
    )
    assert verdict(asked.dependencies("lost.py")) == (
        "lower_bound",
        "There may be more: 2 imports lead to what is not in the commit.",
    )
    assert verdict(asked.dependencies("README.md")) == (
        "unknown",
        "Imports are not looked for in files of this sort (text).",
    )


def test_dependents_are_in_doubt_only_for_files_that_could_import_the_file(indexed: MakeIndexed) -> None:
    asked = indexed(
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


def test_a_path_is_from_the_root_or_else_from_the_folder(indexed: MakeIndexed) -> None:
    asked = indexed(TREE)
    assert asked.dependencies("same.py", folder="deep")["path"] == "same.py"
    assert asked.dependencies("only.py", folder="deep")["path"] == "deep/only.py"
    assert asked.dependencies("../same.py", folder="deep")["path"] == "same.py"
    assert asked.dependencies("./deep//same.py")["path"] == "deep/same.py"
    assert asked.dependencies(ODD)["path"] == ODD


def test_a_path_longer_than_an_entry_of_an_index_is_found(indexed: MakeIndexed) -> None:
    asked = indexed(TREE)
    [path] = [path for path in TREE if path.startswith("long/")]
    assert len(path) > 2_700
    assert asked.dependencies(path)["packages"][0]["package"] == "json"


NOWHERE = [
    ("only.py", r"no file only\.py in repo at .*Did you mean a/only\.py or deep/only\.py\?"),
    ("src/deep/same.py", r"Did you mean same\.py or deep/same\.py\?"),
    ("deep/only", r"Did you mean deep/only\.py or a/only\.py\?"),
    ("name", r"Did you mean deep/Name\.ts\?"),
    ("deep", r"deep is a folder in repo at .*: name a file in it, such as deep/Name\.ts, deep/only\.py"),
    (".", "is a folder"),
    ("Client.send", "symbols cannot be asked for by name yet: give the path of a file"),
    ("no/such.py", "paths start at the root of the repository, and what is not committed is not indexed"),
    ("100%", "no file 100% in repo"),
]


def test_where_there_is_no_such_file_the_answer_says_what_to_do(indexed: MakeIndexed) -> None:
    asked = indexed(TREE)
    for path, says in NOWHERE:
        with pytest.raises(NotFound, match=says):
            asked.dependencies(path)
        with pytest.raises(NotFound, match=says):
            asked.dependents(path)


def test_what_was_skipped_says_how_it_can_be_had(indexed: MakeIndexed) -> None:
    asked = indexed({"a.py": "", "b.py": "import a\n", ".kotadbignore": "b.py\n"})
    with pytest.raises(NotFound, match=r"skipped as excluded: take it out of \.kotadbignore and index it again"):
        asked.dependencies("b.py")


def test_an_index_that_is_gone_by_now_is_not_found(indexed: MakeIndexed) -> None:
    asked = indexed({"a.py": ""})
    with asked.database.transaction() as connection:
        connection.execute("delete from indexes")
    with pytest.raises(NotFound, match="no such index any more"):
        asked.dependents("a.py")
