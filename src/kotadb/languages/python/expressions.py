"""How expressions and annotations of Python are read."""

import ast
from collections.abc import Mapping, Sequence

from tree_sitter import Node

from kotadb.languages.mentions import Member, Shape, Step, always, any_of, builtin, made_by, name, through
from kotadb.languages.nodes import named, part_of, text_of
from kotadb.model import Op

MAX_PARTS = 12
"""Elements of a list or members of a union that are looked at."""

_SAME_MEMBERS = frozenset(
    {"Annotated", "ClassVar", "Final", "Optional", "Required", "NotRequired", "ReadOnly", "Unpack"}
)
"""Special forms whose members are their first argument's."""
_NOT_A_TYPE = frozenset({"Concatenate", "Literal", "LiteralString", "TypeGuard", "TypeIs"})


def last_name(expression: str) -> str:
    """`Final` of `typing.Final[int]`."""
    return expression.partition("[")[0].rpartition(".")[2].strip()


# ---- expressions


def _call(node: Node) -> Step | None:
    function = node.child_by_field_name("function")
    if function is None:
        return None
    if function.text == b"super":
        return Step(Op.SUPER)
    arguments = node.child_by_field_name("arguments")
    if function.type == "identifier" and function.text in (b"TypeVar", b"ParamSpec", b"TypeVarTuple"):
        return _type_variable(arguments)
    given: Sequence[Node | Step | None] = _arguments(arguments)
    if given and last_name(text_of(function)) == "cast":
        given = [_in_type(_arguments(arguments)[0]), *given[1:]]
    return Step(Op.CALL, function, parts=given)


def _arguments(node: Node | None) -> Sequence[Node]:
    """The arguments by position."""
    found: list[Node] = []
    if node is not None and node.type == "generator_expression":
        return [node]
    for argument in named(node):
        if argument.type in ("keyword_argument", "list_splat", "dictionary_splat") or len(found) == MAX_PARTS:
            break
        found.append(argument)
    return found


def _type_variable(arguments: Node | None) -> Step | None:
    bounds = [each for each in named(arguments) if text_of(each.child_by_field_name("name")) == "bound"]
    given = _arguments(arguments)
    bound = bounds[0].child_by_field_name("value") if bounds else None
    return Step(Op.VARIABLE, _in_type(bound), text_of(given[0]).strip("'\"")) if given else None


def _identifier(node: Node) -> Step:
    return Step(Op.SELF) if node.text == b"Self" else name(node)


def _either(node: Node) -> Step | None:
    if text_of(node.child_by_field_name("operator")) == "or":
        return any_of("left", "right")(node)
    return through("right")(node)


def _conditional(node: Node) -> Step:
    children = named(node)
    return Step(Op.UNION, parts=[*children[:1], *children[2:]])


def _tuple(node: Node) -> Step | None:
    elements = named(node)
    if any(element.type == "list_splat" for element in elements):
        return None
    return Step(Op.TUPLE, parts=elements[:MAX_PARTS])


def _collection(kind: str) -> Shape:
    def shape(node: Node) -> Step:
        each = [Step(Op.EACH, part_of(e, 0)) if e.type == "list_splat" else e for e in named(node)[:MAX_PARTS]]
        return builtin(kind, Step(Op.TYPE_OF, Step(Op.UNION, parts=each)))

    return shape


def _comprehension(kind: str) -> Shape:
    def shape(node: Node) -> Step:
        return builtin(kind, Step(Op.TYPE_OF, node.child_by_field_name("body")))

    return shape


def _dictionary(node: Node) -> Step:
    pairs = [each for each in named(node)[:MAX_PARTS] if each.type == "pair"]
    return _dict(pairs)


def _dictionary_comprehension(node: Node) -> Step:
    body = node.child_by_field_name("body")
    return _dict([body] if body is not None else [])


def _dict(pairs: Sequence[Node]) -> Step:
    keys, values = ([pair.child_by_field_name(field) for pair in pairs] for field in ("key", "value"))
    return builtin("dict", *(Step(Op.TYPE_OF, Step(Op.UNION, parts=parts)) for parts in (keys, values)))


def _subscript(node: Node) -> Step | None:
    value = node.child_by_field_name("value")
    indices = node.children_by_field_name("subscript")
    if value is None or not indices:
        return None
    special = _special(last_name(text_of(value)), indices)
    if special is not None:
        return special
    if indices[0].type == "slice":
        return Step(None, value)
    literal = len(indices) == 1 and indices[0].type in ("integer", "string", "unary_operator")
    parts = [_in_type(each) for each in indices]
    return Step(Op.ITEM, value, text_of(indices[0]).strip("'\"") if literal else None, parts)


