"""What conditions in TypeScript and JavaScript say about values, and where that holds."""

from collections.abc import Iterator, Sequence

from tree_sitter import Node

from kotadb.languages.mentions import Condition, Step, Test
from kotadb.languages.nodes import named, part_of, text_of
from kotadb.model import Op

MAX_NESTED = 12
"""Conditions in conditions that are followed."""

MAX_CASES = 200
"""Of one `switch` that are looked at."""

_EXITS = frozenset({"return_statement", "throw_statement", "continue_statement", "break_statement"})
_SUBJECTS = frozenset({"identifier", "member_expression", "this"})
_LITERALS = {
    "string": "string",
    "number": "number",
    "true": "boolean",
    "false": "boolean",
    "undefined": "boolean",
    "null": "boolean",
}


def conditions(node: Node) -> Sequence[Condition]:
    """What holds where, by an `if`, a ternary, `&&`, `||`, a loop or a `switch`."""
    return [Condition(subject, *span, test, parts) for span, subject, test, parts in _found(node)]


_Fact = tuple[Node, str, Sequence[Node | Step]]
"""A subject, and how it is told apart."""


def _found(node: Node) -> Iterator[tuple[tuple[int, int], Node, str, Sequence[Node | Step]]]:
    match node.type:
        case "switch_statement":
            yield from _cases(node)
            return
        case "binary_expression":
            operator = node.child_by_field_name("operator")
            right = node.child_by_field_name("right")
            spans = [(right, operator is not None and operator.type == "&&")]
            condition = node.child_by_field_name("left")
        case _:
            spans = [(node.child_by_field_name("consequence"), True), (node.child_by_field_name("alternative"), False),
                     (node.child_by_field_name("body"), True)]  # fmt: skip
            condition = node.child_by_field_name("condition")
    if condition is None:
        return
    for span, truth in spans:
        if span is not None:
            for fact in facts(condition, truth):
                yield (span.start_byte, span.end_byte), *fact
    rest = _rest(node) if node.type == "if_statement" else None
    if rest is not None:
        for fact in facts(condition, False):
            yield rest, *fact


def _rest(statement: Node) -> tuple[int, int] | None:
    """What runs after an `if` only where its condition does not hold: it leaves otherwise."""
    then, around = statement.child_by_field_name("consequence"), statement.parent
    if then is None or around is None or statement.child_by_field_name("alternative") is not None:
        return None
    last = then
    if then.type == "statement_block":
        statements = named(then)
        last = statements[-1] if statements else then
    return (statement.end_byte, around.end_byte) if last.type in _EXITS else None


def facts(condition: Node, truth: bool, nested: int = 0) -> Iterator[_Fact]:
    """What is known where a condition holds, or where it does not."""
    if nested > MAX_NESTED:
        return
    inner = part_of(condition, 0)
    if condition.type == "parenthesized_expression" and inner is not None:
        yield from facts(inner, truth, nested + 1)
    elif condition.type == "unary_expression":
        argument = condition.child_by_field_name("argument")
        if argument is not None and condition.children[0].type == "!":
            yield from facts(argument, not truth, nested + 1)
    elif condition.type == "binary_expression":
        yield from _binary(condition, truth, nested)
    elif condition.type == "member_expression":
        yield from _member(condition, Test.TRUE if truth else Test.FALSE, ())


def _binary(condition: Node, truth: bool, nested: int) -> Iterator[_Fact]:
    operator = condition.child_by_field_name("operator")
    left, right = condition.child_by_field_name("left"), condition.child_by_field_name("right")
    if operator is None or left is None or right is None:
        return
    match operator.type:
        case "&&" | "||":
            if (operator.type == "&&") == truth:
                yield from facts(left, truth, nested + 1)
                yield from facts(right, truth, nested + 1)
        case "instanceof":
            if left.type in _SUBJECTS:
                yield left, "" if truth else Test.NO_INSTANCE, (right,)
        case "===" | "==" | "!==" | "!=":
            test = Test.IS if operator.type.startswith("=") == truth else Test.IS_NOT
            yield from _member(left, test, (compared(right),))
        case "in":
            if left.type == "string" and right.type in _SUBJECTS and truth:
                yield right, Test.TRUE + text_of(left).strip("'\""), ()


def compared(node: Node) -> Node | Step:
    """What something is compared with."""
    kind = _LITERALS.get(node.type)
    return Step(Op.LITERAL, Step(Op.BUILTIN, name=kind), text_of(node).replace("'", '"')) if kind is not None else node


def _member(node: Node, test: Test, parts: Sequence[Node | Step]) -> Iterator[_Fact]:
    if node.type != "member_expression":
        return
    subject, key = node.child_by_field_name("object"), node.child_by_field_name("property")
    if subject is not None and subject.type in _SUBJECTS:
        yield subject, test + text_of(key), parts


def _cases(node: Node) -> Iterator[tuple[tuple[int, int], Node, str, Sequence[Node | Step]]]:
    """A case holds for its values and for those of the cases before it that lead on to it."""
    value, body = node.child_by_field_name("value"), node.child_by_field_name("body")
    while value is not None and value.type == "parenthesized_expression":
        value = part_of(value, 0)
    if value is None or body is None:
        return
    wanted: list[Node | Step] = []
    others: list[Node | Step] = []
    for case in body.named_children[:MAX_CASES]:
        tested = case.child_by_field_name("value") if case.type == "switch_case" else None
        statements = case.children_by_field_name("body")
        if tested is not None:
            wanted.append(compared(tested))
            others.append(wanted[-1])
        if statements:
            test, parts = (Test.IS, tuple(wanted)) if tested is not None else (Test.IS_NOT, tuple(others))
            for fact in _member(value, test, parts):
                yield (statements[0].start_byte, case.end_byte), *fact
            wanted = [] if _leaves(statements[-1]) else wanted


def _leaves(statement: Node) -> bool:
    """Whether what follows a statement runs after it."""
    inner = statement
    while inner.type == "statement_block" and inner.named_child_count:
        inner = inner.named_children[-1]
    return inner.type in _EXITS
