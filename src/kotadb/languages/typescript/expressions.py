"""How expressions and types of TypeScript and JavaScript are read, and what values follow from where they are."""

from collections.abc import Iterator, Mapping, Sequence

from tree_sitter import Node

from kotadb.languages.mentions import (
    Function,
    Inferred,
    Member,
    Parameter,
    Shape,
    Step,
    always,
    any_of,
    builtin,
    itself,
    made_by,
    name,
    part_of,
    place_of,
    through,
    type_name,
)
from kotadb.languages.typescript.conditions import compared, conditions
from kotadb.model import KEYS, Op

MAX_PARTS = 12
"""Elements of an array, or members of a union, that are looked at."""
MAX_KEYS = 60
"""Keys of an object that are looked at."""
MAX_NESTED = 12
"""Patterns in patterns, and literals in literals, that are followed."""

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
_HOLDERS = {"variable_declarator", "public_field_definition", "field_definition", "pair"}
_TRANSPARENT = frozenset({"parenthesized_expression", "as_expression", "satisfies_expression", "non_null_expression"})

_NOTHING = frozenset({b"undefined", b"null", b"void", b"never"})
_PREDEFINED = frozenset({b"string", b"number", b"boolean"})
_SAME_MEMBERS = frozenset(
    {b"Readonly", b"Partial", b"Required", b"NonNullable", b"Awaited", b"Pick", b"Omit", b"NoInfer", b"ThisType",
     b"InstanceType"}
)  # fmt: skip
"""Generic types whose members are their first argument's, or some of them."""


def text(node: Node | None) -> str:
    """What a node says."""
    return (node.text or b"").decode("utf-8", "replace") if node is not None else ""


def _named(node: Node | None) -> list[Node]:
    return [child for child in node.named_children if child.type != "comment"] if node is not None else []


# ---- expressions


def _call(node: Node) -> Step | None:
    """A call's result; `require("x")` and `import("x")` are the module itself."""
    function = node.child_by_field_name("function")
    if function is None:
        return None
    if function.type == "import" or (function.type == "identifier" and function.text == b"require"):
        first = next(iter(_named(node.child_by_field_name("arguments"))), None)
        return Step(Op.MODULE, None, first) if first is not None and first.type == "string" else None
    return Step(Op.CALL, _with_types(function, node), parts=_arguments(node))


def _new(node: Node) -> Step | None:
    constructor = node.child_by_field_name("constructor")
    if constructor is None:
        return None
    return Step(Op.CALL, _with_types(constructor, node), name="new", parts=_arguments(node))


def _extends(node: Node) -> Step | None:
    value = node.child_by_field_name("value")
    return Step(None, _with_types(value, node)) if value is not None else None


def _with_types(called: Node, node: Node) -> Node | Step:
    types = _named(node.child_by_field_name("type_arguments"))
    return Step(Op.APPLY, called, parts=types) if types else called


def _arguments(node: Node) -> Sequence[Node]:
    """The arguments before a spread, whose number nobody knows."""
    found: list[Node] = []
    for argument in _named(node.child_by_field_name("arguments")):
        if argument.type == "spread_element" or len(found) == MAX_PARTS:
            break
        found.append(argument)
    return found


def _either(node: Node) -> Step | None:
    """`a || b`, `a ?? b`; of `a && b` what follows."""
    operator = text(node.child_by_field_name("operator"))
    if operator in ("||", "??"):
        return any_of("left", "right")(node)
    return through("right")(node) if operator == "&&" else None


def _array(node: Node) -> Step:
    elements = _named(node)[:MAX_PARTS]
    if any(element.type == "spread_element" for element in elements):
        each = [Step(Op.EACH, _first(e)) if e.type == "spread_element" else e for e in elements]
        return builtin("Array", Step(Op.TYPE_OF, Step(Op.UNION, parts=each)))
    return Step(Op.TUPLE, parts=elements)


def _first(node: Node) -> Node | None:
    return part_of(node, 0)


