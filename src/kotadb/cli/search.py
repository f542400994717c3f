"""`kotadb search`: for people by file, for pipes in lines as grep writes them."""

import sys
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from kotadb.cli.answers import AsJson, Cursor, Limit, Ref, Repo, ask, show
from kotadb.cli.output import err, fail, out, print_json, visible
from kotadb.errors import KotaError
from kotadb.logs import printable
from kotadb.model import Verdict

FOUND, NOTHING_FOUND, FAILED = 0, 1, 2
"""Exit codes, as grep's."""

Text = Annotated[str, typer.Argument(metavar="TEXT", help="text within one line; in any case, unless --case")]
Globs = Annotated[
    list[str] | None,
    typer.Option("--path", metavar="GLOB", help="only such files (src/**/*.ts, *.py, docs/), or none of them (!*.md)"),
]
Languages = Annotated[list[str] | None, typer.Option("--language", help="only files in this language")]
Tests = Annotated[str, typer.Option(metavar="include|exclude|only", help="files that are tests")]
Generated = Annotated[str, typer.Option(metavar="include|exclude|only", help="files that are generated")]
Context = Annotated[int, typer.Option(min=0, max=5, help="lines before and after")]


def search(
    text: Text,
    regex: Annotated[bool, typer.Option("--regex", help="TEXT is a regular expression, of RE2's kind")] = False,
    case: Annotated[bool, typer.Option("--case", help="upper and lower case differ")] = False,
    word: Annotated[bool, typer.Option("--word", help="whole words alone")] = False,
    path: Globs = None,
    language: Languages = None,
    tests: Tests = "include",
    generated: Generated = "include",
    context: Context = 0,
    limit: Limit = 50,
    cursor: Cursor = None,
    repo: Repo = None,
    ref: Ref = None,
    as_json: AsJson = False,
) -> None:
    """Lines that hold a text, or that a regular expression matches.

    To a pipe, path:line:column:text, the column in bytes from 1. Exit code 0 if there are any, 1 if not, 2 on errors.
    """
    try:
        found = ask(
            "search", repo, ref, query=text, regex=regex, case=case, word=word, path=path, language=language,
            tests=tests, generated=generated, context=context, limit=limit, cursor=cursor,
        )  # fmt: skip
    except KotaError as error:
        fail(error)
        raise typer.Exit(FAILED) from None
    if as_json:
        print_json(found)
    elif sys.stdout.isatty():
        show(found, _print_files, as_json=False)
    else:
        _print_lines(found)
    raise typer.Exit(_exit_code(found))


def _exit_code(found: dict[str, Any]) -> int:
    if found["verdict"] == Verdict.UNKNOWN:
        return FAILED
    return FOUND if found["files"] else NOTHING_FOUND


# ---- for people ------------------------------------------------------------------------------------------------------


def _print_files(found: dict[str, Any]) -> None:
    for file in found["files"]:
        tags = f"  [dim]{visible(', '.join(file['tags']))}[/dim]" if file["tags"] else ""
        out.print(f"\n[bold]{visible(file['path'])}[/bold]{tags}")
        last = 0
        for number, shown in sorted(_lines(file).items()):
            if last and number > last + 1 and any(match["before"] or match["after"] for match in file["matches"]):
                out.print("  [dim]…[/dim]")
            last = number
            out.print(f"  {_marked(number, shown) if isinstance(shown, dict) else _beside(number, shown)}")
    at_least = "" if found["all_counted"] else "at least "
    out.print(f"\n{at_least}{found['lines_found']:,} lines in {found['files_found']:,} files")
    if found["next_cursor"]:
        out.print(f"[dim]more with --cursor {found['next_cursor']}[/dim]")


def _lines(file: dict[str, Any]) -> dict[int, dict[str, Any] | str]:
    """The lines of a file that are shown, each once: matches, and what is beside them as text."""
    lines: dict[int, dict[str, Any] | str] = {}
    for match in file["matches"]:
        lines |= {number: text for number, text, _ in _around(match) if number not in lines}
        lines[match["line"]] = match
    return lines


def _around(match: dict[str, Any]) -> Iterator[tuple[int, str, bool]]:
    """The lines beside a match, with their numbers, and whether they come before it."""
    for distance, text in enumerate(reversed(match["before"]), 1):
        yield match["line"] - distance, text, True
    for distance, text in enumerate(match["after"], 1):
        yield match["line"] + distance, text, False


def _beside(number: int, text: str) -> str:
    return f"[dim]{number:>6}  {visible(text.expandtabs(4))}[/dim]"


def _marked(number: int, match: dict[str, Any]) -> str:
    text = match["text"].encode()
    start = match["column"] - match["text_column"]
    before, hit, after = (
        visible(part.decode("utf-8", "ignore").expandtabs(4))
        for part in (text[:start], text[start : start + match["length"]], text[start + match["length"] :])
    )
    definition = "  [green]definition[/green]" if match["definition"] else ""
    lead = "…" if match["text_column"] else ""
    return f"[cyan]{number:>6}[/cyan]  {lead}{before}[bold red]{hit}[/bold red]{after}{definition}"


# ---- for pipes -------------------------------------------------------------------------------------------------------


def _print_lines(found: dict[str, Any]) -> None:
    """What was found to standard output, and how far that can be relied on to standard error."""
    if found["verdict"] != Verdict.UNKNOWN:
        for file in found["files"]:
            for number, shown in sorted(_lines(file).items()):
                place = f"-{number}-" if isinstance(shown, str) else f":{number}:{shown['column'] + 1}:"
                text = shown if isinstance(shown, str) else shown["text"]
                # Tabs stay as they are: whatever reads this may be exact.
                print(printable(f"{file['path']}{place}{text}", keep="\t"))  # noqa: T201 - no wrapping, no colours
    err.print(f"{found['verdict'].replace('_', ' ')}: {visible(found['reason'])}")
    if found["next_cursor"]:
        err.print(f"more with --cursor {found['next_cursor']}")
