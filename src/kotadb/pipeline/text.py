"""Make text of pieces of source: text that PostgreSQL can store, bounded, as people want to read it."""

MAX_SIGNATURE = 1_000
"""Characters of a signature."""
MAX_DOCUMENTATION = 10_000
"""Characters of a doc comment."""
MAX_NAME = 500
"""Characters of a name and, times four, of a qualified name."""


def decode(source: bytes) -> str:
    """UTF-8 as text, with U+FFFD for what is none and for NUL, which PostgreSQL cannot store."""
    return source.decode("utf-8", "replace").replace("\0", "\ufffd")


def bounded(text: str, limit: int) -> str:
    """At most `limit` characters; a longer text ends in "…"."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def one_line(source: bytes, limit: int) -> str:
    """The text on one line, every run of white space a single space, with at most `limit` characters."""
    return bounded(" ".join(decode(source).split()), limit)


def count_lines(source: bytes) -> int:
    """Lines as editors count them, but that a last one which is empty does not count."""
    return source.count(b"\n") + (not source.endswith(b"\n") and source != b"")
