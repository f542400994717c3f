"""How expressions and annotations of Python are read, and what values follow from where they are."""

import ast
import re
from collections.abc import Mapping, Sequence

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
    made_by,
    name,
    part_of,
    place_of,
    through,
)
from kotadb.languages.python.conditions import conditions
from kotadb.model import Op

MAX_PARTS = 12
"""Elements of a list or members of a union that are looked at."""
MAX_NESTED = 12
"""Patterns in patterns that are followed."""

_SAME_MEMBERS = frozenset(
    {"Annotated", "ClassVar", "Final", "Optional", "Required", "NotRequired", "ReadOnly", "Unpack"}
)
"""Special forms whose members are their first argument's."""
_NOT_A_TYPE = frozenset({"Concatenate", "Literal", "LiteralString", "TypeGuard", "TypeIs"})
_OF_CLASS = re.compile(r"(?:\w+\.)?[Tt]ype\[(.*)\]")
_MANAGERS = frozenset({"contextmanager", "asynccontextmanager"})


def text(node: Node | None) -> str:
    """What a node says."""
    return (node.text or b"").decode("utf-8", "replace") if node is not None else ""


def _named(node: Node | None) -> list[Node]:
    return [child for child in node.named_children if child.type != "comment"] if node is not None else []


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
    if given and last_name(text(function)) == "cast":
        given = [_in_type(_arguments(arguments)[0]), *given[1:]]
    return Step(Op.CALL, function, parts=given)


def _arguments(node: Node | None) -> Sequence[Node]:
    """The arguments by position."""
    found: list[Node] = []
    if node is not None and node.type == "generator_expression":
        return [node]
    for argument in _named(node):
        if argument.type in ("keyword_argument", "list_splat", "dictionary_splat") or len(found) == MAX_PARTS:
            break
        found.append(argument)
    return found


def _type_variable(arguments: Node | None) -> Step | None:
    bounds = [each for each in _named(arguments) if text(each.child_by_field_name("name")) == "bound"]
    given = _arguments(arguments)
    bound = bounds[0].child_by_field_name("value") if bounds else None
    return Step(Op.VARIABLE, _in_type(bound), text(given[0]).strip("'\"")) if given else None


def _identifier(node: Node) -> Step:
    return Step(Op.SELF) if node.text == b"Self" else name(node)


def _either(node: Node) -> Step | None:
    if text(node.child_by_field_name("operator")) == "or":
        return any_of("left", "right")(node)
    return through("right")(node)


def _conditional(node: Node) -> Step:
    children = _named(node)
    return Step(Op.UNION, parts=[*children[:1], *children[2:]])


def _tuple(node: Node) -> Step | None:
    elements = _named(node)
    if any(element.type == "list_splat" for element in elements):
        return None
    return Step(Op.TUPLE, parts=elements[:MAX_PARTS])


def _collection(kind: str) -> Shape:
    def shape(node: Node) -> Step:
        each = [Step(Op.EACH, part_of(e, 0)) if e.type == "list_splat" else e for e in _named(node)[:MAX_PARTS]]
        return builtin(kind, Step(Op.TYPE_OF, Step(Op.UNION, parts=each)))

    return shape


def _comprehension(kind: str) -> Shape:
    def shape(node: Node) -> Step:
        return builtin(kind, Step(Op.TYPE_OF, node.child_by_field_name("body")))

    return shape


def _dictionary(node: Node) -> Step:
    pairs = [each for each in _named(node)[:MAX_PARTS] if each.type == "pair"]
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
    special = _special(last_name(text(value)), indices)
    if special is not None:
        return special
    if indices[0].type == "slice":
        return Step(None, value)
    literal = len(indices) == 1 and indices[0].type in ("integer", "string", "unary_operator")
    parts = [_in_type(each) for each in indices]
    return Step(Op.ITEM, value, text(indices[0]).strip("'\"") if literal else None, parts)


