"""TypeScript and JavaScript, with and without JSX.

The grammars differ in a few node names, so that `ecmascript.scm` holds what they share and the other files the rest.

- The range of a symbol includes `export`, `declare` and decorators; the signature leaves the decorators out.
- Each overload signature is a symbol of its own: declaration files have nothing else.
- What a `declare`d namespace holds is exported with it; what another namespace holds needs its own `export`.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from tree_sitter import Node

from kotadb.languages.grammar import Found, Head, LanguageSpec, Rules
from kotadb.languages.typescript.expressions import LEAVES, SHAPES
from kotadb.languages.typescript.modules import typescript_modules
from kotadb.languages.typescript.origins import FUNCTIONS, INFERRED
from kotadb.model import SymbolKind

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
    if value.type not in FUNCTIONS and value.type != "class":
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


_IMPLICIT = r"constructor|main|then|to(Locale|Primitive)?String|toJSON|valueOf|_+|[^\w$#].*"
"""The last are computed and quoted names: `[Symbol.iterator]`, `"content-type"`."""

_RULES = replace(
    _RULES,
    shapes=SHAPES,
    inferred=INFERRED,
    leaves=LEAVES,
    builtins="builtins.stub",
    types_have_names=True,
    implicit=_IMPLICIT,
)
_TYPED_RULES = replace(_RULES, repair=_repair)


def _spec(
    spec_name: str,
    scip_name: str,
    grammar: str,
    rules: Rules,
    dialect: str,
    extensions: tuple[str, ...],
    *,
    jsx: bool,
) -> LanguageSpec:
    files = (f"{dialect}.scm", "ecmascript.scm")
    return LanguageSpec(
        name=spec_name,
        scip_name=scip_name,
        manager="npm",
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
    _spec("typescript", "TypeScript", _TYPESCRIPT, _TYPED_RULES, "typescript", (".ts", ".mts", ".cts"), jsx=False),
    _spec("tsx", "TypeScriptReact", _TSX, _TYPED_RULES, "typescript", (".tsx",), jsx=True),
    _spec("javascript", "JavaScript", _JAVASCRIPT, _RULES, "javascript", (".js", ".mjs", ".cjs"), jsx=True),
    _spec("jsx", "JavaScriptReact", _JAVASCRIPT, _RULES, "javascript", (".jsx",), jsx=True),
)
