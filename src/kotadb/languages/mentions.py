"""The words of a language's `references.scm`: what its scopes are, what binds a name, what refers to one.

Where several patterns match the same name, the one that is written first counts, so that the last ones can be as
general as "every other identifier is read".
"""

from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from enum import Enum, StrEnum, auto
from typing import NamedTuple

from tree_sitter import Node

from kotadb.languages.nodes import part_of
from kotadb.model import DependencyKind, Op, ReferenceKind


class Mention(StrEnum):
    """What a match means. `@reference.<kind>` and `@import.<kind>` carry a kind; all others stand as they are."""

    REFERENCE = "reference"
    """`@reference.<kind>`: a name that refers to something; its last part, if there is an `@object`."""
    BIND = "bind"
    """`@bind`: a name bound in the scope that it stands in."""
    BIND_VALUE = "bind.value"
    """The same where types have names of their own: a value's name."""
    BIND_TYPE = "bind.type"
    """The same: a type's name."""
    BIND_PARAMETER = "bind.parameter"
    """The same: a type parameter, which extends its `@value`."""
    BIND_SELF = "bind.self"
    """A parameter that is always an instance of the class around."""
    BIND_CLASS = "bind.class"
    """A parameter that is always the class around."""
    DECLARES = "declares"
    """A symbol's name that no scope knows, with what is said about its type."""
    IGNORE = "ignore"
    """An identifier that is no name: a label, the name of an argument."""
    OUTWARD = "outward"
    """A name that this scope takes from the ones around it: `nonlocal`."""
    GLOBAL = "global"
    """A name that this scope takes from the module: `global`."""

    SCOPE_FUNCTION = "scope.function"
    """A function, with its parameters; `this` is its own."""
    SCOPE_CLOSURE = "scope.closure"
    """A function that has its `this` from around it."""
    SCOPE_CLASS = "scope.class"
    """A class."""
    SCOPE_BLOCK = "scope.block"
    """Any other part of the source that names can be bound in."""
    SCOPE_OUTER = "scope.outer"
    """A part of a scope whose names are looked up around that scope: a default of a parameter."""
    TYPE_CHECKING = "type_checking"
    """A part of the source whose imports are for types alone."""
    IN_TYPE = "in_type"
    """A part of the source where what is read is a type."""

    YIELDED = "yielded"
    """What makes a function a generator: what it gives is not what it returns."""
    RETURNED = "returned"
    """An expression that the function around it returns."""

    SIGNATURE = "signature"
    """A way to call the interface or type around it."""

    CONDITION = "condition"
    """What tells the values of a name apart: see `Inferred.conditions`."""

    IMPORT = "import"
    """`@import.<kind>`: a statement or call that names the module `@specifier`."""
    IMPORTED = "imported"
    """A name that is imported from `@specifier`, bound under itself or its `@alias`."""
    IMPORTED_DEFAULT = "imported.default"
    """A name bound to what `@specifier` exports as `default`."""
    IMPORTED_MODULE = "imported.module"
    """A name bound to the module `@specifier` itself."""
    IMPORTED_PART = "imported.part"
    """One part of the dotted `@specifier`, a module too; the first is bound, or with an `@alias` the whole."""
    IMPORTED_STAR = "imported.star"
    """All names of `@specifier` are bound."""

    EXPORTED = "exported"
    """A statement that exports what it declares."""
    EXPORTED_DEFAULT = "exported.default"
    """A statement that exports what it declares as `default`."""
    EXPORT_NAME = "export.name"
    """A name of this file that is exported under itself or its `@alias`."""
    EXPORT_DEFAULT = "export.default"
    """A name of this file that is exported as `default`."""
    EXPORT_WHOLE = "export.whole"
    """A name of this file that is all of what the module exports: `export =`, `module.exports =`."""
    REEXPORT_NAME = "reexport.name"
    """A name of `@specifier` that is exported under itself or its `@alias`."""
    REEXPORT_MODULE = "reexport.module"
    """The name that the module `@specifier` is exported under."""
    REEXPORT_STAR = "reexport.star"
    """All names of `@specifier` are exported."""


MENTION_PARTS = frozenset(
    {
        "object",  # the expression before the name
        "quoted",  # its presence: the name is a string that holds an expression
        "specifier",  # what names a module: a string, or a dotted name
        "alias",  # the name that something has here
        "type_only",  # its presence: for types alone
        "type",  # the declared type
        "value",  # what the name is bound to
        "whole",  # a base with its type arguments
        "destructured",  # its presence: the name is bound to a member of what is taken apart
        "hoisted",  # its presence: bound in the function around, whatever blocks are between
        "around",  # a scope that the name is bound outside of: a function's own name
    }
)


