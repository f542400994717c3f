"""How expressions and types of TypeScript and JavaScript are read."""

from collections.abc import Iterator, Mapping, Sequence

from tree_sitter import Node

from kotadb.languages.mentions import (
    Member,
    Shape,
    Step,
    always,
    any_of,
    builtin,
    itself,
    made_by,
    name,
    through,
    type_name,
)
from kotadb.languages.nodes import named, part_of, text_of
from kotadb.languages.typescript.conditions import compared
from kotadb.model import KEYS, Op

MAX_PARTS = 12
"""Elements of an array, or members of a union, that are looked at."""
MAX_KEYS = 60
"""Keys of an object that are looked at."""

_NOTHING = frozenset({b"undefined", b"null", b"void", b"never"})
_PREDEFINED = frozenset({b"string", b"number", b"boolean"})
_SAME_MEMBERS = frozenset(
    {b"Readonly", b"Partial", b"Required", b"NonNullable", b"Awaited", b"Pick", b"Omit", b"NoInfer", b"ThisType",
     b"InstanceType"}
)  # fmt: skip
"""Generic types whose members are their first argument's, or some of them."""


# ---- expressions


def _call(node: Node) -> Step | None:
    """A call's result; `require("x")` and `import("x")` are the module itself."""
    function = node.child_by_field_name("function")
    if function is None:
        return None
    if function.type == "import" or (function.type == "identifier" and function.text == b"require"):
        first = next(iter(named(node.child_by_field_name("arguments"))), None)
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
    types = named(node.child_by_field_name("type_arguments"))
    return Step(Op.APPLY, called, parts=types) if types else called


def _arguments(node: Node) -> Sequence[Node]:
    """The arguments before a spread, whose number nobody knows."""
    found: list[Node] = []
    for argument in named(node.child_by_field_name("arguments")):
        if argument.type == "spread_element" or len(found) == MAX_PARTS:
            break
        found.append(argument)
    return found


def _either(node: Node) -> Step | None:
    """`a || b`, `a ?? b`; of `a && b` what follows."""
    operator = text_of(node.child_by_field_name("operator"))
    if operator in ("||", "??"):
        return any_of("left", "right")(node)
    return through("right")(node) if operator == "&&" else None


def _array(node: Node) -> Step:
    elements = named(node)[:MAX_PARTS]
    if any(element.type == "spread_element" for element in elements):
        each = [Step(Op.EACH, _first(e)) if e.type == "spread_element" else e for e in elements]
        return builtin("Array", Step(Op.TYPE_OF, Step(Op.UNION, parts=each)))
    return Step(Op.TUPLE, parts=elements)


def _first(node: Node) -> Node | None:
    return part_of(node, 0)


def _object(node: Node) -> Step:
    keys: dict[str, Node | Step | None] = {}
    spread: list[Node | Step | None] = []
    for member in named(node)[:MAX_KEYS]:
        match member.type:
            case "pair":
                keys[key_of(member)] = member.child_by_field_name("value")
            case "shorthand_property_identifier":
                keys[text_of(member)] = member
            case "method_definition":
                keys[text_of(member.child_by_field_name("name"))] = member
            case "spread_element":
                spread.append(_first(member))
    step = Step(Op.OBJECT, name=KEYS.join(keys), parts=tuple(keys.values()))
    return Step(Op.UNION, parts=(step, *spread)) if spread else step


def key_of(node: Node) -> str:
    """The key of a pair or pattern, without quotes."""
    return text_of(node.child_by_field_name("key") or node.child_by_field_name("name")).strip("'\"")


def _subscript(node: Node) -> Step | None:
    index = node.child_by_field_name("index")
    literal = index is not None and index.type in ("number", "string")
    return Step(Op.ITEM, node.child_by_field_name("object"), text_of(index).strip("'\"") if literal else None)


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
    arguments = named(node.child_by_field_name("type_arguments"))
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
    parts = [part.child_by_field_name("type") or part for part in named(node)[:MAX_PARTS]]
    return Step(Op.TUPLE, parts=[Step(Op.INSTANCE, part) for part in parts])


def _object_type(node: Node) -> Step | None:
    keys: dict[str, Node | Step | None] = {}
    for member in named(node)[:MAX_KEYS]:
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
    key = text_of(index)
    if key == "number":
        return Step(Op.TYPE_OF, Step(Op.EACH, Step(Op.INSTANCE, of)))
    if index is None or index.type != "literal_type":
        return None
    return Step(Op.TYPE_OF, Step(Op.ITEM, Step(Op.INSTANCE, of), key.strip("'\"")))


def _literal(node: Node) -> Step | None:
    inner = compared(_first(node) or node)
    return inner if isinstance(inner, Step) else None


def _predefined(node: Node) -> Step | None:
    return Step(Op.BUILTIN, name=text_of(node)) if node.text in _PREDEFINED else None


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
