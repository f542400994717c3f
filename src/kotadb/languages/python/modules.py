"""Finds the module that a Python import names, as the import system would with the repository's projects on its path.

A name is looked for below roots, in this order:

1. the root of the importer's own package chain (climbing while there is an `__init__.py`);
2. of the projects around it, nearest first: what they declare (see roots.py), `src/`, and their own folder. The
   repository's root counts as a project's folder;
3. unless the name is the standard library's: `lib/` and `python/` of these projects; the folder of an importer that is
   in no package, as for scripts and tests, and those above it with a `conftest.py`;
4. the other projects and package chains of the repository, where just one has the name. A root within a folder of
   tests or examples counts only for what is in there too: it often holds doubles of packages from elsewhere.

An implementation goes before a stub and a stub before a folder without `__init__.py`. Such a namespace package may go
on in other projects, or in packages from elsewhere: what it lacks is not missing, but elsewhere.
"""

import re
import sys
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property

from kotadb.languages.modules import MISSING, Files, Location, Modules
from kotadb.languages.python.roots import MANIFESTS, Declared, declared

STANDARD_LIBRARY = sys.stdlib_module_names | {"__main__"}

SUFFIXES = (".py", ".pyi", ".pyw", ".pyx", ".so", ".pyd")
"""Of modules, the preferred first: who asks for a definition wants the implementation, and as source."""

SOURCE_SUFFIXES = (".py", ".pyi", ".pyw")

MAX_PROJECTS = 10
"""Around one file. Nobody nests more, and this bounds what a question costs."""

_ASIDE = re.compile(r"(?:.*/)?(?:tests?|testing|testdata|fixtures|examples?)(?=/|$)", re.IGNORECASE)
"""The innermost folder of tests or examples."""

OPENS_PACKAGE = ("extend_path", "declare_namespace")
"""What a package says in its `__init__.py` to let other folders have more of it."""


def python_modules(files: Files) -> Modules:
    """Module resolution for the Python files of one commit."""
    return _PythonModules(_tree(files))


# ---- the files, by the modules that they are -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Tree:
    """All that is known of the files. A module's place is its path without a suffix: `a/b` for `a/b/__init__.py`."""

    files: Files
    modules: Mapping[str, str]
    """The file of each place that has one."""
    folders: frozenset[str]
    """Those that hold Python files somewhere below."""
    chain_folders: frozenset[str]
    """Those with an `__init__`."""
    children: Mapping[str, Sequence[str]]
    """The names of the places in a folder, sorted."""
    open_packages: dict[str, bool] = field(default_factory=dict)
    """What `is_open` has found out, by path."""

    def at(self, place: str) -> Location:
        """The module at `place`."""
        if (path := self.modules.get(place)) is not None:
            return Location(path=path)
        return Location(folder=place) if place in self.folders else MISSING

    def below(self, place: str, names: Iterable[str]) -> Location:
        """The module that is found by going down from the package at `place`."""
        is_package = True
        for name in names:
            if not is_package or not name.isidentifier():
                return MISSING
            place = _join(place, name)
            is_package = place not in self.modules or _is_init(self.modules[place])
        return self.at(place)

    def quality(self, place: str) -> int:
        """The less the better: an implementation, something else, no file at all."""
        path = self.modules.get(place, "")
        return 0 if path.endswith(".py") else 1 if path else 2

    def is_open(self, place: str) -> bool:
        """Whether other folders may have more of the package at `place`: it has no file, or one that says so."""
        path = self.modules.get(place)
        if path is None:
            return True
        if path not in self.open_packages:
            self.open_packages[path] = _is_init(path) and self.files.mentions(path, OPENS_PACKAGE)
        return self.open_packages[path]

    def chain_root(self, folder: str) -> str:
        """The folder that the topmost package around `folder` is in, or `folder` itself if it is no package."""
        while folder and folder in self.chain_folders:
            folder = _parent(folder)
        return folder


