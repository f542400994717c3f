"""Which file of the repository a path without its true extension stands for, in TypeScript's order."""

from collections.abc import Iterable, Iterator

from kotadb.languages.typescript.folders import inside, join
from kotadb.languages.typescript.packages import Packages

_ADDED = (".ts", ".tsx", ".d.ts", ".js", ".jsx")
_JSX = (".tsx", ".ts", ".d.ts", ".jsx", ".js")
_MODULE = (".mts", ".d.mts", ".mjs")
_COMMON = (".cts", ".d.cts", ".cjs")
_LATE = (*_MODULE, *_COMMON, ".json")
"""What TypeScript does not try at all, but bundlers may be told to."""

_INSTEAD = {
    ".d.ts": _ADDED,
    ".d.mts": _MODULE,
    ".d.cts": _COMMON,
    ".mjs": _MODULE,
    ".mts": _MODULE,
    ".cjs": _COMMON,
    ".cts": _COMMON,
    ".ts": _ADDED,
    ".js": _ADDED,
    ".tsx": _JSX,
    ".jsx": _JSX,
}
"""Extensions as written, and those of the files that may be meant."""

_SOURCES = (".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs")
_SOURCES_FIRST = dict.fromkeys(_MODULE, (_MODULE[0],)) | dict.fromkeys(_COMMON, (_COMMON[0],))


class Lookup:
    """Finds files by paths as modules spell them."""

    def __init__(self, paths: frozenset[str], packages: Packages) -> None:
        self._paths = paths
        self._packages = packages

    def module(self, path: str, *, is_folder: bool = False) -> str | None:
        """A file, or what a folder stands for."""
        if is_folder:
            return self.folder(path)
        return self.file(path) or self.folder(path) or self._first(path, _LATE) or self._declaration(path)

    def file(self, path: str) -> str | None:
        """The file with its extension replaced by a source's, or added; last the one that is spelled out."""
        stem, extension = split(path)
        found = self._first(stem, _INSTEAD.get(extension, ())) or self._first(path, _ADDED)
        return found or (path if path in self._paths else None)

    def spelled(self, path: str) -> str | None:
        """The file of exactly this path."""
        return path if path in self._paths else None

    def inside(self, folder: str) -> Iterator[str]:
        """All files in a folder, "" for the repository's root."""
        return (path for path in self._paths if not folder or path.startswith(f"{folder}/"))

    def folder(self, path: str) -> str | None:
        """What its package.json names, or its index."""
        manifest = self._packages.at(path)
        for entry in manifest.entries if manifest is not None else ():
            target = join(path, entry)
            found = self._entry(target) if target is not None and target != path else None
            if found is not None:
                return found
        return self._index(path)

    def source(self, path: str) -> str | None:
        """The source of a built file, by the path that it would have but for its extension."""
        stem, extension = split(path)
        if extension in _INSTEAD:
            return self._first(stem, (*_SOURCES_FIRST.get(extension, ()), *_SOURCES)) or self._index(stem)
        return path if path in self._paths else self._first(path, _SOURCES) or self._index(path)

    def _entry(self, path: str) -> str | None:
        return self.file(path) or self._index(path)

    def _index(self, folder: str) -> str | None:
        return self._first(inside(folder, "index"), (*_ADDED, *_LATE))

    def _declaration(self, path: str) -> str | None:
        """`style.d.css.ts` declares what `style.css` exports."""
        stem, dot, extension = path.rpartition(".")
        return self._first(f"{stem}.d.{extension}", (".ts",)) if dot and "/" not in extension else None

    def _first(self, stem: str, extensions: Iterable[str]) -> str | None:
        return next((path for extension in extensions if (path := stem + extension) in self._paths), None)


def is_code(path: str) -> bool:
    """Whether its extension is one of code."""
    return split(path)[1] != ""


def split(path: str) -> tuple[str, str]:
    """The path without its extension, and the extension if it is one of code."""
    for length in (len(".d.ts"), len(".d.mts")):
        if path[-length:] in _INSTEAD and path[-length:].startswith(".d."):
            return path[:-length], path[-length:]
    stem, dot, extension = path.rpartition(".")
    return (stem, f".{extension}") if f"{dot}{extension}" in _INSTEAD else (path, "")
