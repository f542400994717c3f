"""What agents are told of the tools."""

import pytest

from kotadb.mcp.descriptions import CHOICES, INSTRUCTIONS, WHEN_TO_ASK, description
from kotadb.questions.table import QUESTIONS


@pytest.mark.parametrize("name", QUESTIONS)
def test_each_question_says_when_to_ask_it(name: str) -> None:
    assert WHEN_TO_ASK[name] in description(QUESTIONS[name])
    assert f"`{name}` {CHOICES[name]}" in INSTRUCTIONS


def test_each_verdict_is_explained() -> None:
    assert all(f"`{verdict}`" in INSTRUCTIONS for verdict in ("complete", "lower_bound", "unknown"))
