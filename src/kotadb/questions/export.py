"""Everything an index holds, as records that other programs read (CONTRACTS: one JSON object per line)."""

from collections.abc import Iterator
from typing import Any

from kotadb.model import Index, Repository
from kotadb.postgres import export
from kotadb.postgres.database import Database
from kotadb.questions.asking import current_index
from kotadb.questions.cycles import cycles_of


def export_records(database: Database, repository: Repository, index: Index) -> Iterator[dict[str, Any]]:
    """The records of one index, its header first, all from the same snapshot. Raises NotFound if it is gone."""
    with database.snapshot() as connection:
        current = current_index(connection, index)
        yield _header(repository, current)
        for record, row in export.rows(connection, repository.id, index.index_id):
            yield {"record": record, **row}
        edges = export.file_edges(connection, repository.id, index.index_id)
        yield from ({"record": "cycle", **cycle} for cycle in cycles_of(edges))


def _header(repository: Repository, index: Index) -> dict[str, Any]:
    assert index.indexed_at is not None
    return {
        "record": "index",
        "repository": repository.name,
        "ref": index.ref,
        "commit_sha": index.commit_sha,
        "indexed_at": index.indexed_at.isoformat(),
        "extractor_version": index.extractor_version,
        "stats": index.stats,
    }
