"""What an installation holds: source, files, lines, and the bytes that PostgreSQL takes for it."""

from dataclasses import dataclass

import psycopg
from psycopg.rows import TupleRow

SCHEMA = "kotadb"

SOURCE = """
    select count(*), coalesce(sum(size_bytes), 0)::bigint, coalesce(sum(lines), 0)::bigint
    from kotadb.indexed_files where index_id = %s
"""

FACT_TABLES = """
    select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = %s and c.relkind in ('r', 'p') and not c.relispartition
        and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'repository_id')
        and c.relname not in ('indexes', 'index_jobs', 'git_credentials')
    order by c.relname
"""
"""Whatever is keyed by a repository and is no bookkeeping: a table that is added later counts by itself."""

RELATIONS = """
    select c.relname, pg_table_size(c.oid)::bigint from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = %s and c.relkind in ('r', 'i', 'm')
"""
"""Tables with what they keep out of line, and indexes, each by itself."""


@dataclass(frozen=True, slots=True)
class Source:
    """What an index was made of: the files it holds, their bytes and their lines."""

    files: int
    size_bytes: int
    lines: int

    @property
    def megabytes(self) -> float:
        return self.size_bytes / 1e6


def source_of(url: str, index_id: int) -> Source:
    """The files that are indexed, in a language or as text, with their sizes in git."""
    with psycopg.connect(url) as connection:
        row = connection.execute(SOURCE, [index_id]).fetchone()
    assert row is not None
    return Source(*map(int, row))


def relation_bytes(url: str) -> dict[str, int]:
    """Bytes by table and by index of everything that is kotadb's, the queue's tables too; not the write-ahead log."""
    with psycopg.connect(url) as connection:
        return {name: size for name, size in connection.execute(RELATIONS, [SCHEMA]) if size}


def fact_tables(connection: psycopg.Connection[TupleRow]) -> list[str]:
    """The tables that hold what was extracted."""
    return [name for (name,) in connection.execute(FACT_TABLES, [SCHEMA])]


def clean_up(url: str) -> None:
    """VACUUM and CHECKPOINT: what autovacuum and the checkpointer do some minutes after a job."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("vacuum (analyze)")
        connection.execute("checkpoint")
