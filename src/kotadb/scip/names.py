"""How kotadb's symbols are called in SCIP: by where they are, `kotadb git <repository> <commit> src/`a.ts`/C#m().`"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from kotadb.model import SymbolKind
from kotadb.scip.symbols import Suffix, descriptor, package, path

SCHEME = "kotadb"
MANAGER = "git"

SUFFIXES = {
    SymbolKind.FUNCTION: Suffix.METHOD,
    SymbolKind.METHOD: Suffix.METHOD,
    SymbolKind.CONSTRUCTOR: Suffix.METHOD,
    SymbolKind.CLASS: Suffix.TYPE,
    SymbolKind.INTERFACE: Suffix.TYPE,
    SymbolKind.TYPE: Suffix.TYPE,
    SymbolKind.ENUM: Suffix.TYPE,
    SymbolKind.TRAIT: Suffix.TYPE,
    SymbolKind.STRUCT: Suffix.TYPE,
    SymbolKind.NAMESPACE: Suffix.NAMESPACE,
    SymbolKind.MODULE: Suffix.NAMESPACE,
    SymbolKind.MACRO: Suffix.MACRO,
}
"""All others are terms."""


class Name(NamedTuple):
    """What a symbol is called, and the one around it; `first` is the symbol that this one overloads, if any."""

    symbol: str
    enclosing: str | None = None
    first: str | None = None


def own_package(repository: str, commit_sha: str | None) -> str:
    """What the symbols of a repository at a commit begin with."""
    return package(SCHEME, MANAGER, repository, commit_sha or "")


def outside(manager: str, name: str, member: str) -> str:
    """Something of a package outside of the repository, or the package itself. What it is, is not known: a term."""
    descriptors = descriptor(name, Suffix.NAMESPACE)
    if member not in ("", name):
        descriptors += descriptor(member, Suffix.TERM)
    return package(SCHEME, manager, name, "") + descriptors


def names(beginning: str, file: str, symbols: Iterable[Mapping[str, Any]]) -> dict[int | None, Name]:
    """What the symbols of a file are called, by their ids, and the file itself, by None.

    They come in the order in which they begin, with `symbol_id`, `name`, `qualified_name`, `kind` and `exported`.

    Of those that would be called the same, functions are told apart by a number, as SCIP tells overloads. Others are
    one symbol where others than this file can name them: the halves of a property, declarations that merge. What is in
    the inner scopes of a file are different things, and a number before the name says so.
    """
    root = Name(beginning + path(file))
    found: dict[int | None, Name] = {None: root}
    around: dict[str, str] = {"": root.symbol}
    count: dict[str, int] = {}
    for symbol in symbols:
        qualified, name = symbol["qualified_name"], symbol["name"]
        outer = qualified.removesuffix(name).removesuffix(".")
        if outer not in around:  # it stands before what it is in
            around[outer] = root.symbol + descriptor(outer, Suffix.NAMESPACE)
        suffix = SUFFIXES.get(SymbolKind(symbol["kind"]), Suffix.TERM)
        plain = around[outer] + descriptor(name, suffix)
        number = count[plain] = count.get(plain, -1) + 1
        is_same = bool(number) and (symbol["exported"] or bool(outer))
        is_one = is_same and suffix is not Suffix.METHOD
        called = plain if is_one else around[outer] + descriptor(name, suffix, number)
        around[qualified] = called
        found[symbol["symbol_id"]] = Name(called, around[outer] if outer else None, plain if is_same else None)
    return found