class Family(Enum):
    """What is done with a match."""

    SCOPE = auto()
    REGION = auto()
    FUNCTION = auto()
    IMPORT = auto()
    REFERENCE = auto()
    BIND = auto()
    OUTWARD = auto()
    IMPORTED = auto()
    EXPORT = auto()
    IGNORE = auto()


_FAMILIES = {
    Family.SCOPE: (Mention.SCOPE_FUNCTION, Mention.SCOPE_CLOSURE, Mention.SCOPE_CLASS, Mention.SCOPE_BLOCK,
                   Mention.SCOPE_OUTER),
    Family.REGION: (Mention.EXPORTED, Mention.EXPORTED_DEFAULT, Mention.TYPE_CHECKING, Mention.IN_TYPE),
    Family.IMPORT: (Mention.IMPORT,),
    Family.REFERENCE: (Mention.REFERENCE,),
    Family.FUNCTION: (Mention.YIELDED, Mention.RETURNED, Mention.SIGNATURE, Mention.CONDITION),
    Family.BIND: (Mention.BIND, Mention.BIND_VALUE, Mention.BIND_TYPE, Mention.BIND_PARAMETER, Mention.BIND_SELF,
                  Mention.BIND_CLASS, Mention.DECLARES),
    Family.OUTWARD: (Mention.OUTWARD, Mention.GLOBAL),
    Family.IMPORTED: (Mention.IMPORTED, Mention.IMPORTED_DEFAULT, Mention.IMPORTED_MODULE, Mention.IMPORTED_PART,
                      Mention.IMPORTED_STAR),
    Family.EXPORT: (Mention.EXPORT_NAME, Mention.EXPORT_DEFAULT, Mention.EXPORT_WHOLE, Mention.REEXPORT_NAME,
                    Mention.REEXPORT_MODULE, Mention.REEXPORT_STAR),
    Family.IGNORE: (Mention.IGNORE,),
}  # fmt: skip


ABOUT_FUNCTIONS = _FAMILIES[Family.FUNCTION]


@dataclass(frozen=True, slots=True)
class Heading:
    """What a match of a pattern means: what its head says, and which parts it may have."""

    head: str
    mention: Mention
    family: Family
    reference: ReferenceKind | None = None
    """The kind of a reference."""
    dependency: DependencyKind | None = None
    """The kind of an import."""
    has_object: bool = False
    is_quoted: bool = False
    is_plain: bool = False
    """It is about one name, and does not say that it has an alias, too."""

    def of(self, captures: Set[str]) -> "Heading":
        """The same for a pattern with these captures."""
        is_name = self.family not in (Family.SCOPE, Family.REGION, Family.FUNCTION, Family.IMPORT)
        return replace(
            self,
            has_object="object" in captures,
            is_quoted="quoted" in captures,
            is_plain=is_name and "alias" not in captures,
        )


def _headings() -> Iterator[Heading]:
    for family, mentions in _FAMILIES.items():
        for mention in mentions:
            if mention is Mention.REFERENCE:
                yield from (Heading(f"{mention}.{kind}", mention, family, reference=kind) for kind in ReferenceKind)
            elif mention is Mention.IMPORT:
                yield from (Heading(f"{mention}.{kind}", mention, family, dependency=kind) for kind in DependencyKind)
            else:
                yield Heading(mention.value, mention, family)


HEADINGS = {heading.head: heading for heading in _headings()}
"""Every head capture there is."""


class Step(NamedTuple):
    """How a node of the syntax tree is made of others: `op` applied to `inner`, with `name` and `parts`.

    Without `inner` it stands for itself; with `op` None it stands for what `inner` stands for. Where a node stands for
    something that is made in several steps, `inner` and `parts` are steps in turn.
    """

    op: Op | None
    inner: "Node | Step | None" = None
    name: "Node | str | None" = None
    parts: "Sequence[Node | Step | None]" = ()
    is_type: bool = False
    """The name is a type's, where types have names of their own."""


Shape = Callable[[Node], Step | None]
"""Reads a node of one type as an expression; None where it is none that names lead through."""


