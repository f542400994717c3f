"""Find what a file refers to, as far as the file alone tells: one pass that binds names, one that looks them up."""

import re
from collections.abc import Iterable, Sequence

from tree_sitter import Node, Tree

from kotadb.languages import Language
from kotadb.languages.mentions import Family, Mention
from kotadb.model import (
    DEFAULT,
    WHOLE,
    DependencyKind,
    Exports,
    Expression,
    Import,
    Links,
    Op,
    Reference,
    ReferenceKind,
    Symbol,
    SymbolKind,
    Types,
)
from kotadb.pipeline.expressions import UNKNOWN
from kotadb.pipeline.mentions import Captures, Mentions, Name, find_mentions
from kotadb.pipeline.places import LOCAL, Places
from kotadb.pipeline.scopes import EITHER, FILE, TYPE, VALUE, Binding, Scope
from kotadb.pipeline.text import MAX_NAME

_MEANINGS = {Mention.BIND_VALUE: VALUE, Mention.BIND_TYPE: TYPE, Mention.BIND_PARAMETER: TYPE}
_EITHER = dict.fromkeys(ReferenceKind, EITHER)
_LOOKED_UP_AS = dict.fromkeys(ReferenceKind, VALUE) | {
    ReferenceKind.TYPE: TYPE,
    ReferenceKind.IMPLEMENTS: TYPE,
    ReferenceKind.EXTENDS: EITHER,
}
_DOTTED = re.compile(r"[^\W\d]\w*(?:\s*\.\s*[^\W\d]\w*)*")
_STRING = re.compile(r"\"[^\"]*\"|'[^']*'")
EVERYTHING = "*"
MAX_SIGNATURES = 16
"""Ways to call one thing that are looked at."""
_FUNCTIONS = frozenset(
    {SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.CONSTRUCTOR, SymbolKind.GETTER, SymbolKind.SETTER}
)
_NOTHING = Expression(Op.NAME)


def references_of(
    source: bytes, tree: Tree, language: Language, symbols: Sequence[Symbol], listed: Iterable[str] | None
) -> Links:
    """What a file refers to. `symbols` are its symbols in their order, `listed` the names that it says it exports."""
    return _File(source, find_mentions(tree, language), language, symbols).references(listed)


