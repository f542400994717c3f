"""What a change may break: of files, and of a diff that is committed nowhere."""

from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import ValidationError

from kotadb.errors import InvalidInput, NotFound
from support.questions import Indexed, MakeIndexed, verdict

Answer = Mapping[str, Any]

PYTHON: dict[str, str | bytes] = {
    "shop/__init__.py": "from shop.cart import Cart\n",
    "shop/cart.py": '''"""Carts."""
import os

RATE = 2


class Cart:
    def __init__(self, size):
        self.size = size

    def add(self, item):
        check(item)
        return item

    def clear(self):
        pass

    def __len__(self):
        return 1


def check(item):
    return item
''',
    "shop/orders.py": """from shop.cart import Cart, check


class Big(Cart):
    def add(self, item):
        return item


def order(item):
    cart = Cart(3)
    return cart.add(item)


def guess(thing):
    return thing.clear()


CHECKED = check(1)
""",
    "shop/cli.py": "from shop.orders import order\n\n\ndef main():\n    order(1)\n\n\nif main:\n    order(2)\n",
    "shop/plugin.py": "import shop.cli\n",
    "tests/test_cart.py": "from shop.cart import check\n\n\ndef test_check():\n    assert check(1)\n",
    "tests/test_cli.py": "from shop.cli import main\n\n\ndef test_main():\n    main()\n",
    "tests/test_import.py": "import shop.cli\n",
    "broken.txt": "text\n",
}
TYPESCRIPT: dict[str, str | bytes] = {
    "src/store.ts": "export interface Store {\n  get(key: string): string\n}\n\n"
    "export class Memory implements Store {\n  get(key: string) { return key }\n}\n\n"
    "const secret = 1, hidden = 2\n\n@sealed\nexport class Log {\n  @once\n  write() {}\n}\n",
    "src/index.ts": "export { Memory } from './store'\n",
    "src/app.ts": "import { Memory } from './index'\nimport logo from './logo.png'\n"
    "export function app() { return new Memory() }\napp()\n",
    "src/app.test.ts": "import { app } from './app'\nexport const got = app()\n",
    "src/types.ts": "import type { Store } from './store'\nexport type S = Store\n",
    "src/logo.png": b"\0",
}  # fmt: skip


def of(answer: Answer, key: str = "affected") -> list[tuple[int, str, str | None]]:
    return [(item["distance"], item["path"], item.get("symbol")) for item in answer[key]]


def why(item: Mapping[str, Any]) -> tuple[str, int, str, str | None]:
    return item["why"]["kind"], item["why"]["line"], item["why"]["path"], item["why"]["symbol"]


def changed(answer: Answer) -> dict[str, tuple[str, list[str]]]:
    return {
        item["path"]: (item["change"], [symbol["qualified_name"] for symbol in item["symbols"]])
        for item in answer["changed"]
    }


def diff_of(at: Indexed, *options: str) -> str:
    """What git prints, to the last byte."""
    output = at.repo.path.parent / "diff"
    at.repo.git("diff", f"--output={output}", *options)
    return output.read_text()


def by_edit(at: Indexed, path: str, old: str, new: str, **parameters: Any) -> dict[str, Any]:
    """The impact of replacing a text in a file, which is committed nowhere."""
    text = (at.repo.path / path).read_text()
    assert text.count(old) == 1
    at.repo.write({path: text.replace(old, new)})
    diff = diff_of(at)
    at.repo.git("checkout", "-q", ".")
    return at.ask("impact", diff=diff, **parameters)


