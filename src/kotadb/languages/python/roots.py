"""Where a Python project says that its modules are: in pyproject.toml, setup.cfg, setup.py and what lies beside them.

A claim is a pair of a package's name and the folder that it is in; the name "" claims the folder as a root, from which
all in it is imported. Whatever is malformed or leads out of the repository claims nothing.
"""

import configparser
import json
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from posixpath import basename, normpath

MANIFESTS = frozenset({"pyproject.toml", "setup.cfg", "setup.py"})
"""The files that make their folder a project's."""

MAX_CHARACTERS = 500_000
"""Nobody writes more than that by hand. Longer ones are not read."""

MAX_DOTS = 300
"""In a line of TOML: the time that tomllib takes for a dotted key grows with the square of its length."""

MAX_SPACES = 200
"""In a row in an ini file, for the same reason: configparser looks for the end of a name behind each of them."""

MAX_CLAIMS = 1000

Claim = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Declared:
    """What one project declares; all paths are from the repository's root."""

    roots: tuple[str, ...] = ()
    packages: dict[str, str] = field(default_factory=dict)
    """Top-level packages in folders with another name."""
    members: tuple[str, ...] = ()
    """Patterns for the folders of the projects that are developed together with this one."""
    commands: tuple[tuple[str, str], ...] = ()
    """Modules, and the names in them that scripts and entry points run."""
    is_distributed: bool = False
    """Whether it says what it is called when it is installed."""


def declared(folder: str, read: Callable[[str], str | None]) -> Declared:
    """What the project in `folder` declares in its files, as far as `read` knows them."""

    def text_of(name: str) -> str:
        text = read(f"{folder}/{name}" if folder else name) or ""
        return text if len(text) <= MAX_CHARACTERS else ""

    pyproject = _toml(text_of("pyproject.toml"))
    claims = [*_of_pyproject(pyproject), *_of_pyright(_json(text_of("pyrightconfig.json")))]
    for name, options in INI_OPTIONS.items():
        claims += _of_ini(text_of(name), options)
    claims += _of_setup(text_of("setup.py"))
    members = (_inside(folder, pattern) for pattern in _strings(_at(pyproject, "tool", "uv", "workspace", "members")))
    is_distributed = any(
        (
            _strings(_at(pyproject, "project", "name")),
            _strings(_at(pyproject, "tool", "poetry", "name")),
            _NAMED.search(text_of("setup.cfg")),
            _SETUP.search(text_of("setup.py")),
        )
    )
    commands = tuple(dict.fromkeys(_commands(pyproject, text_of("setup.py"), text_of("setup.cfg"))))[:MAX_CLAIMS]
    return replace(
        _gathered(folder, claims[:MAX_CLAIMS], [member for member in members if member][:MAX_CLAIMS]),
        commands=commands,
        is_distributed=is_distributed,
    )


_NAMED = re.compile(r"(?m)^\[metadata\]")
_SETUP = re.compile(r"(?m)^\s{0,20}(?:setuptools\.)?setup\(")


def _gathered(folder: str, claims: Iterable[Claim], members: Iterable[str]) -> Declared:
    roots: dict[str, None] = {}
    packages: dict[str, str] = {}
    for name, place in claims:
        path = _inside(folder, place)
        if path is None:
            continue
        if (root := _root(path, name)) is not None:
            roots[root] = None
        elif name.isidentifier():
            packages.setdefault(name, path)
    return Declared(tuple(roots), packages, tuple(members))


def _root(path: str, name: str) -> str | None:
    """`src` for the package `a.b` in `src/a/b`; None where the names differ."""
    if not name:
        return path
    tail = name.replace(".", "/")
    if path == tail:
        return ""
    return path.removesuffix(f"/{tail}") if path.endswith(f"/{tail}") else None


def _inside(folder: str, place: str) -> str | None:
    """The path from the repository's root, None if it leads out of it."""
    place = place.strip().removeprefix("$MYPY_CONFIG_FILE_DIR/")
    if place.startswith("/"):
        return None
    path = normpath(f"{folder}/{place}" if folder else place)
    if path == ".." or path.startswith("../"):
        return None
    return "" if path == "." else path


# ---- pyproject.toml --------------------------------------------------------------------------------------------------

ROOTS = (
    ("setuptools", "packages", "find", "where"),
    ("hatch", "build", "sources"),
    ("hatch", "build", "dev-mode-dirs"),
    ("hatch", "build", "targets", "wheel", "sources"),
    ("pdm", "package-dir"),
    ("pdm", "build", "package-dir"),
    ("uv", "build-backend", "module-root"),
    ("maturin", "python-source"),
    ("pytest", "pythonpath"),
    ("pytest", "ini_options", "pythonpath"),
    ("mypy", "mypy_path"),
)
"""What names roots, below `tool`."""

PACKAGE_FOLDERS = (
    ("hatch", "build", "packages"),
    ("hatch", "build", "targets", "wheel", "packages"),
    ("scikit-build", "wheel", "packages"),
)
"""What lists the folders of packages, which keep their names."""


