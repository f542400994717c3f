"""What a change of some files changes for the others: which of them could get other answers from the program.

An answer depends on what was read for it (`Program.reads`) and on nothing else, as long as imports lead where they led.
So files that read nothing of what differs between the old and the new outline of a changed file stay as they are.
"""

from collections.abc import Iterable, Mapping
from struct import iter_unpack
from typing import Any, NamedTuple

from kotadb.model import ON_SYMBOLS
from kotadb.pipeline.outline import File, Read, known_hash, read_hash


class Changed(NamedTuple):
    """A file of a new commit whose text is another: its outlines before and after."""

    path: str
    before: File
    after: File


def touched(changed: Iterable[Changed], names: Iterable[int], reads: Mapping[int, bytes | None]) -> set[int]:
    """The files that could be linked differently now, besides those that changed themselves.

    `names` has the hashes of names that some file binds before and none after, or the other way round; `reads` what
    each file read when it was linked (`LinkedFile.reads`), by the numbers that are returned.
    """
    differ = {known_hash(name) for name in names}.union(*map(_differing, changed))
    return {file for file, packed in reads.items() if packed is None or not differ.isdisjoint(_unpacked(packed))}


def _differing(changed: Changed) -> set[int]:
    """Hashes of all that is read differently of a file (`outline.read_hash`)."""
    before, after = _readable(changed.path, changed.before), _readable(changed.path, changed.after)
    return {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}


def _unpacked(packed: bytes) -> Iterable[int]:
    return (number for (number,) in iter_unpack("!I", packed))


def _readable(path: str, file: File) -> dict[int, list[Any]]:
    """All that can be read of a file, by its hash."""
    said: dict[int, list[Any]] = {}

    def say(read: Read, name: str, what: object) -> None:
        said.setdefault(read_hash(path, read, name), []).append((read, name, what))

    exports, types = file.exports, file.types
    meanings = _meanings(file)
    exported = exports.scope if exports.exported is None else exports.exported
    for read, names in ((Read.SCOPE, exports.scope), (Read.EXPORTED, exported)):
        for name, bound in names.items():
            say(read, name, [meanings[each] for each in bound])
    for number, (name, qualified) in enumerate(zip(file.names, file.qualified_names, strict=True)):
        around = qualified[: -len(name) - 1]
        say(Read.MEMBER, f"{around}\0{name}", _symbol(file, number))
        say(Read.INSIDE, around, _symbol(file, number))
        held = [meanings.get(each.get(number, -1)) for each in (types.values, types.signatures)]
        several = (types.bases, types.interfaces, types.parameters)
        named = [[meanings[each] for each in one.get(number, ())] for one in several]
        say(Read.TYPE, str(file.ids[number]), (file.kinds[number], held, named, number in types.loose))
    say(Read.EXPORTED, "", bool(exported))
    say(Read.FORM, "", (exports.exported is None, exports.listed, exports.stars))
    return said


def _meanings(file: File) -> dict[int, int]:
    """A hash of each expression without numbers, which an edit elsewhere in the file changes.

    A hash, because a nested value of shared parts can take exponential time to compare.
    """
    meanings: dict[int, int] = {}
    for number, (op, operand, name, parts) in enumerate(file.expressions):
        inner = _symbol(file, operand) if op in ON_SYMBOLS else meanings.get(operand)
        meanings[number] = hash((op, inner, name, *map(meanings.get, parts)))
    return meanings


def _symbol(file: File, number: int) -> tuple[int, str, str]:
    return file.ids[number], file.kinds[number], file.names[number]
