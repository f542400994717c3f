"""What other files can ask of a file, and hashes that stand for having asked."""

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import TypeAlias
from zlib import crc32

from kotadb.model import Exports, SymbolKind, Types


class Read(IntEnum):
    """What can be read of a file: what an answer depends on. Each is told apart by a name."""

    EXPORTED = 0
    """What other modules can take under the name; without a name, whether there is anything."""
    SCOPE = 1
    """What the name means in the file's outermost scope."""
    MEMBER = 2
    """The symbols of that name in the one whose qualified name goes before."""
    TYPE = 3
    """What is known of the values of the symbol with that id."""
    FORM = 4
    """How the file exports, and which modules it hands on."""
    KNOWN = 5
    """Whether any file at all binds the name."""
    INSIDE = 6
    """All symbols in the one with that qualified name."""


def name_hash(name: str) -> int:
    """32 bits of a name."""
    return crc32(name.encode("utf-8", "surrogatepass"))


def read_hash(path: str, read: Read, name: str) -> int:
    """32 bits that stand for something read. Two that collide cost work, and nothing else."""
    return crc32(name.encode("utf-8", "surrogatepass"), read_start(path, read))


def known_hash(name: int) -> int:
    """The same for whether any file binds a name, by its `name_hash`."""
    return crc32(name.to_bytes(4), _KNOWN)


def read_start(path: str, read: Read) -> int:
    """What the hashes of all that is read of a file in this way begin with."""
    return crc32(b"%d%s" % (read, path.encode("utf-8", "surrogatepass")))


_KNOWN = read_start("", Read.KNOWN)


AnyExpression: TypeAlias = tuple[int, int, str | None, tuple[int, ...]]
"""A `model.Expression`, as it may have been packed."""


class File:
    """What the program knows of one file: its symbols, by number, and what it says about names and values."""

    __slots__ = ("_members", "exports", "expressions", "ids", "kinds", "names", "qualified_names", "types")

    def __init__(
        self,
        names: Sequence[str],
        qualified_names: Sequence[str],
        kinds: Sequence[SymbolKind],
        ids: Sequence[int],
        exports: Exports,
        types: Types,
        expressions: Sequence[AnyExpression],
    ) -> None:
        self.names = names
        self.qualified_names = qualified_names
        self.kinds = kinds
        self.ids = ids
        self.exports = exports
        self.types = types
        self.expressions = expressions
        self._members: dict[str, dict[str, list[int]]] | None = None

    def around(self, number: int) -> int | None:
        """The symbol that a symbol is in."""
        name = self.qualified_names[number][: -len(self.names[number]) - 1]
        return next((each for each in range(number, -1, -1) if self.qualified_names[each] == name), None)

    def members(self, around: str, name: str) -> Sequence[int]:
        """The symbols of this name that are in the one with the qualified name `around`."""
        return self.inside(around).get(name, ())

    def inside(self, around: str) -> Mapping[str, Sequence[int]]:
        """The symbols right inside of the one with that qualified name, by their names."""
        if self._members is None:
            self._members = {}
            for number, (own, qualified) in enumerate(zip(self.names, self.qualified_names, strict=True)):
                self._members.setdefault(qualified[: -len(own) - 1], {}).setdefault(own, []).append(number)
        return self._members.get(around, {})
