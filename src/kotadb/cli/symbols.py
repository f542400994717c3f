"""The commands that ask about symbols: symbols, symbol, usages, hierarchy."""

from collections.abc import Iterable
from typing import Annotated, Any

import typer

from kotadb.cli.answers import AsJson, Cursor, Limit, Ref, Repo, ask, more, nothing_found, show
from kotadb.cli.output import out, visible
from kotadb.model import ReferenceKind, SymbolKind
from kotadb.questions import hierarchy as hierarchies

Query = Annotated[str, typer.Argument(metavar="QUERY", help="a name, its beginning, words of it, or nearly it")]
Named = Annotated[str, typer.Argument(metavar="NAME|ID", help="a name, a qualified name, or an id of another answer")]
Kinds = Annotated[list[SymbolKind] | None, typer.Option("--kind", help="only this kind; may be repeated")]
Kind = Annotated[SymbolKind | None, typer.Option("--kind", help="the kind of the symbol, where there are several")]
In = Annotated[str | None, typer.Option("--path", help="the file of the symbol, where several have it")]
References = Annotated[
    list[ReferenceKind] | None, typer.Option("--reference-kind", help="only this kind of references")
]
Depth = Annotated[int, typer.Option(min=1, max=hierarchies.MAX_DEPTH, help="steps to follow, up and down")]
Items = Annotated[int, typer.Option(min=1, max=hierarchies.MAX_ITEMS, help="items of each list at most")]
Exported = Annotated[bool | None, typer.Option("--exported/--not-exported", help="only what is exported, or is not")]


def symbols(
    query: Query,
    kind: Kinds = None,
    exported: Exported = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    repo: Repo = None,
    ref: Ref = None,
    as_json: AsJson = False,
) -> None:
    """Symbols by their names: `usrRepo` finds `UserRepository` and `user_repo`, too."""
    found = ask("symbols", repo, ref, query=query, kind=kind or None, exported=exported, limit=limit, cursor=cursor)
    show(found, _print_symbols, as_json=as_json)
    nothing_found(found["symbols"])


def symbol(
    name: Named, path: In = None, kind: Kind = None, repo: Repo = None, ref: Ref = None, as_json: AsJson = False
) -> None:
    """Where a symbol is defined: its source, documentation and members, and how often it is used."""
    show(ask("symbol", repo, ref, symbol=name, path=path, kind=kind), _print_symbol, as_json=as_json)


def usages(
    name: Named,
    path: In = None,
    kind: Kind = None,
    reference_kind: References = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    repo: Repo = None,
    ref: Ref = None,
    as_json: AsJson = False,
) -> None:
    """Who uses a symbol, and apart from that who may."""
    found = ask(
        "usages", repo, ref,
        symbol=name, path=path, kind=kind, reference_kind=reference_kind or None, limit=limit, cursor=cursor,
    )  # fmt: skip
    show(found, _print_usages, as_json=as_json)
    nothing_found(found["usages"])


def hierarchy(
    name: Named,
    path: In = None,
    kind: Kind = None,
    depth: Depth = hierarchies.MAX_DEPTH,
    limit: Items = 200,
    repo: Repo = None,
    ref: Ref = None,
    as_json: AsJson = False,
) -> None:
    """What a class or member inherits from or overrides, and what does so with it."""
    found = ask("hierarchy", repo, ref, symbol=name, path=path, kind=kind, depth=depth, limit=limit)
    show(found, _print_hierarchy, as_json=as_json)


# ---- rendering -------------------------------------------------------------------------------------------------------


def _print_symbols(found: dict[str, Any]) -> None:
    for item in found["symbols"]:
        exported = "" if item["exported"] else "[dim]not exported [/dim]"
        out.print(f"{_place(item)} {item['kind']} [bold]{visible(item['qualified_name'])}[/bold] {exported}".rstrip())
    more(found)


def _place(item: dict[str, Any]) -> str:
    return f"[cyan]{visible(item['path'])}[/cyan]:{item['line']}:{item['column'] + 1}:"


def _print_symbol(found: dict[str, Any]) -> None:
    item = found["symbol"]
    inside = f" in {visible(item['container'].partition('#')[2].rpartition(':')[0])}" if item["container"] else ""
    access = "" if item["access"] == "public" else f"{item['access']} "
    exported = "exported" if item["exported"] else "not exported"
    entry = f", entry point: {item['entry_point']}" if item["entry_point"] else ""
    name = f"[bold]{visible(item['qualified_name'])}[/bold]"
    out.print(f"{_place(item)} {access}{item['kind']} {name}{inside}, {exported}{entry}")
    for declared in item["declarations"]:
        _print_declaration(declared)
    _print_section("members", (f"{each['line']}: {each['signature'] or each['name']}" for each in found["members"]))
    used = ", ".join(f"{kind} {count:,}" for kind, count in found["usages"].items())
    out.print(f"used: {used or 'nowhere in the repository, as far as is known'}")
    _print_section("the name is also that of", found["others"])


def _print_declaration(declared: dict[str, Any]) -> None:
    if declared["documentation"]:
        out.print()
        for line in declared["documentation"].split("\n"):
            out.print(f"    [dim]{visible(line)}[/dim]")
    out.print()
    for number, line in enumerate(declared["source"].split("\n"), declared["line_start"]):
        out.print(f"[dim]{number:>6}[/dim]  {visible(line)}")
    if declared["source_cut"]:
        out.print(f"[dim]     …  up to line {declared['line_end']}[/dim]")
    out.print()


def _print_section(title: str, lines: Iterable[str]) -> None:
    shown = list(lines)
    if shown:
        out.print(f"{title}: {len(shown):,}")
    for line in shown:
        out.print(f"  {visible(line)}")


def _print_usages(found: dict[str, Any]) -> None:
    item, candidates = found["symbol"], found["candidates"]
    out.print(f"{_place(item)} {item['kind']} [bold]{visible(item['qualified_name'])}[/bold]")
    kinds = ", ".join(f"{kind} {count:,}" for kind, count in found["by_kind"].items())
    out.print(f"{found['total']:,} usages in {found['files']:,} files{f': {kinds}' if kinds else ''}")
    for usage in found["usages"]:
        _print_usage(usage)
    more(found)
    if candidates["usages"]:
        out.print(f"\n{candidates['total']:,} in {candidates['files']:,} files may be; the first of them:")
    for usage in candidates["usages"]:
        _print_usage(usage)


def _print_usage(usage: dict[str, Any]) -> None:
    out.print(f"{_place(usage)} [dim]{usage['kind']}[/dim] {visible(usage['text'])}")


def _print_hierarchy(found: dict[str, Any]) -> None:
    for item in found["elsewhere"]:
        of = f"of {visible(item['package'])}" if item["package"] else "not resolved"
        out.print(f"  [dim]{item['relation']}[/dim] {visible(item['name'])} [dim]{of}, {_by(item)}[/dim]")
    for item in reversed(found["above"]):
        _print_related(item)
    item = found["symbol"]
    out.print(f"{_place(item)} {item['kind']} [bold]{visible(item['qualified_name'])}[/bold]")
    for item in found["below"]:
        _print_related(item)


def _print_related(item: dict[str, Any]) -> None:
    by = "" if item["distance"] == 1 else f" [dim]{item['distance']} steps, {_by(item)}[/dim]"
    name = visible(item["qualified_name"])
    out.print(f"  {_place(item)} [dim]{item['relation']}[/dim] {item['kind']} [bold]{name}[/bold]{by}")


def _by(item: dict[str, Any]) -> str:
    return f"by {visible(item['of'].partition('#')[2].rpartition(':')[0])}"
