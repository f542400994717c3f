"""What names mean across the files of one commit, worked out from their facts alone.

Here are names and modules: what does this module export under that name, where does a name lead through all that hand
it on. What expressions stand for is in program.py. The answers are pure functions of the facts, whatever the order of
the questions: a search through re-exports goes on until nothing new is found, and hops from a value to its type are
counted down (`fuel`) rather than cut where they happen to meet themselves.

What an answer was read from is noted (`reads`). After a change, whoever read nothing that changed would get the same
answer again: see changes.py.
"""

import sys
from abc import ABC, abstractmethod
from collections import defaultdict, deque
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from zlib import crc32

from kotadb.languages.modules import MISSING, Location, Modules
from kotadb.model import DEFAULT, WHOLE, Exports, Op, SymbolKind
from kotadb.pipeline.builtins import AMBIENT, PACKAGES, Builtins
from kotadb.pipeline.outline import File, Read, known_hash, name_hash, read_start
from kotadb.pipeline.values import IMPORT, SCOPE, Sort, Target, Value

MAX_READS = 2_000
"""Things read for one answer that are noted one by one; with more, it is taken to depend on everything."""

MAX_AMBIENT = 20
"""Files that are looked at for a name that nothing binds."""

GLOBAL = "global"
"""The namespace whose members every file sees."""

RECURSION = 10_000
"""Calls in calls that Python has to allow: an answer takes some hops, over expressions that are some steps deep."""

EVERYTHING = -1
"""Stands among what was read for all there is."""

_VARIABLES = frozenset({SymbolKind.VARIABLE, SymbolKind.CONSTANT})


sys.setrecursionlimit(max(sys.getrecursionlimit(), RECURSION))


class Answer(NamedTuple):
    """An answer, what it was read from, and the fuel that it took."""

    found: Any
    reads: frozenset[int]
    fuel: int


class _Loaded(dict[int, File]):
    """Files by number, loaded when they are first asked for."""

    def __init__(self, load: Callable[[int], File]) -> None:
        self._load = load

    def __missing__(self, number: int) -> File:
        file = self[number] = self._load(number)
        return file


