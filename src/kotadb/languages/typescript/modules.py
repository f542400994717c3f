"""How TypeScript and JavaScript find modules, without a compiler and without installed packages.

As TypeScript does it for bundlers and Node.js, with one addition: a path to a file that a build will write leads to the
source that it is made of. What is said in several places is tried in TypeScript's order: a specifier that is relative
from the importer; any other by `paths`, `baseUrl`, an import map, `imports`, and the packages of the repository.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from kotadb.languages.modules import MISSING, Files, Location, Modules
from kotadb.languages.typescript.configs import Configs
from kotadb.languages.typescript.entries import Entries
from kotadb.languages.typescript.exports import targets
from kotadb.languages.typescript.folders import inside, join, parent, relative_to
from kotadb.languages.typescript.import_maps import ImportMaps
from kotadb.languages.typescript.lookup import Lookup, is_code
from kotadb.languages.typescript.names import is_relative, package_of
from kotadb.languages.typescript.outputs import Outputs
from kotadb.languages.typescript.packages import Packages
from kotadb.languages.typescript.tsconfig import Config

_MAX_SPECIFIER = 1000
"""Characters; what is longer is no name of a module but data."""
_MODULE = (".mts", ".mjs")
_COMMON = (".cts", ".cjs")
_INSTALLED = "node_modules/"


class _Importer(NamedTuple):
    """What the answer depends on besides the specifier: the same for most files of a folder."""

    folder: str
    config: Config
    is_module: bool

    @property
    def conditions(self) -> frozenset[str]:
        """Those under which TypeScript reads `exports` and `imports` for the file."""
        node = {"node"} if self.config.resolution == "node16" else set()
        return self.config.conditions | node | {"types", "default", "import" if self.is_module else "require"}

    @property
    def is_modern(self) -> bool:
        """Whether its resolution knows `exports`."""
        return self.config.resolution != "node10"


def typescript_modules(files: Files) -> Modules:
    """Module resolution for one commit's TypeScript and JavaScript."""
    return _TypeScriptModules(files)


