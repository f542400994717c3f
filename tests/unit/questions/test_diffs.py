"""Unified diffs: what is read of what git writes, and what is said to what nobody should write."""

import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest

from kotadb.errors import InvalidInput
from kotadb.questions.diffs import MAX_FILES, FileDiff, Hunk, Region, candidates, parse_diff
from support.repos import make_repo

NAMES = ["plain.py", "caf\u00e9.py", "with space.py", "b/a b/x b/y", 'q"uote\\.py', "tab\there.py", "end "]


def only(text: str) -> FileDiff:
    [file] = parse_diff(text)
    return file


def hunks(text: str) -> list[Hunk]:
    return only(f"--- a/x\n+++ b/x\n{text}").hunks


@pytest.mark.parametrize("options", [[], ["-U0"], ["--no-prefix"], ["--src-prefix=i/", "--dst-prefix=w/"], ["-R"]])
def test_every_name_that_git_writes_is_read(tmp_path: Path, options: list[str]) -> None:
    repo = make_repo(tmp_path, dict.fromkeys(NAMES, "1\n2\n3\n"))
    repo.write(dict.fromkeys(NAMES, "1\n2\nthree\n"))
    files = parse_diff(repo.git("diff", *options) + "\n")
    assert sorted(candidates(file.old or "", file.new)[0] for file in files) == sorted(NAMES)
    assert {file.hunks[0].regions[0].start for file in files} == {3}


@pytest.mark.parametrize("options", [[], ["--no-prefix"], ["--binary"]])
def test_what_happens_to_files_without_a_line_of_theirs(tmp_path: Path, options: list[str]) -> None:
    repo = make_repo(tmp_path, {"old name": "1\n2\n3\n", "gone": b"\0gone", "logo": b"\0one", "run": "x\n"})
    repo.git("mv", "old name", "new name")
    repo.git("rm", "-q", "gone")
    repo.write({"logo": b"\0two", "empty": ""})
    (tmp_path / "run").chmod(0o755)
    repo.git("add", "-A")
    files = parse_diff(repo.git("diff", "--cached", "-M", *options))
    told = {
        (
            file.old and candidates(file.old, file.new)[0],
            file.new and candidates(file.new, file.old)[0],
            file.is_renamed,
            file.is_binary,
        )
        for file in files
    }
    assert told == {
        ("old name", "new name", True, False),
        ("gone", None, False, True),
        ("logo", "logo", False, True),
        (None, "empty", False, False),
        ("run", "run", False, False),
    }


def test_regions_are_numbered_by_the_old_lines() -> None:
    text = "@@ -10,5 +10,6 @@ def f():\n a\n-b\n-c\n+B\n d\n+new\n+er\n e\n"
    assert hunks(text) == [
        Hunk(10, list("abcde"), [Region(11, ["b", "c"], ["B"], 10), Region(14, [], ["new", "er"], 13)])
    ]


@pytest.mark.parametrize(
    ("header", "lines", "region"),
    [
        ("@@ -5,0 +6 @@", "+x\n", Region(6, [], ["x"], 5)),
        ("@@ -0,0 +1 @@", "+x\n", Region(1, [], ["x"], 0)),
        ("@@ -5 +4,0 @@", "-x\n", Region(5, ["x"], [], 4)),
        ("@@ -1 +1 @@", "--- x\n+++ y\n", Region(1, ["-- x"], ["++ y"], 0)),
        (
            "@@ -1 +1 @@",
            "-x\n\\ No newline at end of file\n+y\n\\ No newline at end of file\n",
            Region(1, ["x"], ["y"], 0),
        ),
        ("@@ -1,3 +1,2 @@", " a\n\n-x", Region(3, ["x"], [], 1)),
        ("@@ -4,3 +4,4 @@", " a\n \n+x\n b", Region(6, [], ["x"], 4)),
    ],
)
def test_the_corners_of_hunks(header: str, lines: str, region: Region) -> None:
    [hunk] = hunks(f"{header}\n{lines}")
    assert hunk.regions == [region]


