"""Which entries of a commit's tree are indexed, and why the others are not.

Two looks at each entry. `discover` decides by the listing alone; `inspect` by the text of what was left. Together they
give every entry exactly one fate.
"""

import codecs
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from kotadb.model import TEXT, SkippedFile, SkipReason, SourceFile, TreeEntry

IGNORE_FILE = ".kotadbignore"

SYMLINK_MODE = "120000"
SUBMODULE_MODE = "160000"

# Folders that package managers fill, under names that nobody gives to code of their own. `vendor`, `third_party`,
# `build` and `dist` are not among them: many repositories keep code of their own there.
VENDORED_FOLDERS = re.compile(
    r"(?:^|/)(?:node_modules|bower_components|jspm_packages|site-packages|dist-packages|"
    r"\.yarn/(?:cache|releases|plugins|sdks|unplugged)|vendor/bundle)/"
)
# What package managers leave in the folders that they fill, whatever the name. Not heeded in the root, where it would
# make everything vendored.
VENDORED_MARKERS = re.compile(
    r"(?s)(?P<folder>(?:.*/)?(?:[^/]+/(?=pyvenv\.cfg\Z|\.cargo-checksum\.json\Z)|"
    r"vendor/(?=modules\.txt\Z|autoload\.php\Z)|Pods/(?=Manifest\.lock\Z)))"
)

TAGS_BY_FOLDER = {
    "test": re.compile(r"(?:^|/)(?:tests?|__tests__|__mocks__|spec|e2e|testdata|fixtures)/", re.IGNORECASE),
    "documentation": re.compile(r"(?:^|/)docs?/", re.IGNORECASE),
    "generated": re.compile(r"(?:^|/)(?:generated|__generated__)/"),
    # Unlike in VENDORED_FOLDERS it may be changed here: it is indexed.
    "vendored": re.compile(r"(?:^|/)(?:_?vendor(?:ed)?|third[_-]?party)/", re.IGNORECASE),
}
# For the name alone: in a whole path, `.test.` and all up to a slash would be looked for again and again.
TAGS_BY_NAME = {
    "test": re.compile(r"^(?:test_|tests?\.|conftest\.)|[._-](?:test|spec|e2e)s?\..", re.IGNORECASE | re.DOTALL),
    "documentation": re.compile(r"\.(?:md|mdx|rst|adoc)$|^(?:README|CHANGELOG|CONTRIBUTING|LICENSE)", re.IGNORECASE),
    "configuration": re.compile(
        r"\.(?:json|jsonc|toml|ya?ml|ini|cfg|conf|lock)$|^\..|\.config\..", re.IGNORECASE | re.DOTALL
    ),
    "declaration": re.compile(r"\.d\.[^.]+$|\.pyi$"),
    "generated": re.compile(r"[._-]generated\..|\.min\..|_pb2(?:_grpc)?\.|\.pb\..|_pb\.[cdjt]", re.DOTALL),
}

TAGS = tuple(dict.fromkeys((*TAGS_BY_NAME, *TAGS_BY_FOLDER)))
"""In their order; what the first lines of a file say may add `generated`, see `is_generated`."""

MAX_PATH_BYTES = 4096
UTF16_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
BINARY_PREFIX_BYTES = 8192  # as far as git looks
LFS_POINTER = re.compile(rb"version https://git-lfs\.github\.com/spec/v1\r?\n")
LFS_POINTER_BYTES = 1024  # git-lfs: a pointer is shorter

LONG_LINE_BYTES = 500
MINIFIED_BYTES = 2048
MINIFIED_SPACES = 0.2
MINIFIED_PUNCTUATION = 0.05


@dataclass(frozen=True, slots=True)
class Discovery:
    """Every entry of the listing once, in its order: in `files` to be indexed, in `skipped` with a reason."""

    files: tuple[SourceFile, ...]
    skipped: tuple[SkippedFile, ...]


