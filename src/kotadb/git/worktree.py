"""Whether a work tree is what was committed, found by looking at files: `git status` would run what is configured.

git's index has for each tracked file its blob, and size and time of the file when it was last seen to be that blob.
Source of the format: gitformat-index(5). Files that nobody tracks are not looked at.
"""

import hashlib
import os
import stat
import struct
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from kotadb.git.layout import Repository

MAX_INDEX_BYTES = 256 * 1024 * 1024
MAX_FILE_BYTES = 16 * 1024 * 1024
HASHED_SECONDS = 0.2
"""Files that look changed are read for so long: after a copy of a whole tree all of them do."""

_HEADER = struct.Struct("!4sII")
_STATUS = struct.Struct("!8xII8xI8xI")
"""Of a file: seconds and nanoseconds of its last change, mode, size."""
_FLAGS = struct.Struct("!H")
_EXTENSION = struct.Struct("!4sI")
_VERSIONS = (2, 3, 4)
_ASSUMED_VALID, _EXTENDED, _STAGE = 0x8000, 0x4000, 0x3000
_SKIP_WORKTREE = 0x4000
"""Of the further flags."""


class TrackedFile(NamedTuple):
    """A regular file as git's index has it."""

    path: bytes
    blob_sha: str
    size: int
    """In bytes, modulo 2³²."""
    changed_ns: int
    is_expected: bool
    """Whether git expects the work tree to have it, and looks whether it has changed."""


class GitIndex(NamedTuple):
    """What git's index holds, and when it was written."""

    stamp: tuple[int, int, int]
    """Inode, size and time in nanoseconds: another one is another index."""
    files: Sequence[TrackedFile]


def stamp(repository: Repository) -> tuple[int, int, int] | None:
    """The stamp of the index as it is now, None if there is none."""
    try:
        found = os.lstat(repository.git_dir / "index")
    except OSError:
        return None
    return (found.st_ino, found.st_size, found.st_mtime_ns) if stat.S_ISREG(found.st_mode) else None


def read_index(repository: Repository, hash_bytes: int) -> GitIndex | None:
    """The index of a work tree; None where there is none, or one that only git understands (split, sparse)."""
    now = stamp(repository)
    data = _content(repository.git_dir / "index", MAX_INDEX_BYTES) if now is not None else None
    if now is None or data is None:
        return None
    try:
        return GitIndex(now, list(_files(data, hash_bytes)))
    except (struct.error, ValueError, IndexError):
        return None


def _files(data: bytes, hash_bytes: int) -> Iterator[TrackedFile]:
    """Raises ValueError, or as `struct` and bytes do, for what is not such an index."""
    signature, version, count = _HEADER.unpack_from(data)
    if signature != b"DIRC" or version not in _VERSIONS:
        raise ValueError
    at, path = _HEADER.size, b""
    for _ in range(count):
        begin = at
        seconds, nanoseconds, mode, size = _STATUS.unpack_from(data, at)
        at += _STATUS.size
        blob_sha = data[at : at + hash_bytes].hex()
        (flags,) = _FLAGS.unpack_from(data, at + hash_bytes)
        at += hash_bytes + 2
        further = 0
        if flags & _EXTENDED:
            (further,) = _FLAGS.unpack_from(data, at)
            at += 2
        kept = b""
        if version == 4:
            dropped, at = _number(data, at)
            kept = path[: len(path) - dropped]
        end = data.index(b"\0", at)
        path = kept + data[at:end]
        at = end + 1 if version == 4 else begin + (end - begin) // 8 * 8 + 8
        if stat.S_ISREG(mode) and not flags & _STAGE:
            is_expected = not (flags & _ASSUMED_VALID or further & _SKIP_WORKTREE)
            yield TrackedFile(path, blob_sha, size, seconds * 1_000_000_000 + nanoseconds, is_expected)
    while at + _EXTENSION.size <= len(data) - hash_bytes:
        name, length = _EXTENSION.unpack_from(data, at)
        if not name[:1].isupper():  # what follows changes the meaning of what was read
            raise ValueError
        at += _EXTENSION.size + length


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A number of variable width, as in pack files, and where it ends."""
    byte = data[at]
    value = byte & 0x7F
    while byte & 0x80:
        at += 1
        byte = data[at]
        value = ((value + 1) << 7) | (byte & 0x7F)
    return value, at + 1


def first_changed(repository: Repository, index: GitIndex, files: Iterable[TrackedFile]) -> TrackedFile | None:
    """A file that is not what the index says, or None where none is seen.

    One that looks changed is read, or that may have changed just after it was looked at: those first that changed last,
    and not all of them if that takes long. What may not be looked at counts as the same. Filters are not run: one that
    makes more of a file than other ends of lines makes it differ once it is read.
    """
    top = os.fsencode(repository.top)
    suspects: list[tuple[int, TrackedFile]] = []
    for file in files:
        if not file.is_expected:
            continue
        try:
            found = os.lstat(top + b"/" + file.path)
        except (FileNotFoundError, NotADirectoryError):
            return file
        except OSError:
            continue
        if not stat.S_ISREG(found.st_mode):
            return file
        if _looks_changed(found, file, index.stamp[-1]):
            suspects.append((found.st_mtime_ns, file))
    return _first_that_differs(top, [file for _, file in sorted(suspects, reverse=True)])


def _first_that_differs(top: bytes, suspects: Iterable[TrackedFile]) -> TrackedFile | None:
    until = time.monotonic() + HASHED_SECONDS
    for file in suspects:
        if _is_changed(top, file):
            return file
        if time.monotonic() > until:
            break
    return None


def _looks_changed(found: os.stat_result, file: TrackedFile, written_ns: int) -> bool:
    return (
        found.st_mtime_ns != file.changed_ns or found.st_size & 0xFFFFFFFF != file.size or file.changed_ns >= written_ns
    )


def _is_changed(top: bytes, file: TrackedFile) -> bool:
    path = top + b"/" + file.path
    folder = path.rpartition(b"/")[0]
    if os.path.realpath(folder) != folder:  # a link in place of a folder leads to what is none of ours
        return True
    content = _content(path, MAX_FILE_BYTES)
    if content is None:
        return False
    # git stores lines without a carriage return where it is told to (core.autocrlf, .gitattributes).
    return file.blob_sha not in (_blob(file, content), _blob(file, content.replace(b"\r\n", b"\n")))


def _blob(file: TrackedFile, content: bytes) -> str:
    algorithm = hashlib.sha1 if len(file.blob_sha) == 40 else hashlib.sha256
    return algorithm(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _content(path: Path | bytes, limit: int) -> bytes | None:
    """The content of a regular file that is no link; None for anything else, and for what is larger."""
    try:
        with open(path, "rb", opener=_open_plain) as file:
            found = os.fstat(file.fileno())
            return file.read(limit) if stat.S_ISREG(found.st_mode) and found.st_size <= limit else None
    except OSError:
        return None


def _open_plain(path: str | bytes, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)