def _tree(files: Files) -> _Tree:
    ranked: dict[str, tuple[tuple[int, bool, bool], str]] = {}
    folders: set[str] = set()
    for path in files.paths:
        for place, rank in _places(path):
            ranked[place] = min(ranked.get(place, (rank, path)), (rank, path))
        folder = _parent(path)
        while path.endswith(SOURCE_SUFFIXES) and folder not in folders:
            folders.add(folder)
            folder = _parent(folder)
    modules = {place: path for place, (_, path) in ranked.items()}
    children: dict[str, list[str]] = {}
    for place in sorted(folders | modules.keys()):
        children.setdefault(_parent(place), []).append(_name(place))
    chain_folders = frozenset(_parent(path) for path in files.paths if _name(path) in ("__init__.py", "__init__.pyi"))
    return _Tree(files, modules, frozenset(folders), chain_folders, children)


def _places(path: str) -> Iterable[tuple[str, tuple[int, bool, bool]]]:
    """The places that the file may stand for, with a rank: the least takes it."""
    suffix = next((suffix for suffix in SUFFIXES if path.endswith(suffix)), None)
    if suffix is None:
        return
    folder, stem = _parent(path), _name(path).split(".")[0]  # `_speedups.cpython-312-darwin.so` is `_speedups`
    is_init = stem == "__init__"
    place = folder if is_init else _join(folder, stem)
    yield place, (SUFFIXES.index(suffix), False, not is_init)
    if suffix == ".pyi" and "-stubs" in folder:
        yield re.sub(r"-stubs(?=/|$)", "", place), (SUFFIXES.index(suffix), True, not is_init)


# ---- the answers -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """Where the files of one folder look for modules."""

    chain_root: str | None
    """None where it is not to be relied on."""
    projects: tuple[str, ...]
    own: tuple[str, ...]
    """Roots that stand behind the standard library."""


