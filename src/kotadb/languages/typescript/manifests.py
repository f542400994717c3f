"""What a package.json says, and which packages a workspace lists."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from kotadb.languages.typescript.exports import exported
from kotadb.languages.typescript.folders import inside, join
from kotadb.languages.typescript.jsonc import mapping, read_object, strings
from kotadb.languages.typescript.patterns import Glob, GlobSet, StarMap

MANIFEST = "package.json"

_TYPES = ("types", "typings")
_CODE = ("main", "module", "source")
_DEPENDENCIES = ("peerDependencies", "optionalDependencies", "devDependencies", "dependencies")
_LINKS = ("file:", "link:", "portal:")
_MAX_MEMBERS = 100
"""Patterns of one workspace; each is compared with every package below it."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """A package.json. Its files are as written, relative to `folder`."""

    folder: str
    name: str | None
    is_module: bool
    """Whether its `.js` and `.ts` files are ECMAScript modules."""
    entries: tuple[str, ...]
    """What the package's own name may stand for, the best first."""
    exports: StarMap[object] | None
    imports: StarMap[object]
    dependencies: dict[str, str]
    workspaces: tuple[str, ...]
    """Patterns of the folders of its members."""
    programs: tuple[str, ...] = ()
    """What becomes a command where the package is installed."""

    def link(self, name: str) -> str | None:
        """The folder in the repository that it takes this dependency from, where it says so."""
        version = self.dependencies.get(name, "")
        target = version.partition(":")[2] if version.startswith(_LINKS) else None
        return None if target is None else join(self.folder, target)


def read_manifest(folder: str, text: str) -> Manifest:
    raw = read_object(text)
    name, listed = raw.get("name"), raw.get("workspaces")
    return Manifest(
        folder=folder,
        name=name if isinstance(name, str) and name else None,
        is_module=raw.get("type") == "module",
        entries=tuple(entry for key in (*_TYPES, *_CODE) if isinstance(entry := raw.get(key), str)),
        exports=exported(raw.get("exports")),
        imports=StarMap(mapping(raw.get("imports"))),
        dependencies={
            name: version
            for key in _DEPENDENCIES
            for name, version in mapping(raw.get(key)).items()
            if isinstance(version, str)
        },
        workspaces=tuple(strings(listed.get("packages") if isinstance(listed, dict) else listed)),
        programs=tuple(strings([raw.get("bin"), *mapping(raw.get("bin")).values()])),
    )


def workspace_in(folder: str, manifest: Manifest | None, read: Callable[[str], str | None]) -> GlobSet | None:
    """The folders of the workspace whose root this is; None if it is none."""
    listed = list(manifest.workspaces) if manifest is not None else []
    for name, members_in in _LISTS.items():
        text = read(inside(folder, name))
        listed.extend(members_in(text) if text is not None else ())
    members = listed[:_MAX_MEMBERS]
    if not members:
        return None
    included = [pattern for pattern in members if not pattern.startswith("!")]
    excluded = [pattern[1:] for pattern in members if pattern.startswith("!")]
    return GlobSet(_globs(folder, included), _globs(folder, excluded))


def _globs(folder: str, patterns: list[str]) -> Iterator[Glob]:
    for pattern in patterns:
        path = join(folder, pattern)
        if path is not None:
            yield Glob(path)


def _of_lerna(text: str) -> list[str]:
    return strings(read_object(text).get("packages"))


def _of_rush(text: str) -> list[str]:
    projects = read_object(text).get("projects")
    listed = projects if isinstance(projects, list) else []
    return strings([mapping(project).get("projectFolder") for project in listed])


_YAML_LIST = re.compile(r"^packages:[ \t]*(?:\[([^\]]*)\]|((?:(?:#[^\n]*)?\r?\n[ \t]*(?:[-#][^\n]*)?)*))", re.MULTILINE)
_YAML_ITEM = re.compile(r"""\s*-?[ \t]*(?:"([^"]*)"|'([^']*)'|([^#\s]*))""")


def _of_pnpm(text: str) -> list[str]:
    """The one list of that file that matters, as a block or in brackets; all else of YAML is left alone."""
    found = _YAML_LIST.search(text)
    if found is None:
        return []
    lines = found[1].split(",") if found[1] is not None else found[2].splitlines()
    items = (_YAML_ITEM.match(line) for line in lines)
    return [name for item in items if item and (name := item[1] or item[2] or item[3])]


_LISTS: dict[str, Callable[[str], list[str]]] = {
    "pnpm-workspace.yaml": _of_pnpm,
    "lerna.json": _of_lerna,
    "rush.json": _of_rush,
}
WORKSPACE_FILES = frozenset({MANIFEST, *_LISTS})
