"""What names mean across the files of one commit, worked out from their facts alone.

Everything here is a question about the whole program: what does this module export under that name, what is the value
of this expression, which member of this class is meant. The answers are pure functions of the facts, whatever the order
of the questions: a search through re-exports goes on until nothing new is found, and hops from a value to its type are
counted down (`fuel`) rather than cut where they happen to meet themselves.

What an answer was read from is noted (`reads`). After a change, whoever read nothing that changed would get the same
answer again: see changes.py.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from enum import IntEnum
from typing import Any, NamedTuple
from zlib import crc32

from kotadb.languages.modules import MISSING, Location, Modules
from kotadb.model import DEFAULT, WHOLE, Exports, Op, Resolution, SymbolKind, Types
from kotadb.pipeline.outline import File, Read, known_hash, name_hash, read_start
from kotadb.pipeline.positions import CLASSES

FUEL = 5
"""Hops from a value to its type, or from a class to its bases in another expression, that an answer may take."""

MAX_ANCESTORS = 500
"""Classes that a member is looked for in, besides its own: ten thousand that each extend the one before would otherwise
take the square of that in time."""

KEPT_ANCESTORS = 128
"""Lists of more are worked out anew: kept for each class of a long chain, they would take the memory of the worker."""

MAX_READS = 2_000
"""Things read for one answer that are noted one by one; with more, it is taken to depend on everything."""

EVERYTHING = -1
"""Stands among what was read for all there is."""

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


class _Loaded(dict[int, File]):
    """Files by number, loaded when they are first asked for."""

    def __init__(self, load: Callable[[int], File]) -> None:
        self._load = load

    def __missing__(self, number: int) -> File:
        file = self[number] = self._load(number)
        return file


class Program:
    """All files of one commit. Numbers of files are their places in `paths`.

    `load` gives what is known of a file; `modules` finds the modules that a file imports, and is None for one of a
    language without imports; `known_names` has the `name_hash` of every name that some file binds or exports: no other
    need be looked for behind a star.
    """

    def __init__(
        self,
        paths: Sequence[str],
        modules: Sequence[Modules | None],
        load: Callable[[int], File],
        known_names: Container[int],
    ) -> None:
        self.paths = paths
        self.files: Mapping[int, File] = _Loaded(load)
        self.reads: set[int] = set()
        """Hashes of all that was read since somebody emptied this."""
        self._modules = modules
        self._known_names = known_names
        self._numbers = {path: number for number, path in enumerate(paths)}
        self._starts: list[tuple[int, ...] | None] = [None] * len(paths)
        self._locations: dict[tuple[int, str], Location] = {}
        self._stars: dict[int, tuple[tuple[Location, int], ...]] = {}
        self._exports: dict[Any, _Answer] = {}
        self._values: defaultdict[int, dict[Any, _Answer]] = defaultdict(dict)
        self._bases_of: dict[Any, _Answer] = {}
        self._ancestors: dict[Any, _Answer] = {}
        self._supertypes: dict[Any, _Answer] = {}

    # ---- what was read

    def note(self, number: int, read: Read, name: str) -> None:
        """Note that this was read of a file."""
        starts = self._starts[number]
        if starts is None:
            path = self.paths[number]
            starts = self._starts[number] = tuple(read_start(path, each) for each in Read)
        self.reads.add(crc32(name.encode("utf-8", "surrogatepass"), starts[read]))

    def _once(self, answers: "dict[Any, _Answer]", key: Any, find: Callable[..., Any], *arguments: Any) -> Any:
        """An answer, found once; what it was read from is noted for whoever asks."""
        known = answers.get(key)
        if known is None:
            outer, self.reads = self.reads, set()
            try:
                found = find(*arguments)
                reads = self.reads
            finally:
                self.reads = outer
            if len(reads) > MAX_READS:
                reads = {EVERYTHING}
            known = answers[key] = found, frozenset(reads)
        if known[1]:
            self.reads |= known[1]
        return known[0]

    def forget(self, number: int) -> None:
        """Let go of the values of a file's expressions: few are asked for by others, and most of memory was in them."""
        self._values.pop(number, None)

    # ---- modules and what they export

    def location(self, number: int, specifier: str) -> Location:
        """Where an import in this file leads."""
        key = number, specifier
        if key not in self._locations:
            modules = self._modules[number]
            self._locations[key] = modules.resolve(self.paths[number], specifier) if modules else MISSING
        return self._locations[key]

    def stars(self, number: int) -> tuple[tuple[Location, int], ...]:
        """The files all of whose names are names of this one too, the last one first: it wins."""
        if number not in self._stars:
            locations = (self.location(number, star) for star in reversed(self.files[number].exports.stars))
            found = ((location, self.number(location.path)) for location in dict.fromkeys(locations))
            self._stars[number] = tuple((at, other) for at, other in found if other is not None)
        return self._stars[number]

    def is_known(self, name: str) -> bool:
        """Whether any file binds or exports the name."""
        number = name_hash(name)
        self.reads.add(known_hash(number))
        return number in self._known_names

    def submodule(self, number: int, module: Location, name: str) -> Location:
        """The module of that name in a module that this file imports."""
        modules = self._modules[number]
        return modules.submodule(module, name) if modules else MISSING

    def _followed(self, number: int, expression: int, fuel: int) -> Value | None:
        """What a name or import stands for: through all the modules that hand it on."""
        return _Search(self, number, fuel).of_expression(expression)

    def exported(self, number: int, module: Location, name: str, fuel: int) -> Value | None:
        """What a module exports under a name; `number` is the file that asks."""
        found: Value | None = self._once(
            self._exports, (module, name, fuel), self._find_export, number, module, name, fuel
        )
        return found

    def _find_export(self, number: int, module: Location, name: str, fuel: int) -> Value | None:
        return _Search(self, number, fuel).of_export(module, name)

    # ---- values

    def value(self, number: int, expression: int, fuel: int = FUEL) -> Value | None:
        """What an expression of a file stands for; None if that cannot be told."""
        if expression < 0 or fuel <= 0:
            return None
        found: Value | None = self._once(
            self._values[number], (expression, fuel), self._value, number, expression, fuel
        )
        return found

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
        raise AssertionError(op)

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
            around = file.qualified_names[symbol]
            self.note(number, Read.MEMBER, f"{around}\0{name}")
            for found in file.members(around, name):
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
        found: tuple[tuple[Target, ...], Location] = self._once(self._ancestors, key, self._find_all_bases, *key)
        if len(found[0]) > KEPT_ANCESTORS:
            self._ancestors.pop(key, None)
        return found

    def _find_all_bases(self, target: Target, fuel: int) -> tuple[tuple[Target, ...], Location]:
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
        return tuple(reversed(order[:-1])), outside

    def _bases(self, target: Target, fuel: int) -> list["Target | Location"]:
        """The classes it names as its bases, the last one first, and the package of one that is not in the program."""
        key = target, fuel
        found: list[Target | Location] = self._once(self._bases_of, key, self._find_bases, *key)
        return found

    def _find_bases(self, target: Target, fuel: int) -> list["Target | Location"]:
        number, symbol = target
        found: list[Target | Location] = []
        for expression in reversed(self._types(target).bases.get(symbol, ())):
            base = self.value(number, expression, fuel - 1)
            if base is not None and base.sort is Sort.OUTSIDE:
                found.append(base.location)
            elif base is not None and base.sort is Sort.DECLARED:
                found.extend(self._classes(base, fuel - 1))
        return found

    def supertypes(self, target: Target) -> list[tuple[Target, bool]]:
        """The classes and types that it names as what it extends or implements, and whether it says `implements`."""
        found: list[tuple[Target, bool]] = self._once(self._supertypes, target, self._find_supertypes, target)
        return found

    def _find_supertypes(self, target: Target) -> list[tuple[Target, bool]]:
        number, symbol = target
        types = self._types(target)
        found: dict[tuple[Target, bool], None] = {}
        for named, is_implemented in ((types.bases, False), (types.interfaces, True)):
            for expression in named.get(symbol, ()):
                base = self.value(number, expression)
                if base is not None and base.sort is Sort.DECLARED:
                    of_types = [each for each in base.targets if self.kind(each) in _TYPES]
                    found |= dict.fromkeys((each, is_implemented) for each in self._classes(base, FUEL) or of_types)
        return list(found)

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

    def _types(self, target: Target) -> Types:
        """What is known of the values of a symbol, among others."""
        file = self.files[target[0]]
        self.note(target[0], Read.TYPE, str(file.ids[target[1]]))
        return file.types

    def _read(self, value: Value | None, fuel: int) -> Value | None:
        """What a variable or property holds, or the type that a type alias stands for."""
        if value is None or value.sort not in (Sort.DECLARED, Sort.INSTANCE):
            return None
        for number, symbol in value.targets:
            types = self._types((number, symbol))
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
            result = self._types((number, symbol)).returns.get(symbol)
            if result is not None and kind is not SymbolKind.GETTER:
                found = self.value(number, result, fuel - 1)
                return found and found._replace(how=_TYPE)
        return self._called(self._read(value, fuel), fuel - 1)

    def number(self, path: str | None) -> int | None:
        """The number of the file at a path; None if it is not among `files`."""
        return self._numbers.get(path) if path is not None else None


