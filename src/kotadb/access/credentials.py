"""Registering repositories, and where the tokens for private ones come from: of one owner, and for that owner only."""

from uuid import UUID

from kotadb.errors import NotFound
from kotadb.git.sources import RemoteSource
from kotadb.model import TokenSource
from kotadb.postgres import credentials, repositories
from kotadb.postgres.database import Connection, Database


def add_repository(database: Database, owner_id: UUID, remote: RemoteSource, source: TokenSource | None) -> None:
    """Register a repository, and where its token comes from if that is given."""

    def attempt(connection: Connection) -> None:
        repositories.ensure(connection, owner_id, remote.address, remote.name)
        if source is not None:
            credentials.put(connection, owner_id, source)

    database.write(attempt)


def add_token(database: Database, owner_id: UUID, source: TokenSource) -> None:
    """Note where the token for a whole host comes from."""
    database.write(lambda connection: credentials.put(connection, owner_id, source))


def list_tokens(database: Database, owner_id: UUID) -> list[TokenSource]:
    """Where all the owner's tokens come from, by address."""
    with database.transaction() as connection:
        return credentials.list_of_owner(connection, owner_id)


def remove_token(database: Database, owner_id: UUID, address: str) -> None:
    """Forget where the token for an address comes from. Raises NotFound."""
    if not database.write(lambda connection: credentials.remove(connection, owner_id, address)):
        raise NotFound(f"There is no token for {address}: `kotadb repos tokens` shows them")
