"""What a commit's tree holds, and what becomes of each entry: a source file, or a skipped one with its reason."""

from dataclasses import dataclass
from enum import StrEnum

TEXT = "text"
"""Language of a file that has no parser here: its text is indexed, symbols it has none."""


class SkipReason(StrEnum):
    """Why a tree entry is not in the index. Every entry is either a file or skipped with one of these."""

    BINARY = "binary"
    TOO_LARGE = "too_large"
    MINIFIED = "minified"
    SYMLINK = "symlink"
    SUBMODULE = "submodule"
    VENDORED = "vendored"
    LFS_POINTER = "lfs_pointer"
    MISSING_BLOB = "missing_blob"
    UNSAFE_PATH = "unsafe_path"
    PARSER_TIMEOUT = "parser_timeout"
    PARSER_CRASH = "parser_crash"
    PARSER_MEMORY = "parser_memory"
    EXCLUDED = "excluded"


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One entry of a commit's tree as git lists it.

    `path` is the raw bytes of the name, `mode` git's octal mode as text, `size_bytes` None where the object store does
    not hold the blob.
    """

    path: bytes
    mode: str
    blob_sha: str
    size_bytes: int | None


@dataclass(frozen=True, slots=True)
class SourceFile:
    """An entry to be indexed. `path` is `raw_path` decoded for people; `raw_path` is what git has."""

    path: str
    raw_path: bytes
    language: str
    blob_sha: str
    size_bytes: int
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SkippedFile:
    """An entry that is not indexed, and why. `blob` is what was read, and as which language, where that is why."""

    path: str
    raw_path: bytes
    reason: SkipReason
    blob: tuple[str, str] | None = None