class _PythonModules:
    def __init__(self, tree: _Tree) -> None:
        self._tree = tree
        self._projects = {_parent(path) for path in tree.files.paths if _name(path) in MANIFESTS} | {""}
        self._declared: dict[str, Declared] = {}
        self._tops: dict[str, tuple[Mapping[str, list[str]], Mapping[str, list[str]]]] = {}
        self._surroundings: dict[str, _Surroundings] = {}
        self._relative: dict[tuple[str, str], Location] = {}
        self._absolute: dict[tuple[str, str], Location] = {}

    def resolve(self, importer: str, specifier: str) -> Location:
        key = (_parent(importer), specifier)
        answers, answer = (
            (self._relative, self._find_relative)
            if specifier.startswith(".")
            else (self._absolute, self._find_absolute)
        )
        if key not in answers:
            answers[key] = answer(*key)
        found = answers[key]
        if found.path == importer and specifier == _name(importer).split(".")[0]:
            return Location(package=specifier)  # redis.py does not mean itself by `import redis`
        return found

    def submodule(self, module: Location, name: str) -> Location:
        folder = module.folder
        if module.path is not None and _is_init(module.path):
            folder = _parent(module.path)
        if folder is None:
            return MISSING
        found = self._tree.below(folder, [name])
        if found == MISSING and name.isidentifier() and self._tree.is_open(folder):
            return self._find_portion(folder, name)
        return found

    def published(self) -> frozenset[str]:
        """The public modules of distributed packages, by name: `_impl.py` and all in `_vendor` are not."""
        distributed = {project for project in self._projects if self._declared_by(project).is_distributed}
        public = {
            folder for folder in map(_parent, self._tree.modules.values()) if self._is_public(folder, distributed)
        }
        return frozenset(
            path
            for path in self._tree.files.paths
            if path.endswith(SOURCE_SUFFIXES) and _parent(path) in public and not _is_private(_name(path))
        )

    def commands(self) -> Mapping[str, frozenset[str]]:
        """What projects name as `module:function` in their scripts and entry points."""
        found: dict[str, set[str]] = {}
        for project in sorted(self._projects):
            for module, name in self._declared_by(project).commands:
                path = self._find_absolute(project, module).path
                if path is not None:
                    found.setdefault(path, set()).add(name)
        return {path: frozenset(names) for path, names in found.items()}

    def _is_public(self, folder: str, distributed: Container[str]) -> bool:
        """Whether those who install a project can import what is in the folder."""
        project = _nearest(folder, distributed)
        if project is None or _ASIDE.match(folder) is not None:
            return False
        roots = [root for root in self._sources(project) if folder == root or _is_below(folder, root)]
        if folder in self._tree.chain_folders:
            roots.append(self._tree.chain_root(folder))
        return bool(roots) and not any(map(_is_private, folder[len(max(roots, key=len)) :].split("/")))

    def _find_relative(self, folder: str, specifier: str) -> Location:
        name = specifier.lstrip(".")
        climbs = len(specifier) - len(name) - 1
        parts = folder.split("/") if folder else []
        if climbs > len(parts):
            return MISSING
        folder = "/".join(parts[: len(parts) - climbs])
        if name:
            return self._tree.below(folder, name.split("."))
        found = self._tree.at(folder)
        is_module = found.path is not None and not _is_init(found.path)  # `a.py` beside the folder `a`
        return Location(folder=folder) if is_module else found

    def _find_absolute(self, folder: str, specifier: str) -> Location:
        top, *rest = specifier.split(".")
        if not top.isidentifier():
            return MISSING
        places = self._own_places(folder, top)
        for place in places:
            if (found := self._tree.below(place, rest)) != MISSING:
                return found
        if top in STANDARD_LIBRARY:
            return Location(package=top)
        if not all(self._tree.is_open(place) for place in places):
            return MISSING
        found = self._find_elsewhere(folder, top, rest)
        is_begun = any(self._tree.below(place, rest[:1]) != MISSING for place in places)
        return MISSING if is_begun and found.package is not None else found

    def _own_places(self, folder: str, top: str) -> list[str]:
        """Where the importer's own roots have `top`, the best first."""
        around = self._around(folder)
        strong = [] if around.chain_root is None else self._existing([around.chain_root], top)
        weak: list[str] = []
        for project in around.projects:
            tops, weak_tops = self._tops_of(project)
            strong += tops.get(top, ())
            weak += weak_tops.get(top, ())
        if top in STANDARD_LIBRARY:
            places = [place for place in strong if place in self._tree.modules]
        else:
            places = strong + weak + self._existing(around.own, top)
        return sorted(dict.fromkeys(places), key=self._tree.quality)

    def _existing(self, roots: Iterable[str], top: str) -> list[str]:
        places = (_join(root, top) for root in roots)
        return [place for place in places if self._tree.at(place) != MISSING]

    def _find_elsewhere(self, folder: str, top: str, rest: Sequence[str]) -> Location:
        """The module in other projects, and only if there is no doubt which is meant."""
        places = [place for place in self._elsewhere.get(top, ()) if _may_use(folder, _parent(place))]
        if len(places) > 1 and not all(self._tree.is_open(place) for place in places):
            return Location(package=top)
        found = [module for place in places if (module := self._tree.below(place, rest)).path is not None]
        if len(found) == 1:
            return found[0]
        is_missing = len(places) == 1 and not self._tree.is_open(places[0])
        return MISSING if is_missing else Location(package=top)

    def _find_portion(self, folder: str, name: str) -> Location:
        """`name` in another part of the namespace package that `folder` is a part of."""
        root = _nearest(_parent(folder), self._project_roots)
        if not folder or root is None:
            return MISSING
        top, *rest = folder[len(root) :].lstrip("/").split("/")
        found = self._find_elsewhere(folder, top, [*rest, name])
        return MISSING if found.package is not None else found

    # ---- the roots ---------------------------------------------------------------------------------------------------

    def _around(self, folder: str) -> _Surroundings:
        if folder not in self._surroundings:
            self._surroundings[folder] = self._look_around(folder)
        return self._surroundings[folder]

    def _look_around(self, folder: str) -> _Surroundings:
        projects: list[str] = []
        nearest = _nearest(folder, self._projects)
        while nearest is not None and len(projects) < MAX_PROJECTS:
            projects.append(nearest)
            nearest = _nearest(_parent(nearest), self._projects) if nearest else None
        root = self._tree.chain_root(folder)
        is_package = folder in self._tree.chain_folders
        is_namespaced = self._is_namespaced(root, projects)
        is_reliable = is_package and not is_namespaced and root not in self._tree.chain_folders
        own = [root] if is_package or not is_namespaced else []
        own += [self._tree.chain_root(above) for above in _upwards(folder) if self._has_conftest(above)]
        return _Surroundings(root if is_reliable else None, tuple(projects), tuple(own))

    def _has_conftest(self, folder: str) -> bool:
        return _join(folder, "conftest.py") in self._tree.files.paths

    def _is_namespaced(self, folder: str, projects: Iterable[str]) -> bool:
        """Whether the way from a root down to `folder` is a namespace package, and `folder` no root itself.

        A project's own folder does not count as the root: what is below it may well be a folder of scripts.
        """
        roots = (root for project in projects for root in self._sources(project) if root not in self._projects)
        return any(_is_below(folder, root) for root in roots) and _ASIDE.match(folder) is None

    def _sources(self, project: str) -> list[str]:
        """What is declared, and `src/` where it is no package itself."""
        roots = [*self._declared_by(project).roots, *self._conventional(project, "src")]
        return [root for root in roots if root in self._tree.folders]

    def _conventional(self, project: str, *names: str) -> list[str]:
        return [root for name in names if (root := _join(project, name)) not in self._tree.chain_folders]

    def _declared_by(self, project: str) -> Declared:
        if project not in self._declared:
            self._declared[project] = declared(project, self._tree.files.read)
        return self._declared[project]

    def _tops_of(self, project: str) -> tuple[Mapping[str, list[str]], Mapping[str, list[str]]]:
        """The places of top-level modules by name: those of the project's own roots, and of the weaker ones."""
        if project not in self._tops:
            strong = self._tops_below([*self._strong_roots(project), *self._member_roots(project)])
            for name, place in self._declared_by(project).packages.items():
                strong.setdefault(name, []).insert(0, place)
            # the root of a repository that is a package itself: often by mistake, and its name is not known
            weak = [project] if not project and project in self._tree.chain_folders else []
            self._tops[project] = strong, self._tops_below([*self._conventional(project, "lib", "python"), *weak])
        return self._tops[project]

    def _tops_below(self, roots: Iterable[str]) -> dict[str, list[str]]:
        tops: dict[str, list[str]] = {}
        for root in dict.fromkeys(roots):
            for name in self._tree.children.get(root, ()):
                tops.setdefault(name, []).append(_join(root, name))
        return tops

    def _strong_roots(self, project: str) -> list[str]:
        is_package = project in self._tree.chain_folders
        return self._sources(project) + ([] if is_package else [project])

    def _member_roots(self, project: str) -> list[str]:
        """Of the projects that the one in `project` calls members of its workspace."""
        patterns = self._declared_by(project).members
        if not patterns:
            return []
        members = [other for other in sorted(self._projects) if any(_matches(other, pattern) for pattern in patterns)]
        return [root for member in members for root in self._strong_roots(member)]

    @cached_property
    def _project_roots(self) -> dict[str, None]:
        return dict.fromkeys(root for project in sorted(self._projects) for root in self._strong_roots(project))

    @cached_property
    def _elsewhere(self) -> dict[str, list[str]]:
        """The places of top-level modules by name, below any root of the repository."""
        folders = self._tree.chain_folders
        tops = {folder for folder in folders if folder and _parent(folder) not in folders}
        chain_roots = {_parent(top) for top in tops} - self._project_roots.keys()
        reliable = [root for root in chain_roots if not self._is_namespaced(root, self._around(root).projects)]
        found = self._tops_below(self._project_roots)
        for name, places in self._tops_below(sorted(reliable)).items():
            found.setdefault(name, []).extend(place for place in places if place in self._tree.modules)
        return {name: sorted(places) for name, places in found.items()}


def _may_use(importer_folder: str, root: str) -> bool:
    aside = _ASIDE.match(root)
    return aside is None or importer_folder == aside[0] or _is_below(importer_folder, aside[0])


def _matches(folder: str, pattern: str) -> bool:
    """Whether a pattern with stars, none of which stands for a slash but a last `**`, is about `folder`."""
    parts, patterns = folder.split("/"), pattern.split("/")
    if patterns[-1] == "**":
        parts, patterns = parts[: len(patterns) - 1], patterns[:-1]
    return len(parts) == len(patterns) and all(map(fnmatchcase, parts, patterns))


# ---- paths -----------------------------------------------------------------------------------------------------------


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _is_init(path: str) -> bool:
    return _name(path).startswith("__init__.")


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def _is_below(folder: str, other: str) -> bool:
    return folder != other and (not other or folder.startswith(f"{other}/"))


def _nearest(folder: str, among: Container[str]) -> str | None:
    return next((above for above in _upwards(folder) if above in among), None)


def _upwards(folder: str) -> Iterable[str]:
    """`folder` and those around it, up to the repository's root."""
    while folder:
        yield folder
        folder = _parent(folder)
    yield ""