_Answer = tuple[Any, frozenset[int]]
"""An answer, and hashes of what it was read from."""


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
                specifier = file.expressions[operand][2] or ""
                self._ask(number, self.program.location(number, specifier), name or "")
            case _:
                value = self.program.value(number, expression, self.fuel - 1)
                if value is not None:
                    self.values.append(value)

    def _follow_name(self, number: int, name: str) -> None:
        exports = self.program.files[number].exports
        self.program.note(number, Read.SCOPE, name)
        known = exports.scope.get(name)
        if known is not None:
            self._follow_all(number, known)
        elif exports.exported is None:
            self._pass_on(number, name)

    def _follow_all(self, number: int, bound: Iterable[int]) -> None:
        """Follow all that a name is bound to. A variable beside an import is for when that fails: it waits."""
        file = self.program.files[number]
        is_import = any(file.expressions[expression][0] != Op.SYMBOL for expression in bound)
        for expression in bound:
            op, operand, _ = file.expressions[expression]
            if is_import and op == Op.SYMBOL and file.kinds[operand] in _VARIABLES:
                self.stopgaps.append((number, operand))
            else:
                self.queue.append((number, expression))

    def _add_module(self, module: Location) -> None:
        number = self.program.number(module.path)
        whole = self._whole(number) if number is not None else None
        if number is not None and whole:
            self.queue.extend((number, expression) for expression in whole)
        elif module.package is not None:
            self.values.append(Value(Sort.OUTSIDE, _IMPORT, (), module))
        elif module != MISSING:
            self.values.append(Value(Sort.MODULE, _IMPORT, (), module))

    def _whole(self, number: int) -> Sequence[int] | None:
        self.program.note(number, Read.EXPORTED, WHOLE)
        return (self.program.files[number].exports.exported or {}).get(WHOLE)

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
        self.program.note(number, Read.EXPORTED, name)
        if name in names:
            self._follow_all(number, names[name])
        elif self._has_whole(number, names):
            self._look_up_in_whole(number, names[WHOLE], name)
        elif name != DEFAULT:
            self._pass_on(number, name)
        elif self._has_names(number, names):  # CommonJS: a default import is the module itself
            self._add_module(module)
        submodule = self.program.submodule(number, module, name)
        if submodule != MISSING:
            self.fallbacks.append(submodule)

    def _has_whole(self, number: int, names: Mapping[str, Sequence[int]]) -> bool:
        self.program.note(number, Read.EXPORTED, WHOLE)
        return WHOLE in names

    def _has_names(self, number: int, names: Mapping[str, Sequence[int]]) -> bool:
        self.program.note(number, Read.EXPORTED, "")
        return bool(names)

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
        if not self.program.is_known(name):
            return
        self.program.note(number, Read.FORM, "")
        for module, other in self.program.stars(number):
            self.program.note(other, Read.FORM, "")
            if _is_passed_on(self.program.files[other].exports, name):
                self._ask(number, module, name)


def _is_passed_on(exports: Exports, name: str) -> bool:
    if exports.exported is not None:
        return True
    return name in exports.listed if exports.listed is not None else not name.startswith("_")
