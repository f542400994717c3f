"""Every statement of ours is one that every PostgreSQL knows, whoever asks it and wherever that is tested."""

import re
from importlib import resources

import psycopg
import pytest
from psycopg import ClientCursor

from kotadb.postgres import queries
from kotadb.postgres.database import connect
from kotadb.postgres.queries import query

pytestmark = pytest.mark.every_server

PLANNED = ("select", "with", "insert", "update", "delete", "merge", "values", "(")
"""How a statement begins that has a plan; others are carried out by the tests of the store and the migrations."""

FILES = sorted(path.name for path in resources.files(queries).iterdir() if path.name.endswith(".sql"))


def statements(file: str) -> list[str]:
    """The names of those in the file that have a plan."""
    names = re.findall(r"^-- name: (\w+)\n", (resources.files(queries) / file).read_text("utf-8"), re.MULTILINE)
    named = [f"{file.removesuffix('.sql')}.{name}" for name in names]
    return [name for name in named if re.sub(r"--.*\n", "", query(name)).lower().lstrip().startswith(PLANNED)]


# Those of the migrations ask for tables that may not be there; their tests run on every server.
@pytest.mark.parametrize("file", [file for file in FILES if file != "migrate.sql"])
def test_every_statement_has_a_plan(url: str, file: str) -> None:
    with connect(url) as connection:
        connection.execute(query("store.begin_shadow"))
        for name in statements(file):
            nothing = dict.fromkeys(re.findall(r"%\((\w+)\)s", query(name)))
            try:
                with connection.transaction():
                    ClientCursor(connection).execute(b"explain " + query(name).encode(), nothing)
            except psycopg.errors.AmbiguousFunction:
                pass  # it is known, and nothing has no type to choose one by
            except psycopg.Error as error:
                pytest.fail(f"{name}: {error}")