class _TypeScriptModules:
    def __init__(self, files: Files) -> None:
        self._packages = Packages(files)
        self._configs = Configs(files, self._packages)
        self._import_maps = ImportMaps(files)
        self._lookup = Lookup(files.paths, self._packages)
        self._outputs = Outputs(self._configs, self._packages, self._lookup)
        self._entries = Entries(self._lookup, self._outputs)
        self._importers: dict[str, _Importer] = {}
        self._answers: dict[tuple[str, str, bool, str], Location] = {}

    def resolve(self, importer: str, specifier: str) -> Location:
        if not specifier or len(specifier) > _MAX_SPECIFIER or "\0" in specifier:
            return MISSING
        if importer not in self._importers:
            self._importers[importer] = self._importer(importer)
        place = self._importers[importer]
        key = (place.folder, place.config.path, place.is_module, specifier)
        if key not in self._answers:
            self._answers[key] = self._answer(place, specifier)
        return self._answers[key]

    def submodule(self, module: Location, name: str) -> Location:
        """Never one: a module's names are what its file exports."""
        return MISSING

    def published(self) -> frozenset[str]:
        """What each package.json exports or makes a command of."""
        return frozenset(path for manifest in self._packages.all() for path in self._entries.published(manifest))

    def commands(self) -> Mapping[str, frozenset[str]]:
        """None: a command is a file, which is published."""
        return {}

    def _importer(self, path: str) -> _Importer:
        config = self._configs.of_file(path)
        return _Importer(parent(path), config, self._is_module(path, config))

    def _is_module(self, path: str, config: Config) -> bool:
        """Whether its imports are those of an ECMAScript module; to bundlers all are that do not say otherwise."""
        if path.endswith((*_MODULE, *_COMMON)):
            return path.endswith(_MODULE)
        scope = self._packages.scope(parent(path))
        return config.resolution != "node16" or (scope is not None and scope.is_module)

    def _answer(self, place: _Importer, specifier: str) -> Location:
        find = self._relative if is_relative(specifier) else self._named
        path = find(place, specifier)
        if path is None and "?" in specifier:  # bundlers take what follows as options
            path = find(place, specifier.partition("?")[0])
        return self._elsewhere(place, specifier) if path is None else Location(path=path)

    def _relative(self, place: _Importer, specifier: str) -> str | None:
        path = join(place.folder, specifier)
        if path is None:
            return None
        is_folder = specifier.rpartition("/")[2] in ("", ".", "..")
        found = self._lookup.module(path, is_folder=is_folder) or self._in_root_dirs(place.config, path)
        return found or self._package_at(place, path) or self._outputs.source(path)

    def _in_root_dirs(self, config: Config, path: str) -> str | None:
        """The same path in the other folders that are as one with the one it is in."""
        holding = [root for root in config.root_dirs if relative_to(root, path)]
        if not holding:
            return None
        rest = relative_to(max(holding, key=len), path) or ""
        return self._first(self._lookup.module, [inside(root, rest) for root in config.root_dirs])

    def _package_at(self, place: _Importer, folder: str) -> str | None:
        manifest = self._packages.at(folder)
        if manifest is None:
            return None
        return self._entries.find(manifest, "", place.conditions, is_modern=place.is_modern)

    def _named(self, place: _Importer, specifier: str) -> str | None:
        """The first of the ways to find a file by its name, in the order of TypeScript."""
        ways = (
            self._by_paths,
            self._by_base_url,
            self._by_import_map,
            self._by_imports,
            self._by_package,
            self._by_built_paths,
        )
        return next((path for way in ways if (path := way(place, specifier)) is not None), None)

    def _by_paths(self, place: _Importer, specifier: str) -> str | None:
        for target, path in place.config.aliased(specifier):
            # A whole file name in `paths` means that very file.
            found = (self._lookup.spelled(path) if is_code(target) else None) or self._lookup.module(path)
            if found is not None:
                return found
        return None

    def _by_built_paths(self, place: _Importer, specifier: str) -> str | None:
        return self._first(self._outputs.source, [path for _, path in place.config.aliased(specifier)])

    def _by_base_url(self, place: _Importer, specifier: str) -> str | None:
        base = place.config.base_url
        path = join(base, specifier) if base is not None else None
        return self._lookup.module(path) if path else None

    def _by_import_map(self, place: _Importer, specifier: str) -> str | None:
        path = self._import_maps.path(place.folder, specifier)
        return self._lookup.module(path) if path is not None else None

    def _by_imports(self, place: _Importer, specifier: str) -> str | None:
        scope = self._packages.scope(place.folder) if specifier.startswith("#") else None
        match = scope.imports.match(specifier) if scope is not None else None
        if scope is None or match is None:
            return None
        names = self._named_by_imports(place, specifier)
        return self._entries.target(scope.folder, match, place.conditions) or self._first(
            lambda name: self._by_package(place, name), names
        )

    def _named_by_imports(self, place: _Importer, specifier: str) -> list[str]:
        """Packages that a `#name` stands for."""
        scope = self._packages.scope(place.folder)
        match = scope.imports.match(specifier) if scope is not None else None
        return [name for name in targets(match, place.conditions) if not name.startswith((".", "/", "#"))]

    def _by_package(self, place: _Importer, specifier: str) -> str | None:
        name = package_of(specifier)
        if name is None or not f"{specifier}/".startswith(f"{name}/"):  # one with a version, from a registry
            return None
        manifest = self._packages.find(name, place.folder)
        if manifest is None:
            return None
        subpath = specifier[len(name) :].strip("/")
        return self._entries.find(manifest, subpath, place.conditions, is_modern=place.is_modern)

    def _elsewhere(self, place: _Importer, specifier: str) -> Location:
        """A package from outside, unless the name can only mean something in here."""
        names = self._named_by_imports(place, specifier) if specifier.startswith("#") else []
        written = names[0] if names else self._import_maps.renamed(place.folder, specifier)
        name = package_of(written)
        if name is None or self._packages.own(name, place.folder) is not None:
            return MISSING
        is_alias = any(_INSTALLED not in f"{path}/" for _, path in place.config.aliased(specifier, catch_all=False))
        if is_alias and not self._packages.declares(name, place.folder):
            return MISSING
        return Location(package=name)

    def _first(self, find: Callable[[str], str | None], candidates: list[str]) -> str | None:
        return next((path for candidate in candidates if (path := find(candidate)) is not None), None)
