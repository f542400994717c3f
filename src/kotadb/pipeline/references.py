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
    pack_positions,
)
from kotadb.pipeline.expressions import UNKNOWN, Expressions
from kotadb.pipeline.mentions import Captures, Mentions, Name, find_mentions
from kotadb.pipeline.positions import Source, SymbolRanges
from kotadb.pipeline.scopes import EITHER, FILE, MAX_LOCALS, TYPE, VALUE, Binding, Scopes

_MEANINGS = {Mention.BIND_VALUE: VALUE, Mention.BIND_TYPE: TYPE}
_LOOKED_UP_AS = {ReferenceKind.TYPE: TYPE, ReferenceKind.IMPLEMENTS: TYPE, ReferenceKind.EXTENDS: EITHER}
_KINDS = {kind.value: kind for kind in ReferenceKind}
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
        self.symbols = symbols
        self.ranges = SymbolRanges(symbols, self.source)
        self.scopes = Scopes(mentions.scopes, len(source), class_names_are_inner=self.rules.class_names_are_inner)
        self.expressions = Expressions(self.rules, self.source.text)
        self.scope_of: list[int] = []
        """The innermost scope of each of the mentions' names."""
        self.exported: dict[str, list[int]] = {}
        self.stars: dict[str, None] = {}
        self.taken: dict[int, dict[str, bool]] = {}
        """Names that are taken from a module, by the offset of its specifier; True if for types alone."""
        self.types = Types({}, {}, {})
        self.groups: dict[tuple[ReferenceKind, int, int], list[tuple[int, int]]] = {}
        self.locals: dict[int, int] = {}
        """Expressions of locals by the id of their binding."""
        self.hops = 0
        """From local to local, of those that are being followed."""
        self.class_symbols = self._class_symbols()
        """Numbers of the classes by their scopes."""
        self.rebound: list[tuple[int, int, Name]] = []
        """Where symbols are bound again, with the numbers of symbol and scope."""
        self.looked_up: dict[tuple[str, int, int], int] = {}
        self.declared: list[tuple[int, int, Name]] = []

    def references(self, listed: Iterable[str] | None) -> Links:
        self._bind_all()
        for name, scope in zip(self.mentions.names, self.scope_of, strict=True):
            self._refer(name, scope)
        self._note_types()
        self._export_declarations()
        return Links(
            imports=tuple(self._imports()),
            exports=self._exports(listed),
            types=self.types,
            expressions=tuple(self.expressions.table),
            references=tuple(
                Reference(kind, expression, enclosing, pack_positions(positions))
                for (kind, expression, enclosing), positions in self.groups.items()
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
        for name in self.mentions.names:
            scope = self.scopes.at(name.start)
            self.scope_of.append(scope)
            if name.heading.family is Family.OUTWARD:
                home = self.scopes.all[self.scopes.of_function(scope)]
                home.outward[self.text(name.node)] = name.heading.mention is Mention.GLOBAL
            else:
                late.append((name, scope))
        for name, scope in late:
            if name.heading.family is Family.BIND:
                self._bind(name, scope)
            elif name.heading.family is Family.IMPORTED:
                self._bind_import(name, scope)

    def _bind(self, name: Name, scope: int) -> None:
        if name.heading.mention is Mention.DECLARES:
            return
        captures = name.captures
        binding = Binding(scope, _MEANINGS.get(name.heading.mention, EITHER))
        number = self.ranges.by_name.get(name.start, -1)
        home = self._home(name, scope)
        is_parameter = number >= 0 and home != FILE and self.symbols[number].kind is SymbolKind.PROPERTY
        if not is_parameter or self.scopes.all[home].sort is Mention.SCOPE_CLASS:
            binding.symbol = number
        binding.type = _first(captures, "type")
        binding.value = _first(captures, "value")
        binding.key = self._key(name)
        if name.heading.mention in (Mention.BIND_SELF, Mention.BIND_CLASS):
            around = self.ranges.class_around(self.ranges.at(name.start))
            if around >= 0:
                op = Op.SELF if name.heading.mention is Mention.BIND_SELF else Op.SYMBOL
                binding.expression = self.expressions.number(op, around)
        self.scopes.bind(self.text(name.node), binding, home)

    def _home(self, name: Name, scope: int) -> int:
        around = _first(name.captures, "around")
        if around is not None:
            return self.scopes.around(scope, around.start_byte)
        return self.scopes.of_function(scope) if "hoisted" in name.captures else scope

    def _bind_import(self, name: Name, scope: int) -> None:
        alias = _first(name.captures, "alias")
        specifier = name.captures["specifier"][0]
        if name.heading.mention is Mention.IMPORTED_PART:
            self._bind_part(name, scope, specifier, alias)
            return
        module = self._module(specifier)
        text = self.text(name.node)
        if name.heading.mention is Mention.IMPORTED_STAR:
            self.stars[self._specifier(specifier)] = None
            return
        if name.heading.mention is Mention.IMPORTED_MODULE:
            expression = module
            self.taken.setdefault(specifier.start_byte, {})[EVERYTHING] = False
        else:
            taken = DEFAULT if name.heading.mention is Mention.IMPORTED_DEFAULT else text
            expression = self.expressions.number(Op.FROM, module, taken)
            self.taken.setdefault(specifier.start_byte, {})[taken] = "type_only" in name.captures
        local = self.text(alias) if alias is not None else text
        self.scopes.bind(local, Binding(scope, expression=expression, is_alias=True), scope)

    def _bind_part(self, name: Name, scope: int, specifier: Node, alias: Node | None) -> None:
        is_bound = name.start == specifier.start_byte if alias is None else name.node.end_byte == specifier.end_byte
        if is_bound:
            expression = self._part(name, specifier)
            local = self.text(alias if alias is not None else name.node)
            self.scopes.bind(local, Binding(scope, expression=expression, is_alias=True), scope)

    def _part(self, name: Name, specifier: Node) -> int:
        """The module that a dotted specifier names up to and with this part."""
        dotted = self.source.slice(specifier.start_byte, name.node.end_byte)
        return self.expressions.number(Op.MODULE, UNKNOWN, "".join(dotted.split()))

    def _module(self, specifier: Node) -> int:
        return self.expressions.number(Op.MODULE, UNKNOWN, self._specifier(specifier))

    def _specifier(self, node: Node) -> str:
        return "".join(self._unquoted(node).split())

    # ---- second pass: refer

    def _refer(self, name: Name, scope: int) -> None:
        family = name.heading.family
        if family is Family.REFERENCE:
            self._refer_to(name, scope)
        elif family is Family.BIND:
            self._refer_from_binding(name, scope)
        elif family is Family.IMPORTED:
            self._refer_to_import(name)
        elif family is Family.EXPORT:
            self._refer_from_export(name)

    def _refer_to(self, name: Name, scope: int) -> None:
        number = self.ranges.by_name.get(name.start, -1)
        if number >= 0:  # `self.x = …` that defines x
            self.declared.append((number, scope, name))
            return
        kind = _KINDS[name.heading.kind]
        before = _first(name.captures, "object")
        in_type = (
            kind in (ReferenceKind.READ, ReferenceKind.PROPERTY) and self.mentions.in_type.find(name.start) is not None
        )
        if in_type:
            kind = ReferenceKind.TYPE
        text = self.text(name.node)
        if before is not None:
            expression = self.expressions.number(Op.MEMBER, self._expression(before, scope), text)
        elif "quoted" in name.captures:
            self._refer_to_quoted(name.start, text, scope)
            return
        else:
            expression = self._look_up(text, scope, self._meaning(kind))
        if kind is ReferenceKind.EXTENDS and expression >= 0:
            self._note_base(expression, scope)
        self._add(kind, expression, name.start)

    def _note_base(self, expression: int, scope: int) -> None:
        around = self.scopes.class_around(scope)
        number = self.class_symbols.get(around) if around is not None else None
        if number is not None:
            self.types.bases.setdefault(number, []).append(expression)

    def _meaning(self, kind: ReferenceKind) -> int:
        return _LOOKED_UP_AS.get(kind, VALUE) if self.rules.types_have_names else EITHER

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
        number = self.ranges.by_name.get(name.start, -1)
        if number >= 0:
            self.declared.append((number, scope, name))
        elif name.heading.mention is not Mention.DECLARES:
            self._refer_to_rebound(name, scope)
        if "destructured" in name.captures:
            self._refer_to_key(name, scope)

    def _refer_to_rebound(self, name: Name, scope: int) -> None:
        """A name that is bound again is written, if it is a symbol's."""
        text = self.text(name.node)
        home = self.scopes.all[self._home(name, scope)]
        first = home.names[text][0] if text in home.defined else None
        if first is not None and first.symbol >= 0 and first.type is None:
            self.rebound.append((first.symbol, scope, name))
        if text in home.outward or text in home.defined:
            self._add(ReferenceKind.WRITE, self._look_up(text, scope, self._meaning(ReferenceKind.WRITE)), name.start)

    def _refer_to_key(self, name: Name, scope: int) -> None:
        value = self._stated_at(name, scope)
        if value != UNKNOWN:
            key = _first(name.captures, "key") or name.node
            self._add(ReferenceKind.PROPERTY, value, key.start_byte)

    def _refer_to_import(self, name: Name) -> None:
        specifier = name.captures["specifier"][0]
        match name.heading.mention:
            case Mention.IMPORTED_STAR:
                return
            case Mention.IMPORTED_PART:
                expression = self._part(name, specifier)
            case Mention.IMPORTED_MODULE:
                expression = self._module(specifier)
            case Mention.IMPORTED_DEFAULT:
                expression = self.expressions.number(Op.FROM, self._module(specifier), DEFAULT)
            case _:
                expression = self.expressions.number(Op.FROM, self._module(specifier), self.text(name.node))
        self._add(ReferenceKind.IMPORT, expression, name.start)

    def _refer_from_export(self, name: Name) -> None:
        text = self.text(name.node)
        alias = _first(name.captures, "alias")
        under = self._unquoted(alias) if alias is not None else text
        kind = ReferenceKind.REEXPORT
        match name.heading.mention:
            case Mention.REEXPORT_STAR:
                self.stars[self._specifier(name.captures["specifier"][0])] = None
                return
            case Mention.REEXPORT_MODULE:
                expression = self._module(name.captures["specifier"][0])
                under = self._unquoted(name.node)
            case Mention.REEXPORT_NAME:
                specifier = name.captures["specifier"][0]
                taken = self._unquoted(name.node)
                expression = self.expressions.number(Op.FROM, self._module(specifier), taken)
                self.taken.setdefault(specifier.start_byte, {})[taken] = "type_only" in name.captures
                under = self._unquoted(alias or name.node)
            case _:
                expression = self._look_up(text, FILE, EITHER)
                under = _UNDER.get(name.heading.mention, under)
                kind = ReferenceKind.REEXPORT if self._is_imported(text) else ReferenceKind.READ
        if expression != _LOCAL:
            self.exported.setdefault(under, []).append(expression)
        if name.start not in self.ranges.by_name:
            self._add(kind, expression, name.start)

    def _is_imported(self, name: str) -> bool:
        return any(binding.is_alias for binding in self.scopes.all[FILE].names.get(name, ()))

    def _unquoted(self, node: Node) -> str:
        text = self.text(node)
        return text[1:-1] if text[:1] in _QUOTES and len(text) > 1 else text

    def _add(self, kind: ReferenceKind, expression: int, offset: int) -> None:
        if expression >= 0:
            key = (kind, expression, self.ranges.at(offset))
            self.groups.setdefault(key, []).append(self.source.position(offset))

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

    def _expression(self, node: Node | None, scope: int) -> int:
        """The expression that a node stands for, in which locals are replaced by what they are bound to."""

        def base(step: Step) -> int:
            if step.op in (Op.SELF, Op.SUPER):
                return self._this(step.op, scope)
            name = self._unquoted(step.name) if step.name is not None else None
            if step.op is Op.MODULE or name is None:
                return self.expressions.number(Op.MODULE, UNKNOWN, name) if name else UNKNOWN
            meaning = TYPE if step.is_type else EITHER
            expression = self._look_up(name, scope, meaning)
            return expression if expression != _LOCAL else self._local(name, scope, meaning)

        return self.expressions.of(node, base)

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

    def _stated_at(self, name: Name, scope: int) -> int:
        """What a place that binds or declares a name says about its value."""
        return self._stated(_first(name.captures, "type"), _first(name.captures, "value"), self._key(name), scope)

    def _key(self, name: Name) -> str | None:
        if "destructured" not in name.captures:
            return None
        return self.text(_first(name.captures, "key") or name.node)

    def _stated(self, declared: Node | None, value: Node | None, key: str | None, scope: int) -> int:
        stated = self._instance(declared) if declared is not None else self._expression(value, scope)
        if key is None or stated == UNKNOWN:
            return stated
        return self.expressions.number(Op.MEMBER, stated, key)

    def _instance(self, declared: Node) -> int:
        """A value of a type, whose names are looked up where the type stands: heads have scopes of their own."""
        return self.expressions.number(
            Op.INSTANCE, self._expression(declared, self.scopes.containing(declared.start_byte))
        )

    # ---- what the file says about itself

    def _note_types(self) -> None:
        for number, scope, name in self.declared:
            value = self._stated_at(name, scope)
            if value != UNKNOWN:
                self.types.values[number] = value
            returns = _first(name.captures, "returns")
            if returns is not None:
                result = self._instance(returns)
                if result != UNKNOWN:
                    self.types.returns[number] = result
        for number, scope, name in self.rebound:
            value = self._expression(_first(name.captures, "value"), scope)
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
        for name in self.mentions.imports:
            specifier = name.captures["specifier"][0]
            taken = self.taken.get(specifier.start_byte, {})
            kind = DependencyKind(name.heading.kind)
            type_only = (
                kind is DependencyKind.TYPE_IMPORT
                or "type_only" in name.captures
                or self.mentions.type_checking.find(name.start) is not None
                or (bool(taken) and all(taken.values()))
            )
            if type_only and kind is DependencyKind.IMPORT:
                kind = DependencyKind.TYPE_IMPORT
            line, _ = self.source.position(name.start)
            yield Import(self._specifier(specifier), kind, type_only, line, tuple(taken))


_QUOTES = ("'", '"', "`")
_UNDER = {Mention.EXPORT_DEFAULT: DEFAULT, Mention.EXPORT_WHOLE: WHOLE}


def _first(captures: Captures, part: str) -> Node | None:
    nodes = captures.get(part)
    return nodes[0] if nodes else None


def _spaces(match: re.Match[str]) -> str:
    return " " * len(match[0])
