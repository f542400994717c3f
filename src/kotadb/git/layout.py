"""Where a local repository keeps its parts, found by looking at files: git itself would read its configuration."""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

_MAX_POINTER_BYTES = 8_192
_MAX_ALTERNATES_BYTES = 65_536
_MAX_CONFIG_BYTES = 1_048_576
_MAX_STORES = 64
_ANYWHERE = Path("/")
"""What a repository reaches of which that cannot be told."""
_MAX_PACKED_REFS_BYTES = 16_777_216
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_INCLUDE = re.compile(r"\[\s*include", re.IGNORECASE)


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
        """Everything that reading from this repository reads: its folders, where links in them lead, and alternates."""
        yield from (self.top, self.git_dir, self.common_dir)
        for base in {self.git_dir, self.common_dir}:
            yield from _included(base)
            yield from _links(_entries(base))  # HEAD, packed-refs, config, shallow
            yield from (place for part in ("refs", "info") for place in _tree(base / part))
        for store in _object_stores(self.objects):
            yield from _tree(store)

    def lies_inside(self, roots: Iterable[Path]) -> bool:
        """Whether all that it reaches is in one of the folders, which must be real paths."""
        inside = tuple(roots)
        return all(any(place.is_relative_to(root) for root in inside) for place in self.reaches())


def find_repository(path: Path) -> Repository | None:
    """The repository at `path` (a real path) or the nearest one above it."""
    for folder in (path, *path.parents):
        if found := _repository_at(folder):
            return found
    return None


def tip(repository: Repository, ref: str) -> str | None:
    """The commit that HEAD or a branch is at, as its files say; None where they do not say it plainly.

    Nothing but a hash is ever taken from a file, whatever it is a link to.
    """
    name = "HEAD" if ref == "HEAD" else f"refs/heads/{ref.removeprefix('refs/heads/')}"
    text = _read((repository.git_dir if name == "HEAD" else repository.common_dir) / name)
    if name == "HEAD" and text is not None and text.startswith("ref: refs/heads/"):
        return tip(repository, text.removeprefix("ref: ").strip())
    if text is not None:
        return text.strip() if _COMMIT.fullmatch(text.strip()) else None
    packed = _read(repository.common_dir / "packed-refs", _MAX_PACKED_REFS_BYTES) or ""
    found = re.search(rf"^(?P<commit>[0-9a-f]{{40,64}}) {re.escape(name)}$", packed, re.MULTILINE)
    return found["commit"] if found else None


def _repository_at(folder: Path) -> Repository | None:
    dot_git = folder / ".git"
    for git_dir in (dot_git, _pointed_at(dot_git, "gitdir: "), folder):
        if git_dir is not None and _is_git_dir(git_dir):
            real = _real(git_dir)
            # A path to or into `.git` means the work tree around it.
            top = folder.parent if git_dir == folder and folder.name == ".git" else folder
            common = _common_dir(real)
            return None if common is None else _plain(Repository(top, real, common))
    return None


def _plain(repository: Repository) -> Repository | None:
    """The repository, unless a part's name has control characters: where we name one a line, it would be several."""
    parts = (repository.top, repository.git_dir, repository.common_dir, repository.objects)
    return None if any(_CONTROL.search(str(part)) for part in parts) else repository


def _is_git_dir(folder: Path) -> bool:
    return _exists(folder / "HEAD") and (
        _exists(folder / "commondir") or (_exists(folder / "objects") and _exists(folder / "refs"))
    )


def _common_dir(git_dir: Path) -> Path | None:
    """None where that cannot be told as git would."""
    file = git_dir / "commondir"
    return _pointed_at(file, "") if _exists(file) else git_dir


def _pointed_at(file: Path, prefix: str) -> Path | None:
    """The path that a one-line file of git names, relative to that file."""
    text = _read(file)
    if text is None or not text.startswith(prefix):
        return None
    name = text.removeprefix(prefix).rstrip("\r\n")
    return None if _CONTROL.search(name) else _real(file.parent / name)


def _included(base: Path) -> list[Path]:
    """Where the configuration leads, which the lender's own git reads: anywhere, if it includes others."""
    for file in (base / "config", base / "config.worktree"):
        text = _read(file, _MAX_CONFIG_BYTES)
        if (text is None and _exists(file)) or _INCLUDE.search(text or ""):
            return [_ANYWHERE]
    return []


def _object_stores(first: Path) -> Iterator[Path]:
    """An object store and those it borrows from, each once; last `_ANYWHERE`, if they cannot all be told."""
    waiting, seen = [first], set[Path]()
    while waiting and _ANYWHERE not in seen:
        store = waiting.pop() if len(seen) < _MAX_STORES else _ANYWHERE
        if store not in seen:
            seen.add(store)
            yield store
            waiting += _alternates(store)


def _alternates(store: Path) -> list[Path]:
    """The stores that this one borrows from, as git reads the file."""
    file = store / "info" / "alternates"
    text = _read(file, _MAX_ALTERNATES_BYTES)
    if text is None:
        return [_ANYWHERE] if _exists(file) else []
    lines = [line for line in text.split("\n") if line and not line.startswith("#")]
    # Names in quotes have escapes. git knows them, and writes none.
    return [_ANYWHERE if line.startswith('"') or "\0" in line else _real(store / line) for line in lines]


def _tree(folder: Path) -> Iterator[Path]:
    """A folder as it really is, and where links in it lead, at any depth."""
    waiting, seen = [_real(folder)], set[Path]()
    while waiting:
        place = waiting.pop()
        if place in seen:
            continue
        seen.add(place)
        yield place
        for entry in _entries(place) if place != _ANYWHERE else ():
            if entry.is_symlink():
                waiting.append(_real(Path(entry.path)))
            elif entry.is_dir(follow_symlinks=False):
                waiting.append(Path(entry.path))


def _links(entries: Iterable[os.DirEntry[str]]) -> Iterator[Path]:
    """Where links among them lead; not those to hooks and the like, which are folders that nothing reads."""
    return (_real(Path(entry.path)) for entry in entries if entry.is_symlink() and not entry.is_dir())


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _read(file: Path, limit: int = _MAX_POINTER_BYTES) -> str | None:
    """The text of a small regular file, None for anything else: opening a pipe would wait for ever."""
    try:
        if not file.is_file() or file.stat().st_size > limit:
            return None
        with file.open("rb") as opened:
            return os.fsdecode(opened.read(limit))
    except OSError:
        return None


def _exists(path: Path) -> bool:
    # os.path: Path.exists raises where a folder above may not be entered.
    return os.path.lexists(path)


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))
