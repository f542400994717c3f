"""Text from elsewhere on a terminal: it is seen, and does nothing."""

import json
import signal

import pytest

from kotadb import __main__
from kotadb.cli.output import fail, out, print_job, print_json, print_table, visible, visible_lines
from kotadb.errors import InvalidInput

HOSTILE = {
    "\x1b]0;title\x07": "\\x1b]0;title\\x07",
    "\x1b[2J": "\\x1b[2J",
    "\x9b31m": "\\x9b31m",
    "\x7f": "\\x7f",
    "a\u202eb": "a\\u202eb",
    "\u2066\u200b": "\\u2066\\u200b",
    "\U000e0041": "\\U000e0041",
    "\ud800": "\\ud800",
    "a\r\nb": "a\\r\\nb",
    "[red]x[/red]": "[red]x[/red]",
    "[/]": "[/]",
    ":bug:": ":bug:",
    "größe 大": "größe 大",
}


@pytest.mark.parametrize("text", HOSTILE)
def test_text_is_shown_as_it_is_and_what_cannot_be_seen_by_its_number(
    capsys: pytest.CaptureFixture[str], text: str
) -> None:
    out.print(f"[bold]{visible(text)}[/bold] end")
    print_table(["column"], [[text]])
    shown, *table = capsys.readouterr().out.splitlines()
    assert shown == f"{HOSTILE[text]} end"
    assert [line.rstrip() for line in table] == ["column", HOSTILE[text]]


def test_no_line_of_several_passes_for_one_of_ours(capsys: pytest.CaptureFixture[str]) -> None:
    out.print(visible_lines("broken\n✓ database\x1b[2J [red]"))
    assert capsys.readouterr().out == "broken\n  ✓ database\\x1b[2J [red]\n"


@pytest.mark.parametrize("text", HOSTILE)
def test_json_decodes_to_the_same_and_has_nothing_that_acts_on_a_terminal(
    capsys: pytest.CaptureFixture[str], text: str
) -> None:
    value = {text: [text]}
    print_json(value)
    line = capsys.readouterr().out.removesuffix("\n")
    assert json.loads(line) == value
    assert line.isprintable()
    assert "\\u" not in line or not text.isprintable()


@pytest.mark.parametrize("field", ["repository", "branch"])
def test_a_job_shows_what_is_foreign_in_it(capsys: pytest.CaptureFixture[str], field: str) -> None:
    failure = {"code": "c", "message": "[red]\x1b[2J\nforged", "attempt": 1}
    job = {
        "repository": "r", "branch": "b", "commit_sha": "c", "status": "failed", "job_id": "j", "attempt": 2,
        "history": [failure], "error": failure, "stats": None, "next_attempt_at": None,
    }  # fmt: skip
    print_job(job | {field: "\x1b]0;x\x07\u202e"})
    shown = capsys.readouterr().out
    assert "\\x1b]0;x\\x07\\u202e" in shown
    assert "[red]\\x1b[2J\\nforged" in shown
    assert shown.replace("\n", "").isprintable()


def test_an_error_is_shown_to_be_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert fail(InvalidInput("no \x1b[2J[red]")) == 2
    assert capsys.readouterr().err == "error: no \\x1b[2J[red]\n"


def test_what_goes_wrong_unforeseen_is_shown_likewise(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise RuntimeError("\x1b[2J[red]\nforged")

    monkeypatch.setattr(__main__, "app", fail)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    with pytest.raises(SystemExit, match="1"):
        __main__.main()
    assert capsys.readouterr().err.endswith("RuntimeError: \\x1b[2J[red]\n  forged\n")