def test_line_ends_of_windows_do_not_matter() -> None:
    text = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,3 +1,2 @@\n a\n\n-x\n"
    assert parse_diff(text.replace("\n", "\r\n")) == parse_diff(text)


def test_what_is_around_a_diff_does_not_matter() -> None:
    patch = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-x\n+y\n"
    mail = f"From 1\nSubject: x\n\n---\n x | 2 +-\n\n{patch}-- \n2.43.0\n\n"
    assert [len(file.hunks) for file in parse_diff("@@ x @@\n" + mail * 2)] == [1, 1]


def test_a_diff_without_git_has_names_too() -> None:
    names = "diff -ru old/src/x.py new/src/x.py\n--- old/src/x.py\t2026-01-01 00:00:00\n+++ new/src/x.py\t2026\n"
    file = only(f"{names}@@ -1 +1 @@\n-x\n+y\n")
    assert candidates(file.old or "", file.new) == ["old/src/x.py", "src/x.py"]


def test_no_diff_at_all_changes_nothing() -> None:
    assert parse_diff("") == parse_diff("\n \n") == []


CUT = "--- a/x\n+++ b/x\n@@ -1,2 +1 @@\n-x\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("hello", "no unified diff"),
        ("@@ -1 +1 @@\n-a\n+b\n", "no unified diff"),
        (CUT, r"at its line 5 \(''\): a hunk is cut off"),
        (CUT + "nonsense", r"at its line 5 \('nonsense'\): this is no line of a hunk"),
        (CUT + "+a\n+b\n", r"line 6 \('\+b'\): the hunk has more lines"),
        (CUT + "-a\n+b\n more", r"line 7 \(' more'\): the hunk has more lines"),
        ("--- a/x\n+++ b/x\n@@ -1,99999999999999999999 +1 @@\n", "no header of a hunk"),
        ("--- a/x\n+++ b/x\n@@ -1,9999999999999999999999" + "9" * 5000 + " +1 @@\n", "no header of a hunk"),
        ("--- a/x\n+++ b/x\n@@ -\u0661 +1 @@\n", "no header of a hunk"),
        ("--- a/x\n+++ b/x\n@@\n", "no header of a hunk"),
        ("diff --cc x\nindex 1,2..3\n--- a/x\n+++ b/x\n@@@ -1 -1 +1 @@@\n", "the diff of a merge"),
        ('--- "a/x\n+++ b/x\n', "no closing quote"),
        ("diff --git a/x b/x\n" * (MAX_FILES + 1), "more than 5,000 files"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(text: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        parse_diff(text)


@pytest.mark.parametrize(
    "text",
    [
        "Binary files " + " and" * 100_000,
        "diff --git ://" + " " * 400_000,
        'diff --git "' + "\\a" * 200_000,
        '--- "' + '"' * 400_000 + "\n+++ b/x",
        "--- a/x\n+++ b/x\n" + "@@ -1 +1 @@\n-a\n+b\n" * 20_000,
        "--- a/x\n+++ b/x\n@@ -1,200000 +0,0 @@\n" + "-a\n" * 200_000,
    ],
)
def test_no_text_takes_long(text: str) -> None:
    began = time.process_time()
    with suppress(InvalidInput):
        parse_diff(text)
    assert time.process_time() - began < 1


def test_escapes_of_a_quoted_name_are_bytes() -> None:
    file = only('--- "a/\\303\\251\\t\\"\\\\\\377"\n+++ "b/\\303\\251"\n')
    assert (file.old, file.new) == ('a/\u00e9\t"\\\\xff', "b/\u00e9")


def test_git_itself_applies_what_is_read_here(tmp_path: Path) -> None:
    """The samples are not of a format that only this reader knows."""
    (tmp_path / "x").write_text("".join(f"{number}\n" for number in range(1, 10)) + "a\nb\nc\nd\ne\n")
    text = "--- a/x\n+++ b/x\n@@ -10,5 +10,6 @@ def f():\n a\n-b\n-c\n+B\n d\n+new\n+er\n e\n"
    subprocess.run(["git", "apply", "--check", "-"], input=text.encode(), cwd=tmp_path, check=True)
