"""Exports while the database has trouble."""

import gc
import warnings

import pytest

from kotadb.errors import DatabaseUnavailable
from kotadb.postgres.database import connect
from kotadb.questions.export import export_records
from support.questions import MakeIndexed


def test_an_export_whose_session_ends_between_rows_says_so_and_leaves_no_cursor_open(indexed: MakeIndexed) -> None:
    at = indexed({"a.py": "x = 1\n", "b.py": "import a\n"})
    records = export_records(at.database, at.repository, at.index)
    while next(records)["record"] != "file":
        pass
    with connect(at.database.url, autocommit=True) as outside:
        outside.execute(
            """select pg_terminate_backend(pid, 10000) from pg_stat_activity
               where datname = current_database() and pid <> pg_backend_pid()"""
        )
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        with pytest.raises(DatabaseUnavailable):
            list(records)
        gc.collect()
