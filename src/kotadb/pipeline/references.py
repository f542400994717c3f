"""Find what a file refers to, as far as the file alone tells: one pass that binds names, one that looks them up."""

import re
from collections.abc import Iterable, Sequence

from tree_sitter import Node, Tree

from kotadb.languages import Language
from kotadb.languages.mentions import Family, Mention, Step
from kotadb.model import (
    DEFAULT,
    WHOLE,
    DependencyKind,
    Exports,
    Import,
    Links,
    Op,
    Reference,
    ReferenceKind,
    Symbol,
    SymbolKind,
    Types,
)
from kotadb.pipeline.expressions import UNKNOWN, Expressions
from kotadb.pipeline.mentions import Captures, Mentions, Name, find_mentions
from kotadb.pipeline.positions import Source, SymbolRanges
from kotadb.pipeline.scopes import EITHER, FILE, MAX_LOCALS, TYPE, VALUE, Binding, Scope, Scopes
from kotadb.pipeline.text import MAX_NAME

_MEANINGS = {Mention.BIND_VALUE: VALUE, Mention.BIND_TYPE: TYPE}
_EITHER = dict.fromkeys(ReferenceKind, EITHER)
_LOOKED_UP_AS = dict.fromkeys(ReferenceKind, VALUE) | {
    ReferenceKind.TYPE: TYPE,
    ReferenceKind.IMPLEMENTS: TYPE,
    ReferenceKind.EXTENDS: EITHER,
}
_DOTTED = re.compile(r"[^\W\d]\w*(?:\s*\.\s*[^\W\d]\w*)*")
_STRING = re.compile(r"\"[^\"]*\"|'[^']*'")
EVERYTHING = "*"
MAX_HOPS = 20
"""From a local to the one that it is bound to, that are followed: in `x = x.next()`, written over and over, too."""
_LOCAL = -2
"""Stands for a name that is a local, in place of an expression's number."""


def references_of(
    source: bytes, tree: Tree, language: Language, symbols: Sequence[Symbol], listed: Iterable[str] | None
) -> Links:
    """What a file refers to. `symbols` are its symbols in their order, `listed` the names that it says it exports."""
    return _File(source, find_mentions(tree, language), language, symbols).references(listed)


