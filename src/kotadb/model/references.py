"""What one file says about others: its imports, its exports, and its references in terms of expressions."""

from collections.abc import Iterable, Set
from enum import IntEnum, StrEnum
from typing import NamedTuple

import msgpack

DEFAULT = "default"
"""The name of a module's default export."""
WHOLE = "export ="
"""The name under which `export =` and `module.exports =` export; no source can use it."""


class ReferenceKind(StrEnum):
    IMPORT = "import"
    REEXPORT = "reexport"
    CALL = "call"
    INSTANTIATION = "instantiation"
    EXTENDS = "extends"
    IMPLEMENTS = "implements"
    TYPE = "type"
    PROPERTY = "property"
    DECORATOR = "decorator"
    JSX = "jsx"
    READ = "read"
    WRITE = "write"


class Resolution(StrEnum):
    """How the target of a reference was found; an answer that took several ways is as sure as the last of them."""

    SCOPE = "scope"
    """The scopes of the file say so."""
    IMPORT = "import"
    """Through an import and what the imported modules export."""
    MEMBER = "member"
    """A member of a module, namespace or class, or of `this` or `self`."""
    TYPE = "type"
    """A member of a value whose type is declared, or is plain from what the value was made by."""
    UNIQUE_NAME = "unique_name"
    """The only symbol in the repository that it can be."""
    SCIP = "scip"
    """A compiler says so."""


class DependencyKind(StrEnum):
    IMPORT = "import"
    TYPE_IMPORT = "type_import"
    REEXPORT = "reexport"
    DYNAMIC_IMPORT = "dynamic_import"
    REQUIRE = "require"
    INCLUDE = "include"
    USE = "use"


class RelationKind(StrEnum):
    EXTENDS = "extends"
    IMPLEMENTS = "implements"
    OVERRIDES = "overrides"
    """Of a member: it stands in the place of one that is inherited, or is what an interface asks for."""


class Op(IntEnum):
    """What an expression is made of. `operand` is the number of another expression of the file, or as said here.

    Types are expressions too: INSTANCE makes a value of a type, and what is declared stands for itself until then.
    """

    NAME = 0
    """`name`, as the file's outermost scope knows it."""
    SYMBOL = 1
    """The symbol of the file with the number `operand`."""
    MODULE = 2
    """The module with the specifier `name`."""
    FROM = 3
    """What the module `operand` exports as `name`."""
    MEMBER = 4
    """The member `name` of `operand`."""
    CALL = 5
    """The result of calling `operand` with the arguments `parts`."""
    INSTANCE = 6
    """A value of the type `operand`."""
    SELF = 7
    """An instance of the class with the symbol number `operand`: `this`, `self`."""
    SUPER = 8
    """The same, seen as an instance of its bases."""
    APPLY = 9
    """The generic `operand` with the type arguments `parts`."""
    UNION = 10
    """Any of `parts`."""
    AWAIT = 11
    """What awaiting `operand` gives."""
    EACH = 12
    """What going through `operand` gives, one by one."""
    ITEM = 13
    """The element of `operand` at the index or key `name`, or at any if there is none."""
    FUNCTION = 14
    """A function: the first of `parts` is what it returns, the others its parameters; `name` is REST if the last of
    them takes all further arguments."""
    EXPECTED = 15
    """What the call `operand` expects as its argument with the index or keyword `name`."""
    PARAMETER = 16
    """What the function `operand` takes as its parameter with the index `name`."""
    TUPLE = 17
    """A tuple of `parts`."""
    OBJECT = 18
    """An object whose keys, in `name` with KEYS between them, have the values `parts`."""
    VARIABLE = 19
    """A type parameter, of a name that is its own in the file; `operand` is what it extends."""
    BUILTIN = 20
    """What the language itself calls `name`."""
    TYPE_OF = 21
    """The type whose only value is `operand`: `typeof x`, `type[C]`."""
    LITERAL = 22
    """The literal `name`, of the type `operand`."""
    NARROWED = 23
    """What `operand` may be where a condition holds: `name` says which one of its member, of `parts` or else itself."""


ON_SYMBOLS = frozenset({Op.SYMBOL, Op.SELF, Op.SUPER})
"""Those whose operand is the number of a symbol."""
REST = "*"
KEYS = "\0"


class Expression(NamedTuple):
    """One step of an expression: a file's expressions are numbered, and each refers to earlier ones only."""

    op: Op
    operand: int = -1
    name: str | None = None
    parts: tuple[int, ...] = ()
    """Numbers of further expressions; -1 for what is not known."""


class Import(NamedTuple):
    """A statement or call that names another module."""

    specifier: str
    kind: DependencyKind
    type_only: bool
    line: int
    names: tuple[str, ...]
    """What is taken from the module, where it may be a module in turn (`from package import module`)."""


class Reference(NamedTuple):
    """All occurrences in one file of an expression's last name, for one kind and enclosing symbol."""

    kind: ReferenceKind
    expression: int
    enclosing: int
    """Number of the innermost symbol around the occurrences, -1 for none."""
    positions: bytes
    """Packed by `pack_positions`."""


class Exports(NamedTuple):
    """The names of a module, with the numbers of the expressions they stand for, in the order they were bound."""

    scope: dict[str, list[int]]
    """What names mean in the module's outermost scope."""
    exported: dict[str, list[int]] | None
    """What names other modules can take from it; None where that is the scope itself."""
    stars: tuple[str, ...]
    """Specifiers of modules all of whose names are names of this one too."""
    listed: tuple[str, ...] | None
    """The names that a star import takes; None for all that are exported by their form."""


class Types(NamedTuple):
    """What is known of the values of symbols: numbers of expressions by number of the symbol."""

    values: dict[int, int]
    """What reading a variable or property gives, or what a name for a type stands for."""
    signatures: dict[int, int]
    """A FUNCTION, or a UNION of them: what a function takes and returns, or an interface that can be called."""
    bases: dict[int, list[int]]
    """What a class or interface extends, in order."""
    interfaces: dict[int, list[int]]
    """What a class says that it implements, beside these."""
    parameters: dict[int, list[int]]
    """The type parameters of a generic class, interface, type or function."""
    loose: Set[int] = frozenset()
    """The members whose type nothing declares: one of the same name that a base declares comes first."""


class Links(NamedTuple):
    """What one file says about others, and what others need to know of it."""

    imports: tuple[Import, ...] = ()
    exports: Exports = Exports({}, {}, (), None)
    types: Types = Types({}, {}, {}, {}, {})
    expressions: tuple[Expression, ...] = ()
    references: tuple[Reference, ...] = ()


NO_LINKS = Links()


def pack_positions(positions: Iterable[tuple[int, int]]) -> bytes:
    """(line, column) pairs in ascending order as bytes; lines as differences."""
    numbers: list[int] = []
    last = 0
    for line, column in positions:
        numbers += (line - last, column)
        last = line
    packed: bytes = msgpack.packb(numbers)
    return packed


def unpack_positions(packed: bytes) -> list[tuple[int, int]]:
    """What `pack_positions` made bytes of."""
    numbers = msgpack.unpackb(packed)
    positions = []
    line = 0
    for index in range(0, len(numbers), 2):
        line += numbers[index]
        positions.append((line, numbers[index + 1]))
    return positions
