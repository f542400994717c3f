"""A first look at a repository, and why something is not in its index."""

import json
from typing import Any

import pytest

from kotadb.errors import NotFound
from support.questions import Indexed, MakeIndexed, verdict

FILES: dict[str, str | bytes] = {
    "web/core.ts": """\
import { gone } from './gone'
export function first() {}
export class Core {
  value = 1
  ask(question: string): string { return question + gone(question) + unheard(question) }
  #own() {}
}
function hidden() {}
export function never() {}
export interface Shape { side: number }
""",
    "web/barrel.ts": "export { Core } from './core'\n",
    "web/a.ts": "import { Core } from './barrel'\nexport function a() { return new Core().ask('a') }\n",
    "web/b.ts": "import { Core } from './barrel'\nimport { a } from './a'\na()\nexport const b = new Core().value\n",
    "web/c.ts": "import { useState } from 'react'\nuseState(1)\n",
    "web/core.test.ts": "import { Core, first } from './core'\nfirst()\nexport const helper = new Core()\n",
    "web/core.more.test.ts": "import { helper } from './core.test'\nhelper.ask('b')\n",
    "app/broken.py": "import os\n\ndef fine():\n    pass\n\ndef f(:\n",
    "app/names.py": "class Client:\n    def send(self): pass\n\nclass Server:\n    def send(self): pass\n",
    "notes/README.md": "Look at the Frobnicator.\n",
    "bundle.js": "!function(a,b){a.exports=b(c(0),d[1],{e:f});}(g,h);" * 100,
    "logo.png": b"\0",
    "left/out.ts": "export const x = 1\n",
    "left/kept.ts": "export const y = 1\n",
    ".kotadbignore": "left/out.ts\n",
}


@pytest.fixture(scope="module")
def asked(indexed_once: MakeIndexed) -> Indexed:
    """The repository of all these files."""
    return indexed_once(FILES)


# ---- outline ---------------------------------------------------------------------------------------------------------


def files(answer: dict[str, Any]) -> list[tuple[str, int]]:
    """The files of an outline, with how many others use them."""
    return [(entry["path"], entry["uses"]) for entry in answer["entries"]]


def names(symbols: list[dict[str, Any]]) -> list[str]:
    return [symbol["qualified_name"] for symbol in symbols]


def nested(symbols: list[dict[str, Any]]) -> list[Any]:
    """Names, each with those in it behind it."""
    return [
        (symbol["qualified_name"], nested(symbol["children"])) if "children" in symbol else symbol["qualified_name"]
        for symbol in symbols
    ]


def test_a_repository_begins_with_what_most_files_use_and_ends_with_tests(asked: Indexed) -> None:
    answer = asked.ask("outline")
    ranked = files(answer)
    assert ranked[:3] == [("web/core.ts", 5), ("web/barrel.ts", 2), ("web/a.ts", 1)]
    assert ranked[-2:] == [("web/core.test.ts", 1), ("web/core.more.test.ts", 0)]
    assert (answer["path"], answer["omitted"]) == (".", {"files": 0, "symbols": 6})
    assert {path for path, _ in ranked} == set(FILES) - {"bundle.js", "logo.png", "left/out.ts"}


def test_of_a_file_in_a_map_the_symbols_count_that_other_files_use_most(asked: Indexed) -> None:
    core = asked.ask("outline")["entries"][0]
    assert names(core["symbols"]) == ["Core", "Core.ask", "first", "Core.value", "never"]
    assert core["symbols"][1] == {
        "qualified_name": "Core.ask", "kind": "method", "line": 5, "exported": True, "uses": 2,
        "signature": "ask(question: string): string",
    }  # fmt: skip


def test_a_folder_has_only_what_is_in_it(asked: Indexed) -> None:
    answer = asked.ask("outline", path="left")
    assert (answer["path"], files(answer)) == ("left", [("left/kept.ts", 0)])
    assert asked.ask("outline", path=".", folder="left")["path"] == "."
    assert asked.ask("outline", path="kept.ts", folder="left")["path"] == "left/kept.ts"


def test_a_file_is_a_tree_in_the_order_of_its_source(asked: Indexed) -> None:
    answer = asked.ask("outline", path="web/core.ts")
    [entry] = answer["entries"]
    assert nested(entry["symbols"]) == [
        "first", ("Core", ["Core.value", "Core.ask", "Core.#own"]), "hidden", "never", ("Shape", ["Shape.side"]),
    ]  # fmt: skip
    assert (entry["language"], entry["tags"], entry["uses"]) == ("typescript", [], 5)
    assert (answer["path"], answer["omitted"]) == ("web/core.ts", {"files": 0, "symbols": 0})


