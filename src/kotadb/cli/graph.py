"""The commands that ask about the graph of files: cycles, deps, dependents."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Annotated, Any

import typer

from kotadb.cli.context import indexed_repository, open_session
from kotadb.cli.output import out, print_json, visible
from kotadb.cli.paths import in_repository
from kotadb.model import Verdict
from kotadb.questions import cycles as cycles_of
from kotadb.questions import dependencies
from kotadb.questions.repositories import choose_index

Repo = Annotated[str | None, typer.Option("--repo", help="path, owner/name, https URL or id; default: the one here")]
Ref = Annotated[str | None, typer.Option(help="the index of this branch, tag or commit; HEAD's by default")]
AsJson = Annotated[bool, typer.Option("--json", help="one JSON document")]
PathInRepo = Annotated[
    str,
    typer.Argument(
        metavar="PATH",
        help="a file: from the repository's root, or else from the current folder; ./x, ../x and /x as in any command",
    ),
]
Symbols = Annotated[bool, typer.Option("--symbols", help="every use of a symbol by a symbol, with its first line")]

SHOWN_NAMES = 8
"""Names of one line; more are counted."""
VERDICT_STYLES = {Verdict.COMPLETE: "green", Verdict.LOWER_BOUND: "yellow", Verdict.UNKNOWN: "red"}


def cycles(repo: Repo = None, ref: Ref = None, as_json: AsJson = False) -> None:
    """Files that depend on each other in a circle."""
    with open_session() as session:
        overview = indexed_repository(session, repo)
        index = choose_index(session.database, overview.repository, ref)
        found = cycles_of.cycles(session.database, overview.repository, index)
    _print(found, _print_cycles, as_json=as_json)


def deps(
    path: PathInRepo, repo: Repo = None, ref: Ref = None, symbols: Symbols = False, as_json: AsJson = False
) -> None:
    """What a file imports, and which symbols of other files it uses as far as that can be told."""
    found = _ask(dependencies.dependencies, path, repo, ref)
    _print(found, partial(_print_dependencies, symbols=symbols), as_json=as_json)


def dependents(
    path: PathInRepo, repo: Repo = None, ref: Ref = None, symbols: Symbols = False, as_json: AsJson = False
) -> None:
    """Which files import a file, and which symbols in them use symbols of it as far as that can be told."""
    found = _ask(dependencies.dependents, path, repo, ref)
    _print(found, partial(_print_dependents, symbols=symbols), as_json=as_json)


def _ask(question: Callable[..., dict[str, Any]], path: str, repo: str | None, ref: str | None) -> dict[str, Any]:
    with open_session() as session:
        overview = indexed_repository(session, repo)
        inside, folder = in_repository(overview.repository, path)
        index = choose_index(session.database, overview.repository, ref)
        return question(session.database, overview.repository, index, inside, folder=folder)


# ---- rendering -------------------------------------------------------------------------------------------------------


def _print(found: dict[str, Any], print_content: Callable[[dict[str, Any]], None], *, as_json: bool) -> None:
    """An answer; of one that is not known, nothing that looks like one."""
    if as_json:
        print_json(found)
        return
    _print_header(found)
    if found["verdict"] != Verdict.UNKNOWN:
        print_content(found)
    _print_verdict(found)


def _print_header(found: dict[str, Any]) -> None:
    what = f"[bold]{visible(found['path'])}[/bold]  " if "path" in found else ""
    skipped = f"skipped as {found['skipped']}, " if found.get("skipped") else ""
    at = f"{found['repository']} at {(found['commit_sha'] or 'no commit')[:12]}"
    out.print(f"{what}[dim]{skipped}{visible(at)}, indexed {found['indexed_at'][:16].replace('T', ' ')}[/dim]")


def _print_verdict(found: dict[str, Any]) -> None:
    verdict = found["verdict"]
    style = VERDICT_STYLES[verdict]
    out.print(f"[{style}]{verdict.replace('_', ' ')}[/{style}]: {visible(found['reason'])}")


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


def _print_dependents(found: dict[str, Any], *, symbols: bool) -> None:
    _print_section("is depended on by files", found["files"], "path", symbols=symbols)


def _print_section(title: str, groups: Sequence[dict[str, Any]], key: str, *, symbols: bool = False) -> None:
    if not groups:
        out.print(f"{title}: none")
        return
    out.print(f"{title}: {len(groups):,}")
    for group in groups:
        skipped = f"  [dim]not indexed: {group['skipped']}[/dim]" if group.get("skipped") else ""
        out.print(f"  {visible(group[key])}{skipped}")
        for line in (*_imports(group["imports"]), *_uses(group.get("uses", ()), symbols=symbols)):
            out.print(f"    {visible(line)}")


def _imports(imports: Sequence[dict[str, Any]]) -> Iterator[str]:
    for item in imports:
        types = ", types only" if item["type_only"] and item["kind"] != "type_import" else ""
        yield f"line {item['line']}: {item['kind']} {item['specifier']}{types}"


def _uses(uses: Sequence[dict[str, Any]], *, symbols: bool) -> Iterator[str]:
    if symbols:
        for use in uses:
            yield f"line {use['line']}: {use['from_symbol']} uses {use['to_symbol']}"
    elif uses:
        yield f"uses {_names(uses, 'to_symbol')} in {_names(uses, 'from_symbol')}"


def _names(uses: Sequence[dict[str, Any]], end: str) -> str:
    names = sorted({use[end] for use in uses})
    more = f" and {len(names) - SHOWN_NAMES:,} more" if len(names) > SHOWN_NAMES else ""
    return ", ".join(names[:SHOWN_NAMES]) + more
