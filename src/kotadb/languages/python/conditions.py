"""What conditions in Python say about values, and where that holds."""

from collections.abc import Iterator, Sequence

from tree_sitter import Node

from kotadb.languages.mentions import Condition, Step, Test
from kotadb.languages.nodes import named, part_of

MAX_NESTED = 12
"""Conditions in conditions that are followed."""

MAX_CLASSES = 12
"""Of one `isinstance` that are looked at."""

_EXITS = frozenset({"return_statement", "raise_statement", "continue_statement", "break_statement"})
_SUBJECTS = frozenset({"identifier", "attribute"})

_Fact = tuple[Node, str, Sequence[Node | Step]]
"""A subject, and the classes that it is an instance of, or, with the test, is not."""


def conditions(node: Node) -> Sequence[Condition]:
    """What holds where, by an `if`, `elif`, `while`, `assert`, `and`, or a conditional expression."""
    return [Condition(subject, *span, test, parts) for span, (subject, test, parts) in _found(node)]


def _found(node: Node) -> Iterator[tuple[tuple[int, int], _Fact]]:
    spans: list[tuple[int, int]] = []
    condition = node.child_by_field_name("condition")
    match node.type:
        case "boolean_operator":
            condition, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            operator = node.child_by_field_name("operator")
            if right is not None and operator is not None and operator.type == "and":
                spans.append((right.start_byte, right.end_byte))
        case "conditional_expression":
            children = named(node)
            condition = children[1] if len(children) == 3 else None
            spans.append((node.start_byte, condition.start_byte if condition is not None else node.start_byte))
        case "assert_statement":
            condition = part_of(node, 0)
            spans.append((node.end_byte, node.parent.end_byte if node.parent is not None else node.end_byte))
        case _:
            then = node.child_by_field_name("consequence") or node.child_by_field_name("body")
            spans += [(then.start_byte, then.end_byte)] if then is not None else []
    for fact in _facts(condition, True):
        for span in spans:
            yield span, fact
    if node.type == "if_statement":
        yield from _otherwise(node, condition)


def _otherwise(statement: Node, condition: Node | None) -> Iterator[tuple[tuple[int, int], _Fact]]:
    """What holds where the condition of an `if` does not."""
    rest = _rest(statement)
    spans = [(other.start_byte, other.end_byte) for other in statement.children_by_field_name("alternative")]
    for span in spans if rest is None else [*spans, rest]:
        for fact in _facts(condition, False):
            yield span, fact


def _rest(statement: Node) -> tuple[int, int] | None:
    """What runs after an `if` only where its condition does not hold: it leaves otherwise."""
    then, around = statement.child_by_field_name("consequence"), statement.parent
    if then is None or around is None or statement.child_by_field_name("alternative") is not None:
        return None
    statements = named(then)
    leaves = bool(statements) and statements[-1].type in _EXITS
    return (statement.end_byte, around.end_byte) if leaves else None


def _facts(condition: Node | None, truth: bool, nested: int = 0) -> Iterator[_Fact]:
    """What is known where a condition holds, or where it does not."""
    if condition is None or nested > MAX_NESTED:
        return
    match condition.type:
        case "parenthesized_expression":
            yield from _facts(part_of(condition, 0), truth, nested + 1)
        case "not_operator":
            yield from _facts(condition.child_by_field_name("argument"), not truth, nested + 1)
        case "boolean_operator":
            operator = condition.child_by_field_name("operator")
            if operator is not None and (operator.type == "and") == truth:
                yield from _facts(condition.child_by_field_name("left"), truth, nested + 1)
                yield from _facts(condition.child_by_field_name("right"), truth, nested + 1)
        case "call":
            yield from _isinstance(condition, truth)


def _isinstance(call: Node, truth: bool) -> Iterator[_Fact]:
    function, arguments = call.child_by_field_name("function"), call.child_by_field_name("arguments")
    given = named(arguments)
    if function is None or function.text != b"isinstance" or len(given) != 2 or given[0].type not in _SUBJECTS:
        return
    kinds = given[1]
    classes = kinds.named_children[:MAX_CLASSES] if kinds.type == "tuple" else (kinds,)
    yield given[0], "" if truth else Test.NO_INSTANCE, classes
