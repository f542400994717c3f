"""Answers are kept within so many tokens, and say what is missing."""

from typing import Any

import pytest

from kotadb.mcp.bounds import as_text, fitting, within
from kotadb.questions.asking import PagedParameters, Parameters

TOKENS = 500


def size(answer: dict[str, Any]) -> int:
    return len(as_text(answer))


def use(number: int) -> dict[str, Any]:
    return {"line": number, "name": f"name_{number:04}"}


def test_what_fits_is_as_it_was() -> None:
    answer = {"files": [{"path": "a"}], "verdict": "complete"}
    assert fitting(answer, TOKENS) is answer


def test_a_long_list_is_cut_at_its_end_with_a_note_of_how_long_it_was() -> None:
    answer = {"verdict": "complete", "cycles": [{"paths": [f"file_{number:04}"]} for number in range(1000)]}
    cut = fitting(answer, TOKENS)
    assert size(cut) <= 4 * TOKENS
    assert cut["cycles"] == answer["cycles"][: len(cut["cycles"])]
    assert cut["cut"] == [{"list": "cycles", "shown": len(cut["cycles"]), "of": 1000}]
    assert "see `cut`" in cut["note"]
    assert len(cut["cycles"]) > 20
    assert len(answer["cycles"]) == 1000


def test_lists_within_lists_are_cut_first() -> None:
    answer = {"files": [{"path": f"f{number}", "uses": [use(at) for at in range(30)]} for number in range(4)]}
    cut = fitting(answer, TOKENS)
    assert [file["path"] for file in cut["files"]] == ["f0", "f1", "f2", "f3"]
    assert cut["cut"] == [{"list": "files[].uses", "shown": 12, "of": 120}]


def test_the_longest_of_several_lists_is_cut() -> None:
    answer = {"few": [use(number) for number in range(5)], "many": [use(number) for number in range(500)]}
    cut = fitting(answer, TOKENS)
    assert cut["few"] == answer["few"]
    assert [item["list"] for item in cut["cut"]] == ["many"]


def test_a_long_text_is_cut_where_shorter_lists_do_not_suffice() -> None:
    answer = {"definition": {"source": "x" * 10_000, "name": "f"}, "members": [use(1)]}
    cut = fitting(answer, TOKENS)
    assert size(cut) <= 4 * TOKENS
    assert cut["definition"]["source"].rstrip("…") == "x" * (len(cut["definition"]["source"]) - 1)
    [text] = cut["cut"]
    assert (text["text"], text["of"]) == ("definition.source", 10_000)


def test_letters_of_every_script_count_as_one() -> None:
    answer = {"lines": ["ä日本" * 100]}
    assert fitting(answer, TOKENS) is answer


@pytest.mark.parametrize("asked_for", [80, 200])
def test_a_page_is_made_shorter_until_it_fits_and_its_cursor_leads_on(asked_for: int) -> None:
    asked = []

    def ask(parameters: Parameters) -> dict[str, Any]:
        assert isinstance(parameters, PagedParameters)
        asked.append(parameters.limit)
        return {"items": [use(number) for number in range(parameters.limit)], "next_cursor": str(parameters.limit)}

    answer = within(ask, PagedParameters(repository="x", limit=asked_for), TOKENS)
    assert size(answer) <= 4 * TOKENS
    assert answer["next_cursor"] == str(len(answer["items"]))
    assert f"at most {len(answer['items'])} items" in answer["note"]
    assert "cut" not in answer
    assert len(asked) <= 3


def test_a_page_of_one_that_is_too_long_is_cut() -> None:
    def ask(_: Parameters) -> dict[str, Any]:
        return {"items": [{"text": "x" * 10_000}], "next_cursor": "1"}

    answer = within(ask, PagedParameters(repository="x", limit=1), TOKENS)
    assert size(answer) <= 4 * TOKENS
    assert [item["text"] for item in answer["cut"]] == ["items[].text"]
