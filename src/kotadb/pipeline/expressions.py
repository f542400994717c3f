"""Number the expressions of one file: what its names lead through, without the syntax tree."""

from collections.abc import Callable

from tree_sitter import Node

from kotadb.languages.grammar import Rules
from kotadb.languages.mentions import Step
from kotadb.model import Expression, Op

UNKNOWN = -1
"""Number of what no name leads to."""
MAX_DEPTH = 40
"""Steps of an expression that are followed; what comes after is unknown. Keeps the resolver's recursion bounded."""


class Expressions:
    """The expressions of one file, each distinct one once."""

    def __init__(self, rules: Rules, text: Callable[[Node], str]) -> None:
        self.table: list[Expression] = []
        self._shapes = rules.shapes
        self._text = text
        self._numbers: dict[Expression, int] = {}
        self._depths: list[int] = []
        self._of_nodes: dict[int, int] = {}

    def number(self, op: Op, operand: int = UNKNOWN, name: str | None = None) -> int:
        """The number of this expression. A member is one of something unknown, too; nothing else is."""
        if operand == UNKNOWN and op in (Op.CALL, Op.INSTANCE, Op.FROM):
            return UNKNOWN
        expression = Expression(op, operand, name)
        known = self._numbers.get(expression)
        if known is not None:
            return known
        depth = self._depths[operand] + 1 if operand >= 0 and op not in (Op.SYMBOL, Op.SELF, Op.SUPER) else 0
        if depth > MAX_DEPTH:
            return UNKNOWN if op is not Op.MEMBER else self.number(op, UNKNOWN, name)
        self._numbers[expression] = len(self.table)
        self._depths.append(depth)
        self.table.append(expression)
        return len(self.table) - 1

    def of(self, node: Node | None, base: Callable[[Step], int]) -> int:
        """The number of what a node says. `base` gives the one of a step that no other node is under."""
        steps: list[tuple[int, Step]] = []
        result = UNKNOWN
        while node is not None:
            known = self._of_nodes.get(node.id)
            shape = self._shapes.get(node.type)
            step = shape(node) if known is None and shape is not None else None
            if known is not None:
                result = known
            elif step is not None and step.inner is None:
                result = base(step)
            elif step is not None:
                steps.append((node.id, step))
            node = step.inner if step is not None else None
        for node_id, step in reversed(steps):
            result = self._applied(step, result)
            self._of_nodes[node_id] = result
        return result

    def _applied(self, step: Step, inner: int) -> int:
        if step.op is None:
            return inner
        name = self._text(step.name) if step.name is not None else None
        return self.number(step.op, inner, name)
