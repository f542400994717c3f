"""Lines of the log: one each, and without effects, whatever is in the values."""

import json
import logging
import sys
from collections.abc import Callable, Iterator
from io import StringIO

import pytest
import structlog

from kotadb.logs import configure_logging, get_logger
from kotadb.settings import Settings

HOSTILE = [
    "\x1b]0;title\x07",
    "\x1b[2J",
    "\x9b31m",
    "\x7f",
    "a\u202eb",
    "\ud800",
    "x\n2026-01-01 [info] forged",
    "\r\0",
]
Show = Callable[[str], str]


@pytest.fixture(params=["console", "json"])
def show(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], str]]:
    """What was logged, in both formats."""
    before, written = structlog.get_config(), StringIO()
    monkeypatch.setattr(logging.root, "handlers", [])
    monkeypatch.setattr(sys, "stderr", written)
    configure_logging(Settings(log_format=request.param))
    yield written.getvalue
    structlog.configure(**before)


def alone() -> None:
    """Without pytest's own handlers: tests that run in parallel cannot pass on half of a surrogate pair."""
    logging.root.handlers[1:] = []


def lines_of(logged: str) -> list[str]:
    """The lines, each of which is printable; of JSON, ASCII too."""
    lines = logged.removesuffix("\n").split("\n")
    for line in lines:
        assert line.isprintable(), line
        assert not line.startswith("{") or (line.isascii() and json.loads(line))
    return lines


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_values_and_events_make_one_line(show: Callable[[], str], text: str) -> None:
    alone()
    get_logger("ours").warning(text, value=text, nested={text: [text]}, error=ValueError(text))
    logging.getLogger("theirs").warning("said: %s", text)
    assert len(lines_of(show())) == 2


class Odd:
    def __repr__(self) -> str:
        return "\x1b[2J\n"


def test_what_describes_itself_is_not_believed(show: Callable[[], str]) -> None:
    get_logger("ours").warning("odd", value=Odd())
    assert len(lines_of(show())) == 1


@pytest.mark.parametrize("text", HOSTILE)
def test_what_an_exception_says_passes_for_no_line(show: Callable[[], str], text: str) -> None:
    alone()
    try:
        raise RuntimeError(text)
    except RuntimeError:
        get_logger("ours").exception("failed")
        logging.getLogger("theirs").exception("failed")
    lines = lines_of(show())
    assert len([line for line in lines if not line.startswith(" ")]) == 2
    assert any("test_logs.py" in line for line in lines)


def test_the_console_has_letters_of_any_script(show: Callable[[], str]) -> None:
    get_logger("ours").warning("größe", value="大")
    [line] = lines_of(show())
    assert line.startswith("{") or ("größe" in line and "value=大" in line)
