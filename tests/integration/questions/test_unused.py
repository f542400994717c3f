"""Which definitions are said to be unused, how surely, and which are left out."""

import base64
import json
from typing import Any

import pytest

from kotadb.errors import InvalidCursor, InvalidInput
from support.questions import Indexed, MakeIndexed

FILES: dict[str, str | bytes] = {
    # ---- a package of TypeScript: what leads to its exports is for others
    "web/package.json": '{"name": "web", "exports": {".": "./dist/index.js"}, "bin": {"web": "./dist/run.js"}}',
    "web/src/index.ts": "export { offered } from './offered'\nexport * from './starred'\nexport const own = 1\n",
    "web/src/offered.ts": "export function offered() {}\nexport function beside() {}\n",
    "web/src/starred.ts": "export class Starred { method() {} }\n",
    "web/src/run.ts": "export function run() {}\n",
    "web/src/inner.ts": """\
export function lost() {}
export function taken() { recursive() }
function unreachable() {}
function recursive() { recursive() }
function again() { again() }
function over(a: string): void
function over(a: number): void
function over(a: unknown) {}
const alone = 1
interface Forgotten { member: string }
enum Wanted { member }
const table = { entry() { return 1 } }
export const use = [table, Wanted]
function around() { function within() {} return 1 }
around()
""",
    "web/src/user.ts": "import { taken, use } from './inner'\ntaken()\nconsole.log(use)\n",
    "web/src/shapes.ts": """\
import { External } from 'elsewhere'
interface Shape { area(): number }
class Square implements Shape { area() { return 1 } dead() {} maybe() {}
  private side() {}
  #hidden() {}
  private b\\u{61}() {}
}
class Outside extends External { called() {} private own() {} }
abstract class Base { template() { return this.hook() } hook() {} }
class Derived extends Base { hook() {} toString() { return '' } }
function decorate(target: unknown, key?: string) {}
class Handlers { @decorate handle() {} }
@decorate class Component { shown() {} }
export const all = [Square, Outside, Derived, Handlers, Component]
export function call(x: any) { x.maybe() }
""",
    "web/src/shapes_user.ts": "import { all, call } from './shapes'\ncall(all)\n",
    "web/src/tool.js": "const fs = require('fs')\nconst { join } = require('path')\nfs(join('a'))\nconst spare = 1\n",
    "web/src/page.js": "function clicked() {}\n",
    "web/src/broken.ts": "import './user'\nfunction near() {}\nexport const = = 1\n",
    "web/src/app.test.ts": "import './user'\nfunction helper() {}\n",
    "web/src/types.d.ts": "declare function declared(): void\n",
    # ---- a package of Python that is installed, and one that is not
    "lib/pyproject.toml": "[project]\nname = 'lib'\n",
    "lib/src/lib/__init__.py": "from lib._impl import made\n",
    "lib/src/lib/public.py": "def public(): pass\ndef _private(): pass\nclass Public:\n    def method(self): pass\n",
    "lib/src/lib/_impl.py": "def made(): pass\ndef internal(): pass\n",
    "lib/tests/test_public.py": "def helper(): pass\n",
    "app/listed.py": "__all__ = ['listed']\ndef listed(): pass\ndef unlisted(): pass\n",
    "app/models.py": """\
import functools
import registry

def main(): pass
def _dead(): pass
def _computed(): pass
def _attribute(): pass

@registry.add
def _registered(): pass

class _Mixin:
    def _mixed(self): pass
    def offered(self): pass

class _Core:
    def run(self): return self._mixed()
    def _mixed(self): pass

class Both(_Mixin, _Core):
    pass

class _Point:
    def __init__(self):
        self._x = 1
        self._y = 2

    def __len__(self): return self._x
    def _get_width(self): pass

    @functools.cache
    def _cached(self): pass

class _Declared(_Core):
    field = 1

class _Ending(_Ending):
    pass

HOOK = '_computed'

def width(thing, what):
    return getattr(thing, '_get_%s' % what), thing._attribute, _Point(), Both()
""",
    "app/birds.py": """\
class _Duck:
    def quack(self): pass
    def _swim(self): pass
    def eat_bread(self): pass
    def eat_grass(self): pass
    def eat_seeds(self): pass

class _Goose:
    def quack(self): pass

def hear(): return _Goose().quack(), _Duck()
""",
    "app/use.py": """\
from elsewhere import cast
from birds import hear
from models import width

cast('_Duck', width(1, hear()))._swim()
""",
}  # fmt: skip


@pytest.fixture(scope="module")
def asked(indexed_once: MakeIndexed) -> Indexed:
    """The repository of all these files."""
    return indexed_once(FILES)


