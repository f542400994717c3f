"""How many indexes of a repository are shown, and that the others are still there."""

from collections.abc import Callable

import pytest

from kotadb.errors import NotFound
from kotadb.jobs import requests
from kotadb.model import Job, Owner
from kotadb.postgres import repositories
from kotadb.postgres.database import Database
from kotadb.questions.repositories import SHOWN_INDEXES, choose_index, get_repository, list_repositories

pytestmark = pytest.mark.every_server

MakeJob = Callable[..., Job]
MORE = """insert into indexes (repository_id, ref) select %s, 'junk-' || n from generate_series(1, %s) n"""


def test_the_newest_are_shown_and_older_ones_answer_and_can_be_deleted(
    database: Database, owner: Owner, make_job: MakeJob
) -> None:
    job = make_job(ref="old")
    with database.transaction() as connection:
        connection.execute("update indexes set indexed_at = now()")
        connection.execute(MORE, [job.repository_id, SHOWN_INDEXES])
    overview = get_repository(database, owner.id, job.repository_uuid)
    assert list_repositories(database, owner.id, 10) == [overview]
    assert [index.ref for index in overview.indexes] == [f"junk-{n}" for n in range(1, SHOWN_INDEXES + 1)]
    for ref in ("old", None):
        assert choose_index(database, overview.repository, ref).index_id == job.index_id
    requests.remove_index(database, overview.repository, job.index_id)
    with pytest.raises(NotFound, match="at old yet"):
        choose_index(database, overview.repository, "old")


def test_without_a_ref_it_is_head_or_else_the_last_that_was_stored(
    database: Database, owner: Owner, make_job: MakeJob
) -> None:
    made = {ref: make_job(ref=ref) for ref in ("first", "second", "HEAD")}
    pinned = make_job(commit_sha="a" * 40)
    repository = get_repository(database, owner.id, pinned.repository_uuid).repository
    with pytest.raises(NotFound):
        choose_index(database, repository, None)
    for job in (made["second"], made["first"], pinned, made["HEAD"]):
        with database.transaction() as connection:
            connection.execute("update indexes set indexed_at = now() where index_id = %s", [job.index_id])
        assert choose_index(database, repository, None).index_id == job.index_id
    with database.transaction() as connection:
        connection.execute("update indexes set indexed_at = now() where index_id = %s", [pinned.index_id])
        assert repositories.last_stored_index(connection, repository.id)
    assert choose_index(database, repository, None).index_id == made["HEAD"].index_id
    assert choose_index(database, repository, "a" * 40).index_id == pinned.index_id
