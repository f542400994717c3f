"""Which tsconfig.json or jsconfig.json counts for a file."""

from collections import defaultdict

from kotadb.languages.modules import Files
from kotadb.languages.typescript.exports import targets
from kotadb.languages.typescript.folders import Nearest, inside, join, parent
from kotadb.languages.typescript.names import package_of
from kotadb.languages.typescript.packages import Packages
from kotadb.languages.typescript.tsconfig import NO_CONFIG, Config, Layer, read_config, read_layer

_NAMES = ("tsconfig.json", "jsconfig.json")
_MAX_REFERENCES = 500
"""Configurations that one leads to; each is asked about each file that it does not hold itself."""


class Configs:
    """The configurations of the repository, each read once."""

    def __init__(self, files: Files, packages: Packages) -> None:
        self._files = files
        self._packages = packages
        self._layers: dict[str, Layer] = {}
        self._configs: dict[str, Config] = {}
        self._nearest = Nearest(self._usual_in)
        self._referenced: dict[str, list[Config]] = {}
        self._compiling: dict[str, list[Config]] = {}
        self._in_folder: dict[str, list[str]] = defaultdict(list)
        for path in files.paths:
            folder, _, name = path.rpartition("/")
            if name.endswith(".json") and name.startswith("tsconfig."):
                self._in_folder[folder].append(path)

    def of_file(self, path: str) -> Config:
        """The nearest one upwards or, where that only refers to others, the one of those that holds the file."""
        nearest = self._nearest[parent(path)]
        if nearest is None:
            return NO_CONFIG
        config = self._config(nearest)
        if not config.references or config.holds(path):
            return config
        return next((other for other in self._referenced_by(config) if other.holds(path)), config)

    def of_folder(self, folder: str) -> list[Config]:
        """Those that may compile what is in the folder, whatever their names: the folder's own, and the nearest one."""
        if folder not in self._compiling:
            nearest = self._nearest[folder]
            paths = [*sorted(self._in_folder.get(folder, ())), *([nearest] if nearest is not None else [])]
            self._compiling[folder] = [self._config(path) for path in dict.fromkeys(paths)]
        return self._compiling[folder]

    def _usual_in(self, folder: str) -> str | None:
        candidates = (inside(folder, name) for name in _NAMES)
        return next((path for path in candidates if path in self._files.paths), None)

    def _config(self, path: str) -> Config:
        if path not in self._configs:
            self._configs[path] = read_config(path, self._read, self._extended)
        return self._configs[path]

    def _read(self, path: str) -> Layer:
        if path not in self._layers:
            self._layers[path] = read_layer(self._files.read(path) if path in self._files.paths else None)
        return self._layers[path]

    def _referenced_by(self, config: Config) -> list[Config]:
        """All that it leads to, the nearer ones first."""
        if config.path not in self._referenced:
            found = {config.path: config}
            for known in (queue := [config]):
                fresh = [self._config(path) for path in self._references(known) if path not in found]
                found |= {other.path: other for other in fresh}
                queue.extend(fresh)
                if len(found) > _MAX_REFERENCES:
                    break
            self._referenced[config.path] = list(found.values())[1:]
        return self._referenced[config.path]

    def _references(self, config: Config) -> list[str]:
        found = (self._existing(path, inside(path, _NAMES[0])) for path in config.references)
        return list(dict.fromkeys(path for path in found if path is not None))

    def _extended(self, name: str, folder: str) -> str | None:
        """What `extends` means: a file, or one of a package of this repository."""
        if name.startswith("."):
            path = join(folder, name)
            return None if path is None else self._existing(path, f"{path}.json")
        package = package_of(name)
        manifest = self._packages.find(package, folder) if package is not None else None
        if package is None or manifest is None:
            return None
        subpath = name.removeprefix(package)
        exported = manifest.exports.match(f".{subpath}") if manifest.exports is not None else None
        written = [*targets(exported, {"node", "require", "import", "default"}), f".{subpath}", f".{subpath}.json"]
        paths = [path for target in written if (path := join(manifest.folder, target)) is not None]
        return self._existing(*paths, inside(manifest.folder, _NAMES[0]) if not subpath else "")

    def _existing(self, *paths: str) -> str | None:
        return next((path for path in paths if path in self._files.paths), None)
