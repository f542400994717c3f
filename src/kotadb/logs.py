"""Structured logs: JSON lines for machines, coloured lines for people; what is bound once stands on every line."""

import logging
import sys
from io import StringIO
from textwrap import indent
from typing import TextIO

import structlog

from kotadb.settings import Settings


def configure_logging(settings: Settings) -> None:
    """Send every log line of this process to standard error, those of the libraries too."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    rendered: list[structlog.typing.Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if settings.log_format == "json"
        # Plain tracebacks: others show the values of variables, secrets among them.
        else [
            _make_printable,
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=_print_traceback),
        ]
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendered],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=settings.log_level.upper(), force=True)
    # The queue logs each poll and each job; our own lines say the same with the job's id.
    logging.getLogger("procrastinate").setLevel(logging.WARNING)
    logging.getLogger("mcp").setLevel(logging.WARNING)
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)  # else a line per attempt while the database is away
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def leave_logs_to_the_program() -> None:
    """Hand log lines to `logging`, as a library does, unless something else was configured."""
    if structlog.is_configured():
        return
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.render_to_log_kwargs,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(name)
    return logger


def printable(text: str, keep: str = "") -> str:
    """Text from elsewhere for a terminal: what would control it, or hide there, is escaped unless it is in `keep`."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char in keep else repr(char)[1:-1] for char in text)


# A line of JSON escapes all of this by itself: it is ASCII.


def _make_printable(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """A line of the console is one line and has no effects, whatever is in the values."""
    return {printable(key): value if key == "exc_info" else _shown(key, value) for key, value in event.items()}


def _shown(key: str, value: object) -> object:
    if isinstance(value, str):
        return _below_a_line(value) if key in ("exception", "stack") else printable(value)
    shown = repr(value)
    return value if shown.isprintable() else printable(shown)


def _print_traceback(out: TextIO, exc_info: structlog.typing.ExcInfo) -> None:
    text = StringIO()
    structlog.dev.plain_traceback(text, exc_info)
    out.write("\n" + _below_a_line(text.getvalue().strip("\n")))


def _below_a_line(text: str) -> str:
    """Several lines, indented: what an exception says cannot pass for a line of the log."""
    return indent(printable(text, keep="\n"), "    ")