class _File(Places):
    """Both passes over one file."""

    def __init__(self, source: bytes, mentions: Mentions, language: Language, symbols: Sequence[Symbol]) -> None:
        super().__init__(source, mentions, language, symbols)
        self.mentions = mentions
        self.meanings = _LOOKED_UP_AS if self.rules.types_have_names else _EITHER
        """What names of references mean, by their kind."""
        self.symbols = symbols
        starts = [name[0] for name in mentions.names]
        self.scope_of = self.scopes.each(starts)
        """The innermost scope of each of the mentions' names."""
        self.symbol_of = self.ranges.each(starts)
        """The innermost symbol around each of them."""
        self.type_of = mentions.in_type.each(starts)
        """Whether each of them is in a type."""
        self.exported: dict[str, list[int]] = {}
        self.stars: dict[str, None] = {}
        self.taken: dict[int, dict[str, bool]] = {}
        """Names that are taken from a module, by the offset of its specifier; True if for types alone."""
        self.types = Types({}, {}, {}, {}, {})
        self.groups: dict[tuple[ReferenceKind, int, int], list[int]] = {}
        """The offsets of references, by kind, expression and enclosing symbol."""
        self.declared: list[tuple[int, int, Name]] = []
        self.typed: set[int] = set()
        """The symbols whose type is declared."""
        self.rebound: list[tuple[int, int, Name]] = []
        """Where symbols are bound again, with the numbers of symbol and scope."""
        self.assigned: dict[tuple[int, str], list[tuple[int, Node]]] = {}
        """What is assigned to members of `this`, with the scope, by the number of the class."""

    def references(self, listed: Iterable[str] | None) -> Links:
        self._bind_all()
        self._refer_all()
        self._note_types()
        self._export_declarations()
        return Links(
            imports=tuple(self._imports()),
            exports=self._exports(listed),
            types=self.types,
            expressions=tuple(self.expressions.table),
            references=tuple(
                Reference(kind, expression, enclosing, self.source.pack(offsets))
                for (kind, expression, enclosing), offsets in self.groups.items()
            ),
        )

    # ---- first pass: bind

    def _bind_all(self) -> None:
        late = []
        for name, scope in zip(self.mentions.names, self.scope_of, strict=True):
            family = name[1].family
            if family is Family.REFERENCE:
                continue  # most of them are
            if family is Family.OUTWARD:
                self.scopes.takes(scope, self.text(name[2]), from_file=name[1].mention is Mention.GLOBAL)
            elif family is not Family.EXPORT:
                late.append((name, scope))
        for name, scope in late:
            if name[1].family is Family.BIND:
                self._bind(name, scope)
            else:
                self._bind_import(name, scope)

    def _bind(self, name: Name, scope: int) -> None:
        start, heading, node, captures = name
        mention = heading.mention
        if mention is Mention.DECLARES:
            return
        home = self._home(captures, scope)
        binding = Binding(scope, _MEANINGS.get(mention, EITHER))
        number = self.ranges.by_name.get(start, -1)
        if number >= 0:
            is_parameter = home != FILE and self.symbols[number].kind is SymbolKind.PROPERTY
            if not is_parameter or self.scopes.all[home].sort is Mention.SCOPE_CLASS:
                binding.symbol = number
        binding.type = _first(captures, "type")
        binding.value = _first(captures, "value")
        binding.node = node
        binding.is_parameter = mention is Mention.BIND_PARAMETER
        if mention is Mention.BIND_SELF or mention is Mention.BIND_CLASS:
            around = self.ranges.class_around(self.ranges.at(start))
            if around >= 0:
                op = Op.SELF if mention is Mention.BIND_SELF else Op.SYMBOL
                binding.expression = self.expressions.number(op, around)
        self.scopes.bind(self.text(node), binding, home)

    def _home(self, captures: Captures, scope: int) -> int:
        if "around" in captures:
            return self.scopes.around(scope, captures["around"][0].start_byte)
        return self.scopes.of_function(scope) if "hoisted" in captures else scope

    def _bind_import(self, name: Name, scope: int) -> None:
        _, heading, node, captures = name
        alias = _first(captures, "alias")
        specifier = captures["specifier"][0]
        if heading.mention is Mention.IMPORTED_PART:
            self._bind_part(node, scope, specifier, alias)
            return
        module = self._module(specifier)
        text = self.text(node)
        if heading.mention is Mention.IMPORTED_STAR:
            self.stars[self._specifier(specifier)] = None
            return
        if heading.mention is Mention.IMPORTED_MODULE:
            expression = module
            self.taken.setdefault(specifier.start_byte, {})[EVERYTHING] = False
        else:
            taken = DEFAULT if heading.mention is Mention.IMPORTED_DEFAULT else text
            expression = self.expressions.number(Op.FROM, module, taken)
            self.taken.setdefault(specifier.start_byte, {})[taken] = "type_only" in captures
        local = self.text(alias) if alias is not None else text
        self.scopes.bind(local, Binding(scope, expression=expression, is_alias=True), scope)

    def _bind_part(self, node: Node, scope: int, specifier: Node, alias: Node | None) -> None:
        is_bound = node.start_byte == specifier.start_byte if alias is None else node.end_byte == specifier.end_byte
        if is_bound:
            expression = self._part(node, specifier)
            local = self.text(alias if alias is not None else node)
            self.scopes.bind(local, Binding(scope, expression=expression, is_alias=True), scope)

    def _part(self, part: Node, specifier: Node) -> int:
        """The module that a dotted specifier names up to and with this part."""
        dotted = self.source.slice(specifier.start_byte, part.end_byte)
        return self.expressions.number(Op.MODULE, UNKNOWN, "".join(dotted.split()))

    def _module(self, specifier: Node) -> int:
        return self.expressions.number(Op.MODULE, UNKNOWN, self._specifier(specifier))

    def _specifier(self, node: Node) -> str:
        return "".join(self.unquoted(node).split())

    # ---- second pass: refer

    def _refer_all(self) -> None:  # noqa: C901 (one loop: see its comment)
        source, scopes, by_name = self.source, self.scopes.all, self.ranges.by_name
        looked_up, groups, of_members = self.looked_up, self.groups, self.expressions.of_members
        # A long loop, and long for it: a call for each name would cost as much as all of this.
        for name, scope, enclosing, in_type in zip(
            self.mentions.names, self.scope_of, self.symbol_of, self.type_of, strict=True
        ):
            start, heading, node, captures = name
            kind = heading.reference
            if kind is None:
                self._refer_otherwise(name, scope)
                continue
            if start in by_name:  # `self.x = …` that defines x
                self._declare(by_name[start], scope, name)
                continue
            if in_type is not None and (kind is ReferenceKind.READ or kind is ReferenceKind.PROPERTY):
                kind = ReferenceKind.TYPE
            end = node.end_byte
            text = source.latin[start:end]
            if end - start > MAX_NAME or not text.isascii():
                text = source.slice(start, end)
            if heading.has_object:
                before = captures["object"][0]
                inner = self.expression_of(before, scope)
                if self.conditions and before.type in self.members:
                    inner = self.narrowed(inner, before)
                expression = self.expressions.number(Op.MEMBER, inner, text)
                if kind is ReferenceKind.WRITE and "value" in captures:
                    self._note_assigned(inner, text, scope, captures["value"][0])
                if scopes[scope].sort is not Mention.SCOPE_OUTER:  # what is bound there is bound from further in
                    of_members[before.start_byte, end] = expression
            elif heading.is_quoted:
                self._refer_to_quoted(start, text, scope)
                continue
            else:
                key = text, scope, self.meanings[kind]
                found = looked_up.get(key)
                expression = found if found is not None else self.look_up(*key)
            if expression < 0:
                continue
            if kind is ReferenceKind.EXTENDS:
                self._note_base(self.types.bases, expression, scope, captures)
            elif kind is ReferenceKind.IMPLEMENTS:
                self._note_base(self.types.interfaces, expression, scope, captures)
            place = kind, expression, enclosing
            if place in groups:
                groups[place].append(start)
            else:
                groups[place] = [start]

    def _refer_otherwise(self, name: Name, scope: int) -> None:
        family = name[1].family
        if family is Family.BIND:
            self._refer_from_binding(name, scope)
        elif family is Family.IMPORTED:
            self._refer_to_import(name)
        elif family is Family.EXPORT:
            self._refer_from_export(name)

    def _note_assigned(self, inner: int, member: str, scope: int, value: Node) -> None:
        """What a member of `this` holds is also what other methods assign."""
        op, operand, _, _ = self.expressions.table[inner] if inner >= 0 else _NOTHING
        if op is Op.SELF:
            self.assigned.setdefault((operand, member), []).append((scope, value))

    def _note_base(self, bases: dict[int, list[int]], expression: int, scope: int, captures: Captures) -> None:
        if "whole" in captures:
            whole = captures["whole"][0]
            expression = self.expressions.of(whole, self.scope_at(whole))
        around = self.scopes.class_around(scope)
        number = self.class_symbols.get(around) if around is not None else None
        if number is not None:
            bases.setdefault(number, []).append(expression)

    def _refer_to_quoted(self, start: int, text: str, scope: int) -> None:
        """The names in an annotation in quotes."""
        for match in _DOTTED.finditer(_STRING.sub(_spaces, text)):
            expression = LOCAL
            for part in re.finditer(r"\w+", match[0]):
                offset = start + len(text[: match.start() + part.start()].encode())
                if part.start() == 0:
                    expression = self.look_up(part[0], scope, EITHER)
                elif expression != LOCAL:
                    expression = self.expressions.number(Op.MEMBER, expression, part[0])
                self._add(ReferenceKind.TYPE, expression, offset)

    def _refer_from_binding(self, name: Name, scope: int) -> None:
        start, heading, node, captures = name
        number = self.ranges.by_name.get(start, -1)
        if heading.mention is Mention.BIND_PARAMETER:
            self._note_parameter(node, scope)
        elif number >= 0:
            self._declare(number, scope, name)
        elif heading.mention is not Mention.DECLARES:
            home = self.scopes.all[self._home(captures, scope)]
            if home.outward or home.defined:  # else it is a local
                self._refer_to_rebound(name, scope, home)
        if "destructured" in captures:
            self._refer_to_key(name, scope)

    def _declare(self, number: int, scope: int, name: Name) -> None:
        self.declared.append((number, scope, name))
        if "type" in name[3]:
            self.typed.add(number)

    def _note_parameter(self, node: Node, scope: int) -> None:
        """A type parameter is one of the symbol whose head it stands in."""
        owner = self.ranges.at(node.start_byte)
        declaration = _above(node, 4)
        named = declaration.child_by_field_name("name") if declaration is not None else None
        if named is None and declaration is not None and declaration.parent is not None:
            named = declaration.parent.child_by_field_name("name")
        if owner >= 0 and named is not None and self.ranges.by_name.get(named.start_byte) == owner:
            variable = self.local(self.text(node), scope, TYPE, node.start_byte)
            self.types.parameters.setdefault(owner, []).append(variable)

    def _refer_to_rebound(self, name: Name, scope: int, home: Scope) -> None:
        """A name that is bound again is written, if it is a symbol's."""
        text = self.text(name[2])
        is_defined = text in home.defined
        first = home.names[text][0] if is_defined else None
        if first is not None and first.symbol >= 0 and first.type is None:
            self.rebound.append((first.symbol, scope, name))
        if is_defined or text in home.outward:
            meaning = self.meanings[ReferenceKind.WRITE]
            self._add(ReferenceKind.WRITE, self.look_up(text, scope, meaning), name[0])

    def _refer_to_key(self, name: Name, scope: int) -> None:
        step = self.inferred.origin(name[2])
        if step is not None and step.op is Op.MEMBER and isinstance(step.name, Node):
            member = self.expressions.of(step, scope)
            if member != UNKNOWN and self.expressions.table[member].operand != UNKNOWN:
                self._add(ReferenceKind.PROPERTY, member, step.name.start_byte)

    def _refer_to_import(self, name: Name) -> None:
        start, heading, node, captures = name
        specifier = captures["specifier"][0]
        match heading.mention:
            case Mention.IMPORTED_STAR:
                return
            case Mention.IMPORTED_PART:
                expression = self._part(node, specifier)
            case Mention.IMPORTED_MODULE:
                expression = self._module(specifier)
            case Mention.IMPORTED_DEFAULT:
                expression = self.expressions.number(Op.FROM, self._module(specifier), DEFAULT)
            case _:
                expression = self.expressions.number(Op.FROM, self._module(specifier), self.text(node))
        self._add(ReferenceKind.IMPORT, expression, start)

    def _refer_from_export(self, name: Name) -> None:
        start, heading, node, captures = name
        text = self.text(node)
        alias = _first(captures, "alias")
        under = self.unquoted(alias) if alias is not None else text
        kind = ReferenceKind.REEXPORT
        match heading.mention:
            case Mention.REEXPORT_STAR:
                self.stars[self._specifier(captures["specifier"][0])] = None
                return
            case Mention.REEXPORT_MODULE:
                expression = self._module(captures["specifier"][0])
                under = self.unquoted(node)
            case Mention.REEXPORT_NAME:
                specifier = captures["specifier"][0]
                taken = self.unquoted(node)
                expression = self.expressions.number(Op.FROM, self._module(specifier), taken)
                self.taken.setdefault(specifier.start_byte, {})[taken] = "type_only" in captures
                under = self.unquoted(alias or node)
            case _:
                expression = self.look_up(text, FILE, EITHER)
                under = _UNDER.get(heading.mention, under)
                kind = ReferenceKind.REEXPORT if self._is_imported(text) else ReferenceKind.READ
        if expression != LOCAL:
            self.exported.setdefault(under, []).append(expression)
        if start not in self.ranges.by_name:
            self._add(kind, expression, start)

    def _is_imported(self, name: str) -> bool:
        return any(binding.is_alias for binding in self.scopes.all[FILE].names.get(name, ()))

    def _add(self, kind: ReferenceKind, expression: int, offset: int) -> None:
        if expression >= 0:
            self.groups.setdefault((kind, expression, self.ranges.at(offset)), []).append(offset)

    # ---- what the file says about itself

    def _note_types(self) -> None:
        for number, scope, (_, _, node, captures) in self.declared:
            symbol = self.symbols[number]
            if symbol.kind in _FUNCTIONS:
                signature = self.function(node)
                if signature != UNKNOWN:
                    self.types.signatures[number] = signature
                continue
            value = self._stated_at(node, captures, scope)
            if value != UNKNOWN:
                self.types.values[number] = value
        for number, scope, (_, _, node, captures) in self.rebound:
            self._note_value(number, [self._stated_at(node, captures, scope)])
        numbered = {symbol.qualified_name: number for number, symbol in enumerate(self.symbols)}
        for (around, member), assigned in self.assigned.items():
            held = numbered.get(f"{self.symbols[around].qualified_name}.{member}")
            if held is not None and held not in self.typed:
                self._note_value(held, [self.expressions.of(value, scope) for scope, value in assigned])
        self._note_signatures()
        if self.rules.declarations_first:
            of_class = (n for n, symbol in enumerate(self.symbols) if symbol.kind is SymbolKind.PROPERTY)
            self.types = self.types._replace(loose=frozenset(of_class) - self.typed)

    def _stated_at(self, node: Node, captures: Captures, scope: int) -> int:
        """What a place that binds or declares a name says about its value."""
        return self.stated(_first(captures, "type"), _first(captures, "value"), node, scope)

    def _note_value(self, number: int, values: Sequence[int]) -> None:
        """What a symbol may hold, too."""
        value = self.expressions.any_of([self.types.values.get(number, UNKNOWN), *values])
        if value != UNKNOWN:
            self.types.values[number] = value

    def _note_signatures(self) -> None:
        """What can be called without a name."""
        functions: dict[int, list[int]] = {}
        for node in self.mentions.signatures:
            functions.setdefault(self.ranges.at(node.start_byte), []).append(
                self.expressions.of(node, self.scope_at(node))
            )
        for number, found in functions.items():
            signature = self.expressions.any_of(found[:MAX_SIGNATURES])
            if number >= 0 and signature != UNKNOWN:
                self.types.signatures[number] = signature

    def _export_declarations(self) -> None:
        """Exports of statements that declare what they export, and of what is exported as `default` by its form."""
        for offset, number in self.ranges.by_name.items():
            symbol = self.symbols[number]
            under = self.mentions.exported.find(offset)
            if under is None and symbol.name != DEFAULT:
                continue
            if "." not in symbol.qualified_name:
                expression = self.expressions.number(Op.SYMBOL, number)
                self.exported.setdefault(DEFAULT if under is Mention.EXPORTED_DEFAULT else symbol.name, []).append(
                    expression
                )

    def _exports(self, listed: Iterable[str] | None) -> Exports:
        scope: dict[str, list[int]] = {}
        for name, bindings in self.scopes.all[FILE].names.items():
            for binding in bindings:
                if binding.symbol >= 0:
                    scope.setdefault(name, []).append(self.expressions.number(Op.SYMBOL, binding.symbol))
                elif binding.is_alias and binding.expression is not None:
                    scope.setdefault(name, []).append(binding.expression)
        return Exports(
            scope=scope,
            exported=None if self.rules.open_scope else self.exported,
            stars=tuple(self.stars),
            listed=tuple(sorted(listed)) if listed is not None else None,
        )

    def _imports(self) -> Iterable[Import]:
        for start, heading, _, captures in self.mentions.imports:
            assert heading.dependency is not None
            specifier = captures["specifier"][0]
            taken = self.taken.get(specifier.start_byte, {})
            kind = heading.dependency
            type_only = (
                kind is DependencyKind.TYPE_IMPORT
                or "type_only" in captures
                or self.mentions.type_checking.find(start) is not None
                or (bool(taken) and all(taken.values()))
            )
            if type_only and kind is DependencyKind.IMPORT:
                kind = DependencyKind.TYPE_IMPORT
            yield Import(self._specifier(specifier), kind, type_only, self.source.line(start), tuple(taken))


_UNDER = {Mention.EXPORT_DEFAULT: DEFAULT, Mention.EXPORT_WHOLE: WHOLE}


def _first(captures: Captures, part: str) -> Node | None:
    nodes = captures.get(part)
    return nodes[0] if nodes else None


def _above(node: Node, levels: int) -> Node | None:
    around: Node | None = node
    for _ in range(levels - 1):
        around = around.parent if around is not None else None
    return around


def _spaces(match: re.Match[str]) -> str:
    return " " * len(match[0])
