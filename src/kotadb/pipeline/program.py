"""What names mean across the files of one commit, worked out from their facts alone.

Everything here is a question about the whole program: what does this module export under that name, what is the value
of this expression, which member of this class is meant. The answers are pure functions of the facts, whatever the order
of the questions: a search through re-exports goes on until nothing new is found, and hops from a value to its type are
counted down (`fuel`) rather than cut where they happen to meet themselves.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import IntEnum
from functools import cached_property
from typing import NamedTuple

from kotadb.languages.modules import MISSING, Location, Modules
from kotadb.model import DEFAULT, WHOLE, Exports, Expression, Links, Op, Resolution, Symbol, SymbolKind, Types
from kotadb.pipeline.positions import CLASSES

FUEL = 5
"""Hops from a value to its type, or from a class to its bases in another expression, that an answer may take."""

MAX_ANCESTORS = 500
"""Classes that a member is looked for in, besides its own: ten thousand that each extend the one before would otherwise
take the square of that in time."""

KEPT_ANCESTORS = 128
"""Lists of more are worked out anew: kept for each class of a long chain, they would take the memory of the worker."""

HOW = (Resolution.SCOPE, Resolution.IMPORT, Resolution.MEMBER, Resolution.TYPE)
"""The ways to a target, the surest first. An answer that took several ways is as sure as the last of them here."""
_SCOPE, _IMPORT, _MEMBER, _TYPE = range(4)

_TYPES = CLASSES | {SymbolKind.TYPE}
_CALLABLE = frozenset({SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.CONSTRUCTOR})
_VARIABLES = frozenset({SymbolKind.VARIABLE, SymbolKind.CONSTANT})

Target = tuple[int, int]
"""A symbol: the numbers of its file and of itself in that file."""


class Sort(IntEnum):
    """What a value is."""

    DECLARED = 0
    """The symbols `targets` themselves; several where a name was declared several times."""
    INSTANCE = 1
    """Something whose type is one of the symbols `targets`."""
    SUPER = 2
    """The same, but for the bases of that type only."""
    MODULE = 3
    """The module at `location`."""
    OUTSIDE = 4
    """Something of the package `location.package`."""


class Value(NamedTuple):
    """What an expression stands for, and how that was found: an index of HOW."""

    sort: Sort
    how: int
    targets: tuple[Target, ...] = ()
    location: Location = MISSING


class File(NamedTuple):
    """What the program knows of one file."""

    path: str
    modules: Modules | None
    """Finds the modules that it imports; None for a language without imports."""
    names: tuple[str, ...]
    """Of its symbols, as are the next two."""
    qualified_names: tuple[str, ...]
    kinds: tuple[SymbolKind, ...]
    members: Mapping[str, Mapping[str, tuple[int, ...]]]
    """Symbols by the qualified name that they are in, and their name."""
    exports: Exports
    types: Types
    expressions: tuple[Expression, ...]


def file(path: str, modules: Modules | None, symbols: Sequence[Symbol], links: Links) -> File:
    """A file of the program."""
    members: dict[str, dict[str, list[int]]] = {}
    for number, symbol in enumerate(symbols):
        around = symbol.qualified_name[: -len(symbol.name) - 1]
        members.setdefault(around, {}).setdefault(symbol.name, []).append(number)
    return File(
        path,
        modules,
        tuple(symbol.name for symbol in symbols),
        tuple(symbol.qualified_name for symbol in symbols),
        tuple(symbol.kind for symbol in symbols),
        {around: {name: tuple(numbers) for name, numbers in names.items()} for around, names in members.items()},
        links.exports,
        links.types,
        links.expressions,
    )


class Program:
    """All files of one commit. Numbers of files are their places in `files`."""

    def __init__(self, files: Sequence[File]) -> None:
        self.files = files
        self._numbers = {file.path: number for number, file in enumerate(files)}
        self._locations: dict[tuple[int, str], Location] = {}
        self._stars: dict[int, tuple[tuple[Location, Exports], ...]] = {}
        self._exports: dict[tuple[Location, str, int], Value | None] = {}
        self._values: dict[tuple[int, int, int], Value | None] = {}
        self._bases_of: dict[tuple[Target, int], list[Target | Location]] = {}
        self._ancestors: dict[tuple[Target, int], tuple[tuple[Target, ...], Location]] = {}

    @cached_property
    def known_names(self) -> frozenset[str]:
        """Every name that some module binds or exports: no other need be looked for behind a star."""
        return frozenset(
            name for file in self.files for names in (file.exports.scope, file.exports.exported or ()) for name in names
        )

    # ---- modules and what they export

    def location(self, number: int, specifier: str) -> Location:
        """Where an import in this file leads."""
        key = number, specifier
        if key not in self._locations:
            modules = self.files[number].modules
            self._locations[key] = modules.resolve(self.files[number].path, specifier) if modules else MISSING
        return self._locations[key]

    def stars(self, number: int) -> tuple[tuple[Location, Exports], ...]:
        """The files all of whose names are names of this one too, the last one first: it wins."""
        if number not in self._stars:
            locations = (self.location(number, star) for star in reversed(self.files[number].exports.stars))
            found = ((location, self.number(location.path)) for location in dict.fromkeys(locations))
            self._stars[number] = tuple((at, self.files[other].exports) for at, other in found if other is not None)
        return self._stars[number]

    def submodule(self, number: int, module: Location, name: str) -> Location:
        """The module of that name in a module that this file imports."""
        modules = self.files[number].modules
        return modules.submodule(module, name) if modules else MISSING

    def _followed(self, number: int, expression: int, fuel: int) -> Value | None:
        """What a name or import stands for: through all the modules that hand it on."""
        return _Search(self, number, fuel).of_expression(expression)

    def exported(self, number: int, module: Location, name: str, fuel: int) -> Value | None:
        """What a module exports under a name; `number` is the file that asks."""
        key = module, name, fuel
        if key not in self._exports:
            self._exports[key] = _Search(self, number, fuel).of_export(module, name)
        return self._exports[key]

    # ---- values

    def value(self, number: int, expression: int, fuel: int = FUEL) -> Value | None:
        """What an expression of a file stands for; None if that cannot be told."""
        if expression < 0 or fuel <= 0:
            return None
        key = number, expression, fuel
        if key not in self._values:
            self._values[key] = self._value(number, expression, fuel)
        return self._values[key]

    def _value(self, number: int, expression: int, fuel: int) -> Value | None:
        op, operand, name = self.files[number].expressions[expression]
        match op:
            case Op.NAME | Op.SYMBOL | Op.MODULE | Op.FROM:
                return self._followed(number, expression, fuel)
            case Op.MEMBER:
                return self.member(number, self.value(number, operand, fuel), name or "", fuel)
            case Op.CALL:
                return self._called(self.value(number, operand, fuel), fuel)
            case Op.INSTANCE:
                return self._instance(self.value(number, operand, fuel), fuel)
            case Op.SELF:
                return Value(Sort.INSTANCE, _MEMBER, ((number, operand),))
            case Op.SUPER:
                return Value(Sort.SUPER, _MEMBER, ((number, operand),))

    def member(self, number: int, base: Value | None, name: str, fuel: int) -> Value | None:
        """The member of a value; `number` is the file that asks."""
        if base is None or base.sort is Sort.OUTSIDE:
            return base
        how = max(base.how, _MEMBER)
        if base.sort is Sort.MODULE:
            found = self.exported(number, base.location, name, fuel)
            return found and found._replace(how=max(how, found.how))
        own = () if base.sort is Sort.SUPER else tuple(self._own(base.targets, name))
        if own:
            return Value(Sort.DECLARED, how, own)
        inherited = self._inherited(base, name, how, fuel)
        if inherited is not None or base.sort is Sort.SUPER:
            return inherited
        return self.member(number, self._read(base, fuel), name, fuel - 1)

    def _own(self, targets: Iterable[Target], name: str) -> Iterator[Target]:
        for number, symbol in targets:
            file = self.files[number]
            for found in file.members.get(file.qualified_names[symbol], {}).get(name, ()):
                yield number, found

    def _inherited(self, base: Value, name: str, how: int, fuel: int) -> Value | None:
        outside = MISSING
        for target in base.targets:
            if self.kind(target) not in CLASSES:
                continue
            ancestors, beyond = self._all_bases(target, fuel)
            for ancestor in ancestors:
                own = tuple(self._own((ancestor,), name))
                if own:
                    return Value(Sort.DECLARED, how, own)
            outside = beyond if outside is MISSING else outside
        return Value(Sort.OUTSIDE, how, (), outside) if outside.package is not None else None

    def _all_bases(self, target: Target, fuel: int) -> tuple[tuple[Target, ...], Location]:
        """The classes that it inherits from, each before its own bases; and a package that more comes from."""
        key = target, fuel
        if key in self._ancestors:
            return self._ancestors[key]
        order: list[Target] = []
        outside = MISSING
        seen = {target}
        stack = [(target, iter(self._bases(target, fuel)))]
        while stack:
            current, bases = stack[-1]
            base = next(bases, None)
            if base is None:
                stack.pop()
                order.append(current)
            elif isinstance(base, Location):
                outside = base
            elif base not in seen and len(seen) <= MAX_ANCESTORS:
                seen.add(base)
                stack.append((base, iter(self._bases(base, fuel))))
        found = tuple(reversed(order[:-1])), outside
        if len(found[0]) <= KEPT_ANCESTORS:
            self._ancestors[key] = found
        return found

    def _bases(self, target: Target, fuel: int) -> list["Target | Location"]:
        """The classes it names as its bases, the last one first, and the package of one that is not in the program."""
        key = target, fuel
        if key in self._bases_of:
            return self._bases_of[key]
        number, symbol = target
        found: list[Target | Location] = []
        for expression in reversed(self.files[number].types.bases.get(symbol, ())):
            base = self.value(number, expression, fuel - 1)
            if base is not None and base.sort is Sort.OUTSIDE:
                found.append(base.location)
            elif base is not None and base.sort is Sort.DECLARED:
                found.extend(self._classes(base, fuel - 1))
        self._bases_of[key] = found
        return found

    def _classes(self, value: Value, fuel: int) -> list[Target]:
        """The classes among what is declared, aliases followed."""
        classes = [target for target in value.targets if self.kind(target) in CLASSES]
        if classes:
            return classes
        read = self._read(value, fuel)
        return [t for t in read.targets if self.kind(t) in CLASSES] if read and read.sort is Sort.DECLARED else []

    def kind(self, target: Target) -> SymbolKind:
        """The kind of a symbol."""
        return self.files[target[0]].kinds[target[1]]

    def _read(self, value: Value | None, fuel: int) -> Value | None:
        """What a variable or property holds, or the type that a type alias stands for."""
        if value is None or value.sort not in (Sort.DECLARED, Sort.INSTANCE):
            return None
        for number, symbol in value.targets:
            types = self.files[number].types
            kind = self.kind((number, symbol))
            held = types.returns.get(symbol) if kind is SymbolKind.GETTER else types.values.get(symbol)
            if held is None or kind in _CALLABLE:
                continue
            found = self.value(number, held, fuel - 1)
            if found is not None and value.sort is Sort.INSTANCE:
                found = self._instance(found, fuel - 1)
            return found and found._replace(how=_TYPE)
        return None

    def _instance(self, of: Value | None, fuel: int) -> Value | None:
        """A value of a type."""
        if of is None or of.sort is not Sort.DECLARED:
            return of
        types = tuple(target for target in of.targets if self.kind(target) in _TYPES)
        if types:
            return Value(Sort.INSTANCE, _TYPE, types)
        return self._instance(self._read(of, fuel), fuel - 1) if fuel > 0 else None

    def _called(self, value: Value | None, fuel: int) -> Value | None:
        """What calling a value gives."""
        if value is None or value.sort is Sort.OUTSIDE:
            return value
        if value.sort is not Sort.DECLARED or fuel <= 0:
            return None
        for number, symbol in value.targets:
            kind = self.kind((number, symbol))
            if kind is SymbolKind.CLASS:
                return Value(Sort.INSTANCE, _TYPE, ((number, symbol),))
            result = self.files[number].types.returns.get(symbol)
            if result is not None and kind is not SymbolKind.GETTER:
                found = self.value(number, result, fuel - 1)
                return found and found._replace(how=_TYPE)
        return self._called(self._read(value, fuel), fuel - 1)

    def number(self, path: str | None) -> int | None:
        """The number of the file at a path; None if it is not among `files`."""
        return self._numbers.get(path) if path is not None else None


def _is_outside(value: Value) -> bool:
    return value.sort is Sort.OUTSIDE


class _Search:
    """One search for what a name stands for, breadth first. What is found first comes first."""

    def __init__(self, program: Program, origin: int, fuel: int) -> None:
        self.program = program
        self.origin = origin
        self.fuel = fuel
        self.queue: deque[tuple[int, int]] = deque()
        """Expressions to follow, as numbers of file and expression."""
        self.lookups: deque[tuple[int, Location, str]] = deque()
        """Exports to look up: the file that asks, the module, the name."""
        self.seen: set[tuple[int, int] | tuple[Location, str]] = set()
        """Expressions that were followed, and exports that were or will be looked up."""
        self.targets: dict[Target, None] = {}
        self.values: list[Value] = []
        self.fallbacks: list[Location] = []
        self.stopgaps: list[Target] = []
        self.how = _SCOPE

    def of_expression(self, expression: int) -> Value | None:
        self.queue.append((self.origin, expression))
        return self._result()

    def of_export(self, module: Location, name: str) -> Value | None:
        self._ask(self.origin, module, name)
        return self._result()

    def _result(self) -> Value | None:
        while self.queue or self.lookups:
            if self.queue:
                self._follow(*self.queue.popleft())
            else:
                self._look_up(*self.lookups.popleft())
        if self.targets:
            return Value(Sort.DECLARED, self.how, tuple(self.targets))
        if self.stopgaps and all(_is_outside(value) for value in self.values):
            return Value(Sort.DECLARED, _SCOPE, tuple(self.stopgaps))
        for value in sorted(self.values, key=_is_outside):
            return value._replace(how=max(value.how, self.how))
        return Value(Sort.MODULE, self.how, (), self.fallbacks[0]) if self.fallbacks else None

    def _follow(self, number: int, expression: int) -> None:
        if (number, expression) in self.seen:
            return
        self.seen.add((number, expression))
        file = self.program.files[number]
        op, operand, name = file.expressions[expression]
        match op:
            case Op.SYMBOL:
                self.targets[number, operand] = None
            case Op.NAME:
                self._follow_name(number, name or "")
            case Op.MODULE:
                self.how = _IMPORT
                self._add_module(self.program.location(number, name or ""))
            case Op.FROM:
                specifier = file.expressions[operand].name or ""
                self._ask(number, self.program.location(number, specifier), name or "")
            case _:
                value = self.program.value(number, expression, self.fuel - 1)
                if value is not None:
                    self.values.append(value)

    def _follow_name(self, number: int, name: str) -> None:
        exports = self.program.files[number].exports
        known = exports.scope.get(name)
        if known is not None:
            self._follow_all(number, known)
        elif exports.exported is None:
            self._pass_on(number, name)

    def _follow_all(self, number: int, bound: Iterable[int]) -> None:
        """Follow all that a name is bound to. A variable beside an import is for when that fails: it waits."""
        file = self.program.files[number]
        is_import = any(file.expressions[expression].op is not Op.SYMBOL for expression in bound)
        for expression in bound:
            op, operand, _ = file.expressions[expression]
            if is_import and op is Op.SYMBOL and file.kinds[operand] in _VARIABLES:
                self.stopgaps.append((number, operand))
            else:
                self.queue.append((number, expression))

    def _add_module(self, module: Location) -> None:
        number = self.program.number(module.path)
        whole = (self.program.files[number].exports.exported or {}).get(WHOLE) if number is not None else None
        if number is not None and whole:
            self.queue.extend((number, expression) for expression in whole)
        elif module.package is not None:
            self.values.append(Value(Sort.OUTSIDE, _IMPORT, (), module))
        elif module != MISSING:
            self.values.append(Value(Sort.MODULE, _IMPORT, (), module))

    def _ask(self, asking: int, module: Location, name: str) -> None:
        """Have an export looked up, once."""
        self.how = _IMPORT
        if (module, name) not in self.seen:
            self.seen.add((module, name))
            self.lookups.append((asking, module, name))

    def _look_up(self, asking: int, module: Location, name: str) -> None:
        number = self.program.number(module.path)
        if number is None:
            self._look_up_beyond(asking, module, name)
            return
        exports = self.program.files[number].exports
        names = exports.scope if exports.exported is None else exports.exported
        if name in names:
            self._follow_all(number, names[name])
        elif WHOLE in names:
            self._look_up_in_whole(number, names[WHOLE], name)
        elif name != DEFAULT:
            self._pass_on(number, name)
        elif names:  # CommonJS: a default import is the module itself
            self._add_module(module)
        submodule = self.program.submodule(number, module, name)
        if submodule != MISSING:
            self.fallbacks.append(submodule)

    def _look_up_beyond(self, asking: int, module: Location, name: str) -> None:
        """A name of what is no parsed file: a package, a folder, a file of another sort."""
        submodule = self.program.submodule(asking, module, name)
        if module.folder is None:
            self._add_module(module)
        elif submodule != MISSING:
            self.fallbacks.append(submodule)

    def _look_up_in_whole(self, number: int, whole: Iterable[int], name: str) -> None:
        if name == DEFAULT:
            self.queue.extend((number, expression) for expression in whole)
            return
        for expression in whole:
            value = self.program.value(number, expression, self.fuel - 1)
            member = self.program.member(number, value, name, self.fuel - 1) if self.fuel > 1 else None
            if member is not None:
                self.values.append(member)

    def _pass_on(self, number: int, name: str) -> None:
        """Look in all modules whose names are names of this one. What a package has is not known."""
        if name not in self.program.known_names:
            return
        for module, exports in self.program.stars(number):
            if _is_passed_on(exports, name):
                self._ask(number, module, name)


def _is_passed_on(exports: Exports, name: str) -> bool:
    if exports.exported is not None:
        return True
    return name in exports.listed if exports.listed is not None else not name.startswith("_")