def _object(node: Node) -> Step:
    keys: dict[str, Node | Step | None] = {}
    spread: list[Node | Step | None] = []
    for member in _named(node)[:MAX_KEYS]:
        match member.type:
            case "pair":
                keys[key_of(member)] = member.child_by_field_name("value")
            case "shorthand_property_identifier":
                keys[text(member)] = member
            case "method_definition":
                keys[text(member.child_by_field_name("name"))] = member
            case "spread_element":
                spread.append(_first(member))
    step = Step(Op.OBJECT, name=KEYS.join(keys), parts=tuple(keys.values()))
    return Step(Op.UNION, parts=(step, *spread)) if spread else step


def key_of(node: Node) -> str:
    """The key of a pair or pattern, without quotes."""
    return text(node.child_by_field_name("key") or node.child_by_field_name("name")).strip("'\"")


def _subscript(node: Node) -> Step | None:
    index = node.child_by_field_name("index")
    literal = index is not None and index.type in ("number", "string")
    return Step(Op.ITEM, node.child_by_field_name("object"), text(index).strip("'\"") if literal else None)


def _assertion(node: Node) -> Step | None:
    """`x as T` is a T; `x as const` is what x is."""
    asserted = part_of(node, 1) if node.named_child_count > 1 else None
    return Step(Op.INSTANCE, asserted) if asserted is not None else through()(node)


def _angle_assertion(node: Node) -> Step | None:
    """`<T>x` is a T."""
    types = part_of(node, 0)
    return Step(Op.INSTANCE, part_of(types, 0)) if types is not None and types.named_child_count else None


# ---- types


def _generic(node: Node) -> Step | None:
    base = node.child_by_field_name("name")
    arguments = _named(node.child_by_field_name("type_arguments"))
    if base is None:
        return None
    if base.text in _SAME_MEMBERS and arguments:
        return Step(None, arguments[0])
    if base.text == b"Exclude":
        return None  # who knows what is left
    if base.text == b"Extract" and len(arguments) == 2:
        return Step(None, arguments[1])
    if base.text in (b"ReturnType", b"Parameters") and arguments and arguments[0].type == "type_query":
        called = _first(arguments[0])
        if base.text == b"ReturnType":
            return Step(Op.TYPE_OF, Step(Op.CALL, called))
        taken = [Step(Op.PARAMETER, called, str(index)) for index in range(4)]
        return Step(Op.TUPLE, parts=taken)
    return Step(Op.APPLY, base, parts=arguments)


def _union(node: Node) -> Step:
    """Whatever it may be; for an intersection, what it is at once."""
    members = [member for member in _union_members(node) if member.text not in _NOTHING and member.type != "comment"]
    return Step(Op.UNION, parts=members[:MAX_PARTS])


def _union_members(node: Node) -> Iterator[Node]:
    pending = [node]
    while pending:
        member = pending.pop()
        if member.type in ("union_type", "intersection_type"):
            pending.extend(reversed(member.named_children))
        else:
            yield member


def _array_type(node: Node) -> Step:
    return Step(Op.APPLY, Step(Op.BUILTIN, name="Array"), parts=(_first(node),))


def _tuple_type(node: Node) -> Step:
    parts = [part.child_by_field_name("type") or part for part in _named(node)[:MAX_PARTS]]
    return Step(Op.TUPLE, parts=[Step(Op.INSTANCE, part) for part in parts])


def _object_type(node: Node) -> Step | None:
    keys: dict[str, Node | Step | None] = {}
    for member in _named(node)[:MAX_KEYS]:
        match member.type:
            case "property_signature":
                keys[key_of(member)] = member
            case "method_signature":
                keys[key_of(member)] = member
            case "index_signature" if (same := _mapped(member)) is not None:
                return Step(None, same)
            case "index_signature":
                value = member.child_by_field_name("type") or part_of(member, member.named_child_count - 1)
                return Step(Op.APPLY, Step(Op.BUILTIN, name="Record"), parts=(None, value))
            case "call_signature" | "construct_signature":
                return Step(None, member)
    return Step(Op.OBJECT, name=KEYS.join(keys), parts=tuple(keys.values())) if keys else None