def test_what_depends_on_what_a_diff_changes(indexed: MakeIndexed) -> None:
    at = indexed(PYTHON)

    # The method around the line, what uses it, what uses that, and the tests of it, with the reasons.
    answer = by_edit(at, "shop/cart.py", "return item\n\n    def clear", "return [item]\n\n    def clear")
    assert changed(answer) == {"shop/cart.py": ("modified", ["Cart.add"])}
    assert answer["changed"][0]["symbols"] == [
        {"qualified_name": "Cart.add", "kind": "method", "line": 11, "exported": True}
    ]
    assert answer["exported_api"] == [
        {"path": "shop/cart.py", "qualified_name": "Cart.add", "kind": "method", "line": 11}
    ]
    assert of(answer) == [
        (1, "shop/orders.py", "Big.add"),
        (1, "shop/orders.py", "order"),
        (2, "shop/cli.py", "main"),
        (2, "shop/cli.py", None),
        (3, "shop/plugin.py", None),
    ]
    assert [why(item) for item in answer["affected"]] == [
        ("override", 5, "shop/cart.py", "Cart.add"),
        ("call", 11, "shop/cart.py", "Cart.add"),
        ("call", 5, "shop/orders.py", "order"),
        ("call", 9, "shop/orders.py", "order"),
        ("import", 1, "shop/cli.py", None),
    ]
    # At the same distance, a test that uses what is affected comes before one that only loads it.
    assert of(answer, "tests") == [(3, "tests/test_cli.py", None), (3, "tests/test_import.py", None)]
    assert [why(item) for item in answer["tests"]] == [
        ("call", 5, "shop/cli.py", "main"),
        ("import", 1, "shop/cli.py", None),
    ]
    assert answer["totals"] == {
        "changed": 1, "changed_symbols": 1, "exported_api": 1, "affected": 5, "affected_files": 3, "tests": 2,
    }  # fmt: skip
    assert verdict(answer)[0] == "complete"

    # A constructor is what whoever makes an object uses; an import alone is not followed further.
    answer = by_edit(at, "shop/cart.py", "self.size = size", "self.size = size or 1", depth=1)
    assert changed(answer) == {"shop/cart.py": ("modified", ["Cart.__init__", "Cart.size"])}
    assert {(item["path"], item["symbol"], item["why"]["kind"]) for item in answer["affected"]} == {
        ("shop/__init__.py", None, "import"),
        ("shop/orders.py", "Big", "extends"),
        ("shop/orders.py", "order", "instantiation"),
    }
    assert "what is further away than 1 step was not looked at" in answer["reason"]

    # Lists end at the limit, and say so; the counts are of all.
    answer = by_edit(at, "shop/cart.py", "return item\n\n    def clear", "return 1\n\n    def clear", limit=1)
    assert (len(answer["affected"]), len(answer["tests"]), answer["totals"]["affected"]) == (1, 1, 5)
    assert "1 of 5 affected symbols are given, 1 of 2 files of tests are given" in answer["reason"]

    # What may be a use is counted.
    answer = by_edit(at, "shop/cart.py", "pass", "return 1")
    assert (changed(answer)["shop/cart.py"][1], of(answer), answer["unresolved"]) == (["Cart.clear"], [], 1)
    assert verdict(answer) == (
        "lower_bound",
        "There may be more: 1 reference to something called like what changes could not be resolved.",
    )

    # So is what needs no name to be used.
    answer = by_edit(at, "shop/cart.py", "        return 1\n", "        return 2\n")
    assert verdict(answer) == ("lower_bound", "There may be more: Python calls Cart.__len__ without naming it.")

    # What is outside of all symbols is what importers depend on, but for imports and comments.
    assert changed(by_edit(at, "shop/cart.py", "RATE = 2", "RATE = 3"))["shop/cart.py"][1] == ["RATE"]
    answer = by_edit(at, "shop/cart.py", "import os\n", "import os\n\nos.umask(7)\n")
    assert changed(answer) == {"shop/cart.py": ("modified", [])}
    assert answer["changed"][0]["outside_symbols"]
    assert (1, "shop/orders.py", None) in of(answer)
    for line in ("import re\n", "# a comment\n", "\n", "from re import (\n"):
        answer = by_edit(at, "shop/cart.py", "import os\n", f"import os\n{line}")
        assert (answer["changed"][0]["outside_symbols"], of(answer)) == (False, [])

    # Lines behind the last one of a body belong to it if they are indented like it.
    answer = by_edit(
        at, "shop/cart.py", "def check(item):\n    return item\n", "def check(item):\n    return item\n    # x\n"
    )
    assert changed(answer)["shop/cart.py"][1] == ["check"]
    more = "        return 1\n\n    def more(self):\n        pass\n"
    answer = by_edit(at, "shop/cart.py", "        return 1\n", more)
    assert changed(answer)["shop/cart.py"][1] == ["Cart"]
    answer = by_edit(at, "shop/cart.py", "    def clear", "    @property\n    def clear")
    assert changed(answer)["shop/cart.py"][1] == ["Cart.clear"]

    # Several hunks, and no lines around them.
    text = (at.repo.path / "shop/cart.py").read_text()
    at.repo.write({"shop/cart.py": text.replace("RATE = 2\n", "").replace("        pass\n", "        return\n")})
    answer = at.ask("impact", diff=diff_of(at, "-U0"))
    at.repo.git("checkout", "-q", ".")
    assert changed(answer)["shop/cart.py"][1] == ["RATE", "Cart.clear"]

    # Files that are added, deleted and renamed, and one that is a test itself.
    at.repo.git("mv", "shop/cart.py", "shop/basket.py")
    at.repo.git("rm", "-q", "shop/cli.py")
    at.repo.write({"new.py": "x = 1\n", "tests/test_cart.py": "from shop.basket import check\n"})
    at.repo.git("add", "-A")
    answer = at.ask("impact", diff=diff_of(at, "--cached", "-M"))
    at.repo.git("reset", "-q", "--hard")
    assert changed(answer) == {
        "new.py": ("added", []),
        "shop/basket.py": ("renamed", []),
        "shop/cli.py": ("deleted", ["main"]),
        "tests/test_cart.py": ("modified", ["test_check"]),
    }
    assert answer["changed"][1]["old_path"] == "shop/cart.py"
    assert {(1, "shop/orders.py", None), (1, "shop/plugin.py", None)} <= set(of(answer))
    assert of(answer, "tests")[:2] == [(0, "tests/test_cart.py", None), (1, "tests/test_cli.py", None)]
    assert answer["tests"][0]["why"] is None
    assert verdict(answer)[0] == "complete"


