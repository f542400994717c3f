"""Reading a fetched commit: its listing, and its blobs, straight from the object store."""

import hashlib
import tempfile
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO

from kotadb.errors import JobError, LimitExceeded, SourceRefused
from kotadb.git.command import Check, Git, go_on
from kotadb.git.failures import disk_full
from kotadb.model.files import TreeEntry

MAX_LISTING_BYTES = 256 * 1024 * 1024
TREE_MODE = "040000"
MAX_RECORD_BYTES = 1024 * 1024
_MAX_BROKEN_BLOBS = 100


def list_tree(
    git_dir: Path, commit: str, *, max_files: int, lock_fd: int | None = None, check: Check = go_on
) -> list[TreeEntry]:
    """Every entry below the commit's tree that is not itself a tree, in git's order.

    Blobs that the store does not hold, and submodules, have no size. Raises LimitExceeded (`too_many_files`) rather
    than list more than `max_files`, or go through more than as many folders.
    """
    git = Git(git_dir, lock_fd=lock_fd, check=check)
    listed = list(_listing(git, commit, max_files))
    sizes = _sizes(git, {sha for _, mode, sha in listed if mode != "160000"})
    return [TreeEntry(path, mode, sha, sizes.get(sha)) for path, mode, sha in listed]


def _listing(git: Git, commit: str, max_files: int) -> Iterator[tuple[bytes, str, str]]:
    """The entries as (path, mode, sha). Folders are counted, too: a few trees can hold each other 10^10 times."""
    with closing(git.stream("ls-tree", "-rtz", "--full-tree", commit)) as chunks:
        reader = _Reader(chunks)
        files = folders = size = 0
        while record := reader.until(b"\0"):
            entry = _parse(record)
            is_folder = entry[1] == TREE_MODE
            files, folders, size = files + (not is_folder), folders + is_folder, size + len(record)
            if max(files, folders) > max_files or size > MAX_LISTING_BYTES:
                raise LimitExceeded(_too_many(max_files, files, folders), code="too_many_files")
            if not is_folder:
                yield entry


def _too_many(max_files: int, files: int, folders: int) -> str:
    """What there is too much of."""
    if max(files, folders) <= max_files:
        return f"The paths of the repository take more than {MAX_LISTING_BYTES // 2**20} MB."
    what = "files" if files > max_files else "folders"
    return f"The repository has more than {max_files} {what}; KOTADB_MAX_FILES is the limit."


def _parse(record: bytes) -> tuple[bytes, str, str]:
    """`<mode> <type> <sha>\\t<path>` as (path, mode, sha)."""
    about, _, path = record.partition(b"\t")
    mode, _, sha = about.decode().split(" ")
    return path, mode, sha


def _sizes(git: Git, shas: Iterable[str]) -> dict[str, int]:
    with _file_of(shas, git.git_dir) as asked, closing(_cat_file(git, "--batch-check", asked)) as chunks:
        reader = _Reader(chunks)
        sizes = {}
        while header := reader.until(b"\n"):
            sha, size = _header(header)
            if size is not None:
                sizes[sha] = size
        return sizes


def read_blobs(
    git_dir: Path, shas: Iterable[str], *, lock_fd: int | None = None, check: Check = go_on
) -> Generator[tuple[str, bytes | None]]:
    """Each blob of `shas` with its content, in the order given, one at a time in memory; close the iterator to stop.

    None for what the store does not hold, or does not hold as its name promises. Ask only for blobs whose size is known
    to be bearable.
    """
    git = Git(git_dir, lock_fd=lock_fd, check=check)
    waiting = list(shas)
    broken = 0
    while waiting:
        done = 0
        for sha, content in _read_until_broken(git, waiting):
            done += 1
            yield sha, content
        waiting = waiting[done:]
        if waiting:  # git ended at a blob it could not read
            broken += 1
            if broken > _MAX_BROKEN_BLOBS:
                raise SourceRefused("Too many objects of the repository are damaged.", code="broken_repository")
            yield waiting.pop(0), None


def _read_until_broken(git: Git, shas: Sequence[str]) -> Iterator[tuple[str, bytes | None]]:
    """As `read_blobs`, but ends early at an object that git itself fails on."""
    with _file_of(shas, git.git_dir) as asked, closing(_cat_file(git, "--batch", asked)) as chunks:
        reader = _Reader(chunks)
        try:
            while header := reader.until(b"\n"):
                sha, size = _header(header)
                content = None if size is None else reader.exactly(size)
                if size is not None:
                    reader.exactly(1)  # the line's end after the content
                yield sha, content if content is not None and _is_named(content, sha) else None
        except JobError as error:
            if error.code == "fetch_timeout":
                raise


def _cat_file(git: Git, how: str, asked: IO[bytes]) -> Generator[bytes]:
    return git.stream("cat-file", how, "--buffer", stdin=asked)


def _header(line: bytes) -> tuple[str, int | None]:
    """`<sha> blob <size>` as (sha, size); without size for `<sha> missing`."""
    sha, *rest = line.decode().split(" ")
    return sha, int(rest[1]) if len(rest) == 2 else None


def _is_named(content: bytes, sha: str) -> bool:
    """Whether `content` is the blob `sha`: git checks that for what it fetches, not for what it borrows."""
    digest = hashlib.new("sha1" if len(sha) == 40 else "sha256", b"blob %d\0" % len(content), usedforsecurity=False)
    digest.update(content)
    return digest.hexdigest() == sha


@contextmanager
def _file_of(shas: Iterable[str], folder: Path) -> Iterator[IO[bytes]]:
    """`shas` as a nameless file of lines: git reads it at its own pace, and no pipe can fill up."""
    with disk_full(), tempfile.TemporaryFile(dir=folder) as file:
        file.writelines(f"{sha}\n".encode() for sha in shas)
        file.seek(0)
        yield file


class _Reader:
    """Records out of a stream of chunks."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._buffer = bytearray()

    def until(self, end: bytes) -> bytes:
        """The bytes before the next `end`; empty at the end of the stream. Raises LimitExceeded (`name_too_long`)."""
        searched = 0
        while (position := self._buffer.find(end, searched)) < 0:
            searched = len(self._buffer)
            if searched > MAX_RECORD_BYTES:
                raise LimitExceeded(
                    f"The repository holds a name of more than {MAX_RECORD_BYTES:,} bytes.", code="name_too_long"
                )
            if not self._more():
                return b""
        return self._take(position + 1)[:-1]

    def exactly(self, size: int) -> bytes:
        """The next `size` bytes, fewer at the end of the stream."""
        while len(self._buffer) < size and self._more():
            pass
        return self._take(size)

    def _more(self) -> bool:
        chunk = next(self._chunks, None)
        self._buffer += chunk or b""
        return chunk is not None

    def _take(self, size: int) -> bytes:
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken
