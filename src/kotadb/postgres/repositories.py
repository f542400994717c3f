"""Repositories and indexes in the database. Functions take a connection in a transaction of the caller's."""

from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row

from kotadb.model import Index, JobStatus, Repository
from kotadb.postgres.database import Connection
from kotadb.postgres.queries import query


def ensure(connection: Connection, owner_id: UUID, address: str, name: str) -> Repository:
    """The owner's repository at this normalised address, made where it is new."""
    while (found := by_address(connection, owner_id, address)) is None:
        parameters = {"owner_id": owner_id, "address": address, "name": name}
        connection.execute(query("repositories.insert"), parameters)
    return found


def hold(connection: Connection, repository_id: int) -> bool:
    """Keep the repository and its indexes from being deleted until the transaction ends. False if it is gone."""
    return connection.execute(query("repositories.hold"), {"id": repository_id}).fetchone() is not None


def ensure_index(connection: Connection, repository_id: int, ref: str | None, pinned_sha: str | None) -> int:
    """The id of the index of this ref, or of this commit; exactly one of the two is given."""
    parameters = {"repository_id": repository_id, "ref": ref, "pinned_sha": pinned_sha}
    while (row := connection.execute(query("repositories.find_index"), parameters).fetchone()) is None:
        connection.execute(query("repositories.insert_index"), parameters)
    index_id: int = row["index_id"]
    return index_id


def list_of_owner(
    connection: Connection, owner_id: UUID, limit: int, after: tuple[datetime, UUID] | None = None
) -> list[Repository]:
    """Newest first, at most `limit`, after the one with that creation time and id."""
    at, uuid = after or (None, None)
    parameters = {"owner_id": owner_id, "limit": limit, "after": at, "after_id": uuid}
    with connection.cursor(row_factory=class_row(Repository)) as cursor:
        return cursor.execute(query("repositories.of_owner"), parameters).fetchall()


def by_uuid(connection: Connection, owner_id: UUID, uuid: UUID) -> Repository | None:
    return _one(connection, "by_uuid", {"owner_id": owner_id, "uuid": uuid})


def by_address(connection: Connection, owner_id: UUID, address: str) -> Repository | None:
    return _one(connection, "by_address", {"owner_id": owner_id, "address": address})


def by_id(connection: Connection, repository_id: int) -> Repository | None:
    return _one(connection, "by_id", {"id": repository_id})


def indexes(connection: Connection, repository_id: int, limit: int) -> list[Index]:
    """The newest indexes of a repository, at most `limit`, those that hold nothing yet too; ordered by id."""
    parameters = {"repository_id": repository_id, "limit": limit}
    with connection.cursor(row_factory=class_row(Index)) as cursor:
        return cursor.execute(query("repositories.indexes"), parameters).fetchall()


def index(connection: Connection, repository_id: int, index_id: int) -> Index | None:
    return _one_index(connection, "index", {"repository_id": repository_id, "index_id": index_id})


def stored_index(connection: Connection, repository_id: int, ref: str) -> Index | None:
    """The index of this ref, or of this commit, if anything was stored for it."""
    return _one_index(connection, "stored_index", {"repository_id": repository_id, "ref": ref})


def last_stored_index(connection: Connection, repository_id: int) -> Index | None:
    """The index for which something was stored last."""
    return _one_index(connection, "last_stored_index", {"repository_id": repository_id})


def cancel_jobs(
    connection: Connection, repository_id: int, cancellable: list[JobStatus], index_id: int | None = None
) -> None:
    """Cancel the jobs in `cancellable` statuses of a repository or index that is about to be deleted."""
    connection.execute(query("repositories.lock"), {"id": repository_id})
    parameters = {
        "repository_id": repository_id, "index_id": index_id, "allowed": [str(status) for status in cancellable],
        "code": "repository_deleted" if index_id is None else "index_deleted",
        "message": f"The {'repository' if index_id is None else 'index'} was deleted",
    }  # fmt: skip
    connection.execute(query("repositories.cancel_jobs"), parameters)


def delete(connection: Connection, repository_id: int, cancellable: list[JobStatus]) -> None:
    """Delete a repository with all that was indexed of it; its jobs in `cancellable` statuses end as cancelled."""
    cancel_jobs(connection, repository_id, cancellable)
    connection.execute(query("repositories.delete"), {"id": repository_id})


def delete_index(connection: Connection, repository_id: int, index_id: int, cancellable: list[JobStatus]) -> bool:
    """Delete one index; its jobs in `cancellable` statuses end as cancelled. Returns whether it was there."""
    cancel_jobs(connection, repository_id, cancellable, index_id)
    parameters = {"repository_id": repository_id, "index_id": index_id}
    return connection.execute(query("repositories.delete_index"), parameters).rowcount > 0


def prune_indexes(connection: Connection, *, seconds: float, limit: int) -> int:
    """Delete indexes that are older than that, never held anything, and have no job that waits or runs.

    At most `limit`. Returns how many.
    """
    parameters = {"seconds": seconds, "limit": limit}
    locked = [row["id"] for row in connection.execute(query("repositories.lock_with_unused"), parameters)]
    return connection.execute(query("repositories.prune_indexes"), parameters | {"repository_ids": locked}).rowcount


def _one(connection: Connection, name: str, parameters: dict[str, Any]) -> Repository | None:
    with connection.cursor(row_factory=class_row(Repository)) as cursor:
        return cursor.execute(query(f"repositories.{name}"), parameters).fetchone()


def _one_index(connection: Connection, name: str, parameters: dict[str, Any]) -> Index | None:
    with connection.cursor(row_factory=class_row(Index)) as cursor:
        return cursor.execute(query(f"repositories.{name}"), parameters).fetchone()