def _generic(node: Node) -> Step | None:
    base, arguments = part_of(node, 0), part_of(node, 1)
    if base is None:
        return None
    indices = named(arguments)
    special = _special(last_name(text_of(base)), indices)
    return special if special is not None else Step(Op.APPLY, base, parts=indices)


def _special(form: str, arguments: Sequence[Node]) -> Step | None:
    """The special forms of annotations; None for what is an ordinary generic type."""
    given = [_in_type(each) for each in arguments]
    if form in _NOT_A_TYPE:
        return Step(Op.UNION)
    if not given:
        return None
    if form in _SAME_MEMBERS:
        return Step(Op.UNION, parts=given[:1])
    if form == "Union":
        return Step(Op.UNION, parts=given[:MAX_PARTS])
    if form in ("type", "Type"):
        return Step(Op.TYPE_OF, given[0])
    if form == "Callable":
        return _callable(arguments)
    if form in ("tuple", "Tuple") and "..." not in map(text_of, arguments):
        return Step(Op.TUPLE, parts=[Step(Op.INSTANCE, each) for each in given])
    return None


def _callable(arguments: Sequence[Node]) -> Step | None:
    if len(arguments) != 2:
        return None
    taken = arguments[0]
    while taken.type == "type" and taken.named_child_count:
        taken = part_of(taken, 0) or taken
    listed = named(taken) if taken.type == "list" else []
    returned = Step(Op.INSTANCE, _in_type(arguments[1]))
    return Step(Op.FUNCTION, name=None, parts=[returned, *(Step(Op.INSTANCE, _in_type(each)) for each in listed)])


def _binary(node: Node) -> Step | None:
    """`A | B` in an annotation; what other operators give is not known."""
    if text_of(node.child_by_field_name("operator")) != "|":
        return None
    sides = (node.child_by_field_name("left"), node.child_by_field_name("right"))
    return Step(Op.UNION, parts=[_in_type(side) for side in sides])


def _type(node: Node) -> Step | None:
    inner = part_of(node, 0)
    return Step(None, _in_type(inner)) if inner is not None else None


def _in_type(node: Node | None) -> Node | Step | None:
    """What a node says in an annotation: a string is one in quotes."""
    if node is None or node.type != "string":
        return node
    content = part_of(node, 1)
    try:
        return _of_ast(ast.parse(text_of(content).strip(), mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _of_ast(node: ast.expr) -> Step | None:
    match node:
        case ast.Name(id="Self"):
            return Step(Op.SELF)
        case ast.Name(id=identifier):
            return Step(Op.NAME, name=identifier)
        case ast.Attribute(value=value, attr=attribute):
            return Step(Op.MEMBER, _of_ast(value), attribute)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return Step(Op.UNION, parts=(_of_ast(left), _of_ast(right)))
        case ast.Subscript(value=value, slice=index):
            given = [_of_ast(each) for each in (index.elts if isinstance(index, ast.Tuple) else [index])]
            form = value.attr if isinstance(value, ast.Attribute) else getattr(value, "id", "")
            if form in _SAME_MEMBERS or form == "Union":
                return Step(Op.UNION, parts=given if form == "Union" else given[:1])
            if form in ("type", "Type") and given:
                return Step(Op.TYPE_OF, given[0])
            return Step(Op.APPLY, _of_ast(value), parts=given) if form not in _NOT_A_TYPE else None
    return None


SHAPES: Mapping[str, Shape] = {
    "identifier": _identifier,
    "attribute": Member("object", "attribute"),
    "call": _call,
    "parenthesized_expression": through(),
    "await": made_by(Op.AWAIT),
    "type": _type,
    "generic_type": _generic,
    "subscript": _subscript,
    "binary_operator": _binary,
    "boolean_operator": _either,
    "conditional_expression": _conditional,
    "named_expression": through("value"),
    "assignment": through("right"),
    "tuple": _tuple,
    "expression_list": _tuple,
    "list": _collection("list"),
    "set": _collection("set"),
    "dictionary": _dictionary,
    "list_comprehension": _comprehension("list"),
    "set_comprehension": _comprehension("set"),
    "generator_expression": _comprehension("Iterator"),
    "dictionary_comprehension": _dictionary_comprehension,
    "string": always("str"),
    "concatenated_string": always("str"),
    "integer": always("int"),
    "float": always("float"),
    "constrained_type": through(),
    "union_type": any_of(),
}

LEAVES = frozenset({"identifier"})