def _property_signature(node: Node) -> Step | None:
    declared = node.child_by_field_name("type")
    return Step(Op.INSTANCE, declared) if declared is not None else None


def _mapped(signature: Node) -> Node | None:
    """T of `{ [K in keyof T]: T[K] }`, whose members are T's."""
    clause = next((each for each in signature.named_children if each.type == "mapped_type_clause"), None)
    keys = clause.child_by_field_name("type") if clause is not None else None
    value = signature.child_by_field_name("type")
    while value is not None and value.type in ("type_annotation", "omitting_type_annotation", "opting_type_annotation"):
        value = _first(value)
    is_same = keys is not None and keys.type == "index_type_query" and value is not None and value.type == "lookup_type"
    return _first(keys) if is_same and keys is not None else None


def _lookup(node: Node) -> Step | None:
    """`T["key"]`, `T[number]`."""
    if node.named_child_count < 2:
        return None
    of, index = part_of(node, 0), part_of(node, 1)
    key = text(index)
    if key == "number":
        return Step(Op.TYPE_OF, Step(Op.EACH, Step(Op.INSTANCE, of)))
    if index is None or index.type != "literal_type":
        return None
    return Step(Op.TYPE_OF, Step(Op.ITEM, Step(Op.INSTANCE, of), key.strip("'\"")))


def _literal(node: Node) -> Step | None:
    inner = compared(_first(node) or node)
    return inner if isinstance(inner, Step) else None


def _predefined(node: Node) -> Step | None:
    return Step(Op.BUILTIN, name=text(node)) if node.text in _PREDEFINED else None


SHAPES: Mapping[str, Shape] = {
    "identifier": name,
    "type_identifier": type_name,
    "shorthand_property_identifier": name,
    "this": itself(Op.SELF),
    "this_type": itself(Op.SELF),
    "super": itself(Op.SUPER),
    "member_expression": Member("object", "property"),
    "nested_identifier": Member("object", "property"),
    "nested_type_identifier": Member("module", "name"),
    "call_expression": _call,
    "new_expression": _new,
    "extends_clause": _extends,
    "property_signature": _property_signature,
    "instantiation_expression": through(),
    "parenthesized_expression": through(),
    "non_null_expression": through(),
    "await_expression": made_by(Op.AWAIT),
    "satisfies_expression": through(),
    "as_expression": _assertion,
    "type_assertion": _angle_assertion,
    "assignment_expression": through("right"),
    "ternary_expression": any_of("consequence", "alternative"),
    "binary_expression": _either,
    "array": _array,
    "object": _object,
    "subscript_expression": _subscript,
    "string": always("string"),
    "template_string": always("string"),
    "number": always("number"),
    "type_annotation": through(),
    "generic_type": _generic,
    "union_type": _union,
    "intersection_type": _union,
    "array_type": _array_type,
    "tuple_type": _tuple_type,
    "object_type": _object_type,
    "lookup_type": _lookup,
    "conditional_type": any_of("consequence", "alternative"),
    "type_query": made_by(Op.TYPE_OF),
    "predefined_type": _predefined,
    "literal_type": _literal,
    "readonly_type": through(),
    "optional_type": through(),
    "rest_type": through(),
    "parenthesized_type": through(),
}

LEAVES = frozenset({"identifier", "type_identifier", "shorthand_property_identifier", "this", "this_type", "super"})


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
        value = _first(value)
    return value if value is not None and value.type in FUNCTIONS else None


def _parameters(function: Node) -> list[Node]:
    only = function.child_by_field_name("parameter")
    found = [only] if only is not None else _named(function.child_by_field_name("parameters"))
    return [each for each in found if text(each.child_by_field_name("pattern")) != "this"]


def _parameter(node: Node) -> Parameter:
    pattern = node.child_by_field_name("pattern") or node
    value = node.child_by_field_name("value") or node.child_by_field_name("right")
    return Parameter(node.child_by_field_name("type"), value, pattern.type == "rest_pattern")


