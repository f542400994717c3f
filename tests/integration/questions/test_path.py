"""How one file depends on another: the shortest chains, with the lines that make them."""

from collections.abc import Mapping
from typing import Any

import pytest

from kotadb.errors import NotFound
from support.questions import Indexed, MakeIndexed, verdict

FILES: dict[str, str | bytes] = {
    "top.ts": "import { left } from './left'\nimport { right } from './right'\nexport const top = left + right\n",
    "left.ts": "import { bottom } from './bottom'\n// again\nimport type { B } from './bottom'\n"
    "export const left = bottom\n",
    "right.ts": "export { bottom as right } from './bottom'\n",
    "bottom.ts": "import './round'\nimport logo from './logo.png'\nexport const bottom = 1\nexport type B = 1\n",
    "round.ts": "import './bottom'\n",
    "typed.ts": "import type { B } from './bottom'\nexport type T = B\n",
    "logo.png": b"\0",
    "lost.ts": "import './gone'\n",
    "helper.test.ts": "import './bottom'\n",
    "uses.ts": "import './helper.test'\n",
    "user.ts": "import { right } from './right'\nexport function user() { return right }\n",
    "README.md": "# Read me\n",
    "pkg/__init__.py": "from .core import run\n",
    "pkg/core.py": "def run(): pass\n",
    "app.py": "from pkg import run\n\ndef main():\n    run()\n",
}  # fmt: skip


def asked(at: Indexed, start: str, end: str, **parameters: Any) -> dict[str, Any]:
    return at.ask("path", from_path=start, to_path=end, **parameters)


def chains(answer: Mapping[str, Any]) -> list[str]:
    return [" ".join(chain["paths"]) for chain in answer["chains"]]


def test_how_a_file_depends_on_another(indexed: MakeIndexed) -> None:
    at = indexed(FILES)

    # Both shortest chains, each step with all lines that make it.
    answer = asked(at, "top.ts", "bottom.ts")
    assert chains(answer) == ["top.ts left.ts bottom.ts", "top.ts right.ts bottom.ts"]
    assert answer["length"] == 2
    assert answer["chains"][0]["steps"][1] == {
        "from_path": "left.ts",
        "to_path": "bottom.ts",
        "lines": [
            {"kind": "import", "specifier": "./bottom", "line": 1, "type_only": False, "symbol": None},
            {"kind": "type_import", "specifier": "./bottom", "line": 3, "type_only": True, "symbol": None},
        ],
    }
    assert answer["chains"][1]["steps"][1]["lines"][0]["kind"] == "reexport"
    assert verdict(answer)[0] == "complete"

    # No more than asked for, and it says that there are more.
    answer = asked(at, "top.ts", "bottom.ts", limit=1)
    assert len(answer["chains"]) == 1
    assert verdict(answer) == ("lower_bound", "There may be more: 1 of several chains of this length are given.")

    # Against the arrows there is none, around a cycle that does not matter.
    answer = asked(at, "bottom.ts", "top.ts")
    assert (answer["chains"], answer["length"], answer["through_tests"]) == ([], None, False)
    assert verdict(answer)[0] == "complete"
    assert chains(asked(at, "bottom.ts", "bottom.ts")) == ["bottom.ts round.ts bottom.ts"]

    # Where something on the way is in doubt, so is that there is none; what is elsewhere does not matter.
    answer = asked(at, "lost.ts", "bottom.ts")
    assert answer["chains"] == []
    assert verdict(answer) == ("lower_bound", "There may be more: 1 import leads to what is not in the commit.")
    assert answer["unresolved"] == 1

    # What is not indexed can be depended on.
    assert chains(asked(at, "left.ts", "logo.png")) == ["left.ts bottom.ts logo.png"]

    # Imports for types alone can be left out.
    assert chains(asked(at, "typed.ts", "bottom.ts")) == ["typed.ts bottom.ts"]
    assert chains(asked(at, "typed.ts", "bottom.ts", types=False)) == []
    lines = asked(at, "left.ts", "bottom.ts", types=False)["chains"][0]["steps"][0]["lines"]
    assert [line["line"] for line in lines] == [1]

    # Tests are no way, unless there is no other one; a test may be an end.
    answer = asked(at, "uses.ts", "bottom.ts")
    assert (chains(answer), answer["through_tests"]) == (["uses.ts helper.test.ts bottom.ts"], True)
    answer = asked(at, "uses.ts", "helper.test.ts")
    assert (chains(answer), answer["through_tests"]) == (["uses.ts helper.test.ts"], False)

    # By imports through what only hands a symbol on, or straight to where it is used from.
    assert chains(asked(at, "app.py", "pkg/core.py")) == ["app.py pkg/__init__.py pkg/core.py"]
    answer = asked(at, "app.py", "pkg/core.py", uses=True)
    assert chains(answer) == ["app.py pkg/core.py"]
    assert answer["chains"][0]["steps"][0]["lines"] == [
        {"kind": "use", "specifier": None, "line": 4, "type_only": False, "symbol": "run"}
    ]

    # A file whose imports are not looked for is not said to have none.
    assert verdict(asked(at, "README.md", "top.ts"))[0] == "unknown"

    # Paths may be from a folder, and a wrong one gets advice.
    assert chains(asked(at, "__init__.py", "core.py", folder="pkg")) == ["pkg/__init__.py pkg/core.py"]
    for start, end in (("core.py", "app.py"), ("app.py", "core.py")):
        with pytest.raises(NotFound, match=r"Did you mean pkg/core\.py"):
            asked(at, start, end)
    with pytest.raises(NotFound, match="skipped as binary"):
        asked(at, "logo.png", "top.ts")
