"""What a text must hold for a pattern to match: enough to look files up by, and never more than must be."""

import re

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from kotadb.questions.required import Required, required_by_literal, required_by_regex, unquoted

LITERALS = [
    ("getUser", ["%getUser%"]),
    ("10%_\\x", None),
    ("10%_\\xyz", [r"%10\%\_\\xyz%"]),
    ("ab", None),
    ("a-b-c", None),
    ("größe", None),
    ("größeren", ["%gr%eren%"]),
    ("日本語", ["%日本語%"]),
    ("Ähm abc", ["%hm abc%"]),
]


@pytest.mark.parametrize(("text", "patterns"), LITERALS)
def test_of_a_text_it_is_that_text_but_for_letters_whose_case_databases_see_differently(
    text: str, patterns: list[str] | None
) -> None:
    found = required_by_literal(text, any_case=True)
    assert (found and found.patterns) == patterns


REGEXES = [
    (r"getUser\(", ["%getUser(%"]),
    (r"\bget\w+\(", ["%get%(%"]),
    (r"foo|bar", ["%bar%", "%foo%"]),
    (r"foo|b.r", None),
    (r"(?:foo|bar)Baz", ["%barBaz%", "%fooBaz%"]),
    (r"fooo*bar", ["%foo%bar%"]),
    (r"fo{0,2}oba", ["%f%oba%"]),
    (r"(abc){0}", None),
    (r"(abc){2}def", ["%abc%def%"]),
    (r"ab+c", None),
    (r"abc+?d", ["%abc%d%"]),
    (r"[Ff]oo", ["%Foo%", "%foo%"]),
    (r"[^f]oo", None),
    (r"x[]abc]def", ["%x%def%"]),
    (r"x[[:alpha:]]def", ["%x%def%"]),
    (r"\Qa.b*c\E+def", None),
    (r"\Qabc.*", ["%abc.*%"]),
    (r"\pL\p{Greek}def", ["%def%"]),
    (r"\x41bcd\x{62}efg", ["%bcd%efg%"]),
    (r"a{,2}bcd", ["%a{,2}bcd%"]),
    (r"a||bcd", None),
    (r"^$", None),
    (r"\101bcd", ["%bcd%"]),
    ("[a-c]" * 20 + "def", ["%def%"]),
    ("(" * 60 + "abc" + ")" * 60, None),
    ("(?:a|b|c|d|e)(?:f|g|h|i|j)xyz", ["%fxyz%", "%gxyz%", "%hxyz%", "%ixyz%", "%jxyz%"]),
]


@pytest.mark.parametrize(("pattern", "patterns"), REGEXES)
def test_of_an_expression_it_is_what_every_match_holds(pattern: str, patterns: list[str] | None) -> None:
    re2.compile(pattern)
    found = required_by_regex(pattern, any_case=False)
    if pattern.startswith(r"\Qa.b"):
        assert found == Required([r"%a.b*c%def%"], False)
    else:
        assert (found and found.patterns) == patterns


@pytest.mark.parametrize("pattern", ["(?i)abc", "x(?i:abc)", "(?si)abc"])
def test_a_flag_in_the_expression_makes_it_one_of_any_case(pattern: str) -> None:
    found = required_by_regex(pattern, any_case=False)
    assert found is not None
    assert found.any_case


LONG_S = "\u017f"
ATOMS = st.sampled_from(
    ["a", "b", "K", "s", "abc", "foo", ".", r"\w", r"\b", r"\.", r"\Qa+b\E", "[ab]", "[^a]", r"[]a-c\]]", "%", "_", "é",
     LONG_S, r"\x61", r"\141", r"\pL", "^", "$", "{", "}", "]", r"\\", "a{,2}", "日本語"]
)  # fmt: skip
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=4).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"(?:{'|'.join(parts)})"),
        inner.map("({})".format),
        inner.map("(?i:{})".format),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{0,1}", "{1,}", "*?"])).map(
            lambda p: f"(?:{p[0]}){p[1]}"
        ),
    ),
    max_leaves=8,
)
TEXTS = st.lists(
    st.sampled_from(["a", "b", "k", "\u212a", "S", LONG_S, "abc", "ABC", "foo", "Foo", "a+b", ".", "%", "_", "é", "{",
                     "}", "]", "\\", " ", "a{,2}", "日本語"]), max_size=8,
).map("".join)  # fmt: skip


@settings(max_examples=600, deadline=None)
@given(PATTERNS, TEXTS, st.booleans())
def test_whatever_the_expression_matches_is_like_what_is_required(pattern: str, text: str, case: bool) -> None:
    options = re2.Options()
    options.case_sensitive = case
    options.log_errors = False
    try:
        compiled = re2.compile(pattern, options)
    except re2.error:
        return
    assert bool(compiled.search(text)) == bool(re2.compile(unquoted(pattern), options).search(text))
    required = required_by_regex(pattern, any_case=not case)
    if required is not None and compiled.search(text):
        odd = required.any_case and ("\u212a" in text or LONG_S in text)  # found by an index of their own
        assert odd or any(_is_like(text, like, any_case=required.any_case) for like in required.patterns)


def _is_like(text: str, pattern: str, *, any_case: bool) -> bool:
    parts = re.findall(r"\\.|%|[^\\%]", pattern, re.DOTALL)
    regex = "".join(".*" if part == "%" else re.escape(part.removeprefix("\\") or part) for part in parts)
    return re.fullmatch(regex, text, re.DOTALL | (re.IGNORECASE | re.ASCII if any_case else 0)) is not None
