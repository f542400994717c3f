"""What a language folder consists of, and how its queries are compiled.

A language is described in `.scm` files: tree-sitter queries whose captures say what a node is. Each pattern has exactly
one *head*, which says what the match means, and further captures that say where its parts are. Names that begin with
an underscore are free, to be used in predicates. There are two queries: one finds what is defined (the words are here),
the other what is referred to (the words are in mentions.py).

Predicates are for identifiers only: tree-sitter decodes what `#match?` looks at, and a comment or a string may hold
bytes that are no UTF-8.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from enum import StrEnum
from importlib import resources
from itertools import accumulate
from pkgutil import resolve_name
from typing import NamedTuple

import tree_sitter
from tree_sitter import Node, Query, QueryError

from kotadb.errors import LanguageError
from kotadb.languages.mentions import HEADINGS, MENTION_PARTS, Family, Heading, Inferred, Member, Mention, Shape
from kotadb.languages.modules import Files, Modules
from kotadb.model import SymbolKind


class Head(StrEnum):
    """What a match means; the first part of its head capture's name."""

    DEFINITION = "definition"
    """`@definition.<kind>`: a symbol, wherever it is."""
    BINDING = "binding"
    """`@binding.<kind>`: a symbol where it first binds its name, but not inside of a function: that is a local."""
    MEMBER = "member"
    """`@member.<kind>`: a symbol that belongs to the binding around it, and is dropped where there is none."""
    FIELD = "field"
    """`@field.<kind>`: found in a method of `Rules.fields_in`, a symbol of its class if that has no other so called."""
    PART = "part"
    """`@part.<kind>`: a symbol that belongs to whatever symbol is around it, and is dropped where there is none."""
    TAKEN = "taken"
    """`@taken`: an import binds `@name`, and what binds it again is no symbol."""
    SCOPE = "scope"
    """`@scope`: an anonymous function: what it binds is local."""
    SCOPE_BLOCK = "scope.block"
    """`@scope.block`: a block of a language with block scopes: what it binds is local."""
    SCOPE_CLASS = "scope.class"
    """`@scope.class`: an anonymous class: its members belong to the symbol around it."""
    WRAPPER = "wrapper"
    """`@wrapper`: a statement around the definition `@wrapped`, which belongs to it: `export`, `declare`."""
    DECORATOR = "decorator"
    """`@decorator`: stands before a definition and belongs to it."""
    DOC = "doc"
    """`@doc`: documents the definition `@documented`, or else what follows it."""
    EXPORT_NAME = "export.name"
    """`@export.name`: a name of this module that is exported."""
    EXPORT_LIST = "export.list"
    """`@export.list`: this module lists what it exports; what is not listed is not exported."""


SYMBOL_HEADS = frozenset({Head.DEFINITION, Head.BINDING, Head.MEMBER, Head.FIELD, Head.PART})
SCOPE_HEADS = frozenset({Head.SCOPE, Head.SCOPE_BLOCK, Head.SCOPE_CLASS})

PARTS = frozenset(
    {
        "name",  # the symbol's name
        "names",  # a pattern that binds several names: `Rules.bound_names` finds them
        "body",  # ends the signature
        "value",  # what the name is bound to: part of the signature if short
        "statement",  # the statement around a binding; the first binding of a statement starts where that starts
        "async",  # its presence: an async function
        "access",  # the access modifier
        "export",  # its presence: exported
        "ambient",  # its presence: declared only, so that what is inside needs no export of its own
        "wrapped",  # see @wrapper
        "documented",  # see @doc
    }
)


class Found(NamedTuple):
    """A match that is a symbol, before it has its place: what the query said."""

    head: Head
    kind: SymbolKind
    node: Node
    name: Node
    body: Node | None
    value: Node | None
    statement: Node | None
    is_async: bool
    modifier: str | None
    """The text of `@access`."""
    is_exported: bool
    """Marked with `@export`, itself or by its wrapper."""
    is_ambient: bool
    """Marked with `@ambient`, itself or by its wrapper."""


def _as_found(found: Found, parent: SymbolKind | None) -> Found:
    return found


def _always_public(name: str, modifier: str | None) -> str:
    return modifier or "public"


def _never_exported(name: str) -> bool:
    return False


def _as_written(text: str) -> str:
    return text.strip()


def _only_itself(pattern: Node) -> Iterable[Node]:
    return (pattern,)


def _unchanged(source: bytes) -> bytes:
    return source


