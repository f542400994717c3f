"""The files of a package that its name, and the paths below it, stand for."""

from collections.abc import Iterator

from kotadb.languages.typescript.exports import targets
from kotadb.languages.typescript.folders import inside, join
from kotadb.languages.typescript.lookup import Lookup
from kotadb.languages.typescript.manifests import Manifest
from kotadb.languages.typescript.outputs import Outputs
from kotadb.languages.typescript.patterns import Match

# Where the compiler's own conditions lead to no file of the repository, those of bundlers and development may.
_BUNDLERS = frozenset({"types", "import", "require", "node", "module", "default", "development", "source"})
_SOURCE = "src"


class Entries:
    """Finds files of the packages of the repository."""

    def __init__(self, lookup: Lookup, outputs: Outputs) -> None:
        self._lookup = lookup
        self._outputs = outputs

    def find(self, manifest: Manifest, subpath: str, conditions: frozenset[str], *, is_modern: bool) -> str | None:
        """The file for a path in the package, "" for the package itself. What is not modern ignores `exports`."""
        if manifest.exports is None:
            return self._by_fields(manifest, subpath)
        if is_modern:
            return self._by_exports(manifest, subpath, conditions)
        return self._by_fields(manifest, subpath) or self._by_exports(manifest, subpath, conditions)

    def published(self, manifest: Manifest) -> Iterator[str]:
        """The files that whoever installs the package can import or run: all in its folder where it exports a star."""
        subpaths = list(manifest.exports.keys()) if manifest.exports is not None else ["."]
        if any("*" in subpath for subpath in subpaths):
            yield from self._lookup.inside(manifest.folder)
        for subpath in subpaths:
            path = self.find(manifest, subpath.removeprefix(".").strip("/"), _BUNDLERS, is_modern=True)
            yield from [path] if path is not None else []
        programs = [path for program in manifest.programs if (path := join(manifest.folder, program)) is not None]
        yield from (found for path in programs if (found := self._existing([path]) or self._built([path])) is not None)

    def target(self, folder: str, match: Match[object] | None, conditions: frozenset[str]) -> str | None:
        """The file that a match in `exports` or `imports` leads to."""
        written = dict.fromkeys([*targets(match, conditions), *targets(match, conditions | _BUNDLERS)])
        paths = [path for target in written if target.startswith("./") and (path := join(folder, target)) is not None]
        return self._existing(paths) or self._built(paths)

    def _by_exports(self, manifest: Manifest, subpath: str, conditions: frozenset[str]) -> str | None:
        match = manifest.exports.match(f"./{subpath}" if subpath else ".") if manifest.exports is not None else None
        found = self.target(manifest.folder, match, conditions)
        return found or (self._outputs.entry(manifest.folder) if match is not None and not subpath else None)

    def _by_fields(self, manifest: Manifest, subpath: str) -> str | None:
        folder = manifest.folder
        if not subpath:
            entries = [path for entry in manifest.entries if (path := join(folder, entry)) is not None]
            return self._lookup.folder(folder) or self._built(entries) or self._outputs.entry(folder)
        path = join(folder, subpath)
        if path is None:
            return None
        return (
            self._lookup.module(path)
            or self._built([path])
            or self._lookup.source(inside(folder, f"{_SOURCE}/{subpath}"))
        )

    def _existing(self, paths: list[str]) -> str | None:
        return next((found for path in paths if (found := self._lookup.file(path)) is not None), None)

    def _built(self, paths: list[str]) -> str | None:
        return next((found for path in paths if (found := self._outputs.source(path)) is not None), None)
