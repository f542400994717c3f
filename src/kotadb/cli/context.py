"""What commands need: settings, an open and migrated database, the owner, and what REPO means."""

from collections.abc import Iterator
from contextlib import contextmanager

from kotadb.local.session import Session, indexed_repository, opened
from kotadb.logs import configure_logging
from kotadb.settings import Settings, get_settings

__all__ = ["Session", "indexed_repository", "open_session", "settings_for"]


def settings_for(default_log_level: str) -> Settings:
    """The settings, quieter or louder than by default unless the environment says how loud."""
    settings = get_settings().with_log_level(default_log_level)
    configure_logging(settings)
    return settings


@contextmanager
def open_session(
    log_level: str = "warning", *, max_connections: int = 4, patience: float = 10, is_service: bool = False
) -> Iterator[Session]:
    """As `opened`, with the settings of the environment and logs on standard error."""
    settings = settings_for(log_level)
    with opened(settings, max_connections=max_connections, patience=patience, is_service=is_service) as session:
        yield session
