"""Number the expressions of one file: what its names lead through, without the syntax tree."""

from collections.abc import Callable
from typing import TypeAlias

from tree_sitter import Node

from kotadb.languages import Language
from kotadb.languages.mentions import Step
from kotadb.model import ON_SYMBOLS, Expression, Op

UNKNOWN = -1
"""Number of what no name leads to."""
MAX_DEPTH = 40
"""Steps of an expression that are followed; what comes after is unknown. Keeps the resolver's recursion bounded."""


Base: TypeAlias = Callable[[Step, int], int]
"""Gives the number of a step that no other node is under, as seen from a scope."""
_OF_SOMETHING = frozenset({Op.CALL, Op.INSTANCE, Op.FROM})


class Expressions:
    """The expressions of one file, each distinct one once."""

    def __init__(self, language: Language, text: Callable[[Node], str]) -> None:
        self.table: list[Expression] = []
        self._shapes = language.rules.shapes
        self._members = language.members
        self._text = text
        self._numbers: dict[tuple[Op, int, str | None], int] = {}
        self._depths: list[int] = []
        self._of_nodes: dict[int, int] = {}
        self.of_members: dict[tuple[int, int], int] = {}
        """The numbers of member accesses that have been numbered without their node, by start and end."""

    def number(self, op: Op, operand: int = UNKNOWN, name: str | None = None) -> int:
        """The number of this expression. A member is one of something unknown, too; nothing else is."""
        known = self._numbers.get((op, operand, name))
        if known is not None:
            return known
        if operand == UNKNOWN and op in _OF_SOMETHING:
            return UNKNOWN
        depth = self._depths[operand] + 1 if operand >= 0 and op not in ON_SYMBOLS else 0
        if depth > MAX_DEPTH:
            return UNKNOWN if op is not Op.MEMBER else self.number(op, UNKNOWN, name)
        number = len(self.table)
        self._numbers[op, operand, name] = number
        self._depths.append(depth)
        self.table.append(Expression(op, operand, name))
        return number

    def of(self, node: Node | None, scope: int, base: Base) -> int:
        """The number of what a node says."""
        steps: list[tuple[int, Step]] = []
        result = UNKNOWN
        while node is not None:
            known = self._of_nodes.get(node.id)
            kind = node.type
            if known is None and kind in self._members:
                known = self.of_members.get((node.start_byte, node.end_byte))
            if known is not None:
                result = known
                break
            shape = self._shapes.get(kind)
            step = shape(node) if shape is not None else None
            if step is None:
                break
            if step.inner is None:
                result = base(step, scope)
                break
            steps.append((node.id, step))
            node = step.inner
        for node_id, step in reversed(steps):
            result = self._applied(step, result)
            self._of_nodes[node_id] = result
        return result

    def _applied(self, step: Step, inner: int) -> int:
        if step.op is None:
            return inner
        name = self._text(step.name) if step.name is not None else None
        return self.number(step.op, inner, name)
