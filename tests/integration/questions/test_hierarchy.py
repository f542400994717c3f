"""What a class inherits from and what inherits from it, and what members override."""

from typing import Any

import pytest

from kotadb.errors import InvalidInput
from support.questions import Indexed, MakeIndexed

FILES: dict[str, str | bytes] = {
    "shapes.ts": (
        "import { Thing } from 'things'\n"
        "export interface Shape { area(): number }\n"
        "export abstract class Base extends Thing implements Shape { abstract area(): number; name = '' }\n"
        "export function make() {}\n"
    ),
    "square.ts": "import { Base } from './shapes'\nexport class Square extends Base { area() { return 1 } }\n",
    "unit.ts": "import { Square } from './square'\nclass Unit extends Square { area() { return 1 } name = 'unit' }\n",
    "lost.ts": "class Lost extends Square { area() { return 0 } }\n",
}


@pytest.fixture(scope="module")
def at(indexed_once: MakeIndexed) -> Indexed:
    return indexed_once(FILES)


def steps(answer: dict[str, Any], key: str) -> list[tuple[int, str, str]]:
    return [(item["distance"], item["relation"], item["qualified_name"]) for item in answer[key]]


def test_a_class_has_its_bases_above_and_its_heirs_below_by_distance(at: Indexed) -> None:
    answer = at.ask("hierarchy", symbol="Square")
    assert steps(answer, "above") == [(1, "extends", "Base"), (2, "implements", "Shape")]
    assert steps(answer, "below") == [(1, "extends", "Unit")]
    assert answer["below"][0] == {
        "distance": 1, "relation": "extends", "of": "square.ts#Square:class", "id": "unit.ts#Unit:class",
        "name": "Unit", "qualified_name": "Unit", "kind": "class", "path": "unit.ts", "line": 2, "column": 6,
        "exported": False, "signature": "class Unit extends Square", "entry_point": None,
    }  # fmt: skip
    assert answer["elsewhere"] == [
        {"name": "Thing", "package": "things", "relation": "extends", "of": "shapes.ts#Base:class"}
    ]


def test_an_interface_has_what_implements_it_below(at: Indexed) -> None:
    assert steps(at.ask("hierarchy", symbol="Shape"), "below") == [
        (1, "implements", "Base"), (2, "extends", "Square"), (3, "extends", "Unit"),
    ]  # fmt: skip


def test_a_member_has_what_it_overrides_above_and_what_overrides_it_below(at: Indexed) -> None:
    answer = at.ask("hierarchy", symbol="Square.area")
    assert steps(answer, "above") == [(1, "overrides", "Base.area"), (2, "overrides", "Shape.area")]
    assert steps(answer, "below") == [(1, "overrides", "Unit.area")]
    assert [item["name"] for item in answer["elsewhere"]] == ["Thing"]


def test_it_says_what_may_be_missing(at: Indexed) -> None:
    answer = at.ask("hierarchy", symbol="Square")
    assert (answer["verdict"], answer["unresolved"]) == ("lower_bound", 1)
    assert answer["reason"] == "There may be more: 1 class has a base of such a name that could not be resolved."
    answer = at.ask("hierarchy", symbol="Lost.area")
    assert answer["reason"] == "There may be more: 1 base could not be resolved."


def test_it_can_be_cut_short_and_says_so(at: Indexed) -> None:
    answer = at.ask("hierarchy", symbol="Shape", depth=2, limit=1)
    assert (steps(answer, "below"), answer["totals"]["below"]) == ([(1, "implements", "Base")], 2)
    assert answer["reason"].startswith(
        "There may be more: 1 of 2 that are below are given, what is further away than 2 steps was not looked at"
    )


def test_where_all_is_known_it_is_complete(indexed: MakeIndexed) -> None:
    answer = indexed({"a.py": "class A: ...\nclass B(A): ...\n"}).ask("hierarchy", symbol="A")
    assert (steps(answer, "below"), answer["verdict"]) == ([(1, "extends", "B")], "complete")


def test_a_function_has_no_hierarchy(at: Indexed) -> None:
    with pytest.raises(InvalidInput, match="make is a function: classes, interfaces and members have"):
        at.ask("hierarchy", symbol="make")