@dataclass(frozen=True)
class Rules:
    """What a query cannot say of a language. Every rule has a default that suits a language without it."""

    refine: Callable[[Found, SymbolKind | None], Found] = _as_found
    """The same symbol with what follows from its value, its name, or the kind of the symbol around it."""
    fields_in: frozenset[SymbolKind] = frozenset({SymbolKind.CONSTRUCTOR})
    """The methods in which assigning to a member of the object makes it a member of the class."""
    access: Callable[[str, str | None], str] = _always_public
    """"public", "protected" or "private", for a name and its modifier."""
    hidden: frozenset[str] = frozenset({"private"})
    """The kinds of access whose members are not exported with their class."""
    exported_by_default: Callable[[str], bool] = _never_exported
    """Whether a module exports a name that it says nothing about."""
    doc_prefix: bytes = b""
    """What a `@doc` node starts with; others are no documentation."""
    documentation: Callable[[str], str] = _as_written
    """The text of a `@doc` node without its comment marks or quotes."""
    bound_names: Callable[[Node], Iterable[Node]] = _only_itself
    """The names that a `@names` pattern binds."""
    repair: Callable[[bytes], bytes] = _unchanged
    """A source of the same length and lines that says the same in words that the grammar knows; names stay. It is tried
    for a source with syntax errors, and kept if it has fewer."""
    gap: re.Pattern[bytes] = re.compile(rb"\s+")
    """What may stand, any number of times, between a decorator or doc comment and its definition: space, a comment."""
    comment: re.Pattern[bytes] = re.compile(rb"(?!)(?P<comment>)")
    """Comments, as group `comment`, and as other matches the strings that could look like one."""
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    """How nodes are read as expressions, by the type of the node."""
    inferred: Inferred = field(default_factory=Inferred)
    """How values follow from what is around them."""
    leaves: frozenset[str] = frozenset()
    """The types of nodes whose text alone says how they are read, so that the same text in a scope is read once."""
    types_have_names: bool = False
    """Whether a type and a value can have the same name and mean two things."""
    class_names_are_inner: bool = False
    """Whether functions in a class do not see the names that are bound in its body."""
    declarations_first: bool = False
    """Whether a member whose type a base declares is that of the base, though the class assigns it."""
    open_scope: bool = False
    """Whether other modules can take whatever is bound in the outermost scope."""
    export_list: str | None = None
    """The name under which a module lists what it exports."""
    builtins: str | None = None
    """The file of the folder that describes what the language brings along; see pipeline/builtins.py."""
    plain_decorators: str | None = None
    """What decorators are called that hand a definition to nobody who could use it later; written as `implicit` is."""
    tests: str | None = None
    """How functions, methods and classes are called that a runner of tests looks for; written as `implicit` is."""
    implicit: str | None = None
    """What whole names look like that need not be spelled where they are used, because the language calls them, or what
    runs it: a regular expression that means the same to Python and to PostgreSQL."""


@dataclass(frozen=True)
class LanguageSpec:
    """A language as its folder describes it.

    `grammar` is "module:function" of the grammar's wheel, resolved at load; `definitions` and `references` are `.scm`
    files of `folder`, those of each read as one. Where several patterns match the same name, the one that is written
    first counts.
    """

    name: str
    folder: str
    """The package that holds the queries."""
    extensions: tuple[str, ...]
    """With their dot, in lower case unless only that case is meant."""
    grammar: str
    definitions: tuple[str, ...]
    rules: Rules
    references: tuple[str, ...] = ()
    modules: Callable[[Files], Modules] | None = None
    """Finds the modules that imports name; the same for all languages of a family, which can import each other."""
    file_names: tuple[str, ...] = ()
    scip_name: str = ""
    """What the SCIP format calls it, where that is another name."""
    manager: str = ""
    """The manager of its packages, as SCIP's symbols name it."""


@dataclass(frozen=True, eq=False)
class Language:
    """A language ready for use; one per process and name."""

    name: str
    rules: Rules
    grammar: tree_sitter.Language
    definitions: Query
    references: Query | None
    headings: tuple[Heading, ...]
    """What each pattern of `references` means."""
    members: frozenset[str]
    """The types of nodes that are a member access and nothing else."""


def compile_language(spec: LanguageSpec) -> Language:
    """The language of a spec. Raises LanguageError, which names the file, where a query is not valid."""
    grammar = _grammar(spec)
    definitions, _ = _compiled(spec, spec.definitions, grammar, DEFINITIONS)
    references, patterns = _compiled(spec, spec.references, grammar, REFERENCES) if spec.references else (None, ())
    headings = tuple(HEADINGS[pattern.head].of(pattern.captures) for pattern in patterns)
    members = frozenset(kind for kind, shape in spec.rules.shapes.items() if isinstance(shape, Member))
    return Language(spec.name, spec.rules, grammar, definitions, references, headings, members)


class Vocabulary(NamedTuple):
    """The captures that a query may use."""

    heads: frozenset[str]
    parts: frozenset[str]
    needs: Mapping[str, frozenset[str]]
    """The parts that a head's pattern cannot do without: one of these."""


