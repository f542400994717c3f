"""The commands that ask about the graph of files: cycles, deps, dependents."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Annotated, Any

import typer

from kotadb.cli.answers import AsJson, Cursor, Limit, Ref, Repo, ask, ask_at, more, show
from kotadb.cli.output import out, visible
from kotadb.model import DependencyKind
from kotadb.questions.asking import MAX_PAGE, Tagged
from kotadb.questions.dependencies import MAX_DEPTH

PathOrName = Annotated[
    str,
    typer.Argument(
        metavar="PATH|NAME",
        help="a path from the repository's root, or else from the current folder (./x, ../x and /x as in any command); "
        "a symbol's name or id; a package",
    ),
]
Depth = Annotated[int, typer.Option(min=1, max=MAX_DEPTH, help="1 for direct ones; more for what these lead to")]
Kinds = Annotated[list[DependencyKind] | None, typer.Option("--kind", help="only edges of this kind; may be repeated")]
OfTests = Annotated[Tagged, typer.Option("--tests", help="files at the other end that are tests")]
Symbols = Annotated[bool, typer.Option("--symbols", help="every use of a symbol by a symbol, with its first line")]

SHOWN_NAMES = 8
"""Names of one line; more are counted."""


def cycles(repo: Repo = None, ref: Ref = None, as_json: AsJson = False) -> None:
    """Files that depend on each other in a circle."""
    show(ask("cycles", repo, ref), _print_cycles, as_json=as_json)


def deps(
    of: PathOrName,
    depth: Depth = 1,
    kind: Kinds = None,
    tests: OfTests = Tagged.INCLUDE,
    limit: Limit = MAX_PAGE,
    cursor: Cursor = None,
    symbols: Symbols = False,
    repo: Repo = None,
    ref: Ref = None,
    as_json: AsJson = False,
) -> None:
    """What a file, folder or symbol depends on: files, packages, and symbols as far as that can be told."""
    found = ask_at(
        "dependencies",
        of,
        repo,
        ref,
        named="of",
        depth=depth,
        kind=kind or None,
        tests=tests,
        limit=limit,
        cursor=cursor,
    )
    show(found, partial(_print_dependencies, symbols=symbols), as_json=as_json)


def dependents(
    of: PathOrName,
    depth: Depth = 1,
    kind: Kinds = None,
    tests: OfTests = Tagged.INCLUDE,
    limit: Limit = MAX_PAGE,
    cursor: Cursor = None,
    symbols: Symbols = False,
    repo: Repo = None,
    ref: Ref = None,
    as_json: AsJson = False,
) -> None:
    """What depends on a file, folder, symbol or package: files, and symbols as far as that can be told."""
    found = ask_at(
        "dependents", of, repo, ref, named="of", depth=depth, kind=kind or None, tests=tests, limit=limit, cursor=cursor
    )
    show(found, partial(_print_dependents, symbols=symbols), as_json=as_json)


# ---- rendering -------------------------------------------------------------------------------------------------------


def _print_cycles(found: dict[str, Any]) -> None:
    for cycle in found["cycles"]:
        _print_cycle(cycle)
    if not found["cycles"]:
        out.print("no cycles")


def _print_cycle(cycle: dict[str, Any]) -> None:
    circle = [*cycle["circle"], cycle["circle"][0]]
    closes = "closes while loading" if cycle["at_load"] else "only through type-only, dynamic or deferred imports"
    size = len(cycle["paths"])
    out.print(f"\n[bold]{size:,} file{'s' if size > 1 else ''}[/bold], {closes}")
    out.print(f"  {visible(' → '.join(circle))}")
    rest = [path for path in cycle["paths"] if path not in set(circle)]
    if rest:
        out.print("  [dim]in the same cycle:[/dim]")
    for path in rest:
        out.print(f"    {visible(path)}")


def _print_dependencies(found: dict[str, Any], *, symbols: bool) -> None:
    _print_section("depends on files", found["files"], "path", symbols=symbols)
    _print_section("depends on packages", found["packages"], "package")
    if found["missing"]:
        missing = [{"specifier": item["specifier"], "imports": [item]} for item in found["missing"]]
        _print_section("not found in the repository", missing, "specifier")
    more(found)


def _print_dependents(found: dict[str, Any], *, symbols: bool) -> None:
    _print_section("is depended on by files", found["files"], "path", symbols=symbols)
    more(found)


def _print_section(title: str, groups: Sequence[dict[str, Any]], key: str, *, symbols: bool = False) -> None:
    if not groups:
        out.print(f"{title}: none")
        return
    out.print(f"{title}: {len(groups):,}")
    for group in groups:
        skipped = f"  [dim]not indexed: {group['skipped']}[/dim]" if group.get("skipped") else ""
        via = f"  [dim]{group['distance']} steps, by {visible(group['via'])}[/dim]" if group.get("via") else ""
        out.print(f"  {visible(group[key])}{skipped}{via}")
        for line in (*_imports(group["imports"]), *_uses(group.get("uses", ()), symbols=symbols)):
            out.print(f"    {visible(line)}")


def _imports(imports: Sequence[dict[str, Any]]) -> Iterator[str]:
    for item in imports:
        types = ", types only" if item["type_only"] and item["kind"] != "type_import" else ""
        yield f"{_at(item)}line {item['line']}: {item['kind']} {item['specifier']}{types}"


def _uses(uses: Sequence[dict[str, Any]], *, symbols: bool) -> Iterator[str]:
    if symbols:
        for use in uses:
            yield f"{_at(use)}line {use['line']}: {use['from_symbol']} uses {use['to_symbol']}"
    elif uses:
        yield f"uses {_names(uses, 'to_symbol')} in {_names(uses, 'from_symbol')}"


def _at(edge: dict[str, Any]) -> str:
    """Which file of a folder it is about."""
    return f"{edge['file']} " if "file" in edge else ""


def _names(uses: Sequence[dict[str, Any]], end: str) -> str:
    names = sorted({use[end] for use in uses})
    more = f" and {len(names) - SHOWN_NAMES:,} more" if len(names) > SHOWN_NAMES else ""
    return ", ".join(names[:SHOWN_NAMES]) + more
