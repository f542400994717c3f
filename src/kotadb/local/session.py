"""An open, migrated database, the owner `local`, and what REPO means."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from kotadb.access.keys import local_owner
from kotadb.git.sources import (
    LocalSource,
    RemoteSource,
    looks_local,
    parse_commit,
    parse_local,
    parse_ref,
    parse_remote,
    parse_requested,
)
from kotadb.model import IndexRequest, Owner
from kotadb.postgres.database import Database
from kotadb.postgres.embedded import database_url
from kotadb.postgres.migrate import migrate
from kotadb.questions.repositories import RepositoryOverview, find_repository, get_repository
from kotadb.settings import Settings


@dataclass(frozen=True)
class Session:
    """An open database and the owner that is acted as."""

    settings: Settings
    database: Database
    owner: Owner


@contextmanager
def opened(
    settings: Settings, *, max_connections: int = 4, patience: float = 10, is_service: bool = False
) -> Iterator[Session]:
    """The database, started where it is embedded, and migrated; for as long as the context lasts.

    The transactions of a service are never idle for long, unless the service is cut off or paused, and holds up others.
    """
    with database_url(settings) as url:
        migrate(url)
        idle_seconds = settings.lease_seconds if is_service else None
        with Database(url, max_connections=max_connections, patience=patience, idle_seconds=idle_seconds) as database:
            yield Session(settings, database, local_owner(database))


def source_of(repo: str) -> LocalSource | RemoteSource:
    """The repository that REPO names: a path, `owner/name` or an https URL. Raises InvalidRepository."""
    return parse_local(repo) if looks_local(repo) else parse_remote(repo)


def requested_source(settings: Settings, repo: str) -> LocalSource | RemoteSource:
    """As `source_of`, for a repository that is to be fetched: see `parse_requested`."""
    return parse_local(repo) if looks_local(repo) else parse_requested(repo, settings.git_allowed_hosts)


def is_id(repo: str | None) -> bool:
    """Whether REPO is the id of an indexed repository."""
    try:
        return repo is not None and UUID(repo) is not None
    except ValueError:
        return False


def indexed_repository(session: Session, repo: str | None) -> RepositoryOverview:
    """The indexed repository that REPO names: an id too, or by default the one around the current folder."""
    if repo is not None and is_id(repo):
        return get_repository(session.database, session.owner.id, UUID(repo))
    source = source_of(repo or str(Path.cwd()))
    return find_repository(session.database, session.owner.id, source.address)


def index_request(
    session: Session, repo: str | None, ref: str | None, commit: str | None, *, force: bool
) -> IndexRequest:
    """What is to be indexed where somebody asks for REPO, by default the one around the current folder.

    Raises InvalidRepository, InvalidRef, and NotFound for an id that is none.
    """
    wanted = (
        indexed_repository(session, repo).repository if is_id(repo) else requested_source(session.settings, repo or ".")
    )
    return IndexRequest(
        wanted.address,
        wanted.name,
        None if ref is None else parse_ref(ref),
        None if commit is None else parse_commit(commit),
        force,
    )
