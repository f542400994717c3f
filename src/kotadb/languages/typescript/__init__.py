"""TypeScript and JavaScript, with and without JSX.

The grammars differ in a few node names, so that `ecmascript.scm` holds what they share and the other files the rest.

- The range of a symbol includes `export`, `declare` and decorators; the signature leaves the decorators out.
- Each overload signature is a symbol of its own: declaration files have nothing else.
- What a `declare`d namespace holds is exported with it; what another namespace holds needs its own `export`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from tree_sitter import Node

from kotadb.languages.grammar import Found, Head, LanguageSpec, Rules
from kotadb.languages.mentions import Member, Shape, Step, itself, made_by, name, through, type_name
from kotadb.languages.typescript.modules import typescript_modules
from kotadb.model import Op, SymbolKind

_FUNCTIONS = frozenset({"arrow_function", "function_expression", "generator_function"})
_TRANSPARENT = frozenset(
    {"parenthesized_expression", "as_expression", "satisfies_expression", "non_null_expression", "type_assertion"}
)
_ACCESSORS = {"get": SymbolKind.GETTER, "set": SymbolKind.SETTER}


def _refine(found: Found, parent: SymbolKind | None) -> Found:
    """A name bound to a function or class is that function or class; a field that holds a function is a method."""
    if found.head is Head.MEMBER:
        found = found._replace(kind=_ACCESSORS.get(_first_word(found.node), found.kind))
    if found.value is None:
        return found
    value = _unwrapped(found.value)
    if value.type not in _FUNCTIONS and value.type != "class":
        return found
    return found._replace(
        kind=_kind_of_value(found.kind, value),
        body=value.child_by_field_name("body"),
        is_async=_first_word(value) == "async",
    )


def _kind_of_value(kind: SymbolKind, value: Node) -> SymbolKind:
    if value.type == "class":
        return SymbolKind.CLASS
    return SymbolKind.METHOD if kind in (SymbolKind.METHOD, SymbolKind.PROPERTY) else SymbolKind.FUNCTION


def _first_word(node: Node) -> str:
    """The type of the first child, which for a keyword is the keyword."""
    first = node.child(0)
    return first.type if first is not None else ""


def _unwrapped(value: Node) -> Node:
    """The expression inside of parentheses, casts and assertions."""
    while value.type in _TRANSPARENT:
        inner = value.named_child(value.named_child_count - 1 if value.type == "type_assertion" else 0)
        if inner is None:
            break
        value = inner
    return value


def _access(name: str, modifier: str | None) -> str:
    return "private" if name.startswith("#") else modifier or "public"


_STAR = re.compile(r"^[ \t]*\*?[ \t]?", re.MULTILINE)


def _documentation(comment: str) -> str:
    """A JSDoc block without its stars."""
    text = comment[len("/**") : -len("*/")].replace("\r\n", "\n")
    return _STAR.sub("", text).strip()


_PART_OF_PATTERN = {"pair_pattern": "value", "assignment_pattern": "left", "object_assignment_pattern": "left"}


def _bound_names(pattern: Node) -> Iterator[Node]:
    """The names in a destructuring pattern, in their order; defaults and keys are none."""
    pending = [pattern]
    while pending:
        node = pending.pop()
        if node.type in ("identifier", "shorthand_property_identifier_pattern"):
            yield node
        elif node.type in _PART_OF_PATTERN:
            part = node.child_by_field_name(_PART_OF_PATTERN[node.type])
            pending.extend([part] if part else [])
        elif node.type in ("object_pattern", "array_pattern", "rest_pattern"):
            pending.extend(reversed(node.named_children))


_CALL_SIGNATURE = re.compile(rb"(?<=[\w\])}>;,])(\r?\n[ \t]*+)(?<=[ \t])(?=<[\w\s])")
_VARIANCE = re.compile(rb"(?<=[<,\s])(?:in[ \t]+out|in|out)(?=[ \t]+[A-Z]\w*\s*(?:extends\b|[=,>]))")
_EXPORT_TYPE_ALL = re.compile(rb"(?<=\bexport )type(?= \*)")


def _repair(source: bytes) -> bytes:
    """Around what tree-sitter-typescript 0.23.2 does not know, which hides everything after it in the file.

    A call signature on a line of its own, without a semicolon before it; `in` and `out` of type parameters;
    `export type *`. In a place where the first means something else, the semicolon makes more errors, not fewer.
    """
    source = _CALL_SIGNATURE.sub(lambda match: match[0][:-1] + b";", source)
    for unknown in (_VARIANCE, _EXPORT_TYPE_ALL):
        source = unknown.sub(lambda match: b" " * len(match[0]), source)
    return source


# Unrolled rather than possessive: Python before 3.11.5 misreads possessive repeats of groups.
_COMMENT = rb"//[^\n]*|/\*[^*]*\*+(?:[^/*][^*]*\*+)*/"

_RULES = Rules(
    refine=_refine,
    access=_access,
    doc_prefix=b"/**",
    documentation=_documentation,
    bound_names=_bound_names,
    gap=re.compile(rb"\s+|" + _COMMENT),
    comment=re.compile(
        rb"(?P<comment>" + _COMMENT + rb")"
        rb"|'[^'\\\n]*(?:\\.[^'\\\n]*)*'|\"[^\"\\\n]*(?:\\.[^\"\\\n]*)*\"|`[^`\\]*(?:\\.[^`\\]*)*`",
        re.DOTALL,
    ),
)


# ---- how names lead through expressions and types

_NOTHING = frozenset({"undefined", "null", "predefined_type", "literal_type"})
_SAME_MEMBERS = frozenset(
    {b"Promise", b"Readonly", b"Partial", b"Required", b"NonNullable", b"Awaited", b"PromiseLike"}
)


def _call(node: Node) -> Step | None:
    """A call's result; `require("x")` and `import("x")` are the module itself."""
    function = node.child_by_field_name("function")
    if function is None:
        return None
    if function.type == "import" or (function.type == "identifier" and function.text == b"require"):
        specifier = _first_argument(node)
        return Step(Op.MODULE, None, specifier) if specifier is not None else None
    return Step(Op.CALL, function)


