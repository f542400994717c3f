"""What depends on what: the files at the other end of the edges of a file, folder, symbol or package, and beyond."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from pydantic import Field

from kotadb import languages
from kotadb.errors import InvalidInput
from kotadb.model import DependencyKind
from kotadb.postgres import graph
from kotadb.postgres.graph import Direction, Edges
from kotadb.questions.asking import Found, PagedParameters, Scope, Tagged
from kotadb.questions.doubts import counted, leading_nowhere, unseen_imports
from kotadb.questions.paths import MAX_PATH, refuse_skipped
from kotadb.questions.subjects import Subject, find_subject
from kotadb.questions.symbols import MAX_NAME

COMPLETE = "All imports that the source spells out were read, and all of them lead somewhere."

MAX_DEPTH = 10
MAX_OUTSIDE = 2_000
"""Imports that lead out of the repository that are listed; of more, some are not."""


class Of(PagedParameters):
    """Whose edges are asked for."""

    of: str = Field(
        min_length=1, max_length=MAX_PATH + MAX_NAME,
        description="a file or folder by its path, a symbol by its id or name, or a package by its name",
    )  # fmt: skip
    folder: str = Field(default="", max_length=MAX_PATH, description="a folder that the path may be from instead")
    depth: int = Field(default=1, ge=1, le=MAX_DEPTH, description="1 for direct ones; more for what these lead to")
    kind: list[DependencyKind] | None = Field(
        default=None, max_length=len(DependencyKind), description="only edges of these kinds; `use` is of symbols"
    )
    tests: Tagged = Field(default=Tagged.INCLUDE, description="files at the other end that are tests")


class _Other(NamedTuple):
    """A file at the other end. Sorted, what is near comes first, and tests last."""

    distance: int
    is_test: bool
    path: str
    file_id: int
    near: int
    skipped: str | None


def dependencies(scope: Scope, asked: Of) -> Found:
    """The files, packages and missing modules that a file or folder imports, and the files whose symbols it uses.

    Of a symbol, what it and its members use. Raises NotFound if there is no such thing, and Ambiguous.
    """
    subject = _with_members(scope, find_subject(scope, asked.of, asked.folder))
    if subject.skipped is not None:
        refuse_skipped(subject.about)
    files, following = _files(scope, asked, subject, Direction.OUT)
    outside = _outside(scope, asked, subject)
    missing = [_edge(edge, subject) for edge in outside if edge["package"] is None]
    content = {
        **subject.about, "files": files, "packages": _by_package(outside, subject), "missing": missing,
        "next_cursor": following,
    }  # fmt: skip
    broken = [f"{counted(subject.broken, 'file has', 'files have')} syntax errors"] if subject.broken else []
    cut = [f"only {MAX_OUTSIDE:,} imports of packages are listed"] if len(outside) == MAX_OUTSIDE else []
    doubts = [*broken, *leading_nowhere(len(missing)), *cut]
    return Found(content, doubts, subject.broken, len(missing), _nothing_to_tell(subject), COMPLETE)


def dependents(scope: Scope, asked: Of) -> Found:
    """The files that import a file, folder or package, and the symbols in them that use symbols of it.

    Of a symbol, the symbols that use it. The file may be a skipped one. Raises NotFound if there is no such thing, and
    Ambiguous.
    """
    subject = find_subject(scope, asked.of, asked.folder)
    files, following = _files(scope, asked, subject, Direction.IN)
    among = frozenset().union(*(languages.importers(language) for language in subject.languages))
    content = {**subject.about, "files": files, "next_cursor": following}
    return Found(content, *unseen_imports(scope, among), complete=COMPLETE)


def _with_members(scope: Scope, subject: Subject) -> Subject:
    """What a class uses is what its methods do."""
    if subject.symbol_ids is None:
        return subject
    name = subject.about["symbol"]["qualified_name"]
    return replace(subject, symbol_ids=graph.symbols_within(scope.connection, scope.index, subject.file_ids[0], name))


def _nothing_to_tell(subject: Subject) -> str | None:
    if subject.package is not None:
        return "What a package depends on is not in the repository: ask what depends on it."
    return no_imports(subject.languages)


def no_imports(among: Collection[str]) -> str | None:
    """Why nothing is known of what files of these languages import, if that is so."""
    if any(language in languages.importers(language) for language in among):
        return None
    return f"Imports are not looked for in files of this sort ({', '.join(sorted(among))})."


# ---- the files at the other end --------------------------------------------------------------------------------------


def _files(scope: Scope, asked: Of, subject: Subject, direction: Direction) -> tuple[list[dict[str, Any]], str | None]:
    """A page of them with their edges, and the cursor of the next one."""
    start = scope.offset(asked.cursor)
    others = sorted(_others(scope, asked, subject, direction))
    page = others[start : start + asked.limit]
    edges = _edges(scope, asked, subject, direction, [other.file_id for other in page if other.distance == 1])
    near = graph.named_files(scope.connection, scope.index, {other.near for other in page if other.distance > 1})
    following = start + asked.limit if start + asked.limit < len(others) else None
    shown = [_file(other, edges.get(other.file_id, ()), near.get(other.near), subject) for other in page]
    return shown, scope.cursor(following)


def _others(scope: Scope, asked: Of, subject: Subject, direction: Direction) -> Iterable[_Other]:
    found = _reached(scope, asked, subject, direction)
    named = graph.named_files(scope.connection, scope.index, found)
    for file_id, (distance, near) in found.items():
        file = named[file_id]
        is_test = "test" in file["tags"]
        if asked.tests.wants(has_tag=is_test):
            yield _Other(distance, is_test, file["path"], file_id, near, file["skipped"])


def _reached(scope: Scope, asked: Of, subject: Subject, direction: Direction) -> dict[int, tuple[int, int]]:
    """The files that are reached, with their distance and one that is nearer; level by level."""
    if asked.depth > 1 and subject.symbol_ids is not None:
        raise InvalidInput("Depth is about files: `impact` tells what a change of a symbol reaches")
    first = _next(scope, asked, subject, direction)
    reached = {file_id: (1, near) for file_id, near in first.items()}
    frontier = list(first)
    for distance in range(2, asked.depth + 1):
        edges = Edges(_imports(asked), _uses(asked))
        further = graph.next_files(scope.connection, scope.index, direction, frontier, edges) if frontier else {}
        frontier = [file_id for file_id in further if file_id not in reached and file_id not in subject.file_ids]
        reached |= {file_id: (distance, further[file_id]) for file_id in frontier}
    return reached


def _next(scope: Scope, asked: Of, subject: Subject, direction: Direction) -> dict[int, int]:
    if subject.package is None:
        return graph.next_files(scope.connection, scope.index, direction, subject.file_ids, _chosen(asked, subject))
    if direction is Direction.OUT:
        return {}
    return graph.importing(scope.connection, scope.index, subject.package, _imports(asked))


def _edges(
    scope: Scope, asked: Of, subject: Subject, direction: Direction, others: Sequence[int]
) -> dict[int, list[dict[str, Any]]]:
    """The edges between the subject and these files, by file."""
    if subject.package is None:
        edges = graph.edges_between(
            scope.connection, scope.index, direction, subject.file_ids, others, _chosen(asked, subject)
        )
    else:
        edges = graph.imports_of_package(scope.connection, scope.index, subject.package, _imports(asked), others)
    by_file: dict[int, list[dict[str, Any]]] = {}
    for edge in edges:
        by_file.setdefault(edge["other"], []).append(edge)
    return by_file


def _chosen(asked: Of, subject: Subject) -> Edges:
    return Edges(_imports(asked), _uses(asked), subject.symbol_ids, within=not subject.is_folder)


def _imports(asked: Of) -> list[str]:
    return [kind.value for kind in asked.kind or DependencyKind if kind is not DependencyKind.USE]


def _uses(asked: Of) -> bool:
    return asked.kind is None or DependencyKind.USE in asked.kind


def _file(
    other: _Other, edges: Iterable[Mapping[str, Any]], near: Mapping[str, Any] | None, subject: Subject
) -> dict[str, Any]:
    imports: list[dict[str, Any]] = []
    uses: list[dict[str, Any]] = []
    for edge in edges:
        (uses if edge["kind"] == DependencyKind.USE else imports).append(_edge(edge, subject))
    return {
        "path": other.path, "skipped": other.skipped, "test": other.is_test, "distance": other.distance,
        "via": near["path"] if near is not None else None, "imports": imports, "uses": uses,
    }  # fmt: skip


# ---- edges -----------------------------------------------------------------------------------------------------------


def _edge(edge: Mapping[str, Any], subject: Subject) -> dict[str, Any]:
    """An edge as it is shown; of a folder, with the file in it that it is of."""
    if edge["kind"] == DependencyKind.USE:
        columns: tuple[str, ...] = ("from_symbol", "to_symbol", "line")
    else:
        columns = ("kind", "specifier", "line", "type_only")
    at = {"file": edge["at"]} if subject.is_folder and edge["at"] is not None else {}
    return {**at, **{column: edge[column] for column in columns}}


def _outside(scope: Scope, asked: Of, subject: Subject) -> list[dict[str, Any]]:
    """Imports that lead out of the repository, or nowhere; on the first page."""
    if asked.cursor is not None or subject.symbol_ids is not None:
        return []
    return graph.outside(scope.connection, scope.index, subject.file_ids, _imports(asked), MAX_OUTSIDE)


def _by_package(edges: Iterable[Mapping[str, Any]], subject: Subject) -> list[dict[str, Any]]:
    packages: dict[str, list[dict[str, Any]]] = {}
    for edge in edges:
        if edge["package"] is not None:
            packages.setdefault(edge["package"], []).append(_edge(edge, subject))
    return [{"package": package, "imports": imports} for package, imports in packages.items()]
