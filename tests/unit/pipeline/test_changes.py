"""After a change: files that are not said to be touched by it would be linked as they were."""

from collections.abc import Iterable, Mapping

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kotadb.languages import language_of
from kotadb.pipeline.changes import Changed, touched
from kotadb.pipeline.packing import PackedFacts, pack, unpack_names, unpack_outline
from support.commits import COMMITS, CYCLES, MODULES, module
from support.program import Commit

Sources = Mapping[str, str]


def touched_by(before: Commit, after: Commit) -> set[str]:
    """The files that are linked again for the second commit: those that changed, and those that are touched."""
    old, new = packed(before), packed(after)
    changed = [path for path in new if old[path] != new[path]]
    differing = [
        Changed(path, unpack_outline(old[path].outline), unpack_outline(new[path].outline)) for path in changed
    ]
    paths = list(old)
    reads = {number: before.rows[path].reads for number, path in enumerate(paths)}
    again = touched(differing, names(old.values()) ^ names(new.values()), reads)
    return {paths[number] for number in again} | set(changed)


def packed(commit: Commit) -> dict[str, PackedFacts]:
    return {path: pack(facts, str(language_of(path))) for path, facts in commit.facts.items()}


def names(kept: Iterable[PackedFacts]) -> set[int]:
    return {name for facts in kept for name in unpack_names(facts.names)}


def again(before: Sources, edit: Sources) -> set[str]:
    """The files that are linked again after this edit. All others would have the same rows."""
    old, new = Commit(before), Commit({**before, **edit})
    found = touched_by(old, new)
    assert [path for path in old.rows if path not in found and old.rows[path] != new.rows[path]] == []
    return found


@st.composite
def edits(draw: st.DrawFn) -> tuple[dict[str, str], dict[str, str]]:
    """A commit, and other texts for some of its files."""
    before = draw(COMMITS)
    paths = draw(st.lists(st.sampled_from(sorted(MODULES)), min_size=1, max_size=3, unique=True))
    return before, {path: draw(module(MODULES[path])) for path in paths}


@given(edits())
@example((CYCLES, {"lib/index.ts": ""}))
@example((CYCLES, {"a.py": ""}))
@settings(max_examples=150, deadline=None)
def test_whoever_is_not_touched_would_be_linked_as_before(edit: tuple[dict[str, str], dict[str, str]]) -> None:
    again(*edit)


BARREL = {
    "a.ts": "import { f } from './barrel'; f()",
    "b.ts": "import { C } from './barrel'; new C().m()",
    "c.ts": "import { missing } from './barrel'; missing()",
    "barrel.ts": "export * from './f'\nexport { C } from './c_class'",
    "f.ts": "export function f() {}",
    "c_class.ts": "export class C extends Base { own = 1 }\nclass Base { m() {} }",
    "heir.ts": "import { C } from './barrel'\nclass Heir extends C { n() {} }",
}


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        ({"f.ts": "export function f() { return 1 }"}, set()),
        ({"f.ts": "\n\nexport function f() {}"}, set()),
        ({"f.ts": "export function f() {}\nexport function unheard_of() {}"}, set()),
        ({"f.ts": "export function g() {}"}, {"a.ts"}),
        ({"f.ts": "export const f = 1"}, {"a.ts"}),
        ({"f.ts": "export function f() {}\nexport function missing() {}"}, {"c.ts"}),
        ({"c_class.ts": "export class C extends Base { own = 1 }\nclass Base { n() {} }"}, {"b.ts", "heir.ts"}),
        ({"c_class.ts": "export class C extends Base { own = 1; m() {} }\nclass Base { m() {} }"}, {"b.ts", "heir.ts"}),
        ({"c_class.ts": "export class C extends Base { own = 1; other() {} }\nclass Base { m() {} }"}, {"heir.ts"}),
        ({"barrel.ts": "export * from './f'\nexport { C } from './c_class'\nexport const more = 1"}, set()),
        ({"barrel.ts": "export { f } from './f'\nexport { C } from './c_class'"}, {"a.ts", "c.ts"}),
        ({"barrel.ts": "export * from './f'"}, {"b.ts", "heir.ts"}),
        ({"a.ts": "import { C } from './barrel'"}, set()),
    ],
)
def test_an_edit_touches_whoever_reads_what_it_changed(edit: dict[str, str], expected: set[str]) -> None:
    assert again(BARREL, edit) - edit.keys() == expected
