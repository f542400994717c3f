"""Answers that fit into an agent's context: with shorter pages, or else shorter lists and texts, and a note of it.

A token is taken for four characters of compact JSON.
"""

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

from kotadb.questions.asking import PagedParameters, Parameters

CHARACTERS_OF_TOKEN = 4
CHARACTERS_OF_NOTE = 800
"""Are kept free for saying what was cut."""

INNER_ITEMS = (10, 3)
"""Lists within lists are cut first, to these lengths: who is in the outer one matters more."""

TEXT_LEFT = 400
"""Characters that are left of any text."""

PAGE_MARGIN = 0.9
"""How much of the room the next page is to fill, if its items are as long as those of the last one."""


class _List(NamedTuple):
    """A list in an answer, and its name: `files[].imports`."""

    name: str
    items: list[Any]

    @property
    def is_inner(self) -> bool:
        return "[]" in self.name


class _Text(NamedTuple):
    """A text in an answer, and where it stands."""

    name: str
    holder: Any
    key: Any

    @property
    def text(self) -> str:
        return str(self.holder[self.key])


def as_text(value: Any) -> str:
    """Compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def within(ask: Callable[[Parameters], dict[str, Any]], parameters: Parameters, max_tokens: int) -> dict[str, Any]:
    """The answer to a question in at most so many tokens, or as few as can be. What is missing is said in it."""
    answer = ask(parameters)
    room = _room(max_tokens)
    if not isinstance(parameters, PagedParameters) or _fits(answer, max_tokens):
        return fitting(answer, max_tokens)
    limit = parameters.limit
    while (size := len(as_text(answer))) > room and limit > 1:
        limit = max(1, min(limit - 1, int(limit * room / size * PAGE_MARGIN)))
        answer = ask(parameters.model_copy(update={"limit": limit}))
    note = f"This page has at most {limit} items, to stay within {max_tokens:,} tokens; `next_cursor` leads on."
    return fitting({"note": note, **answer}, max_tokens)


def fitting(answer: dict[str, Any], max_tokens: int) -> dict[str, Any]:
    """An answer in at most so many tokens, or as few as can be. What was cut is said in it."""
    return answer if _fits(answer, max_tokens) else _cut(answer, _room(max_tokens), max_tokens)


def _fits(answer: dict[str, Any], max_tokens: int) -> bool:
    return len(as_text(answer)) <= max_tokens * CHARACTERS_OF_TOKEN


def _room(max_tokens: int) -> int:
    return max_tokens * CHARACTERS_OF_TOKEN - CHARACTERS_OF_NOTE


def _cut(answer: dict[str, Any], room: int, max_tokens: int) -> dict[str, Any]:
    """A copy with lists and texts shortened until it has `room` characters."""
    copy = json.loads(as_text(answer))
    lists = _lists(copy)
    lengths = {id(found.items): len(found.items) for found in lists}
    texts: dict[str, tuple[int, int]] = {}
    inner = (partial(_cut_inner, lists, most) for most in INNER_ITEMS)
    steps = (*inner, partial(_cut_outer, lists), partial(_cut_texts, copy, texts))
    for step in steps:
        excess = len(as_text(copy)) - room
        if excess <= 0:
            break
        step(excess)
    cuts = [*_shortened(copy, lengths), *({"text": name, "shown": n, "of": of} for name, (n, of) in texts.items())]
    if not cuts:
        return answer
    note = f"Cut to about {max_tokens:,} tokens, see `cut`: ask more narrowly to see the rest."
    return {**copy, "note": f"{copy['note']} {note}" if "note" in copy else note, "cut": cuts}


def _cut_inner(lists: list[_List], most: int, excess: int) -> None:
    for found in lists:
        if found.is_inner:
            del found.items[most:]


def _cut_outer(lists: list[_List], excess: int) -> None:
    """The longest list first; one item is left of each."""
    outer = [found for found in lists if not found.is_inner]
    for found in sorted(outer, key=lambda found: len(as_text(found.items)), reverse=True):
        while excess > 0 and len(found.items) > 1:
            excess -= len(as_text(found.items.pop())) + 1


def _cut_texts(answer: Any, cuts: dict[str, tuple[int, int]], excess: int) -> None:
    """The longest text first; notes in `cuts` how much is left of each."""
    for found in sorted(_texts(answer), key=lambda found: len(found.text), reverse=True):
        whole = found.text
        left = max(TEXT_LEFT, len(whole) - excess)
        if excess > 0 and left < len(whole):
            found.holder[found.key] = whole[:left] + "…"
            cuts[found.name] = left, len(whole)
            excess -= len(as_text(whole)) - len(as_text(whole[:left]))


def _shortened(answer: Any, lengths: dict[int, int]) -> Iterator[dict[str, Any]]:
    """How much is shown of each list that is shorter than it was, those of one name together."""
    shown: dict[str, list[int]] = {}
    for found in _lists(answer):
        counts = shown.setdefault(found.name, [0, 0])
        counts[0] += len(found.items)
        counts[1] += lengths[id(found.items)]
    return ({"list": name, "shown": n, "of": of} for name, (n, of) in shown.items() if n < of)


def _lists(answer: Any) -> list[_List]:
    """Every list in an answer, the outer ones before those within them."""
    found: list[_List] = []
    unseen: list[tuple[str, Any]] = [("", answer)]
    for name, value in unseen:  # grows as it goes
        if isinstance(value, list):
            found.append(_List(name, value))
            unseen += [(f"{name}[]", item) for item in value if isinstance(item, dict | list)]
        else:
            items = [(key, item) for key, item in value.items() if isinstance(item, dict | list)]
            unseen += [(f"{name}.{key}" if name else key, item) for key, item in items]
    return found


def _texts(value: Any, name: str = "") -> Iterator[_Text]:
    for key, item in list(value.items() if isinstance(value, dict) else enumerate(value)):
        inner = f"{name}[]" if isinstance(value, list) else f"{name}.{key}" if name else str(key)
        if isinstance(item, str):
            yield _Text(inner, value, key)
        elif isinstance(item, dict | list):
            yield from _texts(item, inner)