def _first_argument(call: Node) -> Node | None:
    arguments = call.child_by_field_name("arguments")
    first = arguments.named_child(0) if arguments is not None else None
    return first if first is not None and first.type == "string" else None


def _assertion(node: Node) -> Step | None:
    """`x as T` is a T; `x as const` is what x is."""
    asserted = node.named_child(1) if node.named_child_count > 1 else None
    return Step(Op.INSTANCE, asserted) if asserted is not None else through()(node)


def _angle_assertion(node: Node) -> Step | None:
    """`<T>x` is a T."""
    types = node.named_child(0)
    return Step(Op.INSTANCE, types.named_child(0)) if types is not None and types.named_child_count else None


def _generic(node: Node) -> Step | None:
    """`Promise<T>` counts as T: to await it or not is for the caller. Any other generic type is known by its name."""
    base = node.child_by_field_name("name")
    arguments = node.child_by_field_name("type_arguments")
    if base is not None and base.text in _SAME_MEMBERS and arguments is not None:
        return Step(None, arguments.named_child(0))
    return Step(None, base) if base is not None else None


def _union(node: Node) -> Step | None:
    """`T | undefined` counts as T; other unions are nothing in particular."""
    members = [member for member in _union_members(node) if member.type not in _NOTHING]
    return Step(None, members[0]) if len(members) == 1 else None


def _union_members(node: Node) -> Iterator[Node]:
    pending = [node]
    while pending:
        member = pending.pop()
        if member.type == "union_type":
            pending.extend(member.named_children)
        else:
            yield member


_SHAPES: Mapping[str, Shape] = {
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
    "new_expression": made_by(Op.INSTANCE, "constructor"),
    "parenthesized_expression": through(),
    "parenthesized_type": through(),
    "non_null_expression": through(),
    "await_expression": through(),
    "satisfies_expression": through(),
    "as_expression": _assertion,
    "type_assertion": _angle_assertion,
    "readonly_type": through(),
    "generic_type": _generic,
    "union_type": _union,
    "type_query": through(),
    "assignment_expression": through("right"),
}

_LEAVES = frozenset({"identifier", "type_identifier", "shorthand_property_identifier", "this", "this_type", "super"})

_IMPLICIT = r"constructor|main|then|to(Locale|Primitive)?String|toJSON|valueOf|_+|[^\w$#].*"
"""The last are computed and quoted names: `[Symbol.iterator]`, `"content-type"`."""

_RULES = replace(_RULES, shapes=_SHAPES, leaves=_LEAVES, types_have_names=True, implicit=_IMPLICIT)
_TYPED_RULES = replace(_RULES, repair=_repair)


def _spec(
    spec_name: str, grammar: str, rules: Rules, dialect: str, extensions: tuple[str, ...], *, jsx: bool
) -> LanguageSpec:
    files = (f"{dialect}.scm", "ecmascript.scm")
    return LanguageSpec(
        name=spec_name,
        folder=__name__,
        extensions=extensions,
        grammar=grammar,
        definitions=("definitions/ecmascript.scm", f"definitions/{dialect}.scm"),
        rules=rules,
        references=tuple(f"references/{file}" for file in (*(("jsx.scm",) if jsx else ()), *files)),
        modules=typescript_modules,
    )


_TYPESCRIPT = "tree_sitter_typescript:language_typescript"
_TSX = "tree_sitter_typescript:language_tsx"
_JAVASCRIPT = "tree_sitter_javascript:language"

SPECS = (
    _spec("typescript", _TYPESCRIPT, _TYPED_RULES, "typescript", (".ts", ".mts", ".cts"), jsx=False),
    _spec("tsx", _TSX, _TYPED_RULES, "typescript", (".tsx",), jsx=True),
    _spec("javascript", _JAVASCRIPT, _RULES, "javascript", (".js", ".mjs", ".cjs"), jsx=True),
    _spec("jsx", _JAVASCRIPT, _RULES, "javascript", (".jsx",), jsx=True),
)
