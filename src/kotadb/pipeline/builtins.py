"""What a language brings along, read from a description in its folder.

The description is a Python stub, whatever the language, since Python reads those without a grammar: classes with the
members that lead on to other types, generic by their `Generic` base, and functions. Methods have no `self`. Some
members stand for what the language does without a name: see the constants here. What is not described is not known, and
never wrong.
"""

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from kotadb.languages import builtins_text
from kotadb.model import REST, Exports, Op, SymbolKind, Types
from kotadb.pipeline.outline import File

ITERATED = "__iterated__"
"""The member of a builtin class that has what going through an instance gives."""
AWAITED = "__awaited__"
"""The same for awaiting it."""
INDEXED = "__indexed__"
"""The same for an element by index or key."""
ITERATOR, ITEM, CALLED, CONSTRUCTORS = "ITERATOR", "ITEM", "CALLED", "CONSTRUCTORS"
TUPLES, PACKAGES, AMBIENT, OTHERS = "TUPLES", "PACKAGES", "AMBIENT", "OTHERS"
"""Names in the description that list words: the methods that the language calls to go through an instance, to get an
item, to call it, and to make it; the class of tuples; the packages whose names are described; how files
are called whose outermost names all others see; and names of which nothing more is described."""


@dataclass(frozen=True)
class Builtins:
    """A language's own names."""

    file: File
    words: Mapping[str, tuple[str, ...]]


@cache
def builtins(language: str) -> Builtins | None:
    """What a language brings along; None for one that describes nothing."""
    text = builtins_text(language)
    return _Reader(ast.parse(text)).builtins() if text is not None else None


class _Reader:
    """Makes a file's facts of a stub."""

    def __init__(self, module: ast.Module) -> None:
        self._module = module
        self._names: list[str] = []
        self._qualified: list[str] = []
        self._kinds: list[SymbolKind] = []
        self._scope: dict[str, list[int]] = {}
        self._types = Types({}, {}, {}, {}, {})
        self._expressions: list[tuple[int, int, str | None, tuple[int, ...]]] = []
        self._words: dict[str, tuple[str, ...]] = {}
        self._variables: dict[str, int] = {}

    def builtins(self) -> Builtins:
        for statement in self._module.body:
            if isinstance(statement, ast.Assign):
                self._assign(statement)
            elif isinstance(statement, ast.ClassDef):
                self._declare(statement.name, statement.name, SymbolKind.CLASS)
        for statement in self._module.body:
            if isinstance(statement, ast.ClassDef):
                self._describe(statement)
            elif isinstance(statement, ast.FunctionDef):
                self._function(statement, "", SymbolKind.FUNCTION)
        file = File(
            self._names, self._qualified, self._kinds, range(len(self._names)), Exports(self._scope, None, (), None),
            self._types, self._expressions,
        )  # fmt: skip
        return Builtins(file, self._words)

    def _declare(self, name: str, qualified: str, kind: SymbolKind) -> int:
        number = len(self._names)
        self._names.append(name)
        self._qualified.append(qualified)
        self._kinds.append(kind)
        if name == qualified:
            self._scope.setdefault(name, []).append(self._number(Op.SYMBOL, number))
        return number

    def _number(self, op: Op, operand: int = -1, name: str | None = None, parts: Iterable[int] = ()) -> int:
        self._expressions.append((op, operand, name, tuple(parts)))
        return len(self._expressions) - 1

    def _assign(self, statement: ast.Assign) -> None:
        """`T = TypeVar("T")`, a list of words, or another name of a class."""
        target = statement.targets[0]
        assert isinstance(target, ast.Name)
        match statement.value:
            case ast.Constant(value=str(words)):
                self._words[target.id] = tuple(words.split())
                for name in words.split() if target.id == OTHERS else ():
                    self._declare(name, name, SymbolKind.CLASS)
            case ast.Call():
                self._variables[target.id] = self._number(Op.VARIABLE, -1, target.id)
            case ast.Name(id=name):
                self._scope[target.id] = self._scope[name]

    def _describe(self, statement: ast.ClassDef) -> None:
        number = self._names.index(statement.name)
        for base in statement.bases:
            if isinstance(base, ast.Subscript) and isinstance(base.value, ast.Name) and base.value.id == "Generic":
                self._types.parameters[number] = [self._type(each) for each in _elements(base.slice)]
            else:
                self._types.bases.setdefault(number, []).append(self._type(base))
        for member in statement.body:
            if isinstance(member, ast.FunctionDef):
                self._function(member, f"{statement.name}.", SymbolKind.METHOD)
            elif isinstance(member, ast.AnnAssign) and isinstance(member.target, ast.Name):
                name = member.target.id
                own = self._declare(name, f"{statement.name}.{name}", SymbolKind.PROPERTY)
                self._types.values[own] = self._value(member.annotation)

    def _function(self, statement: ast.FunctionDef, prefix: str, kind: SymbolKind) -> None:
        name = statement.name.removeprefix("PY_")
        number = self._declare(name, prefix + name, kind)
        taken = [*statement.args.posonlyargs, *statement.args.args]
        rest = statement.args.vararg
        parts = [self._value(statement.returns), *(self._value(each.annotation) for each in taken)]
        if rest is not None:
            parts.append(self._value(rest.annotation))
        self._types.signatures[number] = self._number(Op.FUNCTION, -1, REST if rest is not None else None, parts)

    def _value(self, annotation: ast.expr | None) -> int:
        stated = self._type(annotation) if annotation is not None else -1
        return self._number(Op.INSTANCE, stated) if stated >= 0 else -1

    def _type(self, node: ast.expr) -> int:
        match node:
            case ast.Name(id="Any") | ast.Constant():
                return -1
            case ast.Name(id=name) if name in self._variables:
                return self._variables[name]
            case ast.Name(id=name):
                return self._scope[name][0]
            case ast.BinOp(left=left, right=right):
                return self._number(Op.UNION, -1, None, (self._type(left), self._type(right)))
            case ast.Subscript(value=ast.Name(id="Callable"), slice=ast.Tuple(elts=[taken, returned])):
                parts = [self._value(returned), *(self._value(each) for each in _elements(taken))]
                return self._number(Op.FUNCTION, -1, None, parts)
            case ast.Subscript(value=ast.Name(id="Tuple"), slice=inner):
                return self._number(Op.TUPLE, -1, None, [self._value(each) for each in _elements(inner)])
            case ast.Subscript(value=ast.Name(id="Type"), slice=inner):
                return self._number(Op.TYPE_OF, self._type(inner))
            case ast.Subscript(value=base, slice=inner):
                return self._number(Op.APPLY, self._type(base), None, [self._type(each) for each in _elements(inner)])
        raise ValueError(f"line {node.lineno}: {ast.dump(node)} is no type that is understood here")


def _elements(node: ast.expr) -> list[ast.expr]:
    return list(node.elts) if isinstance(node, ast.Tuple | ast.List) else [node]