class Names(ABC):
    """All files of one commit. Numbers of files are their places in `paths`; those of builtins are less than 0.

    `load` gives what is known of a file; `modules` finds the modules that a file imports, and is None for one of a
    language without imports; `builtins` has what its language brings along; `known_names` has the `name_hash` of every
    name that some file binds or exports: no other need be looked for behind a star.
    """

    def __init__(
        self,
        paths: Sequence[str],
        modules: Sequence[Modules | None],
        builtins: Sequence[Builtins | None],
        load: Callable[[int], File],
        known_names: Container[int],
    ) -> None:
        self.paths = paths
        self.files = _Loaded(load)
        self.reads: set[int] = set()
        """Hashes of all that was read since somebody emptied this."""
        self.values: defaultdict[int, dict[Any, Answer]] = defaultdict(dict)
        self.bases: dict[Any, Answer] = {}
        self.ancestors: dict[Any, Answer] = {}
        self.named_types: dict[Any, Answer] = {}
        self._least_fuel = 0
        self._modules = modules
        self._builtins: list[tuple[int, Builtins] | None] = []
        self._known_names = known_names
        self._numbers = {path: number for number, path in enumerate(paths)}
        self._starts: list[tuple[int, ...] | None] = [None] * len(paths)
        self._locations: dict[tuple[int, str], Location] = {}
        self._stars: dict[int, tuple[tuple[Location, int], ...]] = {}
        self._exports: dict[Any, Answer] = {}
        self._bring(builtins)

    @abstractmethod
    def value(self, number: int, expression: int, fuel: int) -> Value | None:
        """What an expression of a file stands for; None if that cannot be told."""

    @abstractmethod
    def member(self, number: int, base: Value | None, name: str, fuel: int) -> Value | None:
        """The member of a value; `number` is the file that asks."""

    # ---- what the languages bring along

    def _bring(self, builtins: Sequence[Builtins | None]) -> None:
        numbers: dict[int, tuple[int, Builtins]] = {}
        for each in builtins:
            if each is not None and id(each) not in numbers:
                numbers[id(each)] = -1 - len(numbers), each
                self.files[-len(numbers)] = each.file
        self._builtins = [numbers[id(each)] if each is not None else None for each in builtins]
        self._ambient = self._all_ambient()
        self._brought = dict(numbers.values())

    def _builtins_of(self, number: int) -> tuple[int, Builtins] | None:
        return self._builtins[number] if number >= 0 else (number, self._brought[number])

    def protocols(self, number: int, which: str) -> tuple[str, ...]:
        """The methods that the language of a file calls by itself: a name of builtins.py."""
        found = self._builtins_of(number)
        return found[1].words.get(which, ()) if found is not None else ()

    def builtin(self, number: int, name: str) -> Value | None:
        """What the language of a file calls so."""
        found = self._builtins_of(number)
        bound = found[1].file.exports.scope.get(name) if found is not None else None
        return self.value(found[0], bound[0], 1) if found is not None and bound else None

    def builtin_of(self, number: int, module: Location, name: str) -> Value | None:
        """The same for a name of a package, if that comes with the language."""
        return self.builtin(number, name) if module.package in self.protocols(number, PACKAGES) else None

    def ambient(self, number: int, name: str) -> Iterator[Target]:
        """The symbols of a name that a file sees without importing it."""
        for other in self.ambient_files(number):
            file = self.files[other]
            self.note(other, Read.SCOPE, name)
            self.note(other, Read.MEMBER, f"{GLOBAL}\0{name}")
            for expression in file.exports.scope.get(name, ()) if not file.exports.exported else ():
                op, operand, _, _ = file.expressions[expression]
                if op == Op.SYMBOL:
                    yield other, operand
            for member in file.members(GLOBAL, name):
                yield other, member

    def ambient_files(self, number: int) -> Sequence[int]:
        """The files whose outermost names a file sees without importing them."""
        found = self._builtins_of(number)
        return self._ambient.get(found[0], ()) if found is not None else ()

    def _all_ambient(self) -> dict[int, list[int]]:
        ambient: dict[int, list[int]] = {}
        for number, (path, found) in enumerate(zip(self.paths, self._builtins, strict=True)):
            if found is not None and path.endswith(found[1].words.get(AMBIENT, ())):
                ambient.setdefault(found[0], []).append(number)
        return {number: files[:MAX_AMBIENT] for number, files in ambient.items()}

    # ---- what was read

    def note(self, number: int, read: Read, name: str) -> None:
        """Note that this was read of a file."""
        if number < 0:
            return
        starts = self._starts[number]
        if starts is None:
            path = self.paths[number]
            starts = self._starts[number] = tuple(read_start(path, each) for each in Read)
        self.reads.add(crc32(name.encode("utf-8", "surrogatepass"), starts[read]))

    def once(self, answers: dict[Any, Answer], key: Any, fuel: int, find: Callable[..., Any], *arguments: Any) -> Any:
        """An answer, `find(*arguments, fuel)`, found once; None without fuel.

        What it was read from is noted for whoever asks, and the fuel that it took: with as much or more it is the same.
        """
        if not self.has_fuel(fuel):
            return None
        known = answers.get(key)
        if known is None or known.fuel > fuel:
            known = answers.get((key, fuel))
        if known is None:
            known = self._answer(answers, key, fuel, find, arguments)
        elif fuel - known.fuel < self._least_fuel:
            self._least_fuel = fuel - known.fuel
        if known.reads:
            self.reads |= known.reads
        return known.found

    def _answer(
        self, answers: dict[Any, Answer], key: Any, fuel: int, find: Callable[..., Any], arguments: tuple[Any, ...]
    ) -> Answer:
        outer, self.reads = self.reads, set()
        outer_fuel, self._least_fuel = self._least_fuel, fuel - 1
        # Whoever asks the same on the way, which takes fuel from all that is known of, learns nothing.
        answers[key, fuel] = Answer(None, frozenset(), fuel + 1)
        try:
            found = find(*arguments, fuel)
            reads, least = self.reads, self._least_fuel
        finally:
            del answers[key, fuel]
            self.reads = outer
            self._least_fuel = outer_fuel
        if least < outer_fuel:
            self._least_fuel = least
        if len(reads) > MAX_READS:
            reads = {EVERYTHING}
        answer = Answer(found, frozenset(reads), fuel - least)
        if least < 0:  # it would be another with more
            answers[key, fuel] = answer._replace(fuel=fuel + 1)
        else:
            answers[key] = answer
        return answer

    def has_fuel(self, fuel: int) -> bool:
        """Whether there is any left."""
        if fuel > 0:
            return True
        self._least_fuel = -1
        return False

    def drop(self, answers: dict[Any, Answer], key: Any, fuel: int) -> None:
        """Forget an answer."""
        answers.pop(key, None)
        answers.pop((key, fuel), None)

    def forget(self, number: int) -> None:
        """Let go of the values of a file's expressions: few are asked for by others, and most of memory was in them."""
        self.values.pop(number, None)

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

    def followed(self, number: int, expression: int, fuel: int) -> Value | None:
        """What a name or import stands for: through all the modules that hand it on."""
        return _Search(self, number, fuel).of_expression(expression)

    def exported(self, number: int, module: Location, name: str, fuel: int) -> Value | None:
        """What a module exports under a name; `number` is the file that asks."""
        found: Value | None = self.once(self._exports, (module, name), fuel, self._find_export, number, module, name)
        return found

    def _find_export(self, number: int, module: Location, name: str, fuel: int) -> Value | None:
        return _Search(self, number, fuel).of_export(module, name)

    def number(self, path: str | None) -> int | None:
        """The number of the file at a path; None if it is not among `files`."""
        return self._numbers.get(path) if path is not None else None


