"""The members of values, what variables hold, and what is an instance of a type.

Nothing is known of what is not understood: it is None, and so is all that is made of it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

from kotadb.languages.modules import MISSING, Location
from kotadb.model import KEYS, REST, Op, SymbolKind, Types
from kotadb.pipeline.builtins import TUPLES
from kotadb.pipeline.names import Names
from kotadb.pipeline.outline import Read
from kotadb.pipeline.positions import CLASSES
from kotadb.pipeline.values import (
    MEMBER,
    THIS,
    TYPE,
    Sort,
    Target,
    Value,
    Variable,
    alternatives,
    substituted,
    union,
    unnamed,
    variables,
    weighed,
)

MAX_ANCESTORS = 500
"""Classes that a member is looked for in, besides its own: ten thousand that each extend the one before would otherwise
take the square of that in time."""
KEPT_ANCESTORS = 128
"""Lists of more are worked out anew: kept for each class of a long chain, they would take the memory of the worker."""

FUEL = 6
"""Hops from a value to its type, or from a class to its bases in another expression, that an answer may take."""

TYPES = CLASSES | {SymbolKind.TYPE}
CALLABLE = frozenset({SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.CONSTRUCTOR})
_MEMBERS = frozenset({SymbolKind.PROPERTY, SymbolKind.METHOD})
_VARIABLES = frozenset({SymbolKind.VARIABLE, SymbolKind.CONSTANT})

Bound: TypeAlias = dict[Variable, Value]
"""What type parameters stand for."""


class Members(Names):
    """Answers what values are made of."""

    def _each(self, value: Value | None, find: Callable[[Value], Value | None]) -> Value | None:
        """What is found for each of the values that it may be."""
        if value is None or value.sort is not Sort.UNION:
            return find(value) if value is not None else None
        return union(map(find, alternatives(value)))

    # ---- members

    def member(self, number: int, base: Value | None, name: str, fuel: int) -> Value | None:
        """The member of a value; `number` is the file that asks."""
        return self._each(base, lambda one: self._member(number, one, name, fuel))

    def _member(self, number: int, base: Value, name: str, fuel: int) -> Value | None:
        match base.sort:
            case Sort.OUTSIDE:
                return self.builtin_of(number, base.location, name) or base
            case Sort.MODULE:
                found = self.exported(number, base.location, name, fuel)
                return found and found._replace(how=max(base.how, MEMBER, found.how))
            case Sort.VARIABLE | Sort.TYPE_OF:
                return self.member(number, base.parts[0], name, fuel)
            case Sort.OBJECT:
                return self._value_of_key(base, name, fuel)
            case Sort.TUPLE:
                return self._member_of_tuple(number, base, name, fuel)
            case Sort.FUNCTION:
                return None
        return self._member_of_symbol(number, base, name, fuel)

    def _member_of_symbol(self, number: int, base: Value, name: str, fuel: int) -> Value | None:
        how = max(base.how, MEMBER)
        own = () if base.sort is Sort.SUPER else tuple(self._own(base.targets, name))
        if own:
            declared = self._declared_elsewhere(number, base, own[0], name, fuel)
            if declared is not None and declared.sort is Sort.DECLARED:
                return declared
            return weighed(Value(Sort.DECLARED, how, own, bound=self._bound(base, fuel)))
        inherited = self._inherited(base, name, how, fuel)
        if inherited is not None or base.sort is Sort.SUPER:
            return inherited
        return self.member(number, self._read(base, fuel), name, fuel - 1)

    def _declared_elsewhere(self, number: int, base: Value, own: Target, name: str, fuel: int) -> Value | None:
        """What counts more than a member of its own: that of a variable's type, and what a base declares."""
        if base.sort is Sort.DECLARED and self.kind(base.targets[0]) in _VARIABLES:
            return self.member(number, self._read(base, fuel), name, fuel - 1)
        if self._is_loose(own):
            return self._inherited(base, name, max(base.how, MEMBER), fuel, declared=True)
        return None

    def _member_of_tuple(self, number: int, base: Value, name: str, fuel: int) -> Value | None:
        """A tuple has the members of the builtin that the language makes of it."""
        for kind in self.protocols(number, TUPLES):
            made = self.builtin(number, kind)
            if made is not None:
                each = union(self._parts(base, fuel))
                return self._member(number, made._replace(sort=Sort.INSTANCE, parts=(each,)), name, fuel)
        return None

    def _own(self, targets: Iterable[Target], name: str) -> Iterator[Target]:
        places = dict.fromkeys((number, self.files[number].qualified_names[symbol]) for number, symbol in targets)
        for number, around in places:
            file = self.files[number]
            self.note(number, Read.MEMBER, f"{around}\0{name}")
            for found in file.members(around, name):
                yield number, found

    def _bound(self, base: Value, fuel: int) -> tuple[tuple[Variable, Value], ...]:
        """What the type parameters of its type, and `this`, stand for in a member of this value."""
        bound: Bound = {}
        if base.sort in (Sort.INSTANCE, Sort.SUPER) and not base.is_this:
            bound[THIS] = base
        if base.parts:
            for target in base.targets:
                bound |= self._arguments(target, base.parts, fuel)
        return tuple((bound | dict(base.bound)).items())

    def _arguments(self, target: Target, parts: Sequence[Value | None], fuel: int) -> Bound:
        """The type parameters of a generic symbol, with what they stand for."""
        pairs = zip(self._variables(target, fuel), parts, strict=False)
        return {variable: given for variable, given in pairs if variable is not None and given is not None}

    def _variables(self, target: Target, fuel: int) -> Sequence[Variable | None]:
        """The type parameters of a symbol, in their order."""
        number, symbol = target
        listed = self._types(target).parameters.get(symbol)
        if listed is not None:
            expressions = self.files[number].expressions
            stated = [expressions[each] if each >= 0 else (-1, -1, None, ()) for each in listed]
            return [(number, name or "") if op == Op.VARIABLE else None for op, _, name, _ in stated]
        found: dict[Variable, None] = {}
        for base in self._types(target).bases.get(symbol, ()):  # Python: those of the bases, in order
            value = self.value(number, base, fuel - 1)
            found |= dict.fromkeys(variables(value))
        return list(found)

    def _is_loose(self, target: Target) -> bool:
        return target[1] in self._types(target).loose

    def _inherited(self, base: Value, name: str, how: int, fuel: int, *, declared: bool = False) -> Value | None:
        """The member of a base: of the first that declares its type, or else, but for `declared`, of the first."""
        outside = MISSING
        loose: Value | None = None
        for target in base.targets:
            if self.kind(target) not in TYPES:
                continue
            ancestors, beyond = self._all_bases(target, fuel)
            for ancestor in ancestors:
                own = tuple(self._own(ancestor.targets, name))
                if own and not self._is_loose(own[0]):
                    return self._of_ancestor(base, ancestor, own, how, fuel)
                if own and loose is None and not declared:
                    loose = self._of_ancestor(base, ancestor, own, how, fuel)
            outside = beyond if outside is MISSING else outside
        if loose is not None or outside.package is None:
            return loose
        return Value(Sort.OUTSIDE, how, (), outside)

    def _of_ancestor(self, base: Value, ancestor: Value, own: tuple[Target, ...], how: int, fuel: int) -> Value:
        """A member of an ancestor, with what the type parameters there stand for in this value."""
        mine = dict(self._bound(base, fuel))
        theirs = dict(self._bound(ancestor, fuel))
        bound = {key: substituted(value, mine) or value for key, value in theirs.items() if key != THIS}
        if THIS in mine:
            bound[THIS] = mine[THIS]
        return weighed(Value(Sort.DECLARED, how, own, bound=tuple(bound.items())))

    def _all_bases(self, target: Target, fuel: int) -> tuple[tuple[Value, ...], Location]:
        """The classes that it inherits from, each before its own bases; and a package that more comes from."""
        found: tuple[tuple[Value, ...], Location] | None
        found = self.once(self.ancestors, target, fuel, self._find_all_bases, target)
        if found is None:
            return (), MISSING
        if len(found[0]) > KEPT_ANCESTORS:
            self.drop(self.ancestors, target, fuel)
        return found

    def _find_all_bases(self, target: Target, fuel: int) -> tuple[tuple[Value, ...], Location]:
        order: list[Value] = []
        outside = MISSING
        seen = {target}
        start = Value(Sort.DECLARED, MEMBER, (target,))
        stack = [(start, iter(self._bases(start, fuel)))]
        while stack:
            current, bases = stack[-1]
            base = next(bases, None)
            if base is None:
                stack.pop()
                order.append(current)
            elif isinstance(base, Location):
                outside = base
            elif base.targets[0] not in seen and len(seen) <= MAX_ANCESTORS:
                seen.add(base.targets[0])
                stack.append((base, iter(self._bases(base, fuel))))
        return tuple(reversed(order[:-1])), outside

    def _bases(self, value: Value, fuel: int) -> list["Value | Location"]:
        """The bases of a class, the last one first, with the type arguments that this one gives them."""
        target = value.targets[0]
        found: list[Value | Location] | None
        found = self.once(self.bases, target, fuel, self._find_bases, target)
        if found is None:
            return []
        bound = self._arguments(target, value.parts, fuel) if value.parts else {}
        return [substituted(base, bound) or base if isinstance(base, Value) else base for base in found]

    def _find_bases(self, target: Target, fuel: int) -> list["Value | Location"]:
        number, symbol = target
        found: list[Value | Location] = []
        for expression in reversed(self._types(target).bases.get(symbol, ())):
            for base in alternatives(self.value(number, expression, fuel - 1)):
                if base.sort is Sort.OUTSIDE:
                    found.append(base.location)
                elif base.sort in (Sort.DECLARED, Sort.INSTANCE):
                    found.extend(self._classes(base, fuel - 1))
        return found

    def supertypes(self, target: Target) -> list[tuple[Target, bool]]:
        """The classes and types that it names as what it extends or implements, and whether it says `implements`."""
        found: list[tuple[Target, bool]]
        found = self.once(self.named_types, target, FUEL, self._find_supertypes, target)
        return found

    def _find_supertypes(self, target: Target, fuel: int) -> list[tuple[Target, bool]]:
        number, symbol = target
        types = self._types(target)
        found: dict[tuple[Target, bool], None] = {}
        for named, is_implemented in ((types.bases, False), (types.interfaces, True)):
            for expression in named.get(symbol, ()):
                for base in alternatives(self.value(number, expression, fuel)):
                    if base.sort in (Sort.DECLARED, Sort.INSTANCE):
                        above = [each for each in self._supertypes_of(base, fuel) if each[0] >= 0]
                        found |= dict.fromkeys((each, is_implemented) for each in above)
        return list(found)

    def _supertypes_of(self, base: Value, fuel: int) -> Iterator[Target]:
        classes = [value.targets[0] for value in self._classes(base, fuel)]
        of_classes = [each for each in classes if self.kind(each) in CLASSES]
        yield from of_classes or (each for each in base.targets if self.kind(each) in TYPES)

    def _classes(self, value: Value, fuel: int) -> list[Value]:
        """The classes among what is declared, each by itself, aliases followed."""
        classes = [target for target in value.targets if self.kind(target) in CLASSES]
        if classes:
            return [value._replace(sort=Sort.DECLARED, targets=(target,)) for target in classes]
        aliases = [target for target in value.targets if self.kind(target) is SymbolKind.TYPE]
        read = [value._replace(sort=Sort.DECLARED, targets=(target,)) for target in aliases]
        for each in alternatives(self._read(value._replace(sort=Sort.DECLARED), fuel)):
            if each.sort in (Sort.DECLARED, Sort.INSTANCE) and each.targets != value.targets:
                read.extend(self._classes(each, fuel - 1) if fuel > 0 else ())
        return read

    def kind(self, target: Target) -> SymbolKind:
        """The kind of a symbol."""
        return self.files[target[0]].kinds[target[1]]

    def _types(self, target: Target) -> Types:
        """What is known of the values of a symbol, among others."""
        file = self.files[target[0]]
        self.note(target[0], Read.TYPE, str(file.ids[target[1]]))
        return file.types

    # ---- what is held, and what is an instance of a type

    def _read(self, value: Value, fuel: int) -> Value | None:
        """What a variable, property or getter holds, or the type that a name for one stands for."""
        if value.sort not in (Sort.DECLARED, Sort.INSTANCE):
            return None
        for target in value.targets:
            number, symbol = target
            kind = self.kind(target)
            types = self._types(target)
            if kind is SymbolKind.ENUM_MEMBER:
                around = self.files[number].around(symbol)
                return Value(Sort.INSTANCE, TYPE, ((number, around),), literal=target) if around is not None else None
            if kind is SymbolKind.GETTER:
                signature = types.signatures.get(symbol)
                stated = self.value(number, signature, fuel - 1) if signature is not None else None
                found = self._returned(stated, fuel - 1) if stated is not None else None
            elif kind in CALLABLE or symbol not in types.values:
                continue
            else:
                found = self.value(number, types.values[symbol], fuel - 1)
            bound = dict(value.bound)
            if value.parts:
                bound |= self._arguments(target, value.parts, fuel)
            found = substituted(found, bound)
            if found is not None and value.sort is Sort.INSTANCE:
                found = self._instance(found, fuel - 1)
            return found and found._replace(how=max(found.how, TYPE))
        return None

    def held(self, value: Value | None, fuel: int) -> Value | None:
        """The same, and for what holds nothing the value itself."""
        return self._each(value, lambda one: self._held(one, fuel))

    def _held(self, value: Value, fuel: int) -> Value | None:
        if value.sort is not Sort.DECLARED or fuel <= 0:
            return value
        if any(self.kind(target) in TYPES or self.kind(target) in CALLABLE for target in value.targets):
            return value
        found = self._read(value, fuel)
        return self.held(found, fuel - 1) if found is not None else None

    def _instance(self, of: Value | None, fuel: int) -> Value | None:
        """A value of a type."""
        return self._each(of, lambda one: self._one_instance(one, fuel))

    def _one_instance(self, of: Value, fuel: int) -> Value | None:
        if of.sort is Sort.TYPE_OF:
            return self._each(of.parts[0], lambda one: self._as_type(one, fuel))
        if of.sort is not Sort.DECLARED:
            return of
        types = tuple(target for target in of.targets if self.kind(target) in TYPES)
        if types and (variable := self._as_variable(types[0], fuel)) is not None:
            return variable
        if types:
            return of._replace(sort=Sort.INSTANCE, how=TYPE, targets=types)
        found = self._read(of, fuel) if fuel > 0 else None
        return self._instance(found, fuel - 1) if found is not None else None

    def _as_type(self, value: Value, fuel: int) -> Value | None:
        """The value of the type that only has this one: of a type parameter it is not known yet."""
        variable = value if value.sort is Sort.VARIABLE else None
        if value.sort is Sort.DECLARED:
            variable = self._as_variable(value.targets[0], fuel)
        if variable is None:
            return self._held(value, fuel)
        return weighed(Value(Sort.TYPE_OF, TYPE, parts=(variable,)))

    def _as_variable(self, target: Target, fuel: int) -> Value | None:
        """The type parameter that a symbol is declared to be."""
        number, symbol = target
        stated = self._types(target).values.get(symbol) if self.kind(target) is SymbolKind.TYPE else None
        is_variable = stated is not None and self.files[number].expressions[stated][0] == Op.VARIABLE
        return self.value(number, stated, fuel) if stated is not None and is_variable else None

    def _opened(self, value: Value | None, fuel: int) -> Value | None:
        """The value that is held, with what a name for its type stands for in the name's place."""
        return self._each(self.held(value, fuel), lambda one: self._open(one, fuel))

    def _open(self, value: Value, fuel: int) -> Value | None:
        if value.sort is Sort.VARIABLE:
            return self._opened(value.parts[0], fuel - 1) if fuel > 0 and value.parts[0] is not None else value
        if value.sort is not Sort.INSTANCE or self.kind(value.targets[0]) is not SymbolKind.TYPE:
            return value
        found = self._read(value, fuel)
        return value if found is None else self._opened(found, fuel - 1) if fuel > 0 else None

    # ---- what is in functions, tuples and objects without a name

    def _form(self, function: Value) -> tuple[int, Sequence[int], bool]:
        """The file of a FUNCTION, its result and parameters there, and whether the last takes the rest."""
        number, expression = function.targets[0]
        _, _, rest, parts = self.files[number].expressions[expression]
        return number, parts, rest == REST

    def _returned(self, function: Value, fuel: int) -> Value | None:
        """What a FUNCTION returns."""
        number, parts, _ = self._form(function)
        return substituted(self.value(number, parts[0], fuel), dict(function.bound))

    def _parts(self, value: Value, fuel: int) -> list[Value | None]:
        """The elements of a TUPLE, or the values of an OBJECT."""
        number, expression = value.targets[0]
        bound = dict(value.bound)
        parts = self.files[number].expressions[expression][3]
        return [substituted(self.held(self.value(number, part, fuel - 1), fuel - 1), bound) for part in parts]

    def _is_member(self, number: int, part: int, name: str) -> bool:
        """Whether a part of an OBJECT is declared as its member."""
        file = self.files[number]
        op, symbol, _, _ = file.expressions[part] if part >= 0 else (-1, -1, None, ())
        return op == Op.SYMBOL and file.names[symbol] == name and file.kinds[symbol] in _MEMBERS

    def _value_of_key(self, value: Value, key: str, fuel: int) -> Value | None:
        number, expression = value.targets[0]
        _, _, names, parts = self.files[number].expressions[expression]
        for name, part in zip((names or "").split(KEYS), parts, strict=False):
            if name == key and self._is_member(number, part, name):
                return substituted(self.value(number, part, fuel - 1), dict(value.bound))
            if name == key:
                return unnamed(substituted(self.held(self.value(number, part, fuel - 1), fuel - 1), dict(value.bound)))
        return None
