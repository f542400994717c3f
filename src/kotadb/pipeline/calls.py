"""What calls give and expect, what type parameters stand for there, and what is in values that the language knows."""

import re
from collections.abc import Sequence

from kotadb.model import Op, SymbolKind
from kotadb.pipeline.builtins import AWAITED, CALLED, CONSTRUCTORS, INDEXED, ITEM, ITERATED, ITERATOR
from kotadb.pipeline.members import CALLABLE, TYPES, Bound, Members
from kotadb.pipeline.positions import CLASSES
from kotadb.pipeline.values import TYPE, Sort, Target, Value, alternatives, has_variables, substituted, union, weighed

MAX_MATCHED = 4
"""Type arguments within type arguments that are compared to find what a type parameter stands for."""

_MADE = CLASSES - {SymbolKind.INTERFACE}
"""What can be called to make one."""


class Calls(Members):
    """Answers what is called."""

    # ---- calls

    def _called(self, number: int, value: Value, name: str | None, arguments: Sequence[int], fuel: int) -> Value | None:
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
        fitting = [each for each in self._signatures(value, fuel) if self._takes(each, len(arguments))]
        if len(fitting) > 1:
            fitting = [each for each in fitting if self._suits(each, number, arguments, fuel - 1)] or fitting
        if not fitting:
            return None
        returned = self.held(self._returned(fitting[0], fuel - 1), fuel - 1)
        if has_variables(returned):
            returned = substituted(returned, self._matched(fitting[0], number, arguments, fuel - 1))
        return returned and returned._replace(how=TYPE)

    def _suits(self, function: Value, number: int, arguments: Sequence[int], fuel: int) -> bool:
        """Whether the arguments can be what a function takes, as far as both are builtin."""
        for index, expression in enumerate(arguments):
            given = self.held(self.value(number, expression, fuel), fuel) if expression >= 0 else None
            taken = self.held(self._taken(function, index, fuel), fuel) if given is not None else None
            if given is None or taken is None or not (self._is_plain(given) and self._is_plain(taken)):
                continue
            if given.targets != taken.targets:
                return False
        return True

    def _is_plain(self, value: Value) -> bool:
        """Whether it is of a builtin type without type arguments: a number, a string."""
        return value.sort is Sort.INSTANCE and value.targets[0][0] < 0 and not value.parts

    def _constructed(
        self, value: Value, number: int, name: str | None, arguments: Sequence[int], fuel: int
    ) -> Value | None:
        """An instance of a class that is called; None if none is."""
        wanted = TYPES if name is not None else _MADE
        targets = tuple(target for target in value.targets if self.kind(target) in wanted)
        if not targets:
            return None
        made = Value(Sort.INSTANCE, TYPE, targets, parts=value.parts)
        variables = () if value.parts else self._variables(targets[0], fuel)
        if not variables or not arguments:
            return made
        bound: Bound = {}
        for each in self._constructors(number, made, fuel):
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
        if found or self.kind(value.targets[0]) in CALLABLE:
            return found
        read = self._read(value, fuel)
        if read is None and value.sort is Sort.INSTANCE:
            number = value.targets[0][0]
            members = (self._member(number, value, each, fuel) for each in self.protocols(number, CALLED))
            read = next(filter(None, members), None)
        return self._signatures(read, fuel - 1)

    def _takes(self, function: Value, count: int) -> bool:
        """Whether a function takes so many arguments."""
        number, parts, has_rest = self._form(function)
        if not has_rest:
            return count < len(parts)
        op, operand, _, elements = self.files[number].expressions[parts[-1]] if parts[-1] >= 0 else (-1, -1, None, ())
        if op == Op.INSTANCE:
            op, _, _, elements = self.files[number].expressions[operand]
        return op != Op.TUPLE or count <= len(parts) - 2 + len(elements)

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
        found: list[Value | None] = []
        for one in alternatives(self.held(self.value(number, callee, fuel), fuel)):
            functions = self._signatures(one, fuel)
            if name is not None and one.sort is Sort.DECLARED:
                functions += self._constructors(number, one._replace(sort=Sort.INSTANCE), fuel)
            found += [
                self._argument(function, int(which), number, arguments, result, fuel - 1)
                for function in functions
                if self._takes(function, len(arguments))
            ]
        return union(found)

    def _argument(
        self, function: Value, index: int, number: int, arguments: Sequence[int], result: Sequence[int], fuel: int
    ) -> Value | None:
        """What a function takes as an argument, with what the others and the expected result say of type parameters."""
        taken = self._taken(function, index, fuel)
        if not has_variables(taken):
            return taken
        bound = self._matched(function, number, arguments, fuel)
        for each in result:
            self._match(self._returned(function, fuel), self.value(number, each, fuel), bound, fuel, MAX_MATCHED)
        return substituted(taken, bound)

    def _constructors(self, number: int, made: Value, fuel: int) -> list[Value]:
        """The functions that make an instance."""
        names = self.protocols(made.targets[0][0], CONSTRUCTORS)
        return [each for name in names for each in self._signatures(self._member(number, made, name, fuel), fuel)]

    def _parameter(self, value: Value, index: int, fuel: int) -> Value | None:
        """What a function takes as its parameter with this index, if all that it may be agree."""
        found = [self.held(self._taken(each, index, fuel - 1), fuel - 1) for each in self._signatures(value, fuel)]
        known = union(found)
        return known if known is None or known.sort is not Sort.UNION else None

    # ---- type arguments

    def _applied(self, number: int, value: Value, parts: Sequence[int], fuel: int) -> Value | None:
        """A generic type with type arguments."""
        if value.sort is not Sort.DECLARED:
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
        if mine and given.sort is Sort.DECLARED and self.kind(given.targets[0]) in _MADE:
            self._match(self._returned(mine[0], fuel - 1), self._one_instance(given, fuel), found, fuel - 1, depth - 1)
        elif mine and theirs:
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
        return self._each(self._opened(value, fuel), lambda one: self._element_of(number, one, fuel))

    def _element_of(self, number: int, held: Value, fuel: int) -> Value | None:
        if held.sort is Sort.TUPLE:
            return union(self._parts(held, fuel))
        if held.sort is Sort.DECLARED and self.kind(held.targets[0]) is SymbolKind.ENUM:
            return self._one_instance(held, fuel)
        found = self._protocol(number, held, ITERATED, fuel)
        return found if found is not None else self._element_of_result(number, held, fuel)

    def _element_of_result(self, number: int, value: Value, fuel: int) -> Value | None:
        """What it gives by way of the method that the language calls for it."""
        if value.sort not in (Sort.INSTANCE, Sort.DECLARED):
            return None
        for name in self.protocols(number, ITERATOR):
            called = self._each(
                self.member(number, value, name, fuel), lambda one: self._called(number, one, None, (), fuel)
            )
            if called is not None:
                return self._each(called, lambda one: self._element(number, one, fuel - 1))
        return None

    def _item(self, number: int, value: Value, key: str | None, parts: Sequence[int], fuel: int) -> Value | None:
        """An element of a value, by its index or key; of a generic type the type with arguments."""
        return self._each(self._opened(value, fuel), lambda one: self._item_of(number, one, key, parts, fuel))

    def _item_of(self, number: int, held: Value, key: str | None, parts: Sequence[int], fuel: int) -> Value | None:
        if held.sort is Sort.DECLARED and self.kind(held.targets[0]) in TYPES:
            return self._applied(number, held, parts, fuel)
        if held.sort is Sort.TUPLE:
            elements = self._parts(held, fuel)
            if key is not None and re.fullmatch("-?[0-9]{1,4}", key):
                return elements[int(key)] if -len(elements) <= int(key) < len(elements) else None
            return union(elements)
        if held.sort is Sort.OBJECT:
            return self._value_of_key(held, key, fuel) if key is not None else None
        found = self._protocol(number, held, INDEXED, fuel)
        if found is None and held.sort is Sort.INSTANCE:
            for name in self.protocols(number, ITEM):
                found = found or self._each(
                    self._member(number, held, name, fuel), lambda one: self._called(number, one, None, (), fuel)
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
