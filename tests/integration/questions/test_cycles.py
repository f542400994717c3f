"""The cycles of an indexed repository: which there are, and which of them close as programs start."""

from typing import Any

import pytest

from support.questions import MakeIndexed, verdict

Found = list[tuple[list[str], bool, list[str]]]


def found(answer: dict[str, Any]) -> Found:
    """Paths, `at_load` and circle of each cycle."""
    return [(cycle["paths"], cycle["at_load"], cycle["circle"]) for cycle in answer["cycles"]]


AB = ["a.ts", "b.ts"]
DIAMOND = {
    "top.ts": "import './left'\nimport './right'",
    "left.ts": "import './bottom'",
    "right.ts": "import './bottom'",
    "bottom.ts": "export const x = 1",
}
PY = ["a.py", "b.py"]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (DIAMOND, []),
        ({"a.ts": "import './a'"}, [(["a.ts"], True, ["a.ts"])]),
        ({"a.ts": "import './b'", "b.ts": "import './a'"}, [(AB, True, AB)]),
        ({"a.ts": "import type { T } from './b'", "b.ts": "import './a'\nexport type T = 1"}, [(AB, False, AB)]),
        ({"a.ts": "export const later = () => import('./b')", "b.ts": "import './a'"}, [(AB, False, AB)]),
        ({"a.js": "function f() {\n  require('./a')\n}"}, [(["a.js"], False, ["a.js"])]),
        ({"a.py": "import b\n", "b.py": "import a\n"}, [(PY, True, PY)]),
        ({"a.py": "import b\n", "b.py": "def f():\n    import a\n"}, [(PY, False, PY)]),
        (
            {
                "a.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import b\n",
                "b.py": "import a\n",
            },
            [(PY, False, PY)],
        ),
    ],
)
def test_what_is_a_cycle_and_whether_it_closes_while_loading(
    indexed_once: MakeIndexed, files: dict[str, str], expected: Found
) -> None:
    assert found(indexed_once(files).cycles()) == expected


def test_a_circle_is_a_shortest_one_along_the_edges_that_load(indexed_once: MakeIndexed) -> None:
    files = {
        "a.ts": "import type { T } from './b'",
        "b.ts": "import './a'\nimport './z'\nexport type T = 1",
        "c.ts": "import './b'",
        "z.ts": "import './c'\nimport './y'",
        "y.ts": "import './x'",
        "x.ts": "import './b'",
    }
    [(paths, at_load, circle)] = found(indexed_once(files).cycles())
    assert paths == ["a.ts", "b.ts", "c.ts", "x.ts", "y.ts", "z.ts"]
    assert at_load
    assert circle == ["b.ts", "z.ts", "c.ts"]


def test_an_answer_says_what_it_was_computed_from(indexed_once: MakeIndexed) -> None:
    asked = indexed_once(DIAMOND)
    answer = asked.cycles()
    assert (answer["repository"], answer["ref"], answer["commit_sha"]) == ("repo", "HEAD", asked.repo.head)
    assert asked.index.indexed_at is not None
    assert answer["indexed_at"] == asked.index.indexed_at.isoformat()
    assert answer["verdict"] == "complete"


def test_what_was_not_seen_may_close_more_cycles(indexed_once: MakeIndexed) -> None:
    asked = indexed_once({"a.ts": "import './generated'", "bundle.js": minified(), "broken.py": "def f(:\n"})
    kind, reason = verdict(asked.cycles())
    assert kind == "lower_bound"
    for doubt in ("1 source file was not read (minified 1)", "1 file has syntax errors", "1 import leads to what"):
        assert doubt in reason


def test_an_index_of_an_older_version_does_not_look_free_of_cycles(indexed: MakeIndexed) -> None:
    asked = indexed({"a.py": "import b\n", "b.py": "import a\n"})
    with asked.database.transaction() as connection:
        connection.execute("update indexes set extractor_version = 1")
    kind, reason = verdict(asked.cycles())
    assert kind == "unknown"
    assert "older version" in reason
    assert "index it again" in reason


def minified() -> str:
    return "!function(a,b){a.exports=b(c(0),d[1],{e:f});}(g,h);" * 100
