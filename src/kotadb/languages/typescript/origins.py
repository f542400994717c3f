"""What functions of TypeScript and JavaScript take and return, and what values follow from where they are."""

from collections.abc import Callable, Mapping

from tree_sitter import Node

from kotadb.languages.mentions import Function, Inferred, Parameter, Step
from kotadb.languages.nodes import named, part_of, place_of, text_of
from kotadb.languages.typescript.conditions import conditions
from kotadb.languages.typescript.expressions import MAX_PARTS, key_of
from kotadb.model import Op

MAX_NESTED = 12
"""Patterns in patterns, and expressions in expressions, that are followed."""

FUNCTIONS = frozenset({"arrow_function", "function_expression", "generator_function"})
_DECLARED_FUNCTIONS = frozenset(
    {
        "abstract_method_signature",
        "call_signature",
        "construct_signature",
        "constructor_type",
        "function_declaration",
        "function_signature",
        "function_type",
        "generator_function_declaration",
        "method_definition",
        "method_signature",
    }
)
_ANY_FUNCTION = FUNCTIONS | _DECLARED_FUNCTIONS
_TRANSPARENT = frozenset({"parenthesized_expression", "as_expression", "satisfies_expression", "non_null_expression"})


# ---- functions


def _function(node: Node) -> Function | None:
    found = _function_of(node)
    if found is None:
        return None
    body = found.child_by_field_name("body")
    returns = found.child_by_field_name("return_type")
    if returns is None and found.type in ("function_type", "constructor_type"):
        returns = found.child_by_field_name("type")
    return Function(
        parameters=[_parameter(each) for each in _parameters(found)],
        returns=returns if returns is None or "predicate" not in returns.type else None,
        result=body if body is not None and body.type != "statement_block" else None,
        wrapper="Promise" if any(child.type == "async" for child in found.children[:3]) else None,
        start=found.start_byte,
    )


def _function_of(node: Node) -> Node | None:
    """The function that a node is, or names."""
    if node.type in _ANY_FUNCTION:
        return node
    parent = node.parent
    if parent is None or parent.type in _ANY_FUNCTION:
        return parent
    value = parent.child_by_field_name("right" if parent.type == "assignment_expression" else "value")
    while value is not None and value.type in _TRANSPARENT:
        value = part_of(value, 0)
    return value if value is not None and value.type in FUNCTIONS else None


def _parameters(function: Node) -> list[Node]:
    only = function.child_by_field_name("parameter")
    found = [only] if only is not None else named(function.child_by_field_name("parameters"))
    return [each for each in found if not _is_this(each)]


def _parameter(node: Node) -> Parameter:
    pattern = node.child_by_field_name("pattern") or node
    value = node.child_by_field_name("value") or node.child_by_field_name("right")
    return Parameter(node.child_by_field_name("type"), value, pattern.type == "rest_pattern")


# ---- where values come from


def origin(node: Node, nested: int = 0) -> Step | None:
    """The value of a name, or of a pattern."""
    parent = node.parent
    find = _ORIGINS.get(parent.type) if parent is not None and nested <= MAX_NESTED else None
    return find(node, parent, nested + 1) if find is not None and parent is not None else None


def _of_object(node: Node, pattern: Node, nested: int) -> Step | None:
    return origin(pattern, nested) if node.type == "rest_pattern" else _part(Op.MEMBER, pattern, node, nested)


def _of_default(node: Node, pattern: Node, nested: int) -> Step | None:
    """`{ a = 1 }`"""
    return _part(Op.MEMBER, pattern.parent, node, nested)


def _of_pair(node: Node, pair: Node, nested: int) -> Step | None:
    return _part(Op.MEMBER, pair.parent, pair.child_by_field_name("key"), nested)


def _of_array(node: Node, pattern: Node, nested: int) -> Step | None:
    if node.type == "rest_pattern":
        return origin(pattern, nested)
    index = _index(node)
    return _part(Op.ITEM, pattern, str(index), nested) if index is not None else None


def _of_assignment(node: Node, pattern: Node, nested: int) -> Step | None:
    return Step(Op.UNION, parts=(origin(pattern, nested), pattern.child_by_field_name("right")))


def _of_loop(node: Node, loop: Node, nested: int) -> Step | None:
    is_of = text_of(loop.child_by_field_name("operator")) == "of"
    return Step(Op.EACH, loop.child_by_field_name("right")) if is_of else None


_ORIGINS: Mapping[str, Callable[[Node, Node, int], Step | None]] = {
    "object_pattern": _of_object,
    "object_assignment_pattern": _of_default,
    "pair_pattern": _of_pair,
    "array_pattern": _of_array,
    "assignment_pattern": _of_assignment,
    "rest_pattern": lambda node, parent, nested: origin(parent, nested),
    "variable_declarator": lambda node, parent, nested: _declared(parent),
    "assignment_expression": lambda node, parent, nested: _declared(parent),
    "for_in_statement": _of_loop,
    "required_parameter": lambda node, parent, nested: _declared(parent) or _taken(parent),
    "optional_parameter": lambda node, parent, nested: _declared(parent) or _taken(parent),
    "formal_parameters": lambda node, parent, nested: _taken(node),
    "arrow_function": lambda node, parent, nested: _taken(node),
}


def _part(op: Op, whole: Node | None, key: Node | str | None, nested: int) -> Step | None:
    value = origin(whole, nested) if whole is not None else None
    return Step(op, value, key) if value is not None else None


