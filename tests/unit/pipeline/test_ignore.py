"""`.kotadbignore` means what `.gitignore` would mean; git itself is asked."""

import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kotadb.errors import LimitExceeded
from kotadb.pipeline import ignore
from kotadb.pipeline.ignore import MAX_RULES, exclusion
from support.repos import Repo, make_repo


@pytest.mark.parametrize(
    ("rules", "excluded", "included"),
    [
        ("", [], ["a", "#", " "]),
        ("# a\n\n!a\n", [], ["a", "# a"]),
        ("*.log", ["a.log", "b/c/a.log", "x.log/in"], ["a.logs", "log"]),
        ("/build", ["build", "build/a"], ["a/build"]),
        ("build/", ["build/a", "x/build/a"], ["build", "x/build"]),
        ("docs/*.md", ["docs/a.md"], ["docs/b/a.md", "x/docs/a.md"]),
        ("**/gen/*.py", ["gen/a.py", "x/y/gen/a.py"], ["gen/x/a.py"]),
        ("a/**/b", ["a/b", "a/x/y/b"], ["x/a/b", "a/bc"]),
        ("a/**", ["a/b", "a/b/c"], ["a"]),
        ("*\n!keep", ["a", "b/keep"], ["keep"]),
        ("/*\n!/b", ["a", "c/b"], ["b", "b/a"]),
        ("a?c\n[xyz]1\n[!a]2\n[^a]3\n[a-c]4", ["abc", "x1", "b2", "b3", "b4"], ["ac", "w1", "a2", "a3", "d4"]),
        (r"\#a" + "\n" + r"\!b" + "\n" + r"c\*", ["#a", "!b", "c*"], ["a", "b", "cd"]),
        ("a \nb\\ \nc\r\n", ["a", "b ", "c"], ["a ", "b", "c\r"]),
        ("//\n/\na//b\n!\n", [], ["a", "a/b"]),
    ],
)
def test_rules(rules: str, excluded: list[str], included: list[str]) -> None:
    is_excluded = exclusion(rules)
    assert [path for path in excluded if not is_excluded(path)] == []
    assert [path for path in included if is_excluded(path)] == []


def test_patterns_made_to_take_for_ever_do_not() -> None:
    is_excluded = exclusion("a*" * 2000 + "b\n" + "**/a*/" * 300 + "b\n")
    assert not is_excluded("/".join(["a" * 200] * 20))


def test_what_is_too_much_is_not_read() -> None:
    is_excluded = exclusion("\n".join(f"f{number}" for number in range(MAX_RULES + 1)) + "\n" + "x" * 10_000)
    assert is_excluded(f"f{MAX_RULES - 1}")
    assert not is_excluded(f"f{MAX_RULES}")


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    return make_repo(tmp_path_factory.mktemp("ignore") / "repo", {})


names = st.text("ab.#! ", min_size=1, max_size=3).filter(lambda name: name.strip(".") != "")
paths = st.lists(names, min_size=1, max_size=4).map("/".join)
pieces = st.sampled_from(
    ["a", "b", ".", "/", "*", "**", "?", "[ab]", "[!a]", "[^b]", "[a-b]", r"\*", r"\a", "!", "#", " "]
)
# Not `a**/`, where git looks at what follows the literal beginning as if it were the whole pattern.
patterns = (
    st.lists(pieces, min_size=1, max_size=6).map("".join).filter(lambda text: not re.search(r"[^/*]\*\*+/", text))
)


def ignored_by_git(repo: Repo, rules: str, path: str) -> bool:
    (repo.path / ".git" / "info" / "exclude").write_text(rules)
    command = ["git", "-C", str(repo.path), "check-ignore", "--no-index", "--quiet", "--stdin", "-z"]
    return subprocess.run(command, input=path.encode() + b"\0", check=False).returncode == 0


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(patterns, min_size=1, max_size=3).map("\n".join), paths)
@example("a/\n!a/b", "a/b")
@example("**", "a")
@example("**/", "a/b")
@example("***/a[ab]", "aa")
def test_the_same_as_git(repo: Repo, rules: str, path: str) -> None:
    assert exclusion(rules)(path) == ignored_by_git(repo, rules, path)


def test_git_is_asked_about_paths_that_are_not_there(repo: Repo, tmp_path: Path) -> None:
    """So the test above can fail."""
    assert ignored_by_git(repo, "*.log", "a/b.log")
    assert not ignored_by_git(repo, "*.log", "a/b.lo")


def test_rules_that_take_too_long_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of them would be tried at each of a thousand folders, to the end."""
    monkeypatch.setattr(ignore, "MAX_STEPS", 1_000_000)
    is_excluded = exclusion("\n".join(["**/" + "a/" * 600 + "b"] * 100))
    with pytest.raises(LimitExceeded) as caught:
        is_excluded("a/" * 1200 + "c")
    assert ".kotadbignore" in caught.value.message


def test_long_names_and_rules_count_for_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ignore, "MAX_STEPS", 1_000)
    is_excluded = exclusion("*" + "a" * 900 + "b*")
    with pytest.raises(LimitExceeded):
        is_excluded("a" * 4_000)


def test_paths_may_come_in_any_order() -> None:
    paths = ["a/b/c.py", "x.py", "a/b.py", "a/b/c/d.py", "b/c.py", "a/b/c.py", "a"]
    is_excluded = exclusion("a/b\n!a/b/c.py\n")
    assert [path for path in paths if is_excluded(path)] == ["a/b/c.py", "a/b/c/d.py", "a/b/c.py"]
