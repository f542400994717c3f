"""Make symbols of what a query found: one pass over the matches in the order of the source, with a stack of scopes."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from tree_sitter import Node

from kotadb.languages.grammar import SYMBOL_HEADS, Found, Head, Rules
from kotadb.model import Symbol, SymbolKind
from kotadb.pipeline.captures import Layout, Match
from kotadb.pipeline.surroundings import Surroundings, name_of, name_position
from kotadb.pipeline.text import MAX_NAME, bounded, decode

_MAX_QUALIFIED_NAME = 4 * MAX_NAME
_FUNCTIONS = frozenset(
    {SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.CONSTRUCTOR, SymbolKind.GETTER, SymbolKind.SETTER}
)
_BINDINGS = frozenset({SymbolKind.CONSTANT, SymbolKind.VARIABLE})
_TYPES = frozenset({SymbolKind.INTERFACE, SymbolKind.TYPE})
_VALUES = _BINDINGS | {SymbolKind.PROPERTY, SymbolKind.ENUM_MEMBER}


@dataclass(slots=True)
class Scope:
    """A part of the file that names are found in."""

    end: int
    prefix: str = ""
    """What goes before the names in it, with its dot."""
    kind: SymbolKind | None = None
    """Of the symbol that it is; None for the file, and for a scope without a name."""
    local: bool = False
    """Inside of a function: what is bound here is nobody else's."""
    is_block: bool = False
    exported: bool = False
    is_ambient: bool = False
    around: "Scope | None" = None
    """Where the symbols in a value belong: not to the variable, but to the scope that this is in."""
    names: set[tuple[str, bool]] = field(default_factory=set)
    """What is bound in it so far: names, with whether they are of types only."""
    fields: set[tuple[str, bool]] = field(default_factory=set)
    """The same for what its methods have set."""


def symbols_of(source: bytes, layout: Layout, rules: Rules) -> tuple[Symbol, ...]:
    """The symbols of a file in the order of their position."""
    found = list(_Walk(source, layout, rules).symbols())
    declared = {symbol.qualified_name for head, symbol in found if head is not Head.FIELD}
    kept = (symbol for head, symbol in found if head is not Head.FIELD or symbol.qualified_name not in declared)
    return tuple(sorted(kept, key=_position))


def _position(symbol: Symbol) -> tuple[int, int, int, int]:
    return symbol.line_start, symbol.column_start, symbol.name_line, symbol.name_column


