"""What is known of one file from its text alone."""

from dataclasses import dataclass
from enum import StrEnum

from kotadb.model.references import NO_LINKS, Links

EXTRACTOR_VERSION = 5
"""Version of what extraction and resolution write. Stored facts of another version are not used.

1: files and symbols of TypeScript, TSX, JavaScript, JSX and Python.
2: imports, exports, types and references; a constant that shares its name with a type is a symbol.
3: facts are packed as an outline, which is what other files ask for, and as rows.
4: rows of references have no number; the outline is compressed.
5: types are inferred; attributes that methods set, and members of types without a name, are symbols; entry points.
"""


class SymbolKind(StrEnum):
    FUNCTION = "function"
    METHOD = "method"
    CONSTRUCTOR = "constructor"
    GETTER = "getter"
    SETTER = "setter"
    CLASS = "class"
    INTERFACE = "interface"
    TYPE = "type"
    ENUM = "enum"
    ENUM_MEMBER = "enum_member"
    PROPERTY = "property"
    CONSTANT = "constant"
    VARIABLE = "variable"
    NAMESPACE = "namespace"
    MODULE = "module"
    TRAIT = "trait"
    STRUCT = "struct"
    MACRO = "macro"
    HEADING = "heading"
    KEY = "key"


class EntryPoint(StrEnum):
    """Why something calls a symbol that no reference in the repository stands for, the most telling reason last."""

    EXPORTED = "exported"
    """A package publishes it: its manifest leads to it, or a public module has it."""
    LISTED = "listed"
    """Its module lists it among what it exports, as in `__all__`."""
    DECORATOR = "decorator"
    """A decorator is handed it, and may register it: a route, a command, a fixture."""
    TEST = "test"
    """A test runner finds it by its name."""
    SCRIPT = "script"
    """A command of an installed package runs it."""


@dataclass(frozen=True, slots=True)
class Symbol:
    """A definition.

    Lines count from 1, columns from 0 in UTF-8 bytes; `line_end` is the last line of the definition and `column_end`
    the column after its last byte. `qualified_name` joins the names of the enclosing symbols with dots. `signature` is
    the declaration without its body on one line; `documentation` the doc comment or docstring as plain text; `access`
    is "public", "protected" or "private".
    """

    name: str
    qualified_name: str
    kind: SymbolKind
    line_start: int
    line_end: int
    column_start: int
    column_end: int
    name_line: int
    name_column: int
    signature: str | None = None
    documentation: str | None = None
    exported: bool = False
    is_async: bool = False
    access: str = "public"


@dataclass(frozen=True, slots=True)
class FileFacts:
    """All that was extracted from one file. `symbols` are in the order of their position."""

    lines: int
    has_errors: bool
    symbols: tuple[Symbol, ...] = ()
    links: Links = NO_LINKS
    is_generated: bool = False
    """Whether its first lines say that a program wrote it."""
