"""The grammar of SCIP's symbols.

    <symbol>     ::= <scheme> ' ' <manager> ' ' <package> ' ' <version> ' ' <descriptor>+ | 'local ' <identifier>
    <descriptor> ::= <name> '/' | <name> '#' | <name> '.' | <name> ':' | <name> '!'
                   | <name> '(' <identifier>? ').' | '[' <name> ']' | '(' <name> ')'

A name of other characters than letters and digits of ASCII and `_+-$` stands between backticks, and those in it are
doubled, as are spaces in what comes before the descriptors; `.` stands there for nothing.
"""

import re
from enum import StrEnum
from typing import Literal

LOCAL = "local "
"""What the symbols of one document begin with."""


class Suffix(StrEnum):
    """What a descriptor is of."""

    NAMESPACE = "/"
    TYPE = "#"
    TERM = "."
    METHOD = "()."
    META = ":"
    MACRO = "!"
    PARAMETER = "()"
    TYPE_PARAMETER = "[]"


_SIMPLE = re.compile(r"[A-Za-z0-9_+$-]+")
_NAME = r"(?:`(?P<{0}quoted>(?:[^`]|``)+)`|(?P<{0}plain>[\w+$-]+))"
_LAST_DESCRIPTOR = re.compile(
    rf"(?:{_NAME.format('')}(?P<suffix>\([\w+$-]*\)\.|[/#.:!])|\({_NAME.format('parameter_')}\)"
    rf"|\[{_NAME.format('type_')}\])\Z"
)


def package(scheme: str, manager: str, name: str, version: str) -> str:
    """What the symbols of a package begin with."""
    return "".join(f"{part.replace(' ', '  ') or '.'} " for part in (scheme, manager, name, version))


def descriptor(name: str, suffix: Suffix, number: int = 0) -> str:
    """A descriptor that is not of a parameter. `number` tells it from others that are otherwise the same."""
    escaped = name if _SIMPLE.fullmatch(name) else f"`{name.replace('`', '``') or ' '}`"
    if suffix is Suffix.METHOD:
        return f"{escaped}(+{number})." if number else f"{escaped}()."
    return (f"+{number}:" if number else "") + escaped + suffix


def path(relative: str) -> str:
    """The descriptors of a file: a namespace for each part of its path."""
    return "".join(descriptor(part, Suffix.NAMESPACE) for part in relative.split("/"))


def last_descriptor(symbol: str) -> tuple[str, Suffix | Literal[""]]:
    """The name at the end of a symbol, and what it is of; twice "" for a local symbol, or what is no symbol."""
    match = None if symbol.startswith(LOCAL) else _LAST_DESCRIPTOR.search(symbol)
    if match is None:
        return "", ""
    group = match.lastgroup or ""
    kind = "parameter_" if group.startswith("parameter_") else "type_" if group.startswith("type_") else ""
    name = (match[f"{kind}quoted"] or "").replace("``", "`") or match[f"{kind}plain"]
    if kind:
        return name, Suffix.PARAMETER if kind == "parameter_" else Suffix.TYPE_PARAMETER
    return name, Suffix.METHOD if match["suffix"].endswith(").") else Suffix(match["suffix"])
