"""The packages of the repository, by the names under which its files import them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice

from kotadb.languages.modules import Files
from kotadb.languages.typescript.folders import Nearest, inside, parent, upwards
from kotadb.languages.typescript.manifests import MANIFEST, WORKSPACE_FILES, Manifest, read_manifest, workspace_in
from kotadb.languages.typescript.names import BUILTINS

_INSTALLED = "node_modules"
_MAX_AROUND = 8
"""Packages around one another that are asked for their dependencies."""
_REGISTRY = "npm:"
"""What the version of a dependency begins with that no workspace shall provide."""
_MAX_WORKSPACES = 8
"""Workspaces around one package that are asked whether it is a member, from the inside out."""


class Packages:
    """Every package.json outside of node_modules."""

    def __init__(self, files: Files) -> None:
        self._files = files
        folders = _folders_with(WORKSPACE_FILES, files)
        self._manifests = {folder: manifest for folder in folders if (manifest := self._manifest(folder)) is not None}
        self._workspaces = {
            folder: members
            for folder in folders
            if (members := workspace_in(folder, self._manifests.get(folder), self._read)) is not None
        }
        self._by_name: dict[str, list[Manifest]] = defaultdict(list)
        self._members: dict[tuple[str, str], Manifest] = {}
        for folder, manifest in self._manifests.items():
            root = self._root_of(folder)
            if manifest.name is not None:
                self._by_name[manifest.name].append(manifest)
            if manifest.name is not None and root is not None:
                self._members.setdefault((root, manifest.name), manifest)
        self._scopes = Nearest(self._manifests.get)

    def _manifest(self, folder: str) -> Manifest | None:
        text = self._read(inside(folder, MANIFEST))
        return None if text is None else read_manifest(folder, text)

    def _read(self, path: str) -> str | None:
        return self._files.read(path) if path in self._files.paths else None

    def _root_of(self, folder: str) -> str | None:
        """The folder of the nearest workspace that lists this one."""
        around = (root for root in upwards(folder) if root in self._workspaces)
        return next(
            (root for root in islice(around, _MAX_WORKSPACES) if self._workspaces[root].matches(folder)),
            None,
        )

    def all(self) -> Iterable[Manifest]:
        return self._manifests.values()

    def at(self, folder: str) -> Manifest | None:
        return self._manifests.get(folder)

    def scope(self, folder: str) -> Manifest | None:
        """The package that a file in this folder belongs to."""
        return self._scopes[folder]

    def find(self, name: str, folder: str) -> Manifest | None:
        """The package of this repository that a file in the folder gets under this name."""
        declaring = self._declaring(name, folder)
        linked = declaring.link(name) if declaring is not None else None
        if linked is not None:
            return self.at(linked)
        return self.own(name, folder) or (self._only(name) if declaring is None else None)

    def own(self, name: str, folder: str) -> Manifest | None:
        """The same, only if no registry could have another: the file's own package, or one of its workspace."""
        declaring = self._declaring(name, folder)
        if declaring is not None and declaring.dependencies[name].startswith(_REGISTRY):
            return None
        scope = self.scope(folder)
        return scope if scope is not None and scope.name == name else self._member(name, folder)

    def declares(self, name: str, folder: str) -> bool:
        """Whether a package around the folder depends on one of this name."""
        return self._declaring(name, folder) is not None

    def _declaring(self, name: str, folder: str) -> Manifest | None:
        return next((manifest for manifest in self._around(folder) if name in manifest.dependencies), None)

    def _around(self, folder: str) -> Iterator[Manifest]:
        scope = self.scope(folder)
        for _ in range(_MAX_AROUND):
            if scope is not None:
                yield scope
            scope = self.scope(parent(scope.folder)) if scope is not None and scope.folder else None

    def _member(self, name: str, folder: str) -> Manifest | None:
        """Of several members with this name that of the innermost workspace around the folder."""
        roots = (root for root in upwards(folder) if (root, name) in self._members)
        return next((self._members[root, name] for root in roots), None)

    def _only(self, name: str) -> Manifest | None:
        """A package that is in no list, if nothing else can be meant: nobody says to get it from elsewhere."""
        named = self._by_name.get(name, ())
        return named[0] if len(named) == 1 and name not in BUILTINS else None


def _folders_with(names: frozenset[str], files: Files) -> list[str]:
    found = {
        parent(path) for path in files.paths if path.rpartition("/")[2] in names and _INSTALLED not in path.split("/")
    }
    return sorted(found)
