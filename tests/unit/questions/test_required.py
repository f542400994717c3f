"""What words a text must have for a pattern to match in it: enough to look files up by, and never more than must be."""

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from kotadb.pipeline.words import words
from kotadb.questions.lookup import MAX_WORDS, words_with
from kotadb.questions.required import Piece, Required, required_by_literal, required_by_regex, unquoted


def shown(required: Required | None) -> list[str] | None:
    """Its alternatives as text, with an asterisk where a word may go on."""
    if required is None:
        return None
    return [" ".join(map(_piece, pieces)) for pieces in required.alternatives]


def _piece(piece: Piece) -> str:
    return ("" if piece.begins else "*") + piece.text.decode() + ("" if piece.ends else "*")


LITERALS = [
    ("getUser", ["*getUser*"]),
    ("e", ["*e*"]),
    ("a-b-c", ["*a b c*"]),
    ("return self.name", ["*return name* self"]),
    (" größe(", ["größe"]),
    ("日本語", ["*日本語*"]),
    ("one two three.four!five", ["three five* four"]),
    ("=> {", None),
]


@pytest.mark.parametrize(("text", "pieces"), LITERALS)
def test_of_a_text_it_is_its_words_the_longest_first_and_the_outer_ones_may_go_on(
    text: str, pieces: list[str] | None
) -> None:
    assert shown(required_by_literal(text, any_case=True)) == pieces


def test_a_whole_word_does_not_go_on() -> None:
    assert shown(required_by_literal("name", any_case=True, word=True)) == ["name"]
    assert shown(required_by_regex("name|[ab]+x", any_case=True, word=True)) == ["a* *x", "b* *x", "name"]


REGEXES = [
    (r"getUser\(", ["*getUser"]),
    (r"\bget\w+\(", ["get*"]),
    (r"foo|bar", ["*bar*", "*foo*"]),
    (r"foo|.", None),
    (r"(?:foo|bar)Baz", ["*barBaz*", "*fooBaz*"]),
    (r"fooo*bar", ["*bar* *foo*"]),
    (r"fo{0,2}oba", ["*oba* *f*"]),
    (r"(abc){0}", None),
    (r"(abc){2}def", ["*abc* *def*"]),
    (r"ab+c", ["*ab* *c*"]),
    (r"[Ff]oo", ["*Foo*", "*foo*"]),
    (r"[^f]oo", ["*oo*"]),
    (r"x[]abc]def", ["*def* *x*"]),
    (r"x[[:alpha:]]def", ["*def* *x*"]),
    (r"\Qa.b*c\E+def", ["*def* *a b"]),
    (r"\Qabc.*", ["*abc"]),
    (r"\pL\p{Greek}def", ["*def*"]),
    (r"\x41bcd\x{62}efg", ["*bcd* *efg*"]),
    (r"a{,2}bcd", ["bcd* 2 *a"]),
    (r"a||bcd", None),
    (r"^$", None),
    (r"\101bcd", ["*bcd*"]),
    ("(" * 60 + "abc" + ")" * 60, None),
    ("(?:a|b|c|d|e)(?:f|g|h|i|j)xyz", ["*fxyz*", "*gxyz*", "*hxyz*", "*ixyz*", "*jxyz*"]),
    (r"\bself\b", ["self"]),
    ("[kK]ey|[sS]elf", ["*elf*", "*ey*"]),
    ("a|k|b|K", None),
    (r"foo_(?-i)??bar", None),
    (r"\bé", ["*é*"]),
    (r"x*\bfoo\b.*", ["foo"]),
]


@pytest.mark.parametrize(("pattern", "pieces"), REGEXES)
def test_of_an_expression_it_is_what_every_match_holds(pattern: str, pieces: list[str] | None) -> None:
    re2.compile(pattern)
    assert shown(required_by_regex(pattern, any_case=False)) == pieces


@pytest.mark.parametrize("pattern", ["(?i)abc", "x(?i:abc)", "(?si)abc"])
def test_a_flag_in_the_expression_makes_it_one_of_any_case(pattern: str) -> None:
    found = required_by_regex(pattern, any_case=False)
    assert found is not None
    assert found.any_case


