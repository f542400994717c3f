"""What expressions stand for: the types of values, as far as the facts of the files tell them.

Answers are a bounded fixpoint. A hop from a value to its type, from a call to what the function returns, or from a class
to its bases uses up `fuel`, rather than being cut where it happens to meet itself: the value at fuel n is the n-th
iterate, a pure function of the facts, whatever was asked before. An answer that needed less fuel than there was is the
same with more, so that most are worked out once (`Names.once`).

Nothing is known of what is not understood: it is None, and so is all that is made of it.
"""

from collections.abc import Callable, Container, Iterable, Iterator, Sequence

from kotadb.languages.mentions import Test
from kotadb.languages.modules import MISSING, Location
from kotadb.model import KEYS, REST, Op, SymbolKind, Types
from kotadb.pipeline.builtins import AWAITED, CALLED, CONSTRUCTORS, INDEXED, ITEM, ITERATED, ITERATOR, TUPLES
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
    has_variables,
    substituted,
    union,
    unnamed,
    weighed,
)

FUEL = 6
"""Hops from a value to its type, or from a class to its bases in another expression, that an answer may take."""

MAX_ANCESTORS = 500
"""Classes that a member is looked for in, besides its own: ten thousand that each extend the one before would otherwise
take the square of that in time."""
KEPT_ANCESTORS = 128
"""Lists of more are worked out anew: kept for each class of a long chain, they would take the memory of the worker."""
MAX_MATCHED = 4
"""Type arguments within type arguments that are compared to find what a type parameter stands for."""

_TYPES = CLASSES | {SymbolKind.TYPE}
_CALLABLE = frozenset({SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.CONSTRUCTOR})
_MADE = CLASSES - {SymbolKind.INTERFACE}
"""What can be called to make one."""
_MEMBERS = frozenset({SymbolKind.PROPERTY, SymbolKind.METHOD})
_VARIABLES = frozenset({SymbolKind.VARIABLE, SymbolKind.CONSTANT})
_LATE = {Op.FUNCTION: Sort.FUNCTION, Op.TUPLE: Sort.TUPLE, Op.OBJECT: Sort.OBJECT}

_TRUE = ("true", "True")
_FALSE = ("false", "null", "undefined", "False", "None")

Bound = dict[Variable, Value]


