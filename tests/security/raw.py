"""Repositories written object by object, without git, which would refuse or repair what is hostile in them."""

import hashlib
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

FILE, LINK, TREE, SUBMODULE = b"100644", b"120000", b"40000", b"160000"
SOMEBODY = b"Somebody <somebody@example.org> 1700000000 +0000"
KINDS = {b"commit": 1, b"tree": 2, b"blob": 3, b"tag": 4}
REF_DELTA = 7

Entry = tuple[bytes, bytes, str]
"""Mode, name and object of an entry of a tree."""


@dataclass(frozen=True, slots=True)
class RawRepo:
    """A repository with a work tree at `path`; `git_dir` may be elsewhere."""

    path: Path
    git_dir: Path

    def put(self, kind: bytes, content: bytes, sha: str | None = None) -> str:
        """Write an object, under the name of another one if `sha` is given. Returns its name."""
        raw = header(kind, len(content)) + content
        sha = sha or hashlib.sha1(raw).hexdigest()
        loose = self.git_dir / "objects" / sha[:2] / sha[2:]
        loose.parent.mkdir(parents=True, exist_ok=True)
        loose.write_bytes(zlib.compress(raw, 1))
        return sha

    def blob(self, content: bytes) -> str:
        return self.put(b"blob", content)

    def tree(self, entries: Iterable[Entry]) -> str:
        """A tree in git's order."""
        return self.raw_tree(sorted(entries, key=lambda entry: entry[1] + b"/" * (entry[0] == TREE)))

    def raw_tree(self, entries: Iterable[Entry]) -> str:
        """A tree with its entries as they come."""
        return self.put(b"tree", tree_content(entries))

    def nested(self, files: Mapping[bytes, Entry | bytes]) -> str:
        """A tree of paths: to the content of a file, or to (mode, "", object)."""
        entries: list[Entry] = []
        folders: dict[bytes, dict[bytes, Entry | bytes]] = {}
        for path, what in files.items():
            name, slash, rest = path.partition(b"/")
            if slash:
                folders.setdefault(name, {})[rest] = what
            elif isinstance(what, bytes):
                entries.append((FILE, name, self.blob(what)))
            else:
                entries.append((what[0], name, what[2]))
        entries += [(TREE, name, self.nested(below)) for name, below in folders.items()]
        return self.tree(entries)

    def commit(self, tree: str, *, head: bytes = b"", message: bytes = b"change\n") -> str:
        """A commit of this tree, which `main` then names. `head` are more lines of its header."""
        about = b"tree %s\nauthor %s\ncommitter %s\n" % (tree.encode(), SOMEBODY, SOMEBODY)
        return self.point(self.put(b"commit", about + head + b"\n" + message))

    def tag(self, sha: str, kind: bytes, name: bytes = b"v1") -> str:
        about = b"object %s\ntype %s\ntag %s\ntagger %s\n" % (sha.encode(), kind, name, SOMEBODY)
        return self.put(b"tag", about + b"\nmessage\n")

    def point(self, sha: str, ref: str = "refs/heads/main") -> str:
        """Have the ref name this object."""
        path = self.git_dir / ref
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{sha}\n")
        return sha

    def files(self, files: Mapping[str, bytes]) -> str:
        """A commit of these files."""
        return self.commit(self.nested({path.encode(): content for path, content in files.items()}))

    def checked_out(self, files: Mapping[str, bytes]) -> str:
        """The same, and the files in the work tree too."""
        for name, content in files.items():
            path = self.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return self.files(files)

    def configure(self, text: str) -> None:
        """More lines of its configuration."""
        with (self.git_dir / "config").open("a") as config:
            config.write(text)

    def pack(self, objects: bytes, name: str = "pack-hostile") -> None:
        """Put a pack beside its objects; whoever reads it needs its index, which git makes."""
        folder = self.git_dir / "objects" / "pack"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.pack").write_bytes(objects)


def raw_repo(path: Path, git_dir: Path | None = None) -> RawRepo:
    """An empty repository at `path`, on branch `main`."""
    git_dir = git_dir or path / ".git"
    for folder in (path, git_dir / "objects", git_dir / "refs" / "heads"):
        folder.mkdir(parents=True, exist_ok=True)
    (git_dir / "HEAD").write_text("ref: refs/heads/main\n")
    (git_dir / "config").write_text("[core]\n\trepositoryformatversion = 0\n\tbare = false\n")
    return RawRepo(path, git_dir)


def header(kind: bytes, size: int) -> bytes:
    return b"%s %d\0" % (kind, size)


def name_of(kind: bytes, content: bytes) -> str:
    """The name git gives to an object."""
    return hashlib.sha1(header(kind, len(content)) + content).hexdigest()


def tree_content(entries: Iterable[Entry]) -> bytes:
    return b"".join(mode + b" " + name + b"\0" + bytes.fromhex(sha) for mode, name, sha in entries)


# ---- packs -----------------------------------------------------------------------------------------------------------


def pack_of(packed: Sequence[bytes]) -> bytes:
    """A pack of these entries."""
    body = b"PACK" + struct.pack("!II", 2, len(packed)) + b"".join(packed)
    return body + hashlib.sha1(body).digest()


def packed(kind: bytes, content: bytes) -> bytes:
    """An object as an entry of a pack."""
    return _entry_header(KINDS[kind], len(content)) + zlib.compress(content, 1)


def packed_delta(base: str, delta: bytes) -> bytes:
    """An object as what it differs from another one by."""
    return _entry_header(REF_DELTA, len(delta)) + bytes.fromhex(base) + zlib.compress(delta, 1)


def repeating_delta(size: int, piece: int, times: int) -> bytes:
    """The delta that makes of an object of `size` bytes its first `piece` (less than 16 MB), so many times over."""
    copy = b"\xf0" + struct.pack("<I", piece)[:3]  # from the start, so many bytes
    return b"".join(_varint(size)) + b"".join(_varint(piece * times)) + copy * times


def _entry_header(kind: int, size: int) -> bytes:
    first, rest = (kind << 4) | (size & 15), size >> 4
    if not rest:
        return bytes([first])
    return bytes([first | 0x80]) + b"".join(_varint(rest))


def _varint(value: int) -> Iterator[bytes]:
    while value >= 0x80:
        yield bytes([value & 0x7F | 0x80])
        value >>= 7
    yield bytes([value])
