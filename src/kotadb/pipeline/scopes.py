"""The scopes of one file: which name is bound where, exactly as the language has it."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field

from tree_sitter import Node

from kotadb.languages.mentions import Mention

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
    key: str | None = None
    """The member of that value which is meant, for a destructuring pattern."""


@dataclass(slots=True)
class Scope:
    """A part of the source that names are bound in."""

    sort: Mention
    parent: int
    start: int
    end: int
    names: dict[str, list[Binding]] = field(default_factory=dict)
    defined: set[str] = field(default_factory=set)
    """Those of the names that are symbols'."""
    outward: dict[str, bool] = field(default_factory=dict)
    """Names that are bound further out: True for the file itself (`global`)."""


class Scopes:
    """The tree of scopes, filled in the order of the source; scope 0 is the file."""

    def __init__(self, spans: Iterable[tuple[int, int, Mention]], size: int, *, class_names_are_inner: bool) -> None:
        self.all = [Scope(Mention.SCOPE_BLOCK, -1, 0, size + 1)]
        self._hidden_in_classes = class_names_are_inner
        stack = [FILE]
        for start, minus_end, sort in spans:
            while self.all[stack[-1]].end <= start:
                stack.pop()
            self.all.append(Scope(sort, stack[-1], start, -minus_end))
            stack.append(len(self.all) - 1)
        self._starts = [scope.start for scope in self.all]
        self._next = 1
        self._current = FILE

    def at(self, offset: int) -> int:
        """The innermost scope at this offset. Offsets must be asked for in ascending order."""
        scopes = self.all
        while self._next < len(scopes) and scopes[self._next].start <= offset:
            self._current = self._next
            self._next += 1
        current = self._current
        while scopes[current].end <= offset:
            current = scopes[current].parent
        self._current = current
        return current

    def containing(self, offset: int) -> int:
        """The innermost scope at any offset."""
        scope = bisect_right(self._starts, offset) - 1
        while self.all[scope].end <= offset:
            scope = self.all[scope].parent
        return scope

    def bind(self, name: str, binding: Binding, home: int) -> None:
        """Bind the name in the scope `home`, or further out if that scope says so."""
        is_global = self.all[home].outward.get(name)
        if is_global is not None:
            home = FILE if is_global else self._owner(name, self.all[home].parent)
        known = self.all[home].names.setdefault(name, [])
        if len(known) <= MAX_LOCALS or binding.symbol >= 0 or binding.is_alias:
            known.append(binding)
        if binding.symbol >= 0:
            self.all[home].defined.add(name)

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
        left = False
        while scope >= 0:
            here = self.all[scope]
            if here.sort is Mention.SCOPE_OUTER:
                parameters = [one for one in self.all[here.parent].names.get(name, ()) if one.meaning == TYPE]
                if parameters:  # those of types are known in the head of what they are parameters of
                    return here.parent, parameters
                scope = self.all[here.parent].parent
                continue
            hidden = left and self._hidden_in_classes and here.sort is Mention.SCOPE_CLASS
            if not hidden and name in here.names:
                bindings = here.names[name]
                if any(binding.meaning & meaning for binding in bindings):
                    return scope, [binding for binding in bindings if binding.meaning & meaning]
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
