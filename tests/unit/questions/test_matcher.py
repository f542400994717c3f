"""Lines that match: what a line is, and that nobody can make the search of them long."""

import time

import pytest

from kotadb.errors import InvalidInput
from kotadb.questions.matcher import MAX_SPANS, Matcher, OutOfTime, searched

SOON = 60.0


def lines(
    content: str, query: str, *, regex: bool = True, case: bool = True, word: bool = False
) -> list[tuple[int, str]]:
    """The lines that match, each with its first match."""
    text = searched(content.encode())
    found = Matcher(query, regex=regex, case=case, word=word).lines(text, time.monotonic() + SOON)
    return [(line.number, text.content[line.match_start : line.match_end].decode()) for line in found]


MATCHES = [
    ("a\nb\n", "^", [(1, ""), (2, "")]),
    ("a\n\n", "^$", [(2, "")]),
    ("", "x*", []),
    ("\n", "^$", [(1, "")]),
    ("a\r\nb", "a$", [(1, "a")]),
    ("a\rb", "a$", []),
    ("a\nb\nc", r"a\s*b|[^a]+", [(2, "b"), (3, "c")]),
    ("a\nb", r"a\nb|(?s)a.*b", []),
    ("a\nb\n", r"\Aa|b\z", [(1, "a"), (2, "b")]),
    ("b\na\n", r"\Aa|b\z", []),
    ("ab\nab", r"\bab\b", [(1, "ab"), (2, "ab")]),
    ("é\nÉ", "(?i)é", [(1, "é"), (2, "É")]),
]


@pytest.mark.parametrize(("content", "regex", "found"), MATCHES)
def test_a_match_is_within_one_line(content: str, regex: str, found: list[tuple[int, str]]) -> None:
    assert lines(content, regex) == found


def test_a_text_of_many_chunks_is_searched_like_one_of_one() -> None:
    content = "".join(f"{'x' * (n % 90)} number {n}\n" for n in range(5_000))
    assert lines(content, r"number \d*7$") == [(n + 1, f"number {n}") for n in range(7, 5_000, 10)]
    assert lines("y" * 100_000 + "z\nz", "z") == [(1, "z"), (2, "z")]


def test_words_are_found_next_to_each_other() -> None:
    text = searched(b"foo foo,foo foos foo")
    matcher = Matcher("foo", regex=False, case=True, word=True)
    [line] = matcher.lines(text, time.monotonic() + SOON)
    assert list(matcher.spans(text, line)) == [(0, 3), (4, 7), (8, 11), (17, 20)]


def test_so_many_places_of_a_line_are_told_and_no_more() -> None:
    text = searched(b"a" * 10_000)
    matcher = Matcher("a", regex=False, case=True, word=False)
    [line] = matcher.lines(text, time.monotonic() + SOON)
    assert len(list(matcher.spans(text, line))) == MAX_SPANS


@pytest.mark.parametrize("regex", ["(a*)*b", "(x+x+)+y", "(a|aa)+$", "(.*a){20}z", "([a-q][^u-z]{13}x|.?){20}!"])
def test_expressions_that_are_made_to_take_long_do_not(regex: str) -> None:
    began = time.monotonic()
    assert (
        lines("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaxxxxxxxxxxxxxxxxxxxxxxxxxxxx!c\n" * 100, regex)
        is not None
    )
    assert time.monotonic() - began < 10


def test_the_clock_ends_a_search_within_a_text() -> None:
    matcher = Matcher("nothing", regex=False, case=False, word=False)
    with pytest.raises(OutOfTime):
        list(matcher.lines(searched(b"a line\n" * 100_000), time.monotonic()))
    with pytest.raises(OutOfTime):
        matcher.matches_exactly(searched(b"a line\n" * 100_000), time.monotonic())


@pytest.mark.parametrize("regex", ["(", "a**", r"\1", "(?=a)", "a)|(b", "(.?){1000}x", r"\C", r"[\Q]\E]", "(?P<n>a"])
@pytest.mark.parametrize("word", [True, False])
def test_what_is_no_expression_is_refused_whatever_is_put_around_it(regex: str, word: bool) -> None:
    with pytest.raises(InvalidInput, match=r"regular expression"):
        Matcher(regex, regex=True, case=True, word=word)