def discover(
    entries: Iterable[TreeEntry],
    *,
    language_of: Callable[[str], str | None],
    max_file_bytes: int,
    is_excluded: Callable[[str], bool] = lambda _: False,
    absent_reason: SkipReason = SkipReason.MISSING_BLOB,
) -> Discovery:
    """Decide by path, mode and size.

    `language_of` names the language of a path, None for one without a parser. `is_excluded` is `ignore.exclusion`'s
    answer for the repository. `absent_reason` says what it means that a blob is not there: TOO_LARGE after a fetch that
    filtered by size, else MISSING_BLOB.
    """
    listing = [(entry, decode_path(entry.path)) for entry in entries]
    is_vendored = vendored(path for _, path in listing)

    def reason_to_skip(entry: TreeEntry, path: str) -> SkipReason | None:
        if (reason := _no_file(entry)) is not None:
            return reason
        if is_excluded(path):
            return SkipReason.EXCLUDED
        if is_vendored(path):
            return SkipReason.VENDORED
        if entry.size_bytes is None:
            return absent_reason
        return SkipReason.TOO_LARGE if entry.size_bytes > max_file_bytes else None

    files: list[SourceFile] = []
    skipped: list[SkippedFile] = []
    for entry, path in listing:
        if (reason := reason_to_skip(entry, path)) is not None:
            skipped.append(SkippedFile(path, entry.path, reason))
        else:
            language = language_of(path) or TEXT
            files.append(SourceFile(path, entry.path, language, entry.blob_sha, entry.size_bytes or 0, tags_of(path)))
    return Discovery(tuple(files), tuple(skipped))


CONTENT_REASONS = frozenset({SkipReason.LFS_POINTER, SkipReason.BINARY, SkipReason.MINIFIED})
"""What `inspect` may say."""


def inspect(source: bytes, language: str) -> SkipReason | None:
    """Why a file with these bytes should not be indexed, None if it should."""
    if len(source) < LFS_POINTER_BYTES and LFS_POINTER.match(source):
        return SkipReason.LFS_POINTER
    if _is_binary(source):
        return SkipReason.BINARY
    if language != TEXT and is_minified(source):
        return SkipReason.MINIFIED
    return None


def decode(source: bytes) -> str:
    """The text of a file: what is stored and, encoded as UTF-8 again, what is parsed, so that positions fit the two.

    UTF-16 where a byte order mark says so, which is dropped; else UTF-8, of which all stays as it is, line ends and a
    byte order mark too. What is not valid, and NUL, which PostgreSQL cannot store, becomes U+FFFD.
    """
    encoding = "utf-16" if source.startswith(UTF16_BOMS) else "utf-8"
    return source.decode(encoding, "replace").replace("\0", "\ufffd")


def decode_path(raw: bytes) -> str:
    r"""A path for people and for the database: UTF-8, with `\xNN` for each byte that is not.

    No two paths become the same: a backslash that would read like such an escape is written as `\x5c`. All other
    characters stay, control characters too; whoever prints a path escapes them.
    """
    return re.sub(rb"\\(?=x[0-9a-f]{2})", rb"\\x5c", raw).decode("utf-8", "backslashreplace")


def tags_of(path: str) -> tuple[str, ...]:
    """What the path alone says a file is for."""
    name = path[path.rfind("/") + 1 :]
    by_name = {tag for tag, pattern in TAGS_BY_NAME.items() if pattern.search(name)}
    by_folder = {tag for tag, pattern in TAGS_BY_FOLDER.items() if pattern.search(path)}
    return tuple(tag for tag in TAGS if tag in by_name or tag in by_folder)


# In a comment near the beginning, and in words that say so of the file. protoc, Go and others: `DO NOT EDIT`.
GENERATED_BYTES = 4096
GENERATED = re.compile(
    rb"(?im)^[ \t]*(?:[/#*;%]+|--|<!--|\"\"\"|'''|\.\.)[^\n]{0,200}?(?:@generated\b|<auto-generated|"
    rb"\b(?:auto-?)?generated\b[^\n]{0,200}\bdo not (?:edit|modify)|"
    rb"\bthis (?:file|code|module) (?:is|was|has been) (?:automatically |auto-?|machine[- ])generated\b)"
)


