"""Everything an index holds, in the SCIP format: see docs/decisions/0024."""

from collections.abc import Iterable, Iterator

from kotadb import __version__
from kotadb.model import Index, Repository
from kotadb.postgres import scip
from kotadb.postgres.database import Database
from kotadb.questions.asking import current_index
from kotadb.scip.documents import FileRows, document, external_symbol, metadata, part
from kotadb.scip.names import own_package


def export_scip(database: Database, repository: Repository, index: Index) -> Iterator[bytes]:
    """One index, in parts that make a SCIP index one behind the other, all from the same snapshot.

    The documents come in the order of their paths, then what they refer to outside. Raises NotFound if it is gone.
    """
    external: dict[str, str] = {}
    with database.snapshot() as connection:
        current = current_index(connection, index)
        names = scip.NamesAtHand(connection, current, own_package(repository.name, current.commit_sha))
        yield metadata(__version__, repository.address)
        for files in scip.batches(connection, current):
            batch = scip.rows(connection, current, files)
            names.load(_needed(batch))
            for rows in batch:
                yield part([document(rows, names, external)])
    yield part(external=(external_symbol(symbol, name) for symbol, name in sorted(external.items())))


def _needed(batch: Iterable[FileRows]) -> set[int]:
    """The files whose symbols are named in these."""
    needed = set()
    for rows in batch:
        needed.add(rows.file["file_id"])
        needed.update(row["target_file_id"] for row in (*rows.references, *rows.relations))
    return needed - {None}
