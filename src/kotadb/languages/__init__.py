"""The languages kotadb can parse. Each is one folder here, found by itself; see docs/adding_a_language.md."""

from collections.abc import Iterable, Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from posixpath import basename, splitext

from kotadb.errors import LanguageError
from kotadb.languages.grammar import Language, LanguageSpec, Rules, compile_language, read_text
from kotadb.languages.modules import Files, Modules

__all__ = [
    "Files",
    "Language",
    "LanguageSpec",
    "Modules",
    "builtins_text",
    "called_in_scip",
    "claims",
    "importers",
    "language_of",
    "load",
    "modules",
    "names",
    "rules",
]


def language_of(path: str) -> str | None:
    """The name of the language that the file at `path` is in, None if no folder here knows it.

    A name or extension as written counts first, then in lower case: `SETUP.PY` is what `setup.py` is.
    """
    name = basename(path)
    extension = splitext(name)[1]
    claimed = _claimed()
    return claimed.get(name) or claimed.get(f"*{extension}") or claimed.get(f"*{extension.lower()}")


def names() -> tuple[str, ...]:
    """The languages there are, sorted."""
    return tuple(sorted(_specs()))


def rules(name: str) -> Rules:
    """What a language's queries cannot say, without compiling them. Raises KeyError where there is no such language."""
    return _specs()[name].rules


@cache
def builtins_text(name: str) -> str | None:
    """The description of what a language brings along; None where there is none."""
    spec = _specs().get(name)
    return read_text(spec, spec.rules.builtins) if spec is not None and spec.rules.builtins is not None else None


def called_in_scip(name: str) -> tuple[str, str]:
    """What the SCIP format calls a language, "" for none, and the manager of its packages, "" for none."""
    spec = _specs().get(name)
    return (spec.scip_name or name, spec.manager) if spec is not None else ("", "")


def modules(files: Files) -> Mapping[str, Modules]:
    """What finds the modules of one commit, by language; languages of one family share it."""
    makers = {spec.modules for spec in _specs().values() if spec.modules is not None}
    made = {maker: maker(files) for maker in makers}
    return {name: made[spec.modules] for name, spec in _specs().items() if spec.modules is not None}


def importers(name: str) -> frozenset[str]:
    """The languages whose imports can lead to a file in this one: its own family; all if it has no imports itself."""
    spec = _specs().get(name)
    family = spec.modules if spec is not None else None
    return frozenset(
        other.name for other in _specs().values() if other.modules is not None and family in (None, other.modules)
    )


@cache
def load(name: str) -> Language:
    """The language, compiled once per process. Raises LanguageError where there is none, or its folder is broken."""
    claims(_specs().values())
    if name not in _specs():
        raise LanguageError(f"there is no language {name}; there are {', '.join(names())}")
    return compile_language(_specs()[name])


def claims(specs: Iterable[LanguageSpec]) -> Mapping[str, str]:
    """Languages by what they claim: `*.py`, `Makefile`. Raises LanguageError where two claim the same."""
    claimed: dict[str, LanguageSpec] = {}
    for spec in specs:
        for key in (*(f"*{extension}" for extension in spec.extensions), *spec.file_names):
            other = claimed.setdefault(key, spec)
            if other is not spec:
                raise LanguageError(
                    f"{other.folder} ({other.name}) and {spec.folder} ({spec.name}) both claim {key}: take it from one"
                )
    return {key: spec.name for key, spec in claimed.items()}


@cache
def _claimed() -> Mapping[str, str]:
    return claims(_specs().values())


@cache
def _specs() -> Mapping[str, LanguageSpec]:
    specs: dict[str, LanguageSpec] = {}
    for module in iter_modules(__path__, f"{__name__}."):
        if module.ispkg:
            specs |= {spec.name: spec for spec in import_module(module.name).SPECS}
    return specs