def _index(node: Node) -> int | None:
    """Its place among the first elements of an array pattern, in which some may be left out."""
    place = 0
    before = node.prev_sibling
    while before is not None and place <= MAX_PARTS:
        place += before.type == ","
        before = before.prev_sibling
    return place if place <= MAX_PARTS else None


def _is_after_spread(node: Node) -> bool:
    before = node.prev_named_sibling
    while before is not None and before.type != "spread_element":
        before = before.prev_named_sibling
    return before is not None


def _declared(node: Node) -> Step | None:
    declared = node.child_by_field_name("type")
    if declared is not None:
        return Step(Op.INSTANCE, declared)
    value = node.child_by_field_name("value") or node.child_by_field_name("right")
    return Step(None, value) if value is not None else None


def _taken(parameter: Node) -> Step | None:
    """What a function takes as this parameter, by what is expected of the function."""
    function = parameter.parent
    if function is not None and function.type == "formal_parameters":
        function = function.parent
    if function is None:
        return None
    wanted = expected(function)
    place = 0 if parameter.parent == function else place_of(parameter, MAX_PARTS)
    if wanted is None or place is None:
        return None
    return Step(Op.PARAMETER, wanted, str(place - _has_this(function)))


def _has_this(function: Node) -> bool:
    """Whether it says what `this` is, which is no parameter."""
    parameters = function.child_by_field_name("parameters")
    first = part_of(parameters, 0) if parameters is not None else None
    return first is not None and _is_this(first)


def _is_this(parameter: Node) -> bool:
    return text_of(parameter.child_by_field_name("pattern")) == "this"


# ---- what is expected


def expected(node: Node, nested: int = 0) -> Step | None:
    """What the place of an expression expects of its value."""
    parent = node.parent
    find = _EXPECTED.get(parent.type) if parent is not None and nested <= MAX_NESTED else None
    return find(node, parent, nested + 1) if find is not None and parent is not None else None


def _by_call(node: Node, arguments: Node, nested: int) -> Step | None:
    place = place_of(node, MAX_PARTS)
    if arguments.parent is None or place is None or _is_after_spread(node):
        return None
    return Step(Op.EXPECTED, arguments.parent, str(place), (expected(arguments.parent, nested),))


def _by_declaration(node: Node, declaration: Node, nested: int) -> Step | None:
    declared = declaration.child_by_field_name("type")
    return Step(Op.INSTANCE, declared) if declared is not None else None


def _by_array(node: Node, array: Node, nested: int) -> Step | None:
    whole = expected(array, nested)
    place = place_of(node, MAX_PARTS)
    return Step(Op.ITEM, whole, str(place)) if whole is not None and place is not None else None


def _by_assertion(node: Node, assertion: Node, nested: int) -> Step | None:
    stated = part_of(assertion, 1)
    return Step(Op.INSTANCE, stated) if stated is not None else None


def _by_object(node: Node, whole: Node, nested: int) -> Step | None:
    return _expected_member(whole, key_of(node), nested) if node.type == "method_definition" else None


_EXPECTED: Mapping[str, Callable[[Node, Node, int], Step | None]] = {
    "arguments": _by_call,
    **dict.fromkeys(
        ("variable_declarator", "public_field_definition", "required_parameter", "optional_parameter"), _by_declaration
    ),
    "pair": lambda node, pair, nested: _expected_member(pair.parent, key_of(pair), nested),
    "object": _by_object,
    "array": _by_array,
    **dict.fromkeys(
        ("parenthesized_expression", "ternary_expression", "binary_expression", "await_expression"),
        lambda node, parent, nested: expected(parent, nested),
    ),
    "as_expression": _by_assertion,
    "satisfies_expression": _by_assertion,
    "assignment_expression": lambda node, parent, nested: Step(None, parent.child_by_field_name("left")),
    "return_statement": lambda node, parent, nested: _expected_result(_function_around(parent), nested),
    "arrow_function": lambda node, parent, nested: _expected_result(parent, nested),
    "jsx_expression": lambda node, parent, nested: _expected_attribute(parent.parent),
}


def _expected_member(whole: Node | None, key: str, nested: int) -> Step | None:
    inner = expected(whole, nested) if whole is not None else None
    return Step(Op.MEMBER, inner, key) if inner is not None else None


def _expected_result(function: Node | None, nested: int) -> Step | None:
    if function is None:
        return None
    returns = function.child_by_field_name("return_type")
    if returns is not None:
        return Step(Op.AWAIT, Step(Op.INSTANCE, returns))
    inner = expected(function, nested)
    return Step(Op.AWAIT, Step(Op.CALL, inner)) if inner is not None else None


def _function_around(node: Node) -> Node | None:
    around = node.parent
    while around is not None and around.type not in _ANY_FUNCTION:
        around = around.parent
    return around


def _expected_attribute(attribute: Node | None) -> Step | None:
    """What a component takes as one of its attributes."""
    if attribute is None or attribute.type != "jsx_attribute" or attribute.parent is None:
        return None
    component = attribute.parent.child_by_field_name("name")
    key = text_of(part_of(attribute, 0))
    return Step(Op.MEMBER, Step(Op.PARAMETER, component, "0"), key) if component is not None else None


INFERRED = Inferred(
    origin=origin,
    expected=expected,
    function=_function,
    functions=FUNCTIONS | {"method_definition", "method_signature", "function_type", "constructor_type",
                           "call_signature", "construct_signature"},
    conditions=conditions,
    declarations=frozenset({"property_signature", "method_signature"}),
    blocks=frozenset({"statement_block", "program", "switch_case", "switch_default", "class_static_block"}),
)  # fmt: skip
