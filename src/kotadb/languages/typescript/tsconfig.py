"""What a tsconfig.json or jsconfig.json says about finding modules, with everything that it extends."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from kotadb.languages.typescript.folders import join, parent
from kotadb.languages.typescript.jsonc import mapping, read_object, strings
from kotadb.languages.typescript.patterns import Glob, GlobSet, StarMap

_MAX_LINEAGE = 64
"""Configurations that one is made of; each may extend several."""
_MAX_VALUES = 200
"""Values of one list: folders, patterns, targets of a path."""
_MAX_VALUE = 1000
"""Characters of a path in a configuration."""

_CONFIG_FOLDER = "${configDir}"
_INPUTS = ("files", "include", "exclude")
_NODE16 = frozenset({"node16", "node18", "node20", "nodenext"})
_COMMON_JS = frozenset({"commonjs", "amd", "umd", "system", "none"})


class Setting(NamedTuple):
    """A value as written, and the folder of the configuration that it is written in."""

    folder: str
    value: object


@dataclass(frozen=True, slots=True)
class Config:
    """All paths in it are paths of the repository."""

    path: str
    aliases: StarMap[object]
    """`paths` as written."""
    aliases_folder: str
    """Where their targets start from."""
    base_url: str | None
    root_dirs: tuple[str, ...]
    outputs: tuple[str, ...]
    """Folders that the compiler writes to."""
    root_dir: str | None
    """The folder whose structure the outputs repeat, if it is written down."""
    conditions: frozenset[str]
    resolution: str
    """`node10`, `node16` or `bundler`."""
    references: tuple[str, ...]
    inputs: GlobSet

    @property
    def folder(self) -> str:
        return parent(self.path)

    def aliased(self, specifier: str, *, catch_all: bool = True) -> list[tuple[str, str]]:
        """What `paths` has for it, as written and as a path. An alias for everything need not mean this one."""
        match = self.aliases.match(specifier)
        if match is None or (match.key == "*" and not catch_all):
            return []
        found = []
        for target in strings(match.value)[:_MAX_VALUES]:
            pattern = _placed(target, self.aliases_folder, self.folder)
            path = join("", pattern.replace("*", match.star, 1)) if pattern is not None else None
            found.extend([(target, path)] if path is not None else [])
        return found

    def holds(self, path: str) -> bool:
        """Whether the file is one of those that it is for. Files that its compiler would not read count as well."""
        return self.inputs.matches(path)


@dataclass(frozen=True, slots=True)
class Layer:
    """One file as written. Many configurations extend the same one."""

    raw: dict[str, object]
    aliases: StarMap[object]


def read_layer(text: str | None) -> Layer:
    raw = read_object(text)
    return Layer(raw, StarMap(mapping(mapping(raw.get("compilerOptions")).get("paths"))))


Read = Callable[[str], Layer]
Extended = Callable[[str, str], str | None]


def read_config(path: str, read: Read, extended: Extended) -> Config:
    """The configuration in the file. `extended` finds what a name after `extends` means in a folder."""
    settings: dict[str, Setting] = {}
    for ancestor in _lineage(path, read, extended):
        layer, folder = read(ancestor), parent(ancestor)
        found = mapping(layer.raw.get("compilerOptions")) | {key: layer.raw[key] for key in _INPUTS if key in layer.raw}
        if "paths" in found:
            found["paths"] = layer.aliases
        settings |= {key: Setting(folder, value) for key, value in found.items()}
    return _config(path, settings, _references(read(path).raw, parent(path)))


def _lineage(path: str, read: Read, extended: Extended) -> Iterator[str]:
    """The files in the order in which they are laid over each other, the given one last."""
    pending: list[tuple[str, tuple[str, ...], bool]] = [(path, (), False)]
    budget = _MAX_LINEAGE
    while pending:
        current, heirs, is_open = pending.pop()
        if is_open:
            yield current
            continue
        budget -= 1
        pending.append((current, heirs, True))
        names = strings(read(current).raw.get("extends"))[:_MAX_VALUES]
        bases = [base for name in names if (base := extended(name, parent(current))) is not None]
        inherited = (*heirs, current)
        if budget > 0:
            pending.extend((base, inherited, False) for base in reversed(bases) if base not in inherited)


def _config(path: str, settings: dict[str, Setting], references: tuple[str, ...]) -> Config:
    folder = parent(path)
    base_url = _folder(settings, "baseUrl", folder)
    outputs = [_folder(settings, key, folder) for key in ("outDir", "declarationDir")]
    paths = settings.get("paths", Setting(folder, None))
    return Config(
        path=path,
        aliases=paths.value if isinstance(paths.value, StarMap) else StarMap({}),
        aliases_folder=paths.folder if base_url is None else base_url,
        base_url=base_url,
        root_dirs=_folders(settings, "rootDirs", folder),
        outputs=tuple(output for output in outputs if output is not None),
        root_dir=_folder(settings, "rootDir", folder),
        conditions=frozenset(_strings(settings, "customConditions")),
        resolution=_resolution(settings),
        references=references,
        inputs=_inputs(settings, folder),
    )


def _references(raw: dict[str, object], folder: str) -> tuple[str, ...]:
    """What the references name: files, or folders with a configuration of the usual name. They are not inherited."""
    listed = raw.get("references")
    names = strings([mapping(reference).get("path") for reference in listed] if isinstance(listed, list) else [])
    return tuple(path for name in names[:_MAX_VALUES] if (path := join(folder, name)) is not None)


def _resolution(settings: dict[str, Setting]) -> str:
    """The kind of resolution. The oldest of all is long gone, and counts as a bundler's."""
    written, module = (_lower(settings, key) for key in ("moduleResolution", "module"))
    if written is None:
        return "node16" if module in _NODE16 else "node10" if module in _COMMON_JS else "bundler"
    if written in _NODE16:
        return "node16"
    return "node10" if written in ("node", "node10") else "bundler"