# ---- where values come from


def origin(node: Node, nested: int = 0) -> Step | None:  # noqa: C901 (a case for each place)
    """The value of a name, or of a pattern."""
    parent = node.parent
    if parent is None or nested > MAX_NESTED:
        return None
    match parent.type:
        case "object_pattern" | "object_assignment_pattern":
            whole = parent if parent.type == "object_pattern" else parent.parent
            if node.type == "rest_pattern":
                return origin(parent, nested + 1)
            return _part(Op.MEMBER, whole, node, nested)
        case "pair_pattern":
            return _part(Op.MEMBER, parent.parent, parent.child_by_field_name("key"), nested)
        case "array_pattern":
            if node.type == "rest_pattern":
                return origin(parent, nested + 1)
            index = _index(node)
            return _part(Op.ITEM, parent, str(index), nested) if index is not None else None
        case "assignment_pattern":
            known = origin(parent, nested + 1)
            return Step(Op.UNION, parts=(known, parent.child_by_field_name("right")))
        case "rest_pattern":
            return origin(parent, nested + 1)
        case "variable_declarator" | "assignment_expression":
            return _declared(parent)
        case "for_in_statement":
            is_of = text(parent.child_by_field_name("operator")) == "of"
            return Step(Op.EACH, parent.child_by_field_name("right")) if is_of else None
        case "required_parameter" | "optional_parameter":
            return _declared(parent) or _taken(parent)
        case "formal_parameters" | "arrow_function":
            return _taken(node)
    return None


def _part(op: Op, whole: Node | None, key: Node | str | None, nested: int) -> Step | None:
    value = origin(whole, nested + 1) if whole is not None else None
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
    return Step(Op.PARAMETER, wanted, str(place)) if wanted is not None and place is not None else None


# ---- what is expected


def expected(node: Node, nested: int = 0) -> Step | None:  # noqa: C901 (a case for each place)
    """What the place of an expression expects of its value."""
    parent = node.parent
    if parent is None or nested > MAX_NESTED:
        return None
    match parent.type:
        case "arguments":
            place = place_of(node, MAX_PARTS)
            if parent.parent is None or place is None or _is_after_spread(node):
                return None
            return Step(Op.EXPECTED, parent.parent, str(place), (expected(parent.parent, nested + 1),))
        case "variable_declarator" | "public_field_definition" | "required_parameter" | "optional_parameter":
            declared = parent.child_by_field_name("type")
            return Step(Op.INSTANCE, declared) if declared is not None else None
        case "pair":
            return _expected_member(parent.parent, key_of(parent), nested)
        case "object" if node.type == "method_definition":
            return _expected_member(parent, key_of(node), nested)
        case "array":
            whole = expected(parent, nested + 1)
            place = place_of(node, MAX_PARTS)
            return Step(Op.ITEM, whole, str(place)) if whole is not None and place is not None else None
        case "parenthesized_expression" | "ternary_expression" | "binary_expression" | "await_expression":
            return expected(parent, nested + 1)
        case "as_expression" | "satisfies_expression":
            stated = part_of(parent, 1)
            return Step(Op.INSTANCE, stated) if stated is not None else None
        case "assignment_expression":
            return Step(None, parent.child_by_field_name("left"))
        case "return_statement":
            return _expected_result(_function_around(parent), nested)
        case "arrow_function":
            return _expected_result(parent, nested)
        case "jsx_expression":
            return _expected_attribute(parent.parent)
    return None


def _expected_member(whole: Node | None, key: str, nested: int) -> Step | None:
    inner = expected(whole, nested + 1) if whole is not None else None
    return Step(Op.MEMBER, inner, key) if inner is not None else None


def _expected_result(function: Node | None, nested: int) -> Step | None:
    if function is None:
        return None
    returns = function.child_by_field_name("return_type")
    if returns is not None:
        return Step(Op.AWAIT, Step(Op.INSTANCE, returns))
    inner = expected(function, nested + 1)
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
    key = text(_first(attribute))
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
