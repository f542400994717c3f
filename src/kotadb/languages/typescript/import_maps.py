"""The `imports` of the nearest deno.json: other names for specifiers."""

from kotadb.languages.modules import Files
from kotadb.languages.typescript.folders import Nearest, inside, join, parent
from kotadb.languages.typescript.jsonc import mapping, read_object
from kotadb.languages.typescript.names import is_relative
from kotadb.languages.typescript.patterns import StarMap

_NAMES = ("deno.json", "deno.jsonc")


class ImportMaps:
    """All of them in the repository, each read once."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._nearest = Nearest(self._at)

    def path(self, folder: str, specifier: str) -> str | None:
        """The path that the specifier means in the folder, if it is one of the repository."""
        found = self._target(folder, specifier)
        return join(*found) if found is not None and is_relative(found[1]) else None

    def renamed(self, folder: str, specifier: str) -> str:
        """The specifier that is meant, if it is none of the repository."""
        found = self._target(folder, specifier)
        return specifier if found is None or is_relative(found[1]) else found[1]

    def _target(self, folder: str, specifier: str) -> tuple[str, str] | None:
        """The folder of the map, and what it has for the specifier."""
        nearest = self._nearest[folder]
        match = nearest[1].match(specifier) if nearest is not None else None
        if nearest is None or match is None:
            return None
        return nearest[0], match.value.replace("*", match.star)

    def _at(self, folder: str) -> tuple[str, StarMap[str]] | None:
        path = next((path for name in _NAMES if (path := inside(folder, name)) in self._files.paths), None)
        if path is None:
            return None
        written = mapping(read_object(self._files.read(path)).get("imports"))
        # A key with a slash at its end stands for everything below it.
        entries = {
            _starred(key): _starred(value)
            for key, value in written.items()
            if isinstance(value, str) and "*" not in key + value
        }
        return parent(path), StarMap(entries)


def _starred(text: str) -> str:
    return f"{text}*" if text.endswith("/") else text
