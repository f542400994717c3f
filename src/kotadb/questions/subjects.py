"""What a question is about that takes a path or a name: a file, a folder, a symbol, or a package."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from posixpath import normpath
from typing import Any

from kotadb import languages
from kotadb.errors import NotFound
from kotadb.model import TEXT
from kotadb.postgres import graph
from kotadb.questions.asking import Scope
from kotadb.questions.paths import Place, nothing_at, place_at
from kotadb.questions.symbols import OfSymbol, about, find_symbol


@dataclass(frozen=True)
class Subject:
    """Files, some of whose symbols may be meant alone; or a package outside of the repository."""

    about: Mapping[str, Any]
    """It as answers begin with it: `path`, `symbol` or `package`, and what is known of it."""
    file_ids: Sequence[int] = ()
    symbol_ids: Sequence[int] | None = None
    """Those of the symbol; None where the files are meant."""
    package: str | None = None
    languages: frozenset[str] = frozenset()
    skipped: str | None = None
    """Why the file is not indexed, if it is not."""
    broken: int = 0
    """How many of the files have syntax errors."""

    @property
    def is_folder(self) -> bool:
        return len(self.file_ids) != 1


def find_subject(scope: Scope, named: str, folder: str = "") -> Subject:
    """What is called so: a file first, then a folder, a symbol and a package.

    A path is from the root of the repository, or else from `folder`. Raises NotFound with what is similar, and
    Ambiguous for a name that several symbols have.
    """
    place = place_at(scope, named, folder)
    if place is not None:
        return _file(place.entry) if place.entry is not None else _folder(scope, place)
    found = _symbol(scope, named) or _package(scope, named)
    if found is None:
        raise NotFound(nothing_at(scope, normpath(named)))
    return found


def _file(entry: Mapping[str, Any]) -> Subject:
    language = languages.language_of(entry["path"]) or TEXT
    what = {"path": entry["path"], "language": entry["language"], "skipped": entry["skipped"]}
    return Subject(
        what, [entry["file_id"]], languages=frozenset({language}), skipped=entry["skipped"],
        broken=int(bool(entry["has_errors"])),
    )  # fmt: skip


def _folder(scope: Scope, place: Place) -> Subject:
    files = graph.files_in(scope.connection, scope.index, place.start)
    return Subject(
        {"path": place.path, "language": None, "skipped": None},
        [file["file_id"] for file in files],
        languages=frozenset(file["language"] for file in files),
        broken=sum(file["has_errors"] for file in files),
    )


def _symbol(scope: Scope, named: str) -> Subject | None:
    try:
        row, _ = find_symbol(scope, OfSymbol(repository=str(scope.repository.uuid), symbol=named))
    except NotFound:
        return None
    return Subject({"symbol": about(row)}, [row["file_id"]], row["symbol_ids"], languages=frozenset({row["language"]}))


def _package(scope: Scope, named: str) -> Subject | None:
    importers = graph.languages_importing(scope.connection, scope.index, named)
    return Subject({"package": named}, package=named, languages=frozenset(importers)) if importers else None
