"""Why a path or a name is not in the index, or what could not be read in it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any

from pydantic import Field

from kotadb import languages
from kotadb.errors import NotFound
from kotadb.model import TEXT, SkipReason
from kotadb.postgres import explain as stored
from kotadb.postgres import graph
from kotadb.questions.asking import Found, Parameters, Scope
from kotadb.questions.doubts import Doubts, counted, unseen_text
from kotadb.questions.paths import MAX_PATH, MAX_SUGGESTIONS, Place, advice, find_place

COMPLETE = "The index has an entry for everything in the commit, and all source in it was read."

SHOWN = 10
"""Places, names or imports that a finding lists; it has the number of all."""
LOOKED_AT = 50
"""Files with a word in them that are looked at for the package that it is of."""
SHORTEST_WORD = 3
"""Of words that are shorter there is no index."""

MEANINGS = {
    SkipReason.BINARY: "it is no text: there are NUL bytes near its beginning",
    SkipReason.TOO_LARGE: "it is larger than a file may be",
    SkipReason.MINIFIED: "it was written by a program: dense code in endless lines",
    SkipReason.SYMLINK: "it is a symbolic link, and what it leads to is indexed where it is",
    SkipReason.SUBMODULE: "it is another repository, a submodule",
    SkipReason.VENDORED: "it is in a folder that a package manager fills",
    SkipReason.LFS_POINTER: "git has only a pointer of it, and git-lfs its content",
    SkipReason.MISSING_BLOB: "the repository that it was fetched from does not have its content",
    SkipReason.UNSAFE_PATH: "its path leads out of the repository or into git's own folder",
    SkipReason.PARSER_TIMEOUT: "its parser took too long",
    SkipReason.PARSER_CRASH: "its parser crashed",
    SkipReason.PARSER_MEMORY: "its parser took too much memory",
    SkipReason.EXCLUDED: ".kotadbignore excludes it",
}

_NAME = re.compile(r"[\w$#]+(?:\.[\w$#]+)*")
_SEPARATORS = re.compile(r"::|(?<=.)#(?=[^\W\d])")

Finding = dict[str, Any]


class OfPathOrName(Parameters):
    """A question about a path or a name."""

    what: str = Field(
        min_length=1, max_length=MAX_PATH, description="a path, or the name of a symbol, qualified or not"
    )
    folder: str = Field(default="", max_length=MAX_PATH, description="a folder that a path may be from instead")


def explain(scope: Scope, asked: OfPathOrName) -> Found:
    """Why a path or a name is not in the index, or what could not be read in it: findings, each with a code and facts.

    Of an indexed file what it holds, and which of its imports and names lead nowhere; of a skipped one why, and what to
    do; of a name where it is defined, or else whether it is used, of which package, or in texts alone.
    """
    findings = list(_findings(scope, asked))
    return Found({"what": asked.what, "findings": findings}, *_doubts(scope, findings), complete=COMPLETE)


def _findings(scope: Scope, asked: OfPathOrName) -> Iterator[Finding]:
    place = _place(scope, asked)
    if place is not None:
        yield from _of_place(scope, place)
        return
    package = list(_of_package(scope, asked.what))
    yield from package
    if not _is_path(asked.what):
        yield from _of_name(scope, asked.what)
    elif not package:
        yield _no_such_path(scope, asked.what)


def _doubts(scope: Scope, findings: Sequence[Finding]) -> Doubts:
    codes = {finding["code"] for finding in findings}
    if "syntax_errors" in codes:
        return Doubts(["the file has syntax errors"], 1)
    return unseen_text(scope, languages.names()) if "not_defined" in codes else Doubts([])


def _finding(code: str, message: str, **facts: Any) -> Finding:
    return {"code": code, "message": message, "facts": facts}


# ---- paths -----------------------------------------------------------------------------------------------------------


def _place(scope: Scope, asked: OfPathOrName) -> Place | None:
    try:
        return find_place(scope, asked.what, asked.folder)
    except NotFound:
        return None


def _of_place(scope: Scope, place: Place) -> Iterator[Finding]:
    if place.entry is None:
        yield _folder(scope, place)
    elif place.entry["skipped"] is not None:
        yield _skipped(place.entry)
    else:
        yield from _file(scope, place.entry["file_id"])


def _is_path(what: str) -> bool:
    """Whether it can only be one, or is called as a source file is."""
    return "/" in what or _NAME.fullmatch(_dotted(what)) is None or languages.language_of(what) is not None


def _no_such_path(scope: Scope, path: str) -> Finding:
    similar = graph.similar(scope.connection, scope.index, path.rstrip("/"), MAX_SUGGESTIONS)
    hint = f"; similar paths are {', '.join(similar)}" if similar else ""
    return _finding(
        "not_in_commit",
        f"There is no {path} in the commit: paths start at the root of the repository, and what is not committed is "
        f"not indexed{hint}.",
        similar=similar,
    )


def _folder(scope: Scope, place: Place) -> Finding:
    counts = stored.folder(scope.connection, scope.index, place.start)
    files = (
        f"{counted(counts['indexed'], 'file is', 'files are')} indexed in it, {sum(counts['skipped'].values()):,} not"
    )
    return _finding("folder", f"{place.path} is a folder: {files}.", path=place.path, **counts)


def _skipped(entry: Mapping[str, Any]) -> Finding:
    reason = SkipReason(entry["skipped"])
    message = f"{entry['path']} was skipped as {reason.value}: {MEANINGS[reason]}; {advice(reason)}."
    return _finding("skipped", message, path=entry["path"], reason=reason.value)


def _file(scope: Scope, file_id: int) -> Iterator[Finding]:
    file = stored.file(scope.connection, scope.index, file_id)
    path = file["path"]
    size = f"{file['lines']:,} lines of {file['language']}"
    yield _finding("indexed", f"{path} is indexed: {size}, {file['symbols']:,} symbols.", **file)
    if file["language"] == TEXT:
        yield _finding(
            "text_only", "There is no parser for files of this sort: their text is indexed, symbols are not."
        )
    if file["has_errors"]:
        yield _finding("syntax_errors", "It has syntax errors: what is around them may be missing.")
    missing = stored.missing_imports(scope.connection, scope.index, file_id)
    if missing:
        message = f"{counted(len(missing), 'import leads', 'imports lead')} to what is not in the commit."
        yield _finding("missing_imports", message, total=len(missing), imports=missing[:SHOWN])
    unresolved = stored.unresolved(scope.connection, scope.index, file_id, SHOWN)
    if unresolved:
        total = sum(row["occurrences"] for row in unresolved)
        names = ", ".join(sorted({first["name"] for row in unresolved for first in row["first"]})[:SHOWN])
        message = f"Of {counted(total, 'reference', 'references')} in it the meaning is not known: {names}."
        yield _finding("unresolved", message, total=total, kinds=unresolved)


# ---- names -----------------------------------------------------------------------------------------------------------


def _dotted(what: str) -> str:
    return _SEPARATORS.sub(".", what.removesuffix("()"))


def _of_package(scope: Scope, what: str) -> Iterator[Finding]:
    counts = stored.imports_of_package(scope.connection, scope.index, what)
    if counts["imports"]:
        importers = counted(counts["files"], "file imports", "files import")
        yield _finding("package", f"{what} is a package from outside of the repository: {importers} it.", **counts)


def _of_name(scope: Scope, what: str) -> Iterator[Finding]:
    qualified = _dotted(what)
    name = qualified.rpartition(".")[2]
    defined = stored.definitions(scope.connection, scope.index, qualified, SHOWN)
    if defined:
        yield _defined(what, defined)
        return
    elsewhere = stored.definitions(scope.connection, scope.index, name, SHOWN) if name != qualified else []
    if elsewhere:
        yield _defined(name, elsewhere)
    similar = graph.similar(scope.connection, scope.index, what, MAX_SUGGESTIONS)
    hint = f" There are files of that name: {', '.join(similar)}." if similar else ""
    yield _finding("not_defined", f"No symbol in the index is called {what}.{hint}", similar=similar)
    yield from _unresolved_uses(scope, name)
    yield from _in_texts(scope, name)


def _defined(name: str, rows: Sequence[dict[str, Any]]) -> Finding:
    total = rows[0]["total"]
    spelled = "" if rows[0]["is_exact"] else ", spelled in another case"
    places = [{column: row[column] for column in ("path", "line", "qualified_name", "kind")} for row in rows]
    message = f"{counted(total, 'symbol is', 'symbols are')} called {name}{spelled}."
    return _finding("defined" if rows[0]["is_exact"] else "defined_in_other_case", message, total=total, symbols=places)


def _unresolved_uses(scope: Scope, name: str) -> Iterator[Finding]:
    rows = stored.unresolved_uses(scope.connection, scope.index, name, SHOWN)
    if rows:
        total = rows[0]["total"]
        uses = [{column: row[column] for column in ("path", "line", "kind")} for row in rows]
        yield _finding(
            "unresolved", f"{name} is referred to, but what it means there is not known.", total=total, references=uses
        )


def _in_texts(scope: Scope, name: str) -> Iterator[Finding]:
    """What the texts say; of a short word nothing is looked up."""
    if len(name) < SHORTEST_WORD:
        yield _finding("too_short", f"{name} is too short a word to be looked up in texts.")
        return
    texts = stored.texts(scope.connection, scope.index, name, LOOKED_AT)
    if not texts:
        yield _finding("nowhere", f"{name} is in no text that was read.")
        return
    packages = stored.packages(scope.connection, scope.index, name, [text["file_id"] for text in texts])
    if packages:
        named = ", ".join(row["package"] for row in packages[:SHOWN])
        message = f"{name} is what a package from outside of the repository has: {named}."
        yield _finding("of_package", message, packages=packages[:SHOWN])
    many = "at least " if len(texts) == LOOKED_AT else ""
    texts.sort(key=itemgetter("path"))
    places = [{column: text[column] for column in ("path", "line")} for text in texts[:SHOWN]]
    message = f"{name} is a word in the text of {many}{counted(len(texts), 'file', 'files')}."
    yield _finding("in_text", message, total=len(texts), files=places)
