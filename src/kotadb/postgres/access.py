"""Owners, API keys and rate limits in the database. Functions take a connection in a transaction of the caller's."""

from dataclasses import dataclass
from uuid import UUID

from psycopg import errors
from psycopg.rows import class_row

from kotadb.model import Key, Owner
from kotadb.postgres.database import Connection
from kotadb.postgres.queries import query


@dataclass(frozen=True, slots=True)
class StoredKey:
    """What is kept of a key, and whose it is."""

    id: UUID
    secret_sha256: bytes
    owner: Owner


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


def find_key(connection: Connection, prefix: str) -> StoredKey | None:
    """The valid key with this prefix."""
    row = connection.execute(query("access.find_key"), {"prefix": prefix}).fetchone()
    if row is None:
        return None
    return StoredKey(row["id"], row["secret_sha256"], Owner(row["owner_id"], row["owner_name"]))


def list_keys(connection: Connection) -> list[Key]:
    """All keys, oldest first."""
    with connection.cursor(row_factory=class_row(Key)) as cursor:
        return cursor.execute(query("access.list_keys")).fetchall()


def revoke_key(connection: Connection, prefix: str) -> bool:
    """Make a key worthless. Returns whether there was a valid one."""
    return connection.execute(query("access.revoke_key"), {"prefix": prefix}).rowcount == 1


def take_tokens(
    connection: Connection, key_id: UUID, *, capacity: int, per_second: float, block: int
) -> tuple[int, float]:
    """Take up to `block` tokens from the key's bucket. Returns how many, and how many are left in it.

    Where nothing can be written, all that was asked for is granted: what only reads is still answered then.
    """
    parameters = {"key_id": key_id, "capacity": capacity, "per_second": per_second, "block": block}
    try:
        with connection.transaction():  # a savepoint: the caller's transaction goes on
            row = connection.execute(query("access.take_tokens"), parameters).fetchone()
    except (errors.ReadOnlySqlTransaction, errors.DiskFull):
        return block, capacity - block
    assert row is not None
    return row["granted"], row["tokens"]
