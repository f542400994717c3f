"""Where tokens come from, in the database. Functions take a connection in a transaction of the caller's."""

from dataclasses import asdict
from uuid import UUID

from psycopg.rows import class_row

from kotadb.model import TokenSource
from kotadb.postgres.database import Connection
from kotadb.postgres.queries import query


def put(connection: Connection, owner_id: UUID, source: TokenSource) -> None:
    """Note where the token for an address comes from, instead of what was noted before."""
    connection.execute(query("credentials.put"), {"owner_id": owner_id, **asdict(source)})


def find(connection: Connection, owner_id: UUID, address: str, server: str) -> TokenSource | None:
    """Where the owner's token for this repository comes from: its own, or else that of its whole host."""
    parameters = {"owner_id": owner_id, "address": address, "server": server}
    with connection.cursor(row_factory=class_row(TokenSource)) as cursor:
        return cursor.execute(query("credentials.find"), parameters).fetchone()


def list_of_owner(connection: Connection, owner_id: UUID) -> list[TokenSource]:
    """By address, so that those of a host come together."""
    with connection.cursor(row_factory=class_row(TokenSource)) as cursor:
        return cursor.execute(query("credentials.of_owner"), {"owner_id": owner_id}).fetchall()


def remove(connection: Connection, owner_id: UUID, address: str) -> bool:
    """Forget where the token for an address comes from. Returns whether that was known."""
    return connection.execute(query("credentials.remove"), {"owner_id": owner_id, "address": address}).rowcount > 0
