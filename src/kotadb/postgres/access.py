"""Owners and API keys in the database. Functions take a connection in a transaction of the caller's."""

from uuid import UUID

from psycopg.rows import class_row

from kotadb.model import Key, Owner
from kotadb.postgres.database import Connection
from kotadb.postgres.queries import query


def ensure_owner(connection: Connection, name: str) -> Owner:
    """The owner of this name, made where it is new."""
    owner = find_owner(connection, name)
    if owner is None:
        connection.execute(query("access.insert_owner"), {"name": name})
        owner = find_owner(connection, name)
    assert owner is not None
    return owner


def find_owner(connection: Connection, name: str) -> Owner | None:
    with connection.cursor(row_factory=class_row(Owner)) as cursor:
        return cursor.execute(query("access.find_owner"), {"name": name}).fetchone()


def has_keys(connection: Connection) -> bool:
    """Whether any key was ever made, revoked ones included."""
    return connection.execute(query("access.has_keys")).fetchone() is not None


def insert_key(connection: Connection, owner_id: UUID, name: str, prefix: str, secret_sha256: bytes) -> None:
    parameters = {"owner_id": owner_id, "name": name, "prefix": prefix, "secret_sha256": secret_sha256}
    connection.execute(query("access.insert_key"), parameters)


def find_key(connection: Connection, prefix: str) -> tuple[bytes, Owner] | None:
    """The secret's SHA-256 and the owner of the valid key with this prefix."""
    row = connection.execute(query("access.find_key"), {"prefix": prefix}).fetchone()
    return None if row is None else (row["secret_sha256"], Owner(row["id"], row["name"]))


def list_keys(connection: Connection) -> list[Key]:
    """All keys, oldest first."""
    with connection.cursor(row_factory=class_row(Key)) as cursor:
        return cursor.execute(query("access.list_keys")).fetchall()


def revoke_key(connection: Connection, prefix: str) -> bool:
    """Make a key worthless. Returns whether there was a valid one."""
    return connection.execute(query("access.revoke_key"), {"prefix": prefix}).rowcount == 1