LONG_S = "\u017f"
ATOMS = st.sampled_from(
    ["a", "b", "K", "s", "abc", "foo", ".", r"\w", r"\b", r"\.", r"\Qa+b\E", "[ab]", "[^a]", r"[]a-c\]]", "%", "_", "é",
     LONG_S, "[kK]", "[Ss]", "-", r"\x61", r"\141", r"\pL", "^", "$", "{", "}", "]", r"\\", "a{,2}", "日本語"]
)  # fmt: skip
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=4).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"(?:{'|'.join(parts)})"),
        inner.map("({})".format),
        inner.map("(?i:{})".format),
        inner.map("(?i){}".format),
        inner.map("{}(?-i)?".format),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{0,1}", "{1,}", "*?"])).map(
            lambda p: f"(?:{p[0]}){p[1]}"
        ),
    ),
    max_leaves=8,
)
TEXTS = st.lists(
    st.sampled_from(["a", "b", "k", "\u212a", "S", LONG_S, "abc", "ABC", "foo", "Foo", "a+b", ".", "%", "_", "é", "{",
                     "}", "]", "\\", " ", "-", "_b", "a{,2}", "日本語"]), max_size=8,
).map("".join)  # fmt: skip


@settings(max_examples=600, deadline=None)
@given(PATTERNS, TEXTS, st.booleans())
def test_whatever_the_expression_matches_has_the_words_that_are_required(pattern: str, text: str, case: bool) -> None:
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
        vocabulary = [b"\n".join(words(text.encode()))]
        assert any(
            all(words_with(piece, vocabulary, any_case=required.any_case) for piece in pieces)
            for pieces in required.alternatives
        )


@settings(max_examples=300, deadline=None)
@given(TEXTS, TEXTS, TEXTS)
def test_whatever_holds_a_text_as_a_word_has_its_words(before: str, text: str, after: str) -> None:
    whole = f"{before}{text}{after}"
    options = re2.Options()
    options.case_sensitive = False
    no_word = r"[^\pL\pM\p{Nd}\p{Pc}]"
    if re2.search(f"(?:^|{no_word}){re2.escape(text)}(?:{no_word}|$)", whole, options):
        required = required_by_literal(text, any_case=True, word=True)
        vocabulary = [b"\n".join(words(whole.encode()))]
        for piece in () if required is None else required.alternatives[0]:
            assert words_with(piece, vocabulary, any_case=True)


VOCABULARY = [b"Get\nget\nget_user\ngetUser\ntarget", "日本get\nbudget".encode()]
PIECES = [
    (Piece(b"get", False, False), {"get", "get_user", "getUser", "target", "日本get", "budget"}),
    (Piece(b"get", True, False), {"get", "get_user", "getUser", "日本get"}),
    (Piece(b"get", False, True), {"get", "target", "日本get", "budget"}),
    (Piece(b"get", True, True), {"get", "日本get"}),
    (Piece(b"no", False, False), set()),
]


@pytest.mark.parametrize(("piece", "found"), PIECES)
def test_the_words_of_a_piece_are_all_that_it_may_be_of(piece: Piece, found: set[str]) -> None:
    assert words_with(piece, VOCABULARY, any_case=False) == {word.encode() for word in found}


def test_case_is_what_the_expressions_take_it_for() -> None:
    vocabulary = [f"GRÖSSE\ngrösse\n{LONG_S}ample\n\u212aelvin".encode()]
    for text, count in (("größe", 0), ("grösse", 2), ("sample", 1), ("kelvin", 1)):
        found = words_with(Piece(text.encode(), True, True), vocabulary, any_case=True)
        assert found is not None
        assert len(found) == count


def test_words_that_are_too_many_are_not_told() -> None:
    vocabulary = [b"\n".join(b"word%d" % number for number in range(MAX_WORDS + 1))]
    assert words_with(Piece(b"word", True, False), vocabulary, any_case=False) is None
    assert words_with(Piece(b"word49", True, False), vocabulary, any_case=False) is not None
