"""From what a build writes, which is not in the repository, back to the source that it is made of."""

import re
from collections.abc import Iterator

from kotadb.languages.typescript.configs import Configs
from kotadb.languages.typescript.folders import inside, parent, relative_to
from kotadb.languages.typescript.lookup import Lookup
from kotadb.languages.typescript.manifests import Manifest
from kotadb.languages.typescript.packages import Packages
from kotadb.languages.typescript.tsconfig import Config

_SOURCE = "src"
_BUILT = frozenset({"dist", "lib", "build", "out", "output", "esm", "cjs", "es"})
_FORMATS = frozenset({"esm", "cjs", "mjs", "es", "es6", "umd", "types", "module", "commonjs", "node", "browser"})
"""Folders in the output that hold the same modules, each in another format."""
_BUNDLE = re.compile(r"(?:dist|lib|build|out)/([^/.]+)((?:\.[\w-]+)*)")
"""A module and all that it imports in one file: its name, and what it was built for."""
_FORMAT = re.compile(r"(?:\.(?:cjs|common|esm|umd|global|browser|min|prod|dev|d|[cm]?[jt]s))*")


class Outputs:
    """Finds sources. As long as the built file itself is in the repository there is no need to ask."""

    def __init__(self, configs: Configs, packages: Packages, lookup: Lookup) -> None:
        self._configs = configs
        self._packages = packages
        self._lookup = lookup

    def source(self, built: str) -> str | None:
        """The source of a file that some build of the package around it would write."""
        scope = self._packages.scope(parent(built))
        folder = scope.folder if scope is not None else ""
        candidates = (*self._configured(folder, built), *_usual(folder, built))
        found = next((found for path in candidates if (found := self._lookup.source(path)) is not None), None)
        return found or self._bundled(scope, built)

    def _bundled(self, scope: Manifest | None, built: str) -> str | None:
        """The source of `dist/name.esm.js`: that of the same name, or the entry of a package that is called so."""
        folder = scope.folder if scope is not None else ""
        bundle = _BUNDLE.fullmatch(relative_to(folder, built) or "")
        if bundle is None:
            return None
        source = self._lookup.source(inside(folder, f"{_SOURCE}/{bundle[1]}")) if _FORMAT.fullmatch(bundle[2]) else None
        names = [name.rpartition("/")[2] for name in (folder, scope.name if scope is not None else None) if name]
        return source or (self.entry(folder) if bundle[1] in names else None)

    def entry(self, folder: str) -> str | None:
        """The source of a package of which nothing else is known."""
        return self._lookup.source(inside(folder, f"{_SOURCE}/index")) or self._lookup.source(inside(folder, "index"))

    def _configured(self, folder: str, built: str) -> Iterator[str]:
        """By the folders that compilers are told to read and write."""
        for config in self._configs.of_folder(folder):
            for output in config.outputs:
                path = relative_to(output, built)
                if path:
                    yield from (inside(root, path) for root in _roots(config))


def _roots(config: Config) -> list[str]:
    """Without a `rootDir` it is the innermost folder that holds all inputs: most often one of these."""
    return [config.root_dir] if config.root_dir is not None else [inside(config.folder, _SOURCE), config.folder]


def _usual(folder: str, built: str) -> Iterator[str]:
    """By what the folders for output and sources are called."""
    first, *rest = (relative_to(folder, built) or "").split("/")
    if first not in _BUILT:
        return
    if not rest:
        yield inside(folder, _SOURCE)
    while rest:
        path = "/".join(rest)
        yield inside(folder, f"{_SOURCE}/{path}")
        yield inside(folder, path)
        first, *rest = rest
        if first not in _FORMATS:
            return
