"""No question that is asked often reads a whole table, on a database that others have filled too."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from kotadb.access.keys import local_owner
from kotadb.model import EXTRACTOR_VERSION
from kotadb.pipeline.words import word_hashes, words
from kotadb.postgres.database import Connection, Database
from kotadb.postgres.store import add_words
from kotadb.questions.asking import ask
from kotadb.questions.table import QUESTIONS

pytestmark = pytest.mark.every_server

REPOSITORIES, FILES, SYMBOLS, REFERENCES = 4, 400, 15, 25
"""Files of a repository; symbols and references of a file."""

FILL = f"""
with repository as (
    insert into repositories (owner_id, address, name)
    select %(owner_id)s, '/repository' || n, 'repository' || n from generate_series(1, {REPOSITORIES}) n returning id),
made as (
    insert into indexes (repository_id, ref, commit_sha, branch, indexed_at, extractor_version, stats)
    select id, 'HEAD', repeat('a', 40), 'main', now(), {EXTRACTOR_VERSION}, '{{}}' from repository
    returning repository_id, index_id),
file as (select m.*, n as file_id, 'src/m' || n || '.py' as path, 'blob' || n as sha
    from made m, generate_series(1, {FILES}) n),
blobs as (
    insert into source_blobs (repository_id, blob_sha, language, extractor_version, content, words, lines, has_errors,
        names, outline, rows)
    select repository_id, sha, 'python', {EXTRACTOR_VERSION},
        repeat('value' || file_id || ' = function' || file_id || '()' || E'\\n', 60), '{{}}', 60, false, '', '', ''
    from file),
files as (
    insert into indexed_files (repository_id, index_id, file_id, path, language, blob_sha, extractor_version,
        size_bytes, lines, has_errors, digest, symbols, "references", dependencies, names)
    select repository_id, index_id, file_id, path, 'python', sha, {EXTRACTOR_VERSION}, 100, 60, false, '', {SYMBOLS},
        {REFERENCES}, 1, ''
    from file),
defined as (
    insert into symbols (repository_id, index_id, file_id, symbol_id, line_start, line_end, column_start, column_end,
        name_line, name_column, kind, access, exported, is_async, name, qualified_name, signature)
    select repository_id, index_id, file_id, s, s, s, 0, 10, s, 0,
        case when s = {SYMBOLS} then 'class' else 'function' end::symbol_kind, 'public', true, false,
        'function' || file_id || '_' || s, 'function' || file_id || '_' || s, 'def f()'
    from file, generate_series(1, {SYMBOLS}) s),
imported as (
    insert into dependency_graph (repository_id, index_id, from_file_id, dependency_id, to_file_id, line, kind,
        type_only, specifier)
    select repository_id, index_id, file_id, 0, 1 + file_id %% {FILES}, 1, 'import', false, 'm' from file),
related as (
    insert into symbol_relations (repository_id, index_id, file_id, symbol_id, to_file_id, to_symbol_id, kind)
    select repository_id, index_id, file_id, s, 1 + file_id %% {FILES}, s, 'extends'
    from file, generate_series(1, {SYMBOLS}) s)
insert into symbol_references (repository_id, index_id, file_id, target_file_id, target_symbol_id, enclosing_symbol_id,
    line, occurrences, kind, resolution, name, positions)
select repository_id, index_id, file_id, t, case when t is not null then 1 + r %% {SYMBOLS} end, 1 + r %% {SYMBOLS},
    1, 1, 'call', case when t is not null then 'import'::resolution end, 'function' || coalesce(t, file_id) || '_' || r,
    '\\x920100'
from file, generate_series(1, {REFERENCES}) r,
    lateral (select case when r %% 2 = 0 then 1 + file_id %% {FILES} end as t) target
"""

TABLES = ("indexed_files", "symbols", "symbol_references", "dependency_graph", "symbol_relations", "source_blobs")
SCANS = "select relname, seq_scan from pg_stat_user_tables where relname = any(%s)"

ASKED: list[tuple[str, dict[str, Any]]] = [
    ("search", {"query": "function7("}),
    ("search", {"query": "function3\\d7", "regex": True}),
    ("symbols", {"query": "function7_1"}),
    ("symbols", {"query": "fnctn7"}),
    ("symbols", {"query": "functiom7_1x"}),
    ("symbol", {"symbol": "function7_3"}),
    ("usages", {"symbol": "function7_3"}),
    ("hierarchy", {"symbol": f"function7_{SYMBOLS}"}),
    ("dependencies", {"of": "src/m7.py"}),
    ("dependencies", {"of": "function7_3"}),
    ("dependents", {"of": "src/m7.py", "depth": 3}),
    ("path", {"from_path": "src/m7.py", "to_path": "src/m9.py"}),
    ("impact", {"paths": ["src/m7.py"]}),
    ("explain", {"what": "function7_3"}),
    ("outline", {"path": "src/m7.py"}),
]


@pytest.fixture(scope="module")
def filled(module_url: str) -> Iterator[tuple[Database, UUID]]:
    with Database(module_url, max_connections=1) as database:
        owner_id = local_owner(database).id
        with database.transaction() as connection:
            connection.execute(FILL, {"owner_id": owner_id})
        with database.transaction() as connection:
            fill_words(connection)
        with database.transaction() as connection:
            connection.execute("analyze")
        yield database, owner_id


def fill_words(connection: Connection) -> None:
    """Give each text its words, and each repository its vocabulary."""
    texts: dict[int, list[tuple[str, set[bytes]]]] = {}
    for row in connection.execute("select repository_id, blob_sha, content from source_blobs").fetchall():
        texts.setdefault(row["repository_id"], []).append((row["blob_sha"], words(row["content"].encode())))
    for repository_id, blobs in texts.items():
        add_words(connection, repository_id, set().union(*(found for _, found in blobs)))
        connection.execute(
            "update source_blobs b set words = w.words::integer[] from unnest(%s::text[], %s::text[]) as w (sha, words)"
            " where b.repository_id = %s and b.blob_sha = w.sha",
            [
                [blob_sha for blob_sha, _ in blobs],
                [f"{{{','.join(map(str, word_hashes(repository_id, found)))}}}" for _, found in blobs],
                repository_id,
            ],
        )


@pytest.mark.parametrize(("name", "parameters"), ASKED)
def test_a_question_reads_what_it_needs_by_index(
    filled: tuple[Database, UUID], name: str, parameters: dict[str, Any]
) -> None:
    database, owner_id = filled
    before = scans(database)
    question = QUESTIONS[name]
    answer = ask(database, owner_id, question, question.parameters(repository="/repository3", **parameters))
    assert answer["repository"] == "repository3"
    assert scans(database) == before


def scans(database: Database) -> dict[str, int]:
    """How often each table was read as a whole, by the only connection that there is."""
    with database.transaction() as connection:
        connection.execute("select pg_stat_force_next_flush()")
    with database.transaction() as connection:
        rows = connection.execute(SCANS, [list(TABLES)]).fetchall()
    return {row["relname"]: row["seq_scan"] for row in rows}


def test_a_table_that_is_read_as_a_whole_is_seen(filled: tuple[Database, UUID]) -> None:
    database, _ = filled
    before = scans(database)
    with database.transaction() as connection:
        connection.execute("select count(documentation) from symbols")
    assert scans(database)["symbols"] == before["symbols"] + 1