def _is_outside(value: Value) -> bool:
    return value.sort is Sort.OUTSIDE


class _Search:
    """One search for what a name stands for, breadth first. What is found first comes first."""

    def __init__(self, program: Names, origin: int, fuel: int) -> None:
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
        self.builtin: Value | None = None
        self.how = SCOPE

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
            return Value(Sort.DECLARED, SCOPE, tuple(self.stopgaps))
        for value in sorted(self.values, key=_is_outside):
            return value._replace(how=max(value.how, self.how))
        return Value(Sort.MODULE, self.how, (), self.fallbacks[0]) if self.fallbacks else self.builtin

    def _follow(self, number: int, expression: int) -> None:
        if (number, expression) in self.seen:
            return
        self.seen.add((number, expression))
        file = self.program.files[number]
        op, operand, name, _ = file.expressions[expression]
        match op:
            case Op.SYMBOL:
                self.targets[number, operand] = None
            case Op.NAME:
                self._follow_name(number, name or "")
            case Op.MODULE:
                self.how = IMPORT
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
            return
        if exports.exported is None:
            self._pass_on(number, name)
        found = [*self.program.ambient(number, name)]
        self.targets |= dict.fromkeys(found)
        self.builtin = self.builtin or self.program.builtin(number, name)

    def _follow_all(self, number: int, bound: Iterable[int]) -> None:
        """Follow all that a name is bound to. A variable beside an import is for when that fails: it waits."""
        file = self.program.files[number]
        is_import = any(file.expressions[expression][0] != Op.SYMBOL for expression in bound)
        for expression in bound:
            op, operand, _, _ = file.expressions[expression]
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
            self.values.append(Value(Sort.OUTSIDE, IMPORT, (), module))
        elif module != MISSING:
            self.values.append(Value(Sort.MODULE, IMPORT, (), module))

    def _whole(self, number: int) -> Sequence[int] | None:
        self.program.note(number, Read.EXPORTED, WHOLE)
        return (self.program.files[number].exports.exported or {}).get(WHOLE)

    def _ask(self, asking: int, module: Location, name: str) -> None:
        """Have an export looked up, once."""
        self.how = IMPORT
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
        builtin = self.program.builtin_of(asking, module, name)
        submodule = self.program.submodule(asking, module, name)
        if builtin is not None:
            self.values.append(builtin)
        elif module.folder is None:
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