@pytest.mark.parametrize("path", [None, "web", "web/core.ts"])
@pytest.mark.parametrize("tokens", [100, 250, 400])
def test_it_keeps_to_its_budget_and_counts_what_it_leaves_out(asked: Indexed, path: str | None, tokens: int) -> None:
    everything, answer = asked.ask("outline", path=path, tokens=20_000), asked.ask("outline", path=path, tokens=tokens)
    characters = len(json.dumps(answer["entries"], separators=(",", ":")))
    assert answer["tokens"] == -(-characters // 4) <= tokens
    assert files(answer) == files(everything)[: len(answer["entries"])]
    assert len(answer["entries"]) + answer["omitted"]["files"] == len(everything["entries"])
    if tokens < 250:
        assert answer["omitted"]["symbols"] > everything["omitted"]["symbols"]


def test_of_a_file_that_has_no_room_what_is_exported_goes_first(asked: Indexed) -> None:
    [entry] = asked.ask("outline", path="web/core.ts", tokens=200)["entries"]
    assert nested(entry["symbols"]) == ["first", ("Core", ["Core.value"]), "never", "Shape"]


def test_an_outline_says_what_was_not_read(asked: Indexed) -> None:
    assert verdict(asked.ask("outline"))[0] == "lower_bound"
    assert verdict(asked.ask("outline", path="app/broken.py")) == (
        "lower_bound",
        "There may be more: the file has syntax errors.",
    )
    assert verdict(asked.ask("outline", path="web/core.ts"))[0] == "complete"
    with pytest.raises(NotFound, match=r"skipped as excluded: take it out of \.kotadbignore"):
        asked.ask("outline", path="left/out.ts")
    with pytest.raises(NotFound, match=r"Did you mean web/core\.ts"):
        asked.ask("outline", path="core.ts")


# ---- explain ---------------------------------------------------------------------------------------------------------


def findings(answer: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The facts of each finding, by its code."""
    found = {finding["code"]: finding["facts"] for finding in answer["findings"]}
    assert len(found) == len(answer["findings"])
    assert all(finding["message"].endswith(".") for finding in answer["findings"])
    return found


CODES = [
    ("web/a.ts", ["indexed"]),
    ("web/core.ts", ["indexed", "missing_imports", "unresolved"]),
    ("app/broken.py", ["indexed", "syntax_errors"]),
    ("notes/README.md", ["indexed", "text_only"]),
    ("left/", ["folder"]),
    ("bundle.js", ["skipped"]),
    ("no/such.py", ["not_in_commit"]),
    ("core.ts", ["not_in_commit"]),
    ("./web/../web/a.ts", ["indexed"]),
    ("Core.ask", ["defined"]),
    ("Core::ask()", ["defined"]),
    ("#own", ["defined"]),
    ("CORE", ["defined_in_other_case"]),
    ("Client.ask", ["defined", "not_defined", "in_text"]),
    ("unheard", ["not_defined", "unresolved", "in_text"]),
    ("useState", ["not_defined", "of_package", "in_text"]),
    ("react", ["package", "not_defined", "in_text"]),
    ("Frobnicator", ["not_defined", "in_text"]),
    ("Frobnicat", ["not_defined", "nowhere"]),
    ("barrel", ["not_defined", "in_text"]),
    ("zz", ["not_defined", "too_short"]),
]


@pytest.mark.parametrize(("what", "codes"), CODES)
def test_what_is_found_about_a_path_or_a_name(asked: Indexed, what: str, codes: list[str]) -> None:
    assert list(findings(asked.ask("explain", what=what))) == codes


def test_of_a_file_the_facts_are_what_leads_nowhere_and_where(asked: Indexed) -> None:
    facts = findings(asked.ask("explain", what="core.ts", folder="web"))
    assert (facts["indexed"]["path"], facts["indexed"]["lines"], facts["indexed"]["symbols"]) == ("web/core.ts", 10, 9)
    assert facts["missing_imports"] == {
        "total": 1, "imports": [{"specifier": "./gone", "kind": "import", "line": 1}]
    }  # fmt: skip
    by_kind = {kind["kind"]: kind for kind in facts["unresolved"]["kinds"]}
    assert by_kind["call"]["first"] == [{"name": "gone", "line": 5}, {"name": "unheard", "line": 5}]
    assert by_kind["call"]["occurrences"] == 2


def test_what_was_skipped_has_its_reason_in_words_and_what_to_do(asked: Indexed) -> None:
    messages = {
        path: asked.ask("explain", what=path)["findings"][0]["message"]
        for path in ("left/out.ts", "bundle.js", "logo.png")
    }
    assert messages["left/out.ts"] == (
        "left/out.ts was skipped as excluded: .kotadbignore excludes it; "
        "take it out of .kotadbignore and index it again."
    )
    assert "it was written by a program" in messages["bundle.js"]
    assert "it is no text" in messages["logo.png"]
    assert findings(asked.ask("explain", what="left"))["folder"] == {
        "path": "left", "indexed": 1, "skipped": {"excluded": 1}
    }  # fmt: skip


def test_a_path_that_is_not_there_has_similar_ones(asked: Indexed) -> None:
    facts = findings(asked.ask("explain", what="core.ts"))["not_in_commit"]
    assert facts == {"similar": ["web/core.ts"]}


def test_of_a_name_the_facts_are_its_places(asked: Indexed) -> None:
    def facts(what: str, code: str) -> dict[str, Any]:
        return findings(asked.ask("explain", what=what))[code]

    assert facts("send", "defined")["total"] == 2
    assert facts("Server.send", "defined") == {
        "total": 1,
        "symbols": [{"path": "app/names.py", "line": 5, "qualified_name": "Server.send", "kind": "method"}],
    }
    assert facts("unheard", "unresolved")["references"] == [{"path": "web/core.ts", "line": 5, "kind": "call"}]
    assert facts("useState", "of_package")["packages"] == [{"package": "react", "uses": 2}]
    assert facts("react", "package") == {"files": 1, "imports": 1}
    assert facts("Frobnicator", "in_text") == {"total": 1, "files": [{"path": "notes/README.md", "line": 1}]}


def test_nowhere_is_in_doubt_as_long_as_something_was_not_read(asked: Indexed) -> None:
    assert verdict(asked.ask("explain", what="send"))[0] == "complete"
    kind, reason = verdict(asked.ask("explain", what="Frobnicat"))
    assert kind == "lower_bound"
    assert "1 source file was not read (minified 1), 1 file has syntax errors" in reason
