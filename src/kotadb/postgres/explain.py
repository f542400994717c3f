"""What is known of one path or name. Functions take a connection in the caller's transaction."""

from typing import Any

from kotadb.model import Index
from kotadb.postgres.database import Connection
from kotadb.postgres.queries import query

Row = dict[str, Any]


def file(connection: Connection, index: Index, file_id: int) -> Row:
    """What is known of a file."""
    [row] = _rows(connection, "file", index, file_id=file_id)
    return row


def missing_imports(connection: Connection, index: Index, file_id: int) -> list[Row]:
    """The imports of a file that lead to neither a file nor a package."""
    return _rows(connection, "missing_imports", index, file_id=file_id)


def unresolved(connection: Connection, index: Index, file_id: int, limit: int) -> list[Row]:
    """The references in a file that mean nobody knows what, by kind, with at most `limit` names of each."""
    return _rows(connection, "unresolved", index, file_id=file_id, limit=limit)


def folder(connection: Connection, index: Index, start: str) -> Row:
    """How many files whose paths begin like this are indexed, and how many were skipped for which reason."""
    [row] = _rows(connection, "folder", index, start=start)
    return row


def definitions(connection: Connection, index: Index, qualified: str, limit: int) -> list[Row]:
    """The symbols of a name, in any case, and how many there are of them in all."""
    name = qualified.rpartition(".")[2]
    return _rows(connection, "definitions", index, name=name, qualified=qualified, limit=limit)


def unresolved_uses(connection: Connection, index: Index, name: str, limit: int) -> list[Row]:
    """The references of a name that mean nobody knows what, and how many there are of them in all."""
    return _rows(connection, "unresolved_uses", index, name=name, limit=limit)


def texts(connection: Connection, index: Index, word: str, limit: int) -> list[Row]:
    """Some files that have a word in their text, each with the first line that has it. It must have three letters."""
    # Names are letters, digits, `_`, `$` and `#`: of these only the dollar means something else in a pattern.
    escaped = word.replace("$", r"\$")
    pattern = rf"(?<![\w$]){escaped}(?![\w$])"
    like = "%" + word.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%"
    return _rows(connection, "texts", index, pattern=pattern, like=like, limit=limit)


def imports_of_package(connection: Connection, index: Index, package: str) -> Row:
    """How often a package from outside is imported, and in how many files."""
    [row] = _rows(connection, "imports_of_package", index, package=package)
    return row


def packages(connection: Connection, index: Index, name: str, file_ids: list[int]) -> list[Row]:
    """The packages from outside that a name means in these files."""
    return _rows(connection, "uses_of_packages", index, name=name, file_ids=file_ids)


def _rows(connection: Connection, statement: str, index: Index, **parameters: Any) -> list[Row]:
    parameters |= {"repository_id": index.repository_id, "index_id": index.index_id}
    return connection.execute(query(f"explain.{statement}"), parameters).fetchall()