class Parameter(NamedTuple):
    """What a function takes."""

    type: Node | None = None
    value: Node | None = None
    """Its default."""
    takes_rest: bool = False


class Function(NamedTuple):
    """What a function's node says of it."""

    parameters: Sequence[Parameter]
    returns: Node | Step | None
    """The type that it says it returns."""
    result: Node | None
    """The expression that is all of its body."""
    wrapper: str | None = None
    """What the language calls the type that the results of such a function are wrapped in; None for none."""
    says_wrapped: bool = True
    """The type that it says it returns has the wrapper already."""
    start: int = 0
    """Where its scope begins."""
    decorator: Node | None = None
    """What takes it and returns what its name stands for."""


class Condition(NamedTuple):
    """What holds for the value of a name in a part of the source, as long as it is not bound again."""

    subject: Node
    """The name, or a member access: whatever says the same there means the same."""
    start: int
    end: int
    test: str = ""
    """With `Test` and a member: how the value is told apart. Without it is an instance of any of `parts`."""
    parts: "Sequence[Node | Step | None]" = ()


class Test(StrEnum):
    """How a condition tells values apart; the name of a member follows in `Condition.test`."""

    IS = "="
    """The member is one of the parts."""
    IS_NOT = "!"
    """It is none of them."""
    TRUE = "+"
    """It is true, in the language's sense."""
    FALSE = "-"
    NO_INSTANCE = "~"
    """It is no instance of any of the parts, which are classes."""


def _no_conditions(node: Node) -> "Sequence[Condition]":
    return ()


def _no_step(node: Node) -> Step | None:
    return None


def _no_function(node: Node) -> Function | None:
    return None


@dataclass(frozen=True)
class Inferred:
    """How values that are not written down follow from what is around them."""

    origin: Shape = _no_step
    """The value of a name that is bound here, by the name's node: an element of what is gone through, a part of what is
    taken apart, a parameter."""
    expected: Shape = _no_step
    """What the place of an expression expects of its value, by the expression's node."""
    function: Callable[[Node], Function | None] = _no_function
    """The function that this node is, or that it is the name of."""
    functions: frozenset[str] = frozenset()
    """The types of nodes that are functions without being statements."""
    conditions: Callable[[Node], Sequence[Condition]] = _no_conditions
    """What holds where, by a node that holds a condition (`@condition`)."""
    declarations: frozenset[str] = frozenset()
    """The types of nodes that stand for the symbol of their name, where that is one."""
    blocks: frozenset[str] = frozenset()
    """The types of nodes that hold statements, which all run if one of them does."""


def name(node: Node) -> Step:
    """A plain name."""
    return Step(Op.NAME, None, node)


def type_name(node: Node) -> Step:
    """The name of a type."""
    return Step(Op.NAME, None, node, is_type=True)


def itself(op: Op) -> Shape:
    """`this`, `super`: the word alone says it."""
    return lambda node: Step(op)


@dataclass(frozen=True, slots=True)
class Member:
    """A member access whose object and name are in these fields."""

    base: str
    part: str

    def __call__(self, node: Node) -> Step:
        return Step(Op.MEMBER, node.child_by_field_name(self.base), node.child_by_field_name(self.part))


def made_by(op: Op, field: str = "") -> Shape:
    """An expression made by `op` from the one in this field, or else from the first named child."""

    def shape(node: Node) -> Step | None:
        inner = node.child_by_field_name(field) if field else part_of(node, 0)
        return Step(op, inner) if inner is not None else None

    return shape


def through(field: str = "") -> Shape:
    """Stands for what is in this field, or for its first named child: parentheses, a slice."""

    def shape(node: Node) -> Step | None:
        inner = node.child_by_field_name(field) if field else part_of(node, 0)
        return Step(None, inner) if inner is not None else None

    return shape


def any_of(*fields: str) -> Shape:
    """Any of what is in these fields, or else of the named children."""

    def shape(node: Node) -> Step:
        parts = [node.child_by_field_name(field) for field in fields] if fields else node.named_children
        return Step(Op.UNION, parts=parts)

    return shape


def builtin(name: str, *parts: Node | Step | None) -> Step:
    """A value of what the language calls so, with these type arguments."""
    return Step(Op.INSTANCE, Step(Op.APPLY, Step(Op.BUILTIN, name=name), parts=parts))


def always(name: str) -> Shape:
    """A literal: a value of what the language calls so."""
    return lambda node: Step(Op.INSTANCE, Step(Op.BUILTIN, name=name))
