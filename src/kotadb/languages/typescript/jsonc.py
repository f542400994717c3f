"""JSON as tools write it by hand, with comments and trailing commas, read without trusting its shape."""

import json
import re

_MAX_TEXT = 1 << 20
"""Characters of a manifest or configuration; larger ones are data, and of no interest here."""

# Neither alternative fails at a quote or comment that is never closed: else each would be scanned for to the end.
_STRING = r'"[^"\\]*(?:\\.[^"\\]*)*"?'
_COMMENT = re.compile(rf"({_STRING})|//[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_TRAILING_COMMA = re.compile(rf"({_STRING})|,(?=\s*[}}\]])", re.DOTALL)


def read_object(text: str | None) -> dict[str, object]:
    """The object that the text holds; an empty one if it holds none or cannot be read."""
    if text is None or len(text) > _MAX_TEXT:
        return {}
    text = text.removeprefix("\ufeff")
    found = _parsed(text)
    return mapping(_parsed(_plain(text)) if found is None else found)


def _parsed(text: str) -> object:
    try:
        found: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found


def _plain(text: str) -> str:
    without_comments = _COMMENT.sub(lambda match: match[1] or " ", text)
    return _TRAILING_COMMA.sub(lambda match: match[1] or "", without_comments)


def mapping(value: object) -> dict[str, object]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def strings(value: object) -> list[str]:
    """The strings in an array; a single string counts as an array of one."""
    values = value if isinstance(value, list) else [value]
    return [item for item in values if isinstance(item, str)]