def _lower(settings: dict[str, Setting], key: str) -> str | None:
    value = settings[key].value if key in settings else None
    return value.lower() if isinstance(value, str) else None


def _strings(settings: dict[str, Setting], key: str) -> list[str]:
    return strings(settings[key].value)[:_MAX_VALUES] if key in settings else []


def _folder(settings: dict[str, Setting], key: str, config_folder: str) -> str | None:
    return next(iter(_folders(settings, key, config_folder)), None)


def _folders(settings: dict[str, Setting], key: str, config_folder: str) -> tuple[str, ...]:
    values = _strings(settings, key)
    paths = (_placed(value, settings[key].folder, config_folder) for value in values)
    return tuple(path for path in paths if path is not None)


def _placed(value: str, folder: str, config_folder: str) -> str | None:
    """The path that is meant; None for one that is outside of the repository, or absurd."""
    if len(value) > _MAX_VALUE:
        return None
    if value.startswith(_CONFIG_FOLDER):
        return join(config_folder, "./" + value.removeprefix(_CONFIG_FOLDER).lstrip("/"))
    return join(folder, value)


def _inputs(settings: dict[str, Setting], folder: str) -> GlobSet:
    files = _folders(settings, "files", folder)
    included = _folders(settings, "include", folder)
    if "files" not in settings and "include" not in settings:
        included = (join(folder, "**/*") or "**/*",)
    excluded = _folders(settings, "exclude", folder)
    if "exclude" not in settings:
        excluded = _folders(settings, "outDir", folder) + _folders(settings, "declarationDir", folder)
    return GlobSet(
        [*map(Glob, files), *(Glob(_whole(pattern), includes=True) for pattern in included)],
        [Glob(pattern) for path in excluded for pattern in (path, f"{path}/**" if path else "**")],
    )


def _whole(pattern: str) -> str:
    """A folder stands for everything in it."""
    last = pattern.rpartition("/")[2]
    if last == "**":
        return f"{pattern}/*"
    is_folder = not any(character in last for character in ".*?")
    return (f"{pattern}/**/*" if pattern else "**/*") if is_folder else pattern


NO_CONFIG = _config("", {}, ())
