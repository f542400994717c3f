"""Cursors of paged lists: opaque to callers, the position of the last item to us."""

import base64
import json
from collections.abc import Callable, Sequence
from datetime import datetime
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
        position = datetime.fromisoformat(at), UUID(uuid)
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise InvalidCursor from None
    if position[0].tzinfo is None:
        raise InvalidCursor
    return position


def page(found: Sequence[T], limit: int, position: Callable[[T], Position], show: Callable[[T], Any]) -> dict[str, Any]:
    """A page of at most `limit` of the items found; having asked for one more tells whether another page follows."""
    items = found[:limit]
    following = encode(position(items[-1])) if len(found) > limit else None
    return {"items": [show(item) for item in items], "next_cursor": following}
