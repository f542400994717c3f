"""Python.

- A class with an enum base is an `enum`, a `typing.Protocol` an `interface`: nothing is ever made of it.
- The range of a symbol includes its decorators, the signature does not.
- `x = …` is a symbol where it first binds `x` in a module or class, `self.x = …` where it first does in a method,
  unless an import binds the name, or the class declares it, elsewhere.
"""

import re
from collections.abc import Iterator
from inspect import cleandoc

from tree_sitter import Node

from kotadb.languages.grammar import Found, Head, LanguageSpec, Rules
from kotadb.languages.python.expressions import LEAVES, SHAPES
from kotadb.languages.python.modules import python_modules
from kotadb.languages.python.origins import INFERRED
from kotadb.model import SymbolKind

_CLASSES = frozenset({SymbolKind.CLASS, SymbolKind.INTERFACE, SymbolKind.ENUM})
_METHODS = frozenset({SymbolKind.CONSTRUCTOR, SymbolKind.METHOD, SymbolKind.GETTER, SymbolKind.SETTER})
_CONSTANT = re.compile(rb"_*[A-Z][A-Z0-9_]*")
_TYPE_MAKERS = frozenset({b"NewType", b"ParamSpec", b"TypeAliasType", b"TypeVar", b"TypeVarTuple"})


def _refine(found: Found, parent: SymbolKind | None) -> Found:
    in_class = parent in _CLASSES
    if found.kind is SymbolKind.FUNCTION and in_class:
        is_constructor = found.name.text == b"__init__"
        return found._replace(kind=SymbolKind.CONSTRUCTOR if is_constructor else SymbolKind.METHOD)
    if found.head is not Head.BINDING:
        return found
    if found.value is not None and found.value.type == "lambda":
        kind = SymbolKind.METHOD if in_class else SymbolKind.FUNCTION
        return found._replace(kind=kind, body=found.value.child_by_field_name("body"))
    return found._replace(kind=_attribute_kind(found, parent) if in_class else _variable_kind(found))


def _attribute_kind(found: Found, parent: SymbolKind | None) -> SymbolKind:
    is_member = (
        parent is SymbolKind.ENUM
        and found.value is not None
        and found.node.child_by_field_name("type") is None
        and not _text(found.name).startswith(b"_")
    )
    return SymbolKind.ENUM_MEMBER if is_member else SymbolKind.PROPERTY


def _variable_kind(found: Found) -> SymbolKind:
    annotation = _last_name(_text(found.node.child_by_field_name("type")))
    if annotation == b"TypeAlias" or _makes_type(found.value):
        return SymbolKind.TYPE
    is_constant = annotation == b"Final" or _CONSTANT.fullmatch(_text(found.name))
    return SymbolKind.CONSTANT if is_constant else SymbolKind.VARIABLE


def _makes_type(value: Node | None) -> bool:
    if value is None or value.type != "call":
        return False
    return _last_name(_text(value.child_by_field_name("function"))) in _TYPE_MAKERS


def _last_name(expression: bytes) -> bytes:
    """`Final` of `typing.Final[int]`."""
    return expression.partition(b"[")[0].rpartition(b".")[2].strip()


def _text(node: Node | None) -> bytes:
    return (node.text if node is not None else None) or b""


def _access(name: str, modifier: str | None) -> str:
    if not name.startswith("_") or (name.startswith("__") and name.endswith("__")):
        return "public"
    return "private" if name.startswith("__") else "protected"


def _exported_by_default(name: str) -> bool:
    return not name.startswith("_")


_QUOTES = re.compile(r"(?P<prefix>\w*)(?P<quote>\"\"\"|'''|\"|')(?P<text>.*)(?P=quote)", re.DOTALL)


def _documentation(literal: str) -> str:
    """The docstring's text; escapes stay as they are written, but a continued line is one."""
    match = _QUOTES.fullmatch(literal)
    if match is None or not set(match["prefix"].lower()) <= {"r", "u"}:
        return ""
    text = match["text"]
    return cleandoc(text if "r" in match["prefix"].lower() else text.replace("\\\n", ""))


def _bound_names(pattern: Node) -> Iterator[Node]:
    pending = [pattern]
    while pending:
        node = pending.pop()
        if node.type == "identifier":
            yield node
        elif node.type in ("pattern_list", "tuple_pattern", "list_pattern", "list_splat_pattern"):
            pending.extend(reversed(node.named_children))


SPECS = (
    LanguageSpec(
        name="python",
        scip_name="Python",
        manager="python",
        folder=__name__,
        extensions=(".py", ".pyi", ".pyw"),
        grammar="tree_sitter_python:language",
        definitions=("definitions.scm",),
        references=("references.scm",),
        modules=python_modules,
        rules=Rules(
            refine=_refine,
            fields_in=_METHODS,
            access=_access,
            hidden=frozenset({"protected", "private"}),
            exported_by_default=_exported_by_default,
            documentation=_documentation,
            bound_names=_bound_names,
            shapes=SHAPES,
            inferred=INFERRED,
            leaves=LEAVES,
            builtins="builtins.stub",
            class_names_are_inner=True,
            declarations_first=True,
            open_scope=True,
            export_list="__all__",
            plain_decorators=(
                "abstractmethod|asynccontextmanager|cache|cached_property|classmethod|contextmanager|dataclass|deleter|final|"
                "getter|lru_cache|overload|override|property|runtime_checkable|setter|staticmethod|total_ordering|unique|wraps"
            ),
            tests=(
                r"[Tt]est\w*|\w+Tests?|\w+TestCase|(?:async)?[Ss]etUp\w*|(?:async)?[Tt]earDown\w*|setup_\w+|teardown_\w+|"
                r"pytest_\w+"
            ),
            implicit=r"__\w+__|_+|main",
            gap=re.compile(rb"\s+|\\\r?\n|#[^\n]*"),
            comment=re.compile(
                rb"(?P<comment>#[^\n]*)|'[^'\\\n]*(?:\\.[^'\\\n]*)*'|\"[^\"\\\n]*(?:\\.[^\"\\\n]*)*\"", re.DOTALL
            ),
        ),
    ),
)
