"""What the planner may do in a transaction."""

from collections.abc import Iterator
from contextlib import contextmanager

from kotadb.postgres.database import Connection
from kotadb.postgres.queries import query


@contextmanager
def hash_joins(connection: Connection) -> Iterator[None]:
    """As long as the context lasts, what is joined is hashed or sorted, but for laterals with a limit.

    For statements that join what they have found out themselves, or tables that there are no statistics of yet: where
    the planner takes much for little, it would read all of it again for each row.
    """
    connection.execute(query("planning.hash_joins"))
    yield
    connection.execute(query("planning.any_joins"))