class _Walk:
    """One pass over a file's matches; `scopes` are those around the current one, the file first."""

    def __init__(self, source: bytes, layout: Layout, rules: Rules) -> None:
        self.layout = layout
        self.rules = rules
        self.surroundings = Surroundings(source, layout, rules)
        self.scopes = [Scope(end=len(source) + 1, kind=SymbolKind.MODULE)]

    def symbols(self) -> Iterator[tuple[Head, Symbol]]:
        for match in self.layout.matches:
            while self.scopes[-1].end <= match.start and len(self.scopes) > 1:
                self.scopes.pop()
            if match.head in SYMBOL_HEADS:
                yield from ((match.head, symbol) for symbol in self._symbols_of(match))
            elif match.head is Head.TAKEN:
                self.scopes[-1].names.update((name_of(name), False) for name in match.captures["name"])
            else:
                self._enter_nameless(match)

    def _enter_nameless(self, match: Match) -> None:
        around = self.scopes[-1]
        is_class = match.head is Head.SCOPE_CLASS
        self.scopes.append(
            Scope(
                end=-match.minus_end,
                prefix=around.prefix,
                kind=SymbolKind.CLASS if is_class else None,
                local=not is_class,
                is_block=match.head is Head.SCOPE_BLOCK,
                exported=is_class and around.kind is SymbolKind.CLASS and around.exported,
            )
        )

    def _symbols_of(self, match: Match) -> Iterator[Symbol]:
        scope = self._home(match.head)
        if scope is None:
            return
        for found in self._found(match):
            found = self.rules.refine(found, scope.kind)
            name = name_of(found.name)
            # a type and a value may share a name: `interface A` and `const A`
            bound = name, found.kind in _TYPES
            known = scope.fields if found.head is Head.FIELD else scope.names
            if found.head in (Head.BINDING, Head.FIELD) and bound in known:
                continue
            known.add(bound)
            symbol = self._symbol(found, name, scope)
            self._enter(symbol, found, scope)
            yield symbol

    def _home(self, head: Head) -> Scope | None:
        """The scope that a symbol of this kind belongs to here; None for a local, which is no symbol."""
        around = self.scopes[-1]
        if head is Head.MEMBER:
            return around if around.kind in _BINDINGS else None
        if head is Head.PART:
            return around if around.prefix else None
        if head is Head.FIELD:
            return self._class_of_method()
        scope = around.around or around
        return None if head is Head.BINDING and scope.local else scope

    def _class_of_method(self) -> Scope | None:
        depth = len(self.scopes) - 1
        while self.scopes[depth].is_block or self.scopes[depth].kind in _VALUES:
            depth -= 1
        return self.scopes[depth - 1] if self.scopes[depth].kind in self.rules.fields_in else None

    def _found(self, match: Match) -> Iterator[Found]:
        found = _as_found(match)
        if "names" in match.captures:
            found = found._replace(statement=found.statement or found.node)
            for name in self.rules.bound_names(found.name):
                yield self.surroundings.marked(found._replace(node=name, name=name))
        else:
            yield self.surroundings.marked(found)

    def _symbol(self, found: Found, name: str, scope: Scope) -> Symbol:
        access = self.rules.access(name, found.modifier)
        start, header = self.surroundings.start_of(found)
        line_start, column_start = start.start_point
        line_end, column_end = found.node.end_point
        name_line, name_column = name_position(found.name)
        return Symbol(
            name=name,
            qualified_name=bounded(scope.prefix + name, _MAX_QUALIFIED_NAME),
            kind=found.kind,
            line_start=line_start + 1,
            line_end=line_end + 1,
            column_start=column_start,
            column_end=column_end,
            name_line=name_line + 1,
            name_column=name_column,
            signature=self.surroundings.signature(found, header),
            documentation=self.surroundings.documentation(found, start, header),
            exported=self._is_exported(found, name, access, scope),
            is_async=found.is_async,
            access=access,
        )

    def _is_exported(self, found: Found, name: str, access: str, scope: Scope) -> bool:
        if scope is self.scopes[0]:
            if found.is_exported or name in self.layout.exported_names:
                return True
            return not self.layout.lists_exports and self.rules.exported_by_default(name)
        if scope.local or not scope.exported:
            return False
        if scope.kind is SymbolKind.NAMESPACE:
            return found.is_exported or scope.is_ambient
        return access not in self.rules.hidden

    def _enter(self, symbol: Symbol, found: Found, scope: Scope) -> None:
        self.scopes.append(
            Scope(
                end=found.node.end_byte,
                prefix=symbol.qualified_name + ".",
                kind=symbol.kind,
                local=symbol.kind in _FUNCTIONS,
                exported=symbol.exported,
                is_ambient=found.is_ambient or scope.is_ambient,
                around=scope if symbol.kind in _VALUES else None,
            )
        )


def _as_found(match: Match) -> Found:
    captures = match.captures

    def one(capture: str) -> Node | None:
        nodes = captures.get(capture)
        return nodes[0] if nodes else None

    modifier = one("access")
    return Found(
        head=match.head,
        kind=match.kind,
        node=match.node,
        name=(captures.get("name") or captures["names"])[0],
        body=one("body"),
        value=one("value"),
        statement=one("statement"),
        is_async="async" in captures,
        modifier=decode(modifier.text or b"") if modifier else None,
        is_exported="export" in captures,
        is_ambient="ambient" in captures,
    )