class Program(Names):
    """All files of one commit, and what their expressions stand for."""

    def value(self, number: int, expression: int, fuel: int = FUEL) -> Value | None:
        """What an expression of a file stands for; None if that cannot be told."""
        if expression < 0:
            return None
        found: Value | None = self.once(self.values[number], expression, fuel, self._evaluated, number, expression)
        return found

    def _evaluated(self, number: int, expression: int, fuel: int) -> Value | None:
        op, operand, name, parts = self.files[number].expressions[expression]
        match op:
            case Op.NAME | Op.SYMBOL | Op.MODULE | Op.FROM:
                return self.followed(number, expression, fuel)
            case Op.SELF:
                return Value(Sort.INSTANCE, MEMBER, ((number, operand),), is_this=True)
            case Op.SUPER:
                return Value(Sort.SUPER, MEMBER, ((number, operand),), is_this=True)
            case Op.FUNCTION | Op.TUPLE | Op.OBJECT:
                return Value(_LATE[op], TYPE, ((number, expression),))
            case Op.VARIABLE:
                limit = self._instance(self.value(number, operand, fuel), fuel)
                return weighed(Value(Sort.VARIABLE, TYPE, parts=(limit,), variable=(number, name or "")))
            case Op.BUILTIN:
                return self.builtin(number, name or "")
            case Op.EXPECTED:
                return self._expected(number, operand, name or "", parts, fuel)
            case Op.UNION:
                return union(self.value(number, part, fuel) for part in parts)
        base = self.value(number, operand, fuel)
        if base is None:
            return None
        match op:
            case Op.MEMBER:
                return self.member(number, base, name or "", fuel)
            case Op.CALL:
                return self._each(base, lambda one: self._called(one, number, name, parts, fuel))
            case Op.INSTANCE:
                return self._instance(base, fuel)
            case Op.APPLY:
                return self._each(base, lambda one: self._applied(number, one, parts, fuel))
            case Op.AWAIT:
                return self._each(base, lambda one: self._awaited(number, one, fuel))
            case Op.EACH:
                return self._each(base, lambda one: self._element(number, one, fuel))
            case Op.ITEM:
                return self._each(base, lambda one: self._item(number, one, name, parts, fuel))
            case Op.PARAMETER:
                return self._parameter(base, int(name or 0), fuel)
            case Op.LITERAL:
                found = self._instance(base, fuel)
                return found and found._replace(literal=name)
            case Op.NARROWED:
                return self._narrowed(number, base, name or "", parts, fuel)
            case Op.TYPE_OF:
                return weighed(Value(Sort.TYPE_OF, TYPE, parts=(base,)))
        raise AssertionError(op)

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
        how = max(base.how, MEMBER)
        match base.sort:
            case Sort.OUTSIDE:
                return self.builtin_of(number, base.location, name) or base
            case Sort.MODULE:
                found = self.exported(number, base.location, name, fuel)
                return found and found._replace(how=max(how, found.how))
            case Sort.VARIABLE | Sort.TYPE_OF:
                return self.member(number, base.parts[0], name, fuel)
            case Sort.OBJECT:
                return self._value_of_key(base, name, fuel)
            case Sort.TUPLE:
                return self._member_of_tuple(number, base, name, fuel)
            case Sort.FUNCTION:
                return None
        own = () if base.sort is Sort.SUPER else tuple(self._own(base.targets, name))
        if own and base.sort is Sort.DECLARED and self.kind(base.targets[0]) in _VARIABLES:
            declared = self.member(number, self._read(base, fuel), name, fuel - 1)
            if declared is not None and declared.sort is Sort.DECLARED:
                return declared  # of its type, which counts for whoever uses it
        if own:
            return weighed(Value(Sort.DECLARED, how, own, bound=self._bound(base, fuel)))
        inherited = self._inherited(base, name, how, fuel)
        if inherited is not None or base.sort is Sort.SUPER:
            return inherited
        return self.member(number, self._read(base, fuel), name, fuel - 1)

    def _member_of_tuple(self, number: int, base: Value, name: str, fuel: int) -> Value | None:
        """A tuple has the members of the builtin that the language makes of it."""
        for kind in self.protocols(number, TUPLES):
            made = self.builtin(number, kind)
            if made is not None:
                each = union(self._parts(base, fuel))
                return self._member(number, made._replace(sort=Sort.INSTANCE, parts=(each,)), name, fuel)
        return None

    def _own(self, targets: Iterable[Target], name: str) -> Iterator[Target]:
        for number, symbol in targets:
            file = self.files[number]
            around = file.qualified_names[symbol]
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
            values = [self.value(number, each, fuel) for each in listed]
            return [value.variable if value is not None else None for value in values]
        found: dict[Variable, None] = {}
        for base in self._types(target).bases.get(symbol, ()):  # Python: those of the bases, in order
            value = self.value(number, base, fuel - 1)
            for part in value.parts if value is not None else ():
                if part is not None and part.sort is Sort.VARIABLE and part.variable is not None:
                    found.setdefault(part.variable)
        return list(found)

    def _inherited(self, base: Value, name: str, how: int, fuel: int) -> Value | None:
        outside = MISSING
        for target in base.targets:
            if self.kind(target) not in _TYPES:
                continue
            ancestors, beyond = self._all_bases(target, fuel)
            for ancestor in ancestors:
                own = tuple(self._own(ancestor.targets, name))
                if own:
                    bound = dict(self._bound(ancestor, fuel))
                    mine = dict(self._bound(base, fuel))
                    inner = {key: substituted(value, mine) or value for key, value in bound.items() if key != THIS}
                    this = {THIS: mine[THIS]} if THIS in mine else {}
                    return weighed(Value(Sort.DECLARED, how, own, bound=tuple((inner | this).items())))
            outside = beyond if outside is MISSING else outside
        return Value(Sort.OUTSIDE, how, (), outside) if outside.package is not None else None

    def _all_bases(self, target: Target, fuel: int) -> tuple[tuple[Value, ...], Location]:
        """The classes that it inherits from, each before its own bases; and a package that more comes from."""
        ancestors = self.ancestors
        found: tuple[tuple[Value, ...], Location] | None
        found = self.once(ancestors, target, fuel, self._find_all_bases, target)
        if found is None:
            return (), MISSING
        if len(found[0]) > KEPT_ANCESTORS:
            self.drop(ancestors, target, fuel)
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
            elif kind in _CALLABLE or symbol not in types.values:
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
        if any(self.kind(target) in _TYPES or self.kind(target) in _CALLABLE for target in value.targets):
            return value
        found = self._read(value, fuel)
        return self.held(found, fuel - 1) if found is not None else None

    def _instance(self, of: Value | None, fuel: int) -> Value | None:
        """A value of a type."""
        return self._each(of, lambda one: self._one_instance(one, fuel))

    def _one_instance(self, of: Value, fuel: int) -> Value | None:
        if of.sort is Sort.TYPE_OF:
            return self.held(of.parts[0], fuel)
        if of.sort is not Sort.DECLARED:
            return of
        types = tuple(target for target in of.targets if self.kind(target) in _TYPES)
        if types:
            return of._replace(sort=Sort.INSTANCE, how=TYPE, targets=types)
        found = self._read(of, fuel) if fuel > 0 else None
        return self._instance(found, fuel - 1) if found is not None else None

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

    # ---- calls

    def _called(self, value: Value, number: int, name: str | None, arguments: Sequence[int], fuel: int) -> Value | None:
        """What calling a value gives; `arguments` are expressions of the file that calls. With a name it is `new`."""
        if value.sort is Sort.DECLARED and (made := self._constructed(value, number, name, arguments, fuel)):
            return made
        held = self._held(value, fuel)
        if held is None or held.sort is Sort.OUTSIDE:
            return held
        if held.sort is Sort.TYPE_OF:
            return self._instance(held.parts[0], fuel)
        return self._each(held, lambda one: self._result(one, number, arguments, fuel))

    def _result(self, value: Value, number: int, arguments: Sequence[int], fuel: int) -> Value | None:
        for signature in self._signatures(value, fuel):
            if self._takes(signature, len(arguments)):
                returned = self.held(self._returned(signature, fuel - 1), fuel - 1)
                if has_variables(returned):
                    returned = substituted(returned, self._matched(signature, number, arguments, fuel - 1))
                return returned and returned._replace(how=TYPE)
        return None

    def _constructed(
        self, value: Value, number: int, name: str | None, arguments: Sequence[int], fuel: int
    ) -> Value | None:
        """An instance of a class that is called; None if none is."""
        wanted = _TYPES if name is not None else _MADE
        targets = tuple(target for target in value.targets if self.kind(target) in wanted)
        if not targets:
            return None
        made = Value(Sort.INSTANCE, TYPE, targets, parts=value.parts)
        variables = () if value.parts else self._variables(targets[0], fuel)
        if not variables or not arguments:
            return made
        bound: Bound = {}
        for constructor in self.protocols(targets[0][0], CONSTRUCTORS):
            for each in self._signatures(self._member(number, made, constructor, fuel), fuel):
                if not bound and self._takes(each, len(arguments)):
                    bound = self._matched(each, number, arguments, fuel - 1)
        parts = tuple(bound.get(variable) if variable is not None else None for variable in variables)
        return weighed(made._replace(parts=parts)) if any(parts) else made

    def _signatures(self, value: Value | None, fuel: int) -> list[Value]:
        """The functions that calling a value may call, each a FUNCTION."""
        if value is None or not self.has_fuel(fuel):
            return []
        match value.sort:
            case Sort.FUNCTION:
                return [value]
            case Sort.UNION:
                return [each for one in alternatives(value) for each in self._signatures(one, fuel)]
            case Sort.VARIABLE:
                return self._signatures(value.parts[0], fuel)
            case Sort.DECLARED | Sort.INSTANCE:
                return self._declared_signatures(value, fuel)
        return []

    def _declared_signatures(self, value: Value, fuel: int) -> list[Value]:
        found: list[Value] = []
        for target in value.targets:
            stated = self._types(target).signatures.get(target[1])
            if stated is not None:
                bound = dict(self._bound(value, fuel))
                for each in alternatives(self.value(target[0], stated, fuel)):
                    found += self._signatures(substituted(each, bound), fuel)
        if found or self.kind(value.targets[0]) in _CALLABLE:
            return found
        read = self._read(value, fuel)
        if read is None and value.sort is Sort.INSTANCE:
            number = value.targets[0][0]
            members = (self._member(number, value, each, fuel) for each in self.protocols(number, CALLED))
            read = next(filter(None, members), None)
        return self._signatures(read, fuel - 1)

    def _form(self, function: Value) -> tuple[int, Sequence[int], bool]:
        """The file of a FUNCTION, its result and parameters there, and whether the last takes the rest."""
        number, expression = function.targets[0]
        _, _, rest, parts = self.files[number].expressions[expression]
        return number, parts, rest == REST

    def _takes(self, function: Value, count: int) -> bool:
        """Whether a function takes so many arguments."""
        number, parts, has_rest = self._form(function)
        if not has_rest:
            return count < len(parts)
        op, operand, _, elements = self.files[number].expressions[parts[-1]] if parts[-1] >= 0 else (-1, -1, None, ())
        if op == Op.INSTANCE:
            op, _, _, elements = self.files[number].expressions[operand]
        return op != Op.TUPLE or count <= len(parts) - 2 + len(elements)

    def _returned(self, function: Value, fuel: int) -> Value | None:
        number, parts, _ = self._form(function)
        return substituted(self.value(number, parts[0], fuel), dict(function.bound))

    def _taken(self, function: Value, index: int, fuel: int) -> Value | None:
        """What a function takes as its argument with this index."""
        number, parts, has_rest = self._form(function)
        last = len(parts) - 2
        if last < 0 or (index > last and not has_rest):
            return None
        taken = substituted(self.value(number, parts[min(index, last) + 1], fuel), dict(function.bound))
        if has_rest and index >= last:
            return self._each(taken, lambda one: self._item(number, one, str(index - last), (), fuel))
        return taken

    def _expected(self, number: int, call: int, which: str, result: Sequence[int], fuel: int) -> Value | None:
        """What a call expects as one of its arguments: anything that one of the functions it may call takes.

        What is expected of its own `result`, if anything, counts too for what type parameters stand for.
        """
        _, callee, name, arguments = self.files[number].expressions[call]
        index = int(which)
        found = []
        value = self.value(number, callee, fuel)
        for one in alternatives(self.held(value, fuel)):
            functions = self._signatures(one, fuel)
            if name is not None and one.sort is Sort.DECLARED:
                constructors = self.protocols(one.targets[0][0], CONSTRUCTORS)
                made = one._replace(sort=Sort.INSTANCE)
                functions += [
                    each
                    for name in constructors
                    for each in self._signatures(self._member(number, made, name, fuel), fuel)
                ]
            for function in functions:
                if self._takes(function, len(arguments)):
                    taken = self._taken(function, index, fuel - 1)
                    if has_variables(taken):
                        bound = self._matched(function, number, arguments, fuel - 1)
                        for each in result:
                            wanted = self.value(number, each, fuel - 1)
                            self._match(self._returned(function, fuel - 1), wanted, bound, fuel - 1, MAX_MATCHED)
                        taken = substituted(taken, bound)
                    found.append(taken)
        return union(found)

    def _parameter(self, value: Value, index: int, fuel: int) -> Value | None:
        """What a function takes as its parameter with this index, if all that it may be agree."""
        found = [self.held(self._taken(each, index, fuel - 1), fuel - 1) for each in self._signatures(value, fuel)]
        known = union(found)
        return known if known is None or known.sort is not Sort.UNION else None

    # ---- type arguments

    def _applied(self, number: int, value: Value, parts: Sequence[int], fuel: int) -> Value | None:
        """A generic type with type arguments."""
        if value.sort is not Sort.DECLARED or self.kind(value.targets[0]) in _CALLABLE:
            return value
        given = tuple(self._instance(self.value(number, part, fuel), fuel) for part in parts)
        return weighed(value._replace(parts=given))

    def _matched(self, function: Value, number: int, arguments: Sequence[int], fuel: int) -> Bound:
        """What the arguments of a call say about the type parameters of what is called."""
        found: Bound = {}
        for index, expression in enumerate(arguments):
            taken = self._taken(function, index, fuel) if expression >= 0 else None
            if has_variables(taken):
                self._match(taken, self.held(self.value(number, expression, fuel), fuel), found, fuel, MAX_MATCHED)
        return found

    def _match(self, declared: Value | None, given: Value | None, found: Bound, fuel: int, depth: int) -> None:
        """Compare a type with a value of it, and note what its type parameters stand for."""
        if declared is None or given is None or depth == 0 or not self.has_fuel(fuel):
            return
        if declared.sort is Sort.VARIABLE:
            assert declared.variable is not None
            found.setdefault(declared.variable, given)
        elif declared.sort is Sort.UNION:
            for each in sorted(alternatives(declared), key=lambda one: one.sort is Sort.VARIABLE):
                self._match(each, given, found, fuel, depth - 1)
        elif declared.sort is Sort.TYPE_OF:
            if given.sort in (Sort.DECLARED, Sort.UNION, Sort.TYPE_OF):
                self._match(declared.parts[0], self._instance(given, fuel), found, fuel, depth - 1)
        elif declared.sort is Sort.INSTANCE and declared.parts:
            for mine, theirs in zip(declared.parts, self._seen_as(declared.targets, given, fuel), strict=False):
                self._match(mine, theirs, found, fuel, depth - 1)
        else:
            self._match_function(declared, given, found, fuel, depth)

    def _match_function(self, declared: Value, given: Value, found: Bound, fuel: int, depth: int) -> None:
        mine, theirs = self._signatures(declared, fuel), self._signatures(given, fuel)
        if mine and theirs:
            returned = self.held(self._returned(theirs[0], fuel - 1), fuel - 1)
            self._match(self._returned(mine[0], fuel - 1), returned, found, fuel - 1, depth - 1)

    def _seen_as(self, targets: tuple[Target, ...], given: Value, fuel: int) -> Sequence[Value | None]:
        """The type arguments that a value has as an instance of one of these types."""
        opened = self._opened(given, fuel)
        if opened is None or opened.sort is Sort.UNION:
            return ()
        given = given if set(targets) & set(given.targets) else opened
        if given.sort is Sort.TUPLE:
            return (self._element(targets[0][0], given, fuel),)
        if given.sort is not Sort.INSTANCE:
            return ()
        if set(targets) & set(given.targets):
            return given.parts
        ancestors, _ = self._all_bases(given.targets[0], fuel)
        for ancestor in ancestors:
            if ancestor.targets[0] in targets:
                bound = dict(self._bound(given, fuel))
                return [substituted(part, bound) for part in ancestor.parts]
        return ()

    # ---- conditions

    def _narrowed(self, number: int, value: Value, test: str, parts: Sequence[int], fuel: int) -> Value | None:
        """Those of the values that something may be whose member meets a condition; all if none does."""
        opened = self._opened(value, fuel)
        if opened is None or opened.sort is not Sort.UNION or len(opened.parts) == 1:
            return value
        wanted = set()
        for part in parts:
            literals = {one.literal for one in alternatives(self.held(self.value(number, part, fuel), fuel))}
            if None in literals:
                return value
            wanted |= literals
        kept = [one for one in alternatives(opened) if self._meets(number, one, test, wanted, fuel)]
        return union(kept) if kept else value

    def _meets(self, number: int, value: Value, test: str, wanted: Container[object], fuel: int) -> bool:
        """Whether a value can meet a condition."""
        how, key = test[0], test[1:]
        member = self.held(self._member(number, value, key, fuel), fuel) if key else value
        literals = [one.literal for one in alternatives(member)]
        if how == Test.IS:
            return bool(literals) and any(literal is None or literal in wanted for literal in literals)
        if how == Test.IS_NOT:
            return not literals or any(literal is None or literal not in wanted for literal in literals)
        if how == Test.TRUE:
            return bool(literals) and any(literal not in _FALSE for literal in literals)
        return not literals or any(literal not in _TRUE for literal in literals)

    # ---- what is in a value

    def _awaited(self, number: int, value: Value, fuel: int) -> Value | None:
        """What awaiting a value gives; what cannot be awaited is what it is."""
        held = self._open(value, fuel) if value.sort is Sort.INSTANCE else self._held(value, fuel)
        found = self._each(held, lambda one: self._protocol(number, one, AWAITED, fuel))
        if found is None:
            return value
        return self._each(found, lambda one: self._awaited(number, one, fuel - 1)) if fuel > 0 else found

    def _element(self, number: int, value: Value, fuel: int) -> Value | None:
        """What going through a value gives."""
        if not self.has_fuel(fuel):
            return None
        held = self._opened(value, fuel)
        if held is not None and held.sort is Sort.UNION:
            return union(self._element(number, one, fuel - 1) for one in alternatives(held))
        if held is not None and held.sort is Sort.TUPLE:
            return union(self._parts(held, fuel))
        if held is not None and held.sort is Sort.DECLARED and self.kind(held.targets[0]) is SymbolKind.ENUM:
            return self._one_instance(held, fuel)
        found = self._protocol(number, held, ITERATED, fuel)
        return found if found is not None else self._element_of_result(number, held, fuel)

    def _element_of_result(self, number: int, value: Value | None, fuel: int) -> Value | None:
        """What it gives by way of the method that the language calls for it."""
        if value is None or value.sort not in (Sort.INSTANCE, Sort.DECLARED, Sort.UNION):
            return None
        for name in self.protocols(number, ITERATOR):
            called = self._each(
                self.member(number, value, name, fuel), lambda one: self._called(one, number, None, (), fuel)
            )
            if called is not None:
                return self._each(called, lambda one: self._element(number, one, fuel - 1))
        return None

    def _item(self, number: int, value: Value, key: str | None, parts: Sequence[int], fuel: int) -> Value | None:
        """An element of a value, by its index or key; of a generic type the type with arguments."""
        if value.sort is Sort.DECLARED and self.kind(value.targets[0]) in _TYPES:
            return self._applied(number, value, parts, fuel)
        return self._each(self._opened(value, fuel), lambda one: self._item_of(number, one, key, parts, fuel))

    def _item_of(self, number: int, held: Value, key: str | None, parts: Sequence[int], fuel: int) -> Value | None:
        if held.sort is Sort.DECLARED and self.kind(held.targets[0]) in _TYPES:
            return self._applied(number, held, parts, fuel)
        if held.sort is Sort.TUPLE:
            elements = self._parts(held, fuel)
            if key is not None and key.lstrip("-").isdigit():
                return elements[int(key)] if -len(elements) <= int(key) < len(elements) else None
            return union(elements)
        if held.sort is Sort.OBJECT:
            return self._value_of_key(held, key, fuel) if key is not None else None
        found = self._protocol(number, held, INDEXED, fuel)
        if found is None and held.sort is Sort.INSTANCE:
            for name in self.protocols(number, ITEM):
                found = found or self._each(
                    self._member(number, held, name, fuel), lambda one: self._called(one, number, None, (), fuel)
                )
            if found is None and key is not None and not key.isdigit():
                found = self.held(self._member(number, held, key, fuel), fuel)
        return found

    def _protocol(self, number: int, value: Value | None, name: str, fuel: int) -> Value | None:
        """What a value says that its language does not: the member that the descriptions of builtins have for it."""
        if value is None or value.sort is not Sort.INSTANCE:
            return None
        found = self._member(number, value, name, fuel)
        return self.held(found, fuel) if found is not None and found.sort is Sort.DECLARED else None

    def _parts(self, value: Value, fuel: int) -> list[Value | None]:
        """The elements of a TUPLE, or the values of an OBJECT."""
        number, expression = value.targets[0]
        bound = dict(value.bound)
        parts = self.files[number].expressions[expression][3]
        return [substituted(self.held(self.value(number, part, fuel), fuel), bound) for part in parts]

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
                return substituted(self.value(number, part, fuel), dict(value.bound))
            if name == key:
                return unnamed(substituted(self.held(self.value(number, part, fuel), fuel), dict(value.bound)))
        return None
