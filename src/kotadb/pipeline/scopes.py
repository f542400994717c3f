"""The scopes of one file: which name is bound where, exactly as the language has it."""

from collections.abc import Iterable
from dataclasses import dataclass

from tree_sitter import Node

from kotadb.languages.mentions import Mention
from kotadb.pipeline.positions import Nesting

FILE = 0
"""Number of the outermost scope."""

VALUE, TYPE, EITHER = 1, 2, 3
"""What a name can mean where types have names of their own."""

MAX_LOCALS = 50
"""Places that bind one local: with more, its value cannot be told from them."""

_FUNCTIONS = frozenset({Mention.SCOPE_FUNCTION, Mention.SCOPE_CLOSURE})
_OPEN = frozenset({Mention.SCOPE_BLOCK, Mention.SCOPE_OUTER})


@dataclass(slots=True, eq=False)
class Binding:
    """One place that binds a name in a scope. The nodes are what it says about the value; all may be None."""

    scope: int
    """The scope that the place is in, which is where its nodes are looked up."""
    meaning: int = EITHER
    symbol: int = -1
    """Number of the symbol that it defines, or -1: a local."""
    expression: int | None = None
    """What the name stands for, where that is known without looking at nodes: an import, `self`."""
    is_alias: bool = False
    """The name is another name of `expression`: an import."""
    type: Node | None = None
    value: Node | None = None
    node: Node | None = None
    """The name."""
    is_parameter: bool = False
    """Of a generic type or function; `value` is what it extends."""


_NO_NAMES: dict[str, bool] = {}
_NOTHING: set[str] = set()


class Scope:
    """A part of the source that names are bound in."""

    __slots__ = ("defined", "names", "outward", "parent", "sort", "start")

    def __init__(self, sort: Mention, parent: int, start: int) -> None:
        self.sort = sort
        self.parent = parent
        self.start = start
        self.names: dict[str, list[Binding]] = {}
        self.defined = _NOTHING
        """Those of the names that are symbols'."""
        self.outward = _NO_NAMES
        """Names that are bound further out: True for the file itself (`global`)."""


class Scopes:
    """The tree of scopes, filled in the order of the source; scope 0 is the file."""

    def __init__(self, spans: Iterable[tuple[int, int, Mention]], size: int, *, class_names_are_inner: bool) -> None:
        self.all = [Scope(Mention.SCOPE_BLOCK, -1, 0)]
        self._hidden_in_classes = class_names_are_inner
        nesting = Nesting(outside=FILE)
        for number, (start, minus_end, sort) in enumerate(spans, start=1):
            self.all.append(Scope(sort, nesting.enter(start, -minus_end, number), start))
        nesting.leave(size + 1)
        self.at = nesting.at
        """The innermost scope at an offset."""
        self.each = nesting.each
        """The same for offsets in ascending order."""

    def takes(self, scope: int, name: str, *, from_file: bool) -> None:
        """The name that is used in this scope is bound further out: in the file itself, or in a function around."""
        home = self.all[self.of_function(scope)]
        if home.outward is _NO_NAMES:
            home.outward = {}
        home.outward[name] = from_file

    def bind(self, name: str, binding: Binding, home: int) -> None:
        """Bind the name in the scope `home`, or further out if that scope says so."""
        scope = self.all[home]
        if name in scope.outward:
            scope = self.all[FILE if scope.outward[name] else self._owner(name, scope.parent)]
        known = scope.names.get(name)
        if known is None:
            scope.names[name] = [binding]
        elif len(known) <= MAX_LOCALS or binding.symbol >= 0 or binding.is_alias:
            known.append(binding)
        if binding.symbol >= 0:
            if scope.defined is _NOTHING:
                scope.defined = set()
            scope.defined.add(name)

    def _owner(self, name: str, scope: int) -> int:
        while scope != FILE and (name not in self.all[scope].names or self.all[scope].sort not in _FUNCTIONS):
            scope = self.all[scope].parent
        return scope

    def around(self, scope: int, start: int) -> int:
        """The innermost scope that began before `start`: where the name of what begins there is bound."""
        while scope != FILE and self.all[scope].start >= start:
            scope = self.all[scope].parent
        return scope

    def of_function(self, scope: int) -> int:
        """The function, class or file around, which hoisted names are bound in."""
        while scope != FILE and self.all[scope].sort in _OPEN:
            scope = self.all[scope].parent
        return scope

    def find(self, name: str, scope: int, meaning: int = EITHER) -> tuple[int, list[Binding]] | None:
        """The scope that binds the name as seen from `scope`, and the places that do; None if none does."""
        scopes = self.all
        left = False
        while scope >= 0:
            here = scopes[scope]
            sort = here.sort
            if sort is Mention.SCOPE_OUTER:
                parameters = [one for one in scopes[here.parent].names.get(name, ()) if one.meaning == TYPE]
                if parameters:  # those of types are known in the head of what they are parameters of
                    return here.parent, parameters
                scope = scopes[here.parent].parent
                continue
            bindings = here.names.get(name)
            if bindings is not None and not (left and sort is Mention.SCOPE_CLASS and self._hidden_in_classes):
                meant = [binding for binding in bindings if binding.meaning & meaning]
                if meant:
                    return scope, meant
            if here.outward.get(name) and scope != FILE:  # `global x` may stand in the file's own scope
                scope = FILE
                continue
            left = True
            scope = here.parent
        return None

    def class_of_this(self, scope: int) -> int | None:
        """The class scope whose instance `this` is here; None in a plain function of its own."""
        while scope != FILE:
            here = self.all[scope]
            if here.sort is Mention.SCOPE_CLASS:
                return scope
            if here.sort is Mention.SCOPE_FUNCTION:  # a method is in its class directly; else `this` is anything
                return here.parent if self.all[here.parent].sort is Mention.SCOPE_CLASS else None
            scope = here.parent
        return None

    def class_around(self, scope: int) -> int | None:
        """The innermost class scope that this is in, or is."""
        while scope != FILE and self.all[scope].sort is not Mention.SCOPE_CLASS:
            scope = self.all[scope].parent
        return scope if scope != FILE else None