def is_generated(source: bytes) -> bool:
    """Whether a comment at the beginning of a file says that a program wrote it."""
    return GENERATED.search(source[:GENERATED_BYTES]) is not None


def vendored(paths: Iterable[str]) -> Callable[[str], bool]:
    """Whether a path, of a tree that holds all of `paths`, is in a folder filled by a package manager."""
    markers = (VENDORED_MARKERS.match(path) for path in paths)
    folders = {marker["folder"] for marker in markers if marker}

    def is_vendored(path: str) -> bool:
        if VENDORED_FOLDERS.search(path):
            return True
        return bool(folders) and any(path[: slash.end()] in folders for slash in re.finditer("/", path))

    return is_vendored


def is_minified(source: bytes) -> bool:
    """Whether source code was written by a program for a program: at least 2 KB of dense code in endless lines.

    More than half of the file is in lines of 500 bytes or more, of which less than a fifth is white space and more than
    a twentieth is the punctuation that code is held together with. The last two tell code from what makes long lines in
    files that people write: prose in a comment or string has few brackets and commas (under 2 % in all that was
    looked at), encoded data has none, and a table has a space after each comma. In minified files they are 11 to 22 %
    and 1 %. A smaller file costs little to index, and would be too little to judge by.
    """
    long_lines = b"".join(line for line in source.split(b"\n") if len(line) >= LONG_LINE_BYTES)
    size = len(long_lines)
    if len(source) < MINIFIED_BYTES or size <= len(source) / 2:
        return False
    spaces = size - len(long_lines.translate(None, b" \t"))
    punctuation = size - len(long_lines.translate(None, b"(){}[];,=:"))
    return spaces < size * MINIFIED_SPACES and punctuation > size * MINIFIED_PUNCTUATION


def _no_file(entry: TreeEntry) -> SkipReason | None:
    """Why an entry is no file for us, whatever its blob is."""
    if is_unsafe(entry.path):
        return SkipReason.UNSAFE_PATH
    return {SYMLINK_MODE: SkipReason.SYMLINK, SUBMODULE_MODE: SkipReason.SUBMODULE}.get(entry.mode)


def is_unsafe(raw: bytes) -> bool:
    """Whether a path would, on some file system, lead out of the tree or into git's own folder.

    Nothing is ever written under these paths here. But they are handed on, and whoever crafts such an entry is up to
    something. A backslash separates where Windows would; elsewhere it is a letter, so that alone it is no harm. A path
    longer than any system takes cannot have come from one.
    """
    if len(raw) > MAX_PATH_BYTES:
        return True
    if not _SUSPECT.search(raw):
        return False
    return not all(raw.split(b"/")) or any(_is_unsafe_name(name) for name in re.split(rb"[/\\]", raw))


# What every unsafe path has something of, and few others: a look at each name of each path takes three times as long.
_SUSPECT = re.compile(rb"(?i)git|[^\x00-\x7f]|(?:^|[/\\])\.{0,2}(?:[/\\]|$)")


# What HFS+ leaves out when it compares names.
_IGNORED_BY_HFS = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")
# NTFS: `GIT~1` is the short name of `.git`, dots and spaces at the end do not count, and a colon begins a stream.
_GIT_FOLDER = re.compile(r"(?:\.git|git~[0-9]+)[. ]*(?::.*)?", re.IGNORECASE | re.DOTALL)


def _is_unsafe_name(name: bytes) -> bool:
    if name in (b".", b".."):
        return True
    return _GIT_FOLDER.fullmatch(_IGNORED_BY_HFS.sub("", name.decode("utf-8", "replace"))) is not None


def _is_binary(source: bytes) -> bool:
    """NUL near the beginning, be it a byte or, in UTF-16, a character (which UTF-32 is full of)."""
    head = source[:BINARY_PREFIX_BYTES]
    return "\0" in head.decode("utf-16" if head.startswith(UTF16_BOMS) else "latin-1", "replace")
