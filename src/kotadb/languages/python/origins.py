"""What functions of Python take and return, and what values follow from where they are."""

import re
from collections.abc import Callable, Mapping

from tree_sitter import Node

from kotadb.languages.mentions import Function, Inferred, Parameter, Step, builtin
from kotadb.languages.nodes import named, part_of, place_of, text_of
from kotadb.languages.python.conditions import conditions
from kotadb.languages.python.expressions import MAX_PARTS, last_name
from kotadb.model import Op

MAX_NESTED = 12
"""Patterns in patterns that are followed."""

_OF_CLASS = re.compile(r"(?:\w+\.)?[Tt]ype\[(.*)\]")
_MANAGERS = frozenset({"contextmanager", "asynccontextmanager"})


# ---- functions


def _function(node: Node) -> Function | None:
    if node.type == "lambda":
        return Function(_parameters(node, skipped=0), None, node.child_by_field_name("body"), start=node.start_byte)
    if node.type == "identifier" and node.parent is not None and node.parent.type == "function_definition":
        node = node.parent
    if node.type != "function_definition":
        value = node.parent.child_by_field_name("right") if node.parent is not None else None
        return _function(value) if value is not None and value.type == "lambda" else None
    return Function(
        parameters=_parameters(node, skipped=int(_is_method(node))),
        returns=_returns(node),
        result=None,
        wrapper="Awaitable" if _is_coroutine(node) else None,
        says_wrapped=False,
        decorator=next((each for each in _decorators(node) if last_name(text_of(each)) in _MANAGERS), None),
        start=node.start_byte,
    )


def _returns(function: Node) -> Node | Step | None:
    """The type that it returns: `self: T` and `cls: type[T]` are the older ways to say Self."""
    returns = function.child_by_field_name("return_type")
    first = next(iter(named(function.child_by_field_name("parameters"))), None)
    own = text_of(first.child_by_field_name("type")) if first is not None and _is_method(function) else ""
    return Step(Op.SELF) if own and text_of(returns) in (own, _OF_CLASS.sub(r"\1", own)) else returns


def _is_coroutine(function: Node) -> bool:
    """Whether it is asynchronous, and no generator, which says so by what it returns."""
    is_async = bool(function.children) and function.children[0].type == "async"
    return is_async and not last_name(text_of(function.child_by_field_name("return_type"))).startswith("Async")


def _is_method(function: Node) -> bool:
    """Whether its first parameter is the object that it is called on."""
    around = function.parent
    if around is not None and around.type == "decorated_definition":
        if any(text_of(each) == "staticmethod" for each in _decorators(function)):
            return False
        around = around.parent
    while around is not None and around.type in ("block", "if_statement", "else_clause", "try_statement"):
        around = around.parent
    return around is not None and around.type == "class_definition"


def _decorators(function: Node) -> list[Node]:
    around = function.parent
    if around is None or around.type != "decorated_definition":
        return []
    found = (part_of(each, 0) for each in around.children if each.type == "decorator")
    return [each for each in found if each is not None]


def _parameters(function: Node, skipped: int) -> list[Parameter]:
    found: list[Parameter] = []
    for each in named(function.child_by_field_name("parameters"))[skipped:]:
        if each.type in ("dictionary_splat_pattern", "keyword_separator", "positional_separator"):
            continue
        pattern = part_of(each, 0) if each.type == "typed_parameter" else each
        kind = pattern.type if pattern is not None else ""
        if kind == "dictionary_splat_pattern":
            continue
        found.append(
            Parameter(each.child_by_field_name("type"), each.child_by_field_name("value"), kind == "list_splat_pattern")
        )
        if kind == "list_splat_pattern":
            break  # what follows is taken by keyword
    return found


# ---- where values come from


def origin(node: Node, nested: int = 0) -> Step | None:
    """The value of a name, or of a pattern."""
    parent = node.parent
    find = _ORIGINS.get(parent.type) if parent is not None and nested <= MAX_NESTED else None
    return find(node, parent, nested + 1) if find is not None and parent is not None else None


def _assigned(node: Node, assignment: Node, nested: int) -> Step:
    declared = assignment.child_by_field_name("type")
    return Step(Op.INSTANCE, declared) if declared is not None else Step(None, assignment.child_by_field_name("right"))