class _File:
    """Both passes over one file."""

    def __init__(self, source: bytes, mentions: Mentions, language: Language, symbols: Sequence[Symbol]) -> None:
        self.source = Source(source)
        self.text = self.source.text
        self.mentions = mentions
        self.rules = language.rules
        self.meanings = _LOOKED_UP_AS if self.rules.types_have_names else _EITHER
        """What names of references mean, by their kind."""
        self.symbols = symbols
        self.ranges = SymbolRanges(symbols, self.source)
        self.scopes = Scopes(mentions.scopes, len(source), class_names_are_inner=self.rules.class_names_are_inner)
        self.expressions = Expressions(language, self.source.text)
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
        self.types = Types({}, {}, {}, {})
        self.groups: dict[tuple[ReferenceKind, int, int], list[int]] = {}
        """The offsets of references, by kind, expression and enclosing symbol."""
        self.locals: dict[int, int] = {}
        """Expressions of locals by the id of their binding."""
        self.hops = 0
        """From local to local, of those that are being followed."""
        self.class_symbols = self._class_symbols()
        """Numbers of the classes by their scopes."""
        self.rebound: list[tuple[int, int, Name]] = []
        """Where symbols are bound again, with the numbers of symbol and scope."""
        self.looked_up: dict[tuple[str, int, int], int] = {}
        """Expressions of names, by scope and meaning."""
        self.leaves: dict[tuple[str, str, int], int] = {}
        """Expressions of `Rules.leaves`, by type, text and scope."""
        self.declared: list[tuple[int, int, Name]] = []

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

    def _class_symbols(self) -> dict[int, int]:
        """Of several class scopes in one symbol only the first is that class; the others have no name."""
        scopes: dict[int, int] = {}
        for number, scope in enumerate(self.scopes.all):
            if scope.sort is Mention.SCOPE_CLASS:
                symbol = self.ranges.class_at(scope.start)
                if symbol >= 0:
                    scopes.setdefault(symbol, number)
        return {number: symbol for symbol, number in scopes.items()}

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
        binding.key = self._key(node, captures)
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
        return "".join(self._unquoted(node).split())

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
                self.declared.append((by_name[start], scope, name))
                continue
            if in_type is not None and (kind is ReferenceKind.READ or kind is ReferenceKind.PROPERTY):
                kind = ReferenceKind.TYPE
            end = node.end_byte
            text = source.latin[start:end]
            if end - start > MAX_NAME or not text.isascii():
                text = source.slice(start, end)
            if heading.has_object:
                before = captures["object"][0]
                expression = self.expressions.number(Op.MEMBER, self._expression(before, scope), text)
                if scopes[scope].sort is not Mention.SCOPE_OUTER:  # what is bound there is bound from further in
                    of_members[before.start_byte, end] = expression
            elif heading.is_quoted:
                self._refer_to_quoted(start, text, scope)
                continue
            else:
                key = text, scope, self.meanings[kind]
                found = looked_up.get(key)
                expression = found if found is not None else self._look_up(*key)
            if expression < 0:
                continue
            if kind is ReferenceKind.EXTENDS:
                self._note_base(self.types.bases, expression, scope)
            elif kind is ReferenceKind.IMPLEMENTS:
                self._note_base(self.types.interfaces, expression, scope)
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

    def _note_base(self, bases: dict[int, list[int]], expression: int, scope: int) -> None:
        around = self.scopes.class_around(scope)
        number = self.class_symbols.get(around) if around is not None else None
        if number is not None:
            bases.setdefault(number, []).append(expression)

    def _refer_to_quoted(self, start: int, text: str, scope: int) -> None:
        """The names in an annotation in quotes."""
        for match in _DOTTED.finditer(_STRING.sub(_spaces, text)):
            expression = _LOCAL
            for part in re.finditer(r"\w+", match[0]):
                offset = start + len(text[: match.start() + part.start()].encode())
                if part.start() == 0:
                    expression = self._look_up(part[0], scope, EITHER)
                elif expression != _LOCAL:
                    expression = self.expressions.number(Op.MEMBER, expression, part[0])
                self._add(ReferenceKind.TYPE, expression, offset)

    def _refer_from_binding(self, name: Name, scope: int) -> None:
        start, heading, node, captures = name
        number = self.ranges.by_name.get(start, -1)
        if number >= 0:
            self.declared.append((number, scope, name))
        elif heading.mention is not Mention.DECLARES:
            home = self.scopes.all[self._home(captures, scope)]
            if home.outward or home.defined:  # else it is a local
                self._refer_to_rebound(name, scope, home)
        if "destructured" in captures:
            self._refer_to_key(node, captures, scope)

    def _refer_to_rebound(self, name: Name, scope: int, home: Scope) -> None:
        """A name that is bound again is written, if it is a symbol's."""
        text = self.text(name[2])
        is_defined = text in home.defined
        first = home.names[text][0] if is_defined else None
        if first is not None and first.symbol >= 0 and first.type is None:
            self.rebound.append((first.symbol, scope, name))
        if is_defined or text in home.outward:
            meaning = self.meanings[ReferenceKind.WRITE]
            self._add(ReferenceKind.WRITE, self._look_up(text, scope, meaning), name[0])

    def _refer_to_key(self, node: Node, captures: Captures, scope: int) -> None:
        value = self._stated_at(node, captures, scope)
        if value != UNKNOWN:
            key = _first(captures, "key") or node
            self._add(ReferenceKind.PROPERTY, value, key.start_byte)

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
        under = self._unquoted(alias) if alias is not None else text
        kind = ReferenceKind.REEXPORT
        match heading.mention:
            case Mention.REEXPORT_STAR:
                self.stars[self._specifier(captures["specifier"][0])] = None
                return
            case Mention.REEXPORT_MODULE:
                expression = self._module(captures["specifier"][0])
                under = self._unquoted(node)
            case Mention.REEXPORT_NAME:
                specifier = captures["specifier"][0]
                taken = self._unquoted(node)
                expression = self.expressions.number(Op.FROM, self._module(specifier), taken)
                self.taken.setdefault(specifier.start_byte, {})[taken] = "type_only" in captures
                under = self._unquoted(alias or node)
            case _:
                expression = self._look_up(text, FILE, EITHER)
                under = _UNDER.get(heading.mention, under)
                kind = ReferenceKind.REEXPORT if self._is_imported(text) else ReferenceKind.READ
        if expression != _LOCAL:
            self.exported.setdefault(under, []).append(expression)
        if start not in self.ranges.by_name:
            self._add(kind, expression, start)

    def _is_imported(self, name: str) -> bool:
        return any(binding.is_alias for binding in self.scopes.all[FILE].names.get(name, ()))

    def _unquoted(self, node: Node) -> str:
        text = self.text(node)
        return text[1:-1] if text[:1] in _QUOTES and len(text) > 1 else text

    def _add(self, kind: ReferenceKind, expression: int, offset: int) -> None:
        if expression >= 0:
            self.groups.setdefault((kind, expression, self.ranges.at(offset)), []).append(offset)

    # ---- what names stand for

    def _look_up(self, name: str, scope: int, meaning: int) -> int:
        """The expression that a name stands for here; _LOCAL for a local."""
        key = (name, scope, meaning)
        if key not in self.looked_up:
            self.looked_up[key] = self._found(name, scope, meaning)
        return self.looked_up[key]

    def _found(self, name: str, scope: int, meaning: int) -> int:
        found = self.scopes.find(name, scope, meaning)
        if found is None:
            return self.expressions.number(Op.NAME, UNKNOWN, name)
        home, bindings = found
        binding = next((one for one in bindings if one.symbol >= 0 or one.is_alias), None)
        if binding is None:
            return _LOCAL
        if home == FILE:
            return self.expressions.number(Op.NAME, UNKNOWN, name)
        if binding.symbol >= 0:
            return self.expressions.number(Op.SYMBOL, binding.symbol)
        assert binding.expression is not None
        return binding.expression

    def _expression(self, node: Node, scope: int) -> int:
        """The expression that a node stands for, in which locals are replaced by what they are bound to."""
        kind = node.type
        if kind not in self.rules.leaves:
            return self.expressions.of(node, scope, self._base)
        key = kind, self.source.slice(node.start_byte, node.end_byte), scope
        expression = self.leaves.get(key)
        if expression is None:
            expression = self.expressions.of(node, scope, self._base)
            if not self.hops:  # else locals that are being followed count as unknown
                self.leaves[key] = expression
        return expression

    def _base(self, step: Step, scope: int) -> int:
        """The expression of a step that no other is under."""
        if step.op is Op.SELF or step.op is Op.SUPER:
            return self._this(step.op, scope)
        name = self._unquoted(step.name) if step.name is not None else None
        if step.op is Op.MODULE or name is None:
            return self.expressions.number(Op.MODULE, UNKNOWN, name) if name else UNKNOWN
        meaning = TYPE if step.is_type else EITHER
        expression = self._look_up(name, scope, meaning)
        return expression if expression != _LOCAL else self._local(name, scope, meaning)

    def _this(self, op: Op, scope: int) -> int:
        around = self.scopes.class_of_this(scope)
        if around is None:
            return UNKNOWN
        number = self.class_symbols.get(around)
        return self.expressions.number(op, number) if number is not None else UNKNOWN

    def _local(self, name: str, scope: int, meaning: int) -> int:
        """What a local is bound to, if that is one thing only."""
        found = self.scopes.find(name, scope, meaning)
        bindings = found[1] if found else []
        if len(bindings) > MAX_LOCALS:
            return UNKNOWN
        typed = [binding for binding in bindings if binding.type is not None]
        values = {self._value(binding) for binding in typed or bindings}
        return values.pop() if len(values) == 1 else UNKNOWN

    def _value(self, binding: Binding) -> int:
        if binding.expression is not None:
            return binding.expression
        if id(binding) not in self.locals:
            self.locals[id(binding)] = UNKNOWN  # a local that is bound to itself
            if self.hops == MAX_HOPS:
                return UNKNOWN
            self.hops += 1
            value = self._stated(binding.type, binding.value, binding.key, binding.scope)
            self.hops -= 1
            self.locals[id(binding)] = value
        return self.locals[id(binding)]

    def _stated_at(self, node: Node, captures: Captures, scope: int) -> int:
        """What a place that binds or declares a name says about its value."""
        return self._stated(_first(captures, "type"), _first(captures, "value"), self._key(node, captures), scope)

    def _key(self, node: Node, captures: Captures) -> str | None:
        if "destructured" not in captures:
            return None
        return self.text(_first(captures, "key") or node)

    def _stated(self, declared: Node | None, value: Node | None, key: str | None, scope: int) -> int:
        if declared is not None:
            stated = self._instance(declared)
        else:
            stated = self._expression(value, scope) if value is not None else UNKNOWN
        if key is None or stated == UNKNOWN:
            return stated
        return self.expressions.number(Op.MEMBER, stated, key)

    def _instance(self, declared: Node) -> int:
        """A value of a type, whose names are looked up where the type stands: heads have scopes of their own."""
        return self.expressions.number(Op.INSTANCE, self._expression(declared, self.scopes.at(declared.start_byte)))

    # ---- what the file says about itself

    def _note_types(self) -> None:
        for number, scope, (_, _, node, captures) in self.declared:
            value = self._stated_at(node, captures, scope)
            if value != UNKNOWN:
                self.types.values[number] = value
            if "returns" in captures:
                result = self._instance(captures["returns"][0])
                if result != UNKNOWN:
                    self.types.returns[number] = result
        for number, scope, (_, _, _, captures) in self.rebound:
            value = self._expression(captures["value"][0], scope) if "value" in captures else UNKNOWN
            if value not in (UNKNOWN, self.types.values.get(number)):
                self.types.values.pop(number, None)  # what it holds depends on when it is asked

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


_QUOTES = ("'", '"', "`")
_UNDER = {Mention.EXPORT_DEFAULT: DEFAULT, Mention.EXPORT_WHOLE: WHOLE}


def _first(captures: Captures, part: str) -> Node | None:
    nodes = captures.get(part)
    return nodes[0] if nodes else None


def _spaces(match: re.Match[str]) -> str:
    return " " * len(match[0])