def _generic(node: Node) -> Step | None:
    base, arguments = part_of(node, 0), part_of(node, 1)
    if base is None:
        return None
    indices = _named(arguments)
    special = _special(last_name(text(base)), indices)
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
    if form in ("tuple", "Tuple") and "..." not in map(text, arguments):
        return Step(Op.TUPLE, parts=[Step(Op.INSTANCE, each) for each in given])
    return None


def _callable(arguments: Sequence[Node]) -> Step | None:
    if len(arguments) != 2:
        return None
    taken = arguments[0]
    while taken.type == "type" and taken.named_child_count:
        taken = part_of(taken, 0) or taken
    listed = _named(taken) if taken.type == "list" else []
    returned = Step(Op.INSTANCE, _in_type(arguments[1]))
    return Step(Op.FUNCTION, name=None, parts=[returned, *(Step(Op.INSTANCE, _in_type(each)) for each in listed)])


def _binary(node: Node) -> Step | None:
    """`A | B` in an annotation; what other operators give is not known."""
    if text(node.child_by_field_name("operator")) != "|":
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
        return _of_ast(ast.parse(text(content).strip(), mode="eval").body)
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
        decorator=next((each for each in _decorators(node) if last_name(text(each)) in _MANAGERS), None),
        start=node.start_byte,
    )


def _returns(function: Node) -> Node | Step | None:
    """The type that it returns: `self: T` and `cls: type[T]` are the older ways to say Self."""
    returns = function.child_by_field_name("return_type")
    first = next(iter(_named(function.child_by_field_name("parameters"))), None)
    own = text(first.child_by_field_name("type")) if first is not None and _is_method(function) else ""
    return Step(Op.SELF) if own and text(returns) in (own, _OF_CLASS.sub(r"\1", own)) else returns


def _is_coroutine(function: Node) -> bool:
    """Whether it is asynchronous, and no generator, which says so by what it returns."""
    is_async = bool(function.children) and function.children[0].type == "async"
    return is_async and not last_name(text(function.child_by_field_name("return_type"))).startswith("Async")


def _is_method(function: Node) -> bool:
    """Whether its first parameter is the object that it is called on."""
    around = function.parent
    if around is not None and around.type == "decorated_definition":
        if any(text(each) == "staticmethod" for each in _decorators(function)):
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
    for each in _named(function.child_by_field_name("parameters"))[skipped:]:
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


def origin(node: Node, nested: int = 0) -> Step | None:  # noqa: C901 (a case for each place)
    """The value of a name, or of a pattern."""
    parent = node.parent
    if parent is None or nested > MAX_NESTED:
        return None
    match parent.type:
        case "pattern_list" | "tuple_pattern" | "list_pattern":
            return _element(node, parent, nested)
        case "assignment":
            declared = parent.child_by_field_name("type")
            value = parent.child_by_field_name("right")
            return Step(Op.INSTANCE, declared) if declared is not None else Step(None, value)
        case "for_statement" | "for_in_clause":
            return Step(Op.EACH, parent.child_by_field_name("right"))
        case "named_expression":
            return Step(None, parent.child_by_field_name("value"))
        case "as_pattern_target":
            return _target(parent)
        case "tuple" | "list" if parent.parent is not None and parent.parent.type == "as_pattern_target":
            return _element(node, parent, nested)
        case "default_parameter":
            value = parent.child_by_field_name("value")
            return Step(None, value) if value is not None and value.start_byte != node.start_byte else None
        case "lambda_parameters":
            return _taken(node, parent)
        case "list_splat_pattern" | "dictionary_splat_pattern":
            return _splat(parent)
    return None


def _element(node: Node, parent: Node, nested: int) -> Step | None:
    place = place_of(node, MAX_PARTS)
    if place is None or any(each.type == "list_splat_pattern" for each in parent.named_children[: place + 1]):
        return None
    whole = origin(parent, nested + 1)
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
        caught = _named(value) if value.type == "tuple" else [value]
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