def _element_of_target(node: Node, whole: Node, nested: int) -> Step | None:
    """`with x as (a, b)`"""
    is_target = whole.parent is not None and whole.parent.type == "as_pattern_target"
    return _element(node, whole, nested) if is_target else None


def _default(node: Node, parameter: Node, nested: int) -> Step | None:
    value = parameter.child_by_field_name("value")
    return Step(None, value) if value is not None and value.start_byte != node.start_byte else None


def _element(node: Node, parent: Node, nested: int) -> Step | None:
    place = place_of(node, MAX_PARTS)
    if place is None or any(each.type == "list_splat_pattern" for each in parent.named_children[: place + 1]):
        return None
    whole = origin(parent, nested)
    return Step(Op.ITEM, whole, str(place)) if whole is not None else None


def _target(target: Node) -> Step | None:
    """`with x as target`, `except X as target`."""
    pattern = target.parent
    around = pattern.parent if pattern is not None else None
    value = part_of(pattern, 0) if pattern is not None else None
    if around is None or value is None:
        return None
    if around.type == "with_item":
        statement = around.parent.parent if around.parent is not None else None
        if statement is not None and statement.children and statement.children[0].type == "async":
            return Step(Op.AWAIT, Step(Op.CALL, Step(Op.MEMBER, value, "__aenter__")))
        return Step(Op.CALL, Step(Op.MEMBER, value, "__enter__"))
    if around.type in ("except_clause", "except_group_clause"):
        caught = named(value) if value.type == "tuple" else [value]
        return Step(Op.INSTANCE, Step(Op.UNION, parts=caught[:MAX_PARTS]))
    return None


def _splat(splat: Node) -> Step | None:
    """`*args: T` and `**kwargs: T`."""
    typed = splat.parent
    if typed is None or typed.type != "typed_parameter":
        return None
    declared = typed.child_by_field_name("type")
    if splat.type == "list_splat_pattern":
        return builtin("tuple", declared)
    return builtin("dict", Step(Op.BUILTIN, name="str"), declared)


def _taken(parameter: Node, parameters: Node) -> Step | None:
    function = parameters.parent
    wanted = expected(function) if function is not None else None
    place = place_of(parameter, MAX_PARTS)
    return Step(Op.PARAMETER, wanted, str(place)) if wanted is not None and place is not None else None


_ORIGINS: Mapping[str, Callable[[Node, Node, int], Step | None]] = {
    **dict.fromkeys(("pattern_list", "tuple_pattern", "list_pattern"), _element),
    **dict.fromkeys(("tuple", "list"), _element_of_target),
    "assignment": _assigned,
    "for_statement": lambda node, loop, nested: Step(Op.EACH, loop.child_by_field_name("right")),
    "for_in_clause": lambda node, loop, nested: Step(Op.EACH, loop.child_by_field_name("right")),
    "named_expression": lambda node, parent, nested: Step(None, parent.child_by_field_name("value")),
    "as_pattern_target": lambda node, target, nested: _target(target),
    "default_parameter": _default,
    "lambda_parameters": lambda node, parameters, nested: _taken(node, parameters),
    "list_splat_pattern": lambda node, splat, nested: _splat(splat),
    "dictionary_splat_pattern": lambda node, splat, nested: _splat(splat),
}


# ---- what is expected


def expected(node: Node) -> Step | None:
    """What the place of an expression expects of its value."""
    parent = node.parent
    if parent is None:
        return None
    match parent.type:
        case "argument_list":
            place = place_of(node, MAX_PARTS)
            if parent.parent is None or place is None:
                return None
            if any("splat" in each.type or each.type == "keyword_argument" for each in parent.named_children[:place]):
                return None
            return Step(Op.EXPECTED, parent.parent, str(place))
        case "assignment":
            declared = parent.child_by_field_name("type")
            return Step(Op.INSTANCE, declared) if declared is not None else None
    return None


INFERRED = Inferred(
    origin=origin,
    expected=expected,
    function=_function,
    functions=frozenset({"lambda"}),
    conditions=conditions,
    blocks=frozenset({"block", "module"}),
)