def test_a_diff_that_does_not_fit_is_doubted(indexed: MakeIndexed) -> None:
    at = indexed(PYTHON)
    fits = (
        "--- a/shop/cart.py\n+++ b/shop/cart.py\n@@ -15,2 +15,2 @@\n     def clear(self):\n-        pass\n+        x\n"
    )
    answer = at.ask("impact", diff=fits)
    assert "other lines" not in answer["reason"]
    assert at.ask("impact", diff=fits.replace("\n", "\r\n"))["changed"] == answer["changed"]

    other = at.ask("impact", diff=fits.replace("def clear", "def other"))
    assert other["changed"] == answer["changed"]
    assert verdict(other)[0] == "lower_bound"
    assert "1 file of the diff has other lines in the commit (shop/cart.py)" in other["reason"]
    far = at.ask("impact", diff=fits.replace("-15,2 +15,2", "-999999999,2 +1,2"))
    assert (changed(far), "other lines" in far["reason"]) == ({"shop/cart.py": ("modified", [])}, True)
    added = "--- /dev/null\n+++ b/shop/cart.py\n@@ -0,0 +1 @@\n+x\n"
    assert "other lines in the commit (shop/cart.py)" in at.ask("impact", diff=added)["reason"]

    # What is not there is told, wherever it is said to be.
    for path in ("../../etc/passwd", "/etc/passwd", "no/such.py", "caf\u00e9.py"):
        answer = at.ask("impact", diff=f"--- a/{path}\n+++ b/{path}\n@@ -1 +1 @@\n-x\n+y\n")
        assert "1 file of the diff is not in the commit" in answer["reason"]
        assert [change["symbols"] for change in answer["changed"]] == [[]]
    nameless = at.ask("impact", diff="diff --git abcd e\nold mode 100644\nnew mode 100755\n")
    assert verdict(nameless)[0] == "lower_bound"

    # 10,000 hunks, a binary patch, and nothing at all.
    many = "".join(f"@@ -{number} +{number} @@\n-x\n+y\n" for number in range(1, 10_001))
    answer = at.ask("impact", diff=f"--- a/shop/cart.py\n+++ b/shop/cart.py\n{many}")
    assert "other lines in the commit" in answer["reason"]
    assert answer["totals"]["changed_symbols"] == 8
    binary = "diff --git a/broken.txt b/broken.txt\nindex 1..2 100644\nGIT binary patch\nliteral 1\nIcmZPo\n\n"
    assert changed(at.ask("impact", diff=binary)) == {"broken.txt": ("modified", [])}
    answer = at.ask("impact", diff="")
    assert (answer["changed"], of(answer), verdict(answer)[0]) == ([], [], "complete")

    # Of a text of which nothing is known, nothing is promised.
    answer = at.ask("impact", diff="--- a/broken.txt\n+++ b/broken.txt\n@@ -1 +1 @@\n-text\n+x\n")
    assert verdict(answer) == ("lower_bound", "There may be more: 1 file that changes was not looked into.")
    with pytest.raises(InvalidInput, match="at its line 4"):
        at.ask("impact", diff="--- a/shop/cart.py\n+++ b/shop/cart.py\n@@ -1,2 +1 @@\n")