def _of_pyproject(pyproject: object) -> Iterator[Claim]:
    tool = _at(pyproject, "tool")
    yield from _pairs(_at(tool, "setuptools", "package-dir"))
    for keys in ROOTS:
        yield from (("", root) for root in _split(_strings(_at(tool, *keys))))
    for keys in PACKAGE_FOLDERS:
        yield from ((basename(folder.rstrip("/")), folder) for folder in _strings(_at(tool, *keys)))
        yield from _pairs(_at(tool, *keys))
    # hatch writes its pairs the other way round: what a path is rewritten to
    rewritten = _pairs(_at(tool, "hatch", "build", "targets", "wheel", "sources"))
    yield from ((name.strip("/").replace("/", "."), folder) for folder, name in rewritten)
    for package in _tables(_at(tool, "poetry", "packages")):
        yield from (("", root) for root in _strings(package.get("from", ".")))
    for name in ("pyright", "basedpyright"):
        yield from _of_pyright(_at(tool, name))


def _of_pyright(settings: object) -> Iterator[Claim]:
    """The same keys in pyproject.toml and in pyrightconfig.json."""
    for environment in _tables(_at(settings, "executionEnvironments")):
        for key in ("root", "extraPaths"):
            yield from (("", root) for root in _strings(environment.get(key)))
    yield from (("", root) for root in _strings(_at(settings, "extraPaths")))


# ---- commands --------------------------------------------------------------------------------------------------------

_COMMAND = re.compile(r"(?P<module>[A-Za-z_]\w*(?:\.\w+)*)\s*:\s*(?P<name>[A-Za-z_]\w*)[\w.]*(?:\s*\[[^\]]*\])?")
_LINE = re.compile(rf"""(?m)(?<![\w.-])[\w.-]++[ \t]*+=[ \t]*+{_COMMAND.pattern}[ \t]*(?=['"]|$)""")


def _commands(pyproject: object, setup: str, setup_cfg: str) -> Iterator[tuple[str, str]]:
    """Modules and names. In the older files every line `name = module:function` is one."""
    project, poetry = _at(pyproject, "project"), _at(pyproject, "tool", "poetry")
    groups = [_at(project, "scripts"), _at(project, "gui-scripts"), _at(poetry, "scripts")]
    for plugins in (_at(project, "entry-points"), _at(poetry, "plugins")):
        groups += plugins.values() if isinstance(plugins, dict) else ()
    written = [command for group in groups if isinstance(group, dict) for command in _strings([*group.values()])]
    matches = [*map(_COMMAND.fullmatch, written), *_LINE.finditer(setup), *_LINE.finditer(setup_cfg)]
    yield from ((match["module"], match["name"]) for match in matches if match is not None)


# ---- the older files -------------------------------------------------------------------------------------------------

INI_OPTIONS = {
    "setup.cfg": (
        ("options", "package_dir"),
        ("options.packages.find", "where"),
        ("mypy", "mypy_path"),
        ("tool:pytest", "pythonpath"),
    ),
    "mypy.ini": (("mypy", "mypy_path"),),
    "pytest.ini": (("pytest", "pythonpath"),),
    "tox.ini": (("pytest", "pythonpath"),),
}
"""Sections and options that name roots or, as `name = folder`, packages."""


def _of_ini(text: str, options: Iterable[tuple[str, str]]) -> Iterator[Claim]:
    parser = configparser.RawConfigParser(strict=False)
    if re.search(rf"[^\S\n]{{{MAX_SPACES}}}", text) is None:
        _parsed(parser.read_string, text)
    for section, option in options:
        for value in re.split(r"[,\n]", parser.get(section, option, fallback="")):
            name, is_pair, folder = value.partition("=")
            yield from [(name.strip(), folder)] if is_pair else [("", root) for root in _split([value])]


_PACKAGE_DIR = re.compile(r"package_dir[\s=]*+(?:dict\()?[\s=]*+\{(?P<pairs>[^{}]*+)\}")
_PAIR = re.compile(r"""['"](?P<name>[\w.]*+)['"]\s*+:\s*+['"](?P<folder>[^'"\n]*+)['"]""")
_FIND_PACKAGES = re.compile(r"""find_(?:namespace_)?packages\(\s*+(?:where\s*+=\s*+)?['"](?P<root>[^'"\n]++)['"]""")


def _of_setup(text: str) -> Iterator[Claim]:
    """A program, of which only the usual spelling is understood."""
    for mapping in _PACKAGE_DIR.finditer(text):
        yield from ((pair["name"], pair["folder"]) for pair in _PAIR.finditer(mapping["pairs"]))
    yield from (("", found["root"]) for found in _FIND_PACKAGES.finditer(text))


# ---- values of any shape ---------------------------------------------------------------------------------------------


def _toml(text: str) -> object:
    is_bearable = all(line.count(".") <= MAX_DOTS for line in text.split("\n"))
    return _parsed(tomllib.loads, text) if is_bearable else None


def _json(text: str) -> object:
    """With the comments that pyright allows, where they have a line to themselves."""
    return _parsed(json.loads, re.sub(r"(?m)^[ \t]*+//.*$", "", text))


def _parsed(parse: Callable[[str], object], text: str) -> object:
    try:
        return parse(text)
    except Exception:  # strangers write these files, and no parser lists all that it raises, RecursionError for one
        return None


def _at(value: object, *keys: str) -> object:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _strings(value: object) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [item for item in values if isinstance(item, str)]


def _tables(value: object) -> list[dict[str, object]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _pairs(value: object) -> Iterator[Claim]:
    if isinstance(value, dict):
        yield from ((name, folder) for name, folder in value.items() if isinstance(folder, str))


def _split(values: Iterable[str]) -> Iterator[str]:
    """Each of several paths in one string: tools accept colons, commas and, but for mypy, spaces."""
    for value in values:
        yield from (part for part in re.split(r"[:;,\s]+", value) if part)
