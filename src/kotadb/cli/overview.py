"""The commands that look at a repository as a whole, or say why something is not in it: outline, explain, unused."""

from typing import Annotated, Any

import typer

from kotadb.cli.answers import AsJson, Cursor, Limit, Ref, Repo, ask, ask_at, show
from kotadb.cli.output import err, fail, out, visible
from kotadb.errors import KotaError
from kotadb.model import SymbolKind, Verdict

Place = Annotated[
    str | None, typer.Argument(metavar="PATH", help="a file or folder, as in `kotadb deps`; default: the repository")
]
Tokens = Annotated[int, typer.Option(min=100, max=20_000, help="budget: 4 characters of JSON count as a token")]
What = Annotated[str, typer.Argument(metavar="PATH|NAME", help="a path, or the name of a symbol")]
Globs = Annotated[
    list[str] | None,
    typer.Option(
        "--path", metavar="GLOB", help="only in such files (src/**/*.ts, *.py, docs/), or in none of them (!*.md)"
    ),
]
Kind = Annotated[SymbolKind | None, typer.Option(help="only definitions of this kind")]
Tests = Annotated[bool, typer.Option("--tests", help="also in test files")]

SHOWN = 5
"""Facts of one finding; `--json` has more."""

CONFIDENCE_STYLES = {"high": "green", "medium": "yellow", "low": "dim"}


def outline(
    path: Place = None, repo: Repo = None, ref: Ref = None, tokens: Tokens = 2000, as_json: AsJson = False
) -> None:
    """What matters most in a repository or folder, or what is in a file: a first look."""
    if path is None:
        found = ask("outline", repo, ref, tokens=tokens)
    else:
        found = ask_at("outline", path, repo, ref, tokens=tokens)
    show(found, _print_outline, as_json=as_json)


def explain(what: What, repo: Repo = None, ref: Ref = None, as_json: AsJson = False) -> None:
    """Why a path or a symbol is not in the index, or what could not be read in it."""
    show(ask_at("explain", what, repo, ref, named="what"), _print_findings, as_json=as_json)


def unused(
    repo: Repo = None,
    ref: Ref = None,
    path: Globs = None,
    kind: Kind = None,
    tests: Tests = False,
    limit: Limit = 50,
    cursor: Cursor = None,
    as_json: AsJson = False,
) -> None:
    """Definitions that nobody refers to. Exit codes as grep's: 0 there are some, 1 there are none, 2 an error."""
    try:
        found = ask("unused", repo, ref, path=path, kind=kind, tests=tests, limit=limit, cursor=cursor)
    except KotaError as error:
        fail(error)
        raise typer.Exit(2) from None
    show(found, _print_unused, as_json=as_json)
    if found["verdict"] == Verdict.UNKNOWN:
        raise typer.Exit(2)
    if not found["definitions"]:
        raise typer.Exit(1)


# ---- rendering -------------------------------------------------------------------------------------------------------


def _print_outline(found: dict[str, Any]) -> None:
    for entry in found["entries"]:
        tags = f", {', '.join(entry['tags'])}" if entry["tags"] else ""
        used = f"used by {entry['uses']:,} files" if entry["uses"] != 1 else "used by 1 file"
        out.print(f"\n[bold]{visible(entry['path'])}[/bold]  [dim]{used}{visible(tags)}[/dim]")
        _print_symbols(entry["symbols"], "  ")
    omitted = found["omitted"]
    if any(omitted.values()):
        out.print(f"\n[dim]left out: {omitted['files']:,} files, {omitted['symbols']:,} symbols; see --tokens[/dim]")


def _print_symbols(symbols: list[dict[str, Any]], indent: str) -> None:
    for symbol in symbols:
        text = symbol["signature"] or symbol["qualified_name"]
        used = f"  used by {symbol['uses']:,}" if symbol["uses"] else ""
        out.print(
            f"{indent}[dim]{symbol['line']:>5}[/dim]  {symbol['kind']} {visible(symbol['qualified_name'])}"
            f"  [dim]{visible(text)}{used}[/dim]"
        )
        _print_symbols(symbol.get("children", []), indent + "  ")


def _print_findings(found: dict[str, Any]) -> None:
    for finding in found["findings"]:
        out.print(f"[bold]{finding['code']}[/bold]: {visible(finding['message'])}")
        for line in _facts(finding["facts"]):
            out.print(f"  {visible(line)}")


def _facts(facts: dict[str, Any]) -> list[str]:
    """The places, names and imports of a finding, one a line."""
    lines = [_fact(fact) for listed in facts.values() if isinstance(listed, list) for fact in listed]
    return lines if len(lines) <= SHOWN else [*lines[:SHOWN], "…"]


def _fact(fact: Any) -> str:
    match fact:
        case {"path": path, "line": line}:
            return f"{path}:{line}  {fact.get('kind', '')} {fact.get('qualified_name', '')}".rstrip()
        case {"specifier": specifier, "line": line, "kind": kind}:
            return f"line {line}: {kind} {specifier}"
        case {"kind": kind, "first": first}:
            return f"{kind}: " + ", ".join(f"{name['name']} ({name['line']})" for name in first)
        case {"package": package, "uses": uses}:
            return f"{package}: {uses:,}"
        case _:
            return str(fact)


def _print_unused(found: dict[str, Any]) -> None:
    for item in found["definitions"]:
        style = CONFIDENCE_STYLES[item["confidence"]]
        place = visible(f"{item['path']}:{item['line']}")
        out.print(
            f"{place}  {item['kind']} {visible(item['qualified_name'])}"
            f"  [{style}]{item['confidence']}[/{style}]  [dim]{item['why']}[/dim]"
        )
    if not found["definitions"]:
        out.print("nothing is unused, as far as is known")
    if found["next_cursor"]:
        err.print(f"[dim]more: --cursor {found['next_cursor']}[/dim]")