class Pattern(NamedTuple):
    """One pattern of a query: its head, and all the captures in it."""

    head: str
    captures: Set[str]


def _compiled(
    spec: LanguageSpec, names: Iterable[str], grammar: tree_sitter.Language, words: Vocabulary
) -> tuple[Query, tuple[Pattern, ...]]:
    """One query of those files, and what its patterns are."""
    texts = {f"{spec.folder}/{name}": read_text(spec, name) for name in names}
    for file, text in texts.items():
        _check_captures(file, text, words)
    query = _compile(texts, grammar)
    patterns = tuple(
        _pattern(f"{file}: the pattern in line {line}", _captures(pattern), words)
        for file, line, pattern in _patterns(texts, query)
    )
    return query, patterns


def _grammar(spec: LanguageSpec) -> tree_sitter.Language:
    try:
        return tree_sitter.Language(resolve_name(spec.grammar)())
    except (ImportError, AttributeError, ValueError) as error:
        raise LanguageError(f"{spec.folder}: there is no grammar {spec.grammar}: {error}") from error


def read_text(spec: LanguageSpec, name: str) -> str:
    """A file of a language's folder. Raises LanguageError where there is none."""
    try:
        return resources.files(spec.folder).joinpath(name).read_text("utf-8")
    except OSError as error:
        raise LanguageError(f"{spec.folder}/{name}: cannot be read: {error}") from error


def _compile(texts: Mapping[str, str], grammar: tree_sitter.Language) -> Query:
    """One query of all files. An error's position is in that query, so the guilty file is looked for by itself."""
    try:
        return Query(grammar, "\n".join(texts.values()))
    except (QueryError, ValueError) as error:
        if len(texts) > 1:
            for file, text in texts.items():
                _compile({file: text}, grammar)
        raise LanguageError(f"{' + '.join(texts)}: {error}") from error


def _patterns(texts: Mapping[str, str], query: Query) -> Iterator[tuple[str, int, str]]:
    """File, line and text of each pattern."""
    source = "\n".join(texts.values()).encode()
    first_lines = dict(
        zip(texts, accumulate((len(text.split("\n")) for text in texts.values()), initial=0), strict=False)
    )
    for index in range(query.pattern_count):
        start = query.start_byte_for_pattern(index)
        line = source.count(b"\n", 0, start)
        file = [file for file, first in first_lines.items() if first <= line][-1]
        yield file, line - first_lines[file] + 1, source[start : query.end_byte_for_pattern(index)].decode()


_IGNORED = re.compile(r'"(?:[^"\\]|\\.)*"|;[^\n]*')
_CAPTURE = re.compile(r"@([\w.-]+)")


def _captures(text: str) -> set[str]:
    return set(_CAPTURE.findall(_IGNORED.sub("", text)))


def _check_captures(file: str, text: str, words: Vocabulary) -> None:
    for capture in sorted(_captures(text)):
        if capture not in words.parts and capture not in words.heads and not capture.startswith("_"):
            raise LanguageError(f"{file}: unknown capture @{capture}")


def _pattern(place: str, captures: set[str], words: Vocabulary) -> Pattern:
    heads = captures & words.heads
    if len(heads) != 1:
        raise LanguageError(f"{place} has {len(heads)} heads: it needs exactly one, which says what the match means")
    head = heads.pop()
    needs = words.needs.get(head)
    if needs and not captures & needs:
        raise LanguageError(f"{place} has no {' or '.join(f'@{part}' for part in sorted(needs))}")
    return Pattern(head, captures)


def _heads() -> Mapping[str, tuple[Head, SymbolKind]]:
    """Every head capture there is; those that are no symbol carry a kind that nobody reads."""
    symbols = {f"{head}.{kind}": (head, kind) for head in SYMBOL_HEADS for kind in SymbolKind}
    return symbols | {head.value: (head, SymbolKind.MODULE) for head in Head if head not in SYMBOL_HEADS}


HEADS = _heads()

DEFINITIONS = Vocabulary(
    frozenset(HEADS),
    PARTS,
    {head: frozenset({"name", "names"}) for head, (role, _) in HEADS.items() if role in SYMBOL_HEADS}
    | {Head.WRAPPER.value: frozenset({"wrapped"}), Head.TAKEN.value: frozenset({"name"})},
)
_WITHOUT_MODULE = frozenset({Mention.EXPORT_NAME, Mention.EXPORT_DEFAULT, Mention.EXPORT_WHOLE})
_NAMES_MODULE = frozenset({Family.IMPORT, Family.IMPORTED, Family.EXPORT})
REFERENCES = Vocabulary(
    frozenset(HEADINGS),
    MENTION_PARTS,
    {
        heading.head: frozenset({"specifier"})
        for heading in HEADINGS.values()
        if heading.family in _NAMES_MODULE and heading.mention not in _WITHOUT_MODULE
    },
)
