"""What a PATH means that somebody types in a folder."""

import os
from pathlib import Path
from posixpath import normpath

from kotadb.errors import NotFound
from kotadb.model import Repository
from kotadb.pipeline.discover import decode_path


def in_repository(repository: Repository, typed: str) -> tuple[str, str]:
    """PATH from the repository's root, and the folder it may be from instead: the current one, "" for the root.

    `/x`, `./x` and `../x` are places on this machine; anything else is tried from the root and then from the current
    folder. Raises NotFound for a place that is not in the repository.
    """
    top = Path(repository.address) if repository.address.startswith("/") else None
    here = Path(os.path.realpath(Path.cwd()))
    if top is None or not (typed.startswith("/") or (_is_relative(typed) and here.is_relative_to(top))):
        folder = here.relative_to(top) if top is not None and here.is_relative_to(top) else Path()
        return normpath(_shown(typed)), _shown_of(folder)
    place = _place(here, typed)
    if not place.is_relative_to(top):
        raise NotFound(f"{place} is not in the repository {top}")
    return _shown_of(place.relative_to(top)), ""


def _is_relative(typed: str) -> bool:
    return typed.startswith(("./", "../")) or typed in (".", "..")


def _place(here: Path, typed: str) -> Path:
    """The real place of what is typed; a link at its end stays one, for that is what the repository holds."""
    path = Path(normpath(here / typed))
    return Path(os.path.realpath(path.parent)) / path.name


def _shown(typed: str) -> str:
    """A path as kotadb prints it, which is how it may have been typed too."""
    return decode_path(os.fsencode(typed)) if any("\udc80" <= char <= "\udcff" for char in typed) else typed


def _shown_of(path: Path) -> str:
    return "" if path == Path() else decode_path(os.fsencode(path))