def found(answer: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Confidence and code of each definition, by its name."""
    return {item["qualified_name"]: (item["confidence"], item["code"]) for item in answer["definitions"]}


def in_file(asked: Indexed, path: str, **parameters: Any) -> dict[str, tuple[str, str]]:
    return found(asked.ask("unused", path=(path,), **parameters))


EXPECTED: dict[str, dict[str, tuple[str, str]]] = {
    "web/src/inner.ts": {
        "unreachable": ("high", "unexported"),
        "again": ("high", "unexported"),
        "over": ("high", "unexported"),
        "alone": ("high", "unexported"),
        "Forgotten": ("high", "unexported"),
        "around.within": ("high", "nested"),
        "lost": ("low", "exported"),
    },
    "web/src/index.ts": {},
    "web/src/offered.ts": {"beside": ("low", "exported")},
    "web/src/starred.ts": {},
    "web/src/run.ts": {},
    "web/src/shapes.ts": {
        "Square.side": ("high", "private"),
        "Square.#hidden": ("high", "private"),
        "Square.b\\u{61}": ("high", "private"),
        "Outside.own": ("high", "private"),
        "Square.dead": ("medium", "member"),
        "Base.template": ("medium", "member"),
    },
    "web/src/tool.js": {"spare": ("high", "unexported")},
    "web/src/page.js": {"clicked": ("low", "script")},
    "web/src/broken.ts": {"near": ("low", "errors")},
    "web/src/types.d.ts": {},
    "lib/src/lib/public.py": {"_private": ("high", "private")},
    "lib/src/lib/_impl.py": {"internal": ("low", "exported")},
    "app/listed.py": {"unlisted": ("medium", "unlisted")},
    "app/models.py": {
        "_dead": ("high", "private"),
        "_Point._y": ("medium", "member"),
        "_Point._cached": ("medium", "member"),
        "_computed": ("low", "mentioned"),
        "_Point._get_width": ("low", "mentioned"),
        "_attribute": ("low", "unclear"),
        "_Mixin.offered": ("low", "exported"),
        "_Core.run": ("low", "exported"),
        "_Declared": ("low", "registered"),
        "_Ending": ("low", "registered"),
        "HOOK": ("low", "exported"),
    },
    "app/birds.py": {
        "_Duck.quack": ("low", "namesake"),
        "_Duck._swim": ("low", "unclear"),
        "_Duck.eat_bread": ("low", "patterned"),
        "_Duck.eat_grass": ("low", "patterned"),
        "_Duck.eat_seeds": ("low", "patterned"),
    },
}  # fmt: skip


@pytest.mark.parametrize("path", EXPECTED)
def test_what_nobody_refers_to_is_listed_and_nothing_that_others_may_use(asked: Indexed, path: str) -> None:
    assert in_file(asked, path) == EXPECTED[path]


def test_the_surest_come_first_then_by_place_and_each_says_why(asked: Indexed) -> None:
    items = asked.ask("unused", limit=200)["definitions"]
    order = [(["high", "medium", "low"].index(item["confidence"]), item["path"], item["line"]) for item in items]
    assert order == sorted(order)
    first = next(item for item in items if item["qualified_name"] == "over")
    assert first == {
        "path": "web/src/inner.ts", "qualified_name": "over", "kind": "function", "line": 6, "line_end": 6,
        "signature": "function over(a: string): void", "exported": False, "access": "public", "confidence": "high",
        "code": "unexported", "why": "Its module does not export it, and does not use it.",
    }  # fmt: skip


def test_pages_are_the_whole_in_parts(asked: Indexed) -> None:
    whole = asked.ask("unused", limit=200)
    assert whole["next_cursor"] is None
    assert sum(whole["counts"].values()) == len(whole["definitions"])
    parts: list[dict[str, Any]] = []
    cursor = None
    while not parts or cursor is not None:
        page = asked.ask("unused", limit=7, cursor=cursor)
        parts += page["definitions"]
        cursor = page["next_cursor"]
        assert page["counts"] == whole["counts"]
    assert parts == whole["definitions"]


def test_a_cursor_that_was_never_handed_out_and_a_kind_that_is_never_unused_are_refused(asked: Indexed) -> None:
    version = json.loads(base64.urlsafe_b64decode(asked.ask("unused", limit=1)["next_cursor"] + "=="))[0]
    for position in ([1, "a", 1, 2**40], [1, "\0", 1, 1], [1, "a", 1], "a", {"a": 1}, 1.5):
        forged = base64.urlsafe_b64encode(json.dumps([version, position]).encode()).decode()
        with pytest.raises(InvalidCursor):
            asked.ask("unused", cursor=forged)
    with pytest.raises(InvalidInput, match="enum_member are left out"):
        asked.ask("unused", kind="enum_member")


def test_it_can_be_narrowed_to_files_and_kinds_and_widened_to_tests(asked: Indexed) -> None:
    kinds = {item["kind"] for item in asked.ask("unused", kind="interface")["definitions"]}
    assert kinds == {"interface"}
    assert set(in_file(asked, "app/", kind="class")) == {"_Declared", "_Ending"}
    assert in_file(asked, "nowhere/") == {}
    assert in_file(asked, "**/*test*") == {}
    assert in_file(asked, "web/src/app.test.ts", tests=True) == {"helper": ("high", "unexported")}


def test_it_says_what_was_left_out_and_what_was_not_read(asked: Indexed) -> None:
    answer = asked.ask("unused", path=("web/src/shapes.ts",))
    assert (answer["left_out"], answer["unresolved"], answer["skipped_files"]) == (1, 1, 1)
    assert answer["reason"] == (
        "There may be more: 1 member is left out because there are unresolved references of that name, some of these "
        "may be used in what could not be read (1 file has syntax errors)."
    )


def test_where_all_is_known_it_says_what_complete_means(indexed: MakeIndexed) -> None:
    answer = indexed({"a.ts": "export const x = 1\n", "b.ts": "import { x } from './a'\nx\n"}).ask("unused")
    assert (answer["definitions"], answer["verdict"]) == ([], "complete")
    assert answer["reason"].startswith("Complete means: all source was read")
