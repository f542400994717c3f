"""Cursors of paged lists: opaque to callers, the position of the last item to us."""

import base64
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from kotadb.errors import InvalidCursor
from kotadb.questions.repositories import Position

T = TypeVar("T")


def encode(position: Position) -> str:
    text = json.dumps([position[0].isoformat(), str(position[1])])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(cursor: str | None) -> Position | None:
    """Raises InvalidCursor for anything that `encode` did not make."""
    if cursor is None:
        return None
    try:
        at, uuid = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return _in_utc(datetime.fromisoformat(at)), UUID(uuid)
    except (ValueError, TypeError, AttributeError, RecursionError, OverflowError):
        raise InvalidCursor from None


def _in_utc(at: datetime) -> datetime:
    """Raises OverflowError for a time that is none there."""
    if at.tzinfo is None:
        raise ValueError("it is not said in which time zone")
    return at.astimezone(UTC)


def page(found: Sequence[T], limit: int, position: Callable[[T], Position], show: Callable[[T], Any]) -> dict[str, Any]:
    """A page of at most `limit` of the items found; having asked for one more tells whether another page follows."""
    items = found[:limit]
    following = encode(position(items[-1])) if len(found) > limit else None
    return {"items": [show(item) for item in items], "next_cursor": following}