def test_whole_files_and_typescript(indexed: MakeIndexed) -> None:
    at = indexed(TYPESCRIPT)

    # All that is in a file, who imports it, also for types alone, and a test by way of another file.
    answer = at.ask("impact", paths=["src/store.ts"])
    assert changed(answer)["src/store.ts"][1] == [
        "Store", "Store.get", "Memory", "Memory.get", "secret", "hidden", "Log", "Log.write",
    ]  # fmt: skip
    assert [item["qualified_name"] for item in answer["exported_api"]][:2] == ["Store", "Store.get"]
    assert {(1, "src/app.ts", "app"), (1, "src/index.ts", None), (1, "src/types.ts", "S")} <= set(of(answer))
    assert (2, "src/app.ts", None) in of(answer)
    assert of(answer, "tests") == [(2, "src/app.test.ts", None)]
    assert verdict(answer)[0] == "complete"

    # What implements a member of an interface must change with it.
    answer = by_edit(at, "src/store.ts", "get(key: string): string", "get(key: number): string")
    assert changed(answer)["src/store.ts"][1] == ["Store.get"]
    assert (1, "src/store.ts", "Memory.get") in of(answer)
    assert answer["affected"][0]["why"]["kind"] == "override"

    # Of several symbols in one line, all; lines in front of a symbol belong to what is around it.
    answer = by_edit(at, "src/store.ts", "secret = 1, hidden", "secret = 3, hidden")
    assert changed(answer)["src/store.ts"][1] == ["secret", "hidden"]
    answer = by_edit(
        at, "src/store.ts", "  get(key: string): string\n", "  set(key: string): void\n  get(key: string): string\n"
    )
    assert changed(answer)["src/store.ts"][1] == ["Store"]

    # What is not indexed has importers.
    answer = at.ask("impact", paths=["logo.png"], folder="src")
    assert answer["changed"][0]["skipped"] == "binary"
    assert of(answer)[0] == (1, "src/app.ts", None)
    assert verdict(answer)[0] == "complete"

    # Whole files beside a diff; each once.
    diff = "--- a/src/types.ts\n+++ b/src/types.ts\n@@ -2 +2 @@\n-export type S = Store\n+export type S = 1\n"
    answer = at.ask("impact", paths=["src/types.ts", "src/index.ts"], diff=diff)
    assert set(changed(answer)) == {"src/index.ts", "src/types.ts"}

    with pytest.raises(NotFound, match=r"Did you mean src/store\.ts"):
        at.ask("impact", paths=["store.ts"])
    wrong: list[dict[str, Any]] = [
        {}, {"paths": []}, {"paths": ["\0"]}, {"paths": [""]}, {"paths": ["x"] * 201}, {"diff": "\0"}, {"diff": 1},
        {"paths": ["a"], "depth": 0}, {"paths": ["a"], "depth": 11}, {"paths": ["a"], "depth": "5"},
    ]  # fmt: skip
    for parameters in wrong:
        with pytest.raises(ValidationError):
            at.ask("impact", **parameters)


def test_a_symbol_that_is_named_changes_with_its_members(indexed: MakeIndexed) -> None:
    at = indexed(PYTHON)
    answer = at.ask("impact", symbols=["Cart"])
    [change] = answer["changed"]
    assert (change["path"], change["outside_symbols"]) == ("shop/cart.py", False)
    assert {symbol["qualified_name"].partition(".")[0] for symbol in change["symbols"]} == {"Cart"}
    assert answer["affected"]
    with pytest.raises(NotFound, match="no symbol"):
        at.ask("impact", symbols=["Nothing"])
