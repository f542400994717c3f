"""Where a local repository keeps its parts, found by looking at files: git itself would read its configuration."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_MAX_POINTER_BYTES = 8_192
_MAX_ALTERNATES = 64


@dataclass(frozen=True, slots=True)
class Repository:
    """A local repository; all paths are real paths.

    `top` is the work tree (or the bare repository), `git_dir` holds HEAD, `common_dir` the objects: the two differ in a
    linked work tree.
    """

    top: Path
    git_dir: Path
    common_dir: Path

    @property
    def objects(self) -> Path:
        return _real(self.common_dir / "objects")

    def reaches(self) -> Iterator[Path]:
        """Every folder that reading from this repository reads, alternates included."""
        yield from (self.top, self.git_dir, self.common_dir)
        yield from (_real(base / part) for base in (self.git_dir, self.common_dir) for part in ("HEAD", "refs"))
        yield from (_real(self.common_dir / part) for part in ("packed-refs", "config"))
        yield from _object_stores(self.objects)


def find_repository(path: Path) -> Repository | None:
    """The repository at `path` (a real path) or the nearest one above it."""
    for folder in (path, *path.parents):
        if found := _repository_at(folder):
            return found
    return None


def _repository_at(folder: Path) -> Repository | None:
    dot_git = folder / ".git"
    for git_dir in (dot_git, _pointed_at(dot_git, "gitdir: "), folder):
        if git_dir is not None and _is_git_dir(git_dir):
            real = _real(git_dir)
            # A path to or into `.git` means the work tree around it.
            top = folder.parent if git_dir == folder and folder.name == ".git" else folder
            return Repository(top, real, _common_dir(real))
    return None


def _is_git_dir(folder: Path) -> bool:
    return _exists(folder / "HEAD") and (
        _exists(folder / "commondir") or (_exists(folder / "objects") and _exists(folder / "refs"))
    )


def _common_dir(git_dir: Path) -> Path:
    return _pointed_at(git_dir / "commondir", "") or git_dir


def _pointed_at(file: Path, prefix: str) -> Path | None:
    """The path that a one-line file of git names, relative to that file."""
    text = _read(file)
    if text is None or not text.startswith(prefix) or "\0" in text:
        return None
    return _real(file.parent / text.removeprefix(prefix).rstrip("\n"))


def _object_stores(first: Path) -> Iterator[Path]:
    """An object store and those it borrows from, each once."""
    waiting, seen = [first], set[Path]()
    while waiting and len(seen) < _MAX_ALTERNATES:
        store = waiting.pop()
        if store in seen:
            continue
        seen.add(store)
        yield store
        yield _real(store / "pack")
        lines = (_read(store / "info" / "alternates") or "").splitlines()
        waiting += [_real(store / line) for line in lines if line and not line.startswith("#") and "\0" not in line]


def _read(file: Path) -> str | None:
    """The text of a small regular file, None for anything else: opening a pipe would wait for ever."""
    try:
        if not file.is_file():
            return None
        with file.open("rb") as opened:
            return os.fsdecode(opened.read(_MAX_POINTER_BYTES))
    except OSError:
        return None


def _exists(path: Path) -> bool:
    # os.path: Path.exists raises where a folder above may not be entered.
    return os.path.lexists(path)


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))
