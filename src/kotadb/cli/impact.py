"""The commands that follow edges: path, impact. Exit codes as grep has them: 0 found, 1 nothing found, 2 an error."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Annotated, Any

import typer

from kotadb.cli.answers import AsJson, Ref, Repo, ask_placed, show
from kotadb.cli.output import fail, out, visible
from kotadb.cli.paths import in_repository
from kotadb.errors import InvalidInput, KotaError
from kotadb.model import Repository, Verdict
from kotadb.pipeline.discover import decode
from kotadb.questions.chains import MAX_CHAINS
from kotadb.questions.doubts import counted
from kotadb.questions.impact import MAX_DEPTH, MAX_DIFF, MAX_ITEMS

HOW = "from the repository's root, or else from the current folder; ./x, ../x and /x as in any command"
From = Annotated[str, typer.Argument(metavar="A", help=f"the file that depends: {HOW}")]
To = Annotated[str, typer.Argument(metavar="B", help="the file that is depended on")]
Types = Annotated[bool, typer.Option("--types/--no-types", help="also imports that are for types alone")]
Uses = Annotated[bool, typer.Option("--uses", help="also straight to files whose symbols are used")]
ChainLimit = Annotated[int, typer.Option("--limit", min=1, max=MAX_CHAINS, help="chains of the same length at most")]
Changed = Annotated[
    list[str] | None, typer.Argument(metavar="PATH... | -", help=f"files, {HOW}; - for a diff on standard input")
]
Named = Annotated[list[str] | None, typer.Option("--symbol", help="a symbol that changes, by id or name; repeatable")]
Depth = Annotated[int, typer.Option(min=1, max=MAX_DEPTH, help="steps to follow")]
Items = Annotated[int, typer.Option("--limit", min=1, max=MAX_ITEMS, help="items of each list at most")]

EXIT_NOTHING_FOUND = 1
EXIT_ERROR = 2


def path(
    a: From,
    b: To,
    types: Types = True,
    uses: Uses = False,
    limit: ChainLimit = 3,
    repo: Repo = None,
    ref: Ref = None,
    as_json: AsJson = False,
) -> None:
    """How file A depends on file B: the shortest chains of imports, with the lines that make them."""

    def place(repository: Repository) -> dict[str, Any]:
        (first, second), folder = _placed(repository, [a, b])
        return {
            "from_path": first, "to_path": second, "folder": folder, "types": types, "uses": uses, "limit": limit,
        }  # fmt: skip

    with _exits_like_grep():
        found = ask_placed("path", repo, ref, place)
        show(found, _print_chains, as_json=as_json)
        _end(found, found["chains"])


def impact(
    paths: Changed = None,
    symbol: Named = None,
    depth: Depth = 5,
    limit: Items = 200,
    repo: Repo = None,
    ref: Ref = None,
    as_json: AsJson = False,
) -> None:
    """What depends on files, symbols, or what a diff changes (git diff | kotadb impact -), and which tests to run."""
    with _exits_like_grep():
        named = paths or []
        diff = _read_diff() if "-" in named else None

        def place(repository: Repository) -> dict[str, Any]:
            inside, folder = _placed(repository, [path for path in named if path != "-"])
            return {
                "paths": inside, "folder": folder, "symbols": symbol or [], "diff": diff, "depth": depth,
                "limit": limit,
            }  # fmt: skip

        found = ask_placed("impact", repo, ref, place)
        show(found, _print_impact, as_json=as_json)
        _end(found, [*found["affected"], *found["tests"]])


@contextmanager
def _exits_like_grep() -> Iterator[None]:
    try:
        yield
    except KotaError as error:
        fail(error)
        raise typer.Exit(EXIT_ERROR) from None


def _end(found: Mapping[str, Any], items: Sequence[Any]) -> None:
    """Nothing found is no success, and not to know is no answer."""
    if found["verdict"] == Verdict.UNKNOWN:
        raise typer.Exit(EXIT_ERROR)
    if not items:
        raise typer.Exit(EXIT_NOTHING_FOUND)


def _placed(repository: Repository, typed: Sequence[str]) -> tuple[list[str], str]:
    """The paths from the root, and the folder that they may be from instead."""
    places = [in_repository(repository, path) for path in typed]
    return [inside for inside, _ in places], max((folder for _, folder in places), default="")


def _read_diff() -> str:
    """Decoded as the texts of files are, so that it can be compared with them."""
    diff = sys.stdin.buffer.read(MAX_DIFF + 1)
    if len(diff) > MAX_DIFF:
        raise InvalidInput(f"The diff has more than {MAX_DIFF:,} bytes: ask for parts of it")
    return decode(diff)


# ---- rendering -------------------------------------------------------------------------------------------------------


def _print_chains(found: dict[str, Any]) -> None:
    what = f"[bold]{visible(found['from_path'])}[/bold]", f"[bold]{visible(found['to_path'])}[/bold]"
    if not found["chains"]:
        out.print(f"{what[0]} does not depend on {what[1]}, as far as is known")
        return
    by_tests = ", only by way of tests" if found["through_tests"] else ""
    out.print(f"{what[0]} depends on {what[1]} in {counted(found['length'], 'step', 'steps')}{by_tests}")
    for chain in found["chains"]:
        out.print()
        out.print(f"  {visible(chain['paths'][0])}")
        for step in chain["steps"]:
            for line in step["lines"]:
                out.print(f"    [dim]{visible(_line(step['from_path'], line))}[/dim]")
            out.print(f"  → {visible(step['to_path'])}")


def _line(path: str, line: Mapping[str, Any]) -> str:
    types = ", types only" if line["type_only"] and line["kind"] != "type_import" else ""
    return f"{path}:{line['line']}: {line['kind']} {line['specifier'] or line['symbol']}{types}"


def _print_impact(found: dict[str, Any]) -> None:
    totals = found["totals"]
    symbols = counted(totals["changed_symbols"], "symbol", "symbols")
    out.print(f"changed: {counted(totals['changed'], 'file', 'files')}, {symbols}")
    for change in found["changed"]:
        _print_change(change)
    exported = [f"{item['path']}:{item['line']}: {item['qualified_name']}" for item in found["exported_api"]]
    _print_list("exported", totals["exported_api"], exported)
    _print_affected(found["affected"], totals)
    _print_list("tests to run", totals["tests"], [_test(test) for test in found["tests"]])


def _print_change(change: Mapping[str, Any]) -> None:
    moved = f" from {change['old_path']}" if change["old_path"] else ""
    skipped = f", not indexed: {change['skipped']}" if change["skipped"] else ""
    outside = ", also outside of symbols" if change["outside_symbols"] else ""
    out.print(f"  {visible(change['path'])}  [dim]{visible(change['change'] + moved + skipped + outside)}[/dim]")
    for symbol in change["symbols"]:
        exported = " [dim]exported[/dim]" if symbol["exported"] else ""
        out.print(f"    {symbol['line']}: {symbol['kind']} {visible(symbol['qualified_name'])}{exported}")


def _print_affected(affected: Sequence[Mapping[str, Any]], totals: Mapping[str, int]) -> None:
    files = f" in {counted(totals['affected_files'], 'file', 'files')}" if affected else ""
    out.print(f"affected: {totals['affected']:,}{files}" if affected else "affected: none")
    for distance, items in groupby(affected, key=lambda item: item["distance"]):
        out.print(f"  [dim]in {counted(distance, 'step', 'steps')}[/dim]")
        for item in items:
            what = f"{visible(item['symbol'])}  " if item["symbol"] else ""
            place = f"{visible(item['path'])}:{item['why']['line']}"
            out.print(f"    {place}: {what}[dim]{visible(_why(item['why']))}[/dim]")


def _why(why: Mapping[str, Any]) -> str:
    return f"{why['kind']} of {why['symbol'] or why['path']}"


def _test(test: Mapping[str, Any]) -> str:
    if test["why"] is None:
        return f"{test['path']}: changed itself"
    return f"{test['path']}:{test['why']['line']}: {_why(test['why'])}, in {counted(test['distance'], 'step', 'steps')}"


def _print_list(title: str, total: int, lines: Sequence[str]) -> None:
    out.print(f"{title}: {total:,}" if total else f"{title}: none")
    for line in lines:
        out.print(f"  {visible(line)}")
