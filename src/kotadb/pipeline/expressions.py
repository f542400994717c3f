"""Number the expressions of one file: what its names lead through, without the syntax tree."""

from collections.abc import Callable, Sequence
from typing import Protocol

from tree_sitter import Node

from kotadb.languages import Language
from kotadb.languages.mentions import Step
from kotadb.model import ON_SYMBOLS, Expression, Op

UNKNOWN = -1
"""Number of what no name leads to."""
MAX_DEPTH = 40
"""Steps of an expression that are followed; what comes after is unknown. Keeps the resolver's recursion bounded."""
MAX_NESTED = 25
"""Expressions in expressions that are followed here, from local to local, too."""

_OF_SOMETHING = frozenset(
    {
        Op.CALL,
        Op.INSTANCE,
        Op.FROM,
        Op.APPLY,
        Op.AWAIT,
        Op.EACH,
        Op.ITEM,
        Op.EXPECTED,
        Op.PARAMETER,
        Op.TYPE_OF,
        Op.NARROWED,
    }
)
_PLAIN = frozenset({Op.NAME, Op.SELF, Op.SUPER, Op.MODULE})
"""Those that only their place can tell."""


class Context(Protocol):
    """What the file says of its places."""

    def base(self, step: Step, scope: int) -> int:
        """The number of a step that no other node is under, as seen from a scope."""
        ...

    def scope_at(self, node: Node) -> int:
        """The scope that a node stands in."""
        ...

    def function(self, node: Node) -> int:
        """The number of a function."""
        ...

    def symbol(self, node: Node) -> int | None:
        """The number of the symbol that a node declares; None if there is none."""
        ...

    def has_function(self, node: Node) -> bool:
        """Whether a function is in it."""
        ...


class Expressions:
    """The expressions of one file, each distinct one once."""

    def __init__(self, language: Language, places: Context, text: Callable[[Node], str]) -> None:
        self.table: list[Expression] = []
        self.nested = 0
        """Expressions in expressions that are being followed."""
        self._shapes = language.rules.shapes
        self._members = language.members
        self._functions = language.rules.inferred.functions
        self._declarations = language.rules.inferred.declarations
        self._places = places
        self._text = text
        self._numbers: dict[tuple[Op, int, str | None, tuple[int, ...]], int] = {}
        self._depths: list[int] = []
        self._of_nodes: dict[int, int] = {}
        self.of_members: dict[tuple[int, int], int] = {}
        """The numbers of member accesses that have been numbered without their node, by start and end."""

    def number(self, op: Op, operand: int = UNKNOWN, name: str | None = None, parts: tuple[int, ...] = ()) -> int:
        """The number of this expression. A member is one of something unknown, too; nothing else is."""
        key = op, operand, name, parts
        known = self._numbers.get(key)
        if known is not None:
            return known
        if operand == UNKNOWN and op in _OF_SOMETHING:
            return UNKNOWN
        inner = (operand, *parts) if op not in ON_SYMBOLS else parts
        depth = 1 + max((self._depths[each] for each in inner if each >= 0), default=-1)
        if depth > MAX_DEPTH:
            return UNKNOWN if op is not Op.MEMBER else self.number(op, UNKNOWN, name)
        number = len(self.table)
        self._numbers[key] = number
        self._depths.append(depth)
        self.table.append(Expression(op, operand, name, parts))
        return number

    def any_of(self, numbers: Sequence[int]) -> int:
        """The number of any of these."""
        known = tuple(dict.fromkeys(number for number in numbers if number != UNKNOWN))
        if len(known) <= 1:
            return known[0] if known else UNKNOWN
        return self.number(Op.UNION, parts=known)

    def of(self, what: Node | Step | None, scope: int) -> int:
        """The number of what a node says."""
        if self.nested > MAX_NESTED:
            return UNKNOWN
        self.nested += 1
        number = self._of(what, scope)
        self.nested -= 1
        return number

    def _of(self, what: Node | Step | None, scope: int) -> int:
        steps: list[tuple[int | None, Step]] = []
        result = UNKNOWN
        is_made = False
        while what is not None:
            node_id = None
            if isinstance(what, Step):
                step, is_made = what, True
            else:
                if is_made:
                    scope, is_made = self._places.scope_at(what), False
                known = self._known(what)
                if known is not None:
                    result = known
                    break
                shape = self._shapes.get(what.type)
                found = shape(what) if shape is not None else None
                if found is None:
                    break
                step, node_id = found, what.id
            if step.op in _PLAIN:
                result = self._places.base(step, scope)
                break
            steps.append((node_id, step))
            if step.op is Op.EXPECTED:
                assert isinstance(step.inner, Node)
                result = self._without_functions(step.inner)
                break
            what = step.inner
        for node_id, step in reversed(steps):
            result = self._applied(step, result, scope)
            if node_id is not None:
                self._of_nodes[node_id] = result
        return result

    def _known(self, node: Node) -> int | None:
        known = self._of_nodes.get(node.id)
        if known is None and node.type in self._members:
            known = self.of_members.get((node.start_byte, node.end_byte))
        if known is None and node.type in self._declarations:
            known = self._places.symbol(node)
        if known is None and node.type in self._functions:
            self._of_nodes[node.id] = UNKNOWN  # what it returns may be itself
            known = self._of_nodes[node.id] = self._places.function(node)
        return known

    def _applied(self, step: Step, inner: int, scope: int) -> int:
        if step.op is None:
            return inner
        name = step.name if step.name is None or isinstance(step.name, str) else self._text(step.name).strip("'\"")
        if not step.parts and step.op not in (Op.UNION, Op.APPLY):
            return self.number(step.op, inner, name)
        parts = [self._part(part, scope) for part in step.parts]
        if step.op is Op.UNION:
            return self.any_of(parts)
        if step.op is Op.APPLY and all(part == UNKNOWN for part in parts):
            return inner
        return self.number(step.op, inner, name, tuple(parts))

    def _part(self, part: Node | Step | None, scope: int) -> int:
        return self.of(part, self._places.scope_at(part) if isinstance(part, Node) else scope)

    def _without_functions(self, node: Node) -> int:
        """A call without those arguments whose own values depend on what the call expects."""
        shape = self._shapes.get(node.type)
        call = shape(node) if shape is not None else None
        if call is None or call.op is not Op.CALL:
            return UNKNOWN
        callee = self.of(call.inner, self._places.scope_at(node))
        parts = tuple(
            UNKNOWN if not isinstance(part, Node) or self._places.has_function(part) else self._part(part, 0)
            for part in call.parts
        )
        assert call.name is None or isinstance(call.name, str)
        return self.number(Op.CALL, callee, call.name, parts)
