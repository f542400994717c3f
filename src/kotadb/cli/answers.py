"""What all commands that ask a question share: its options, the asking, and how an answer begins and ends."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

from kotadb.cli.context import indexed_repository, open_session
from kotadb.cli.output import err, out, print_json, visible
from kotadb.cli.paths import in_repository
from kotadb.model import Repository, Verdict
from kotadb.questions import asking
from kotadb.questions.table import QUESTIONS

Repo = Annotated[str | None, typer.Option("--repo", help="path, owner/name, https URL or id; default: the one here")]
Ref = Annotated[str | None, typer.Option(help="the index of this branch, tag or commit; HEAD's by default")]
AsJson = Annotated[bool, typer.Option("--json", help="one JSON document")]
Limit = Annotated[int, typer.Option(min=1, max=asking.MAX_PAGE, help="items at most")]
Cursor = Annotated[str | None, typer.Option(help="`next_cursor` of the page before")]

VERDICT_STYLES = {Verdict.COMPLETE: "green", Verdict.LOWER_BOUND: "yellow", Verdict.UNKNOWN: "red"}


def ask(question: str, repo: str | None, ref: str | None, **parameters: Any) -> dict[str, Any]:
    """The answer to a question about REPO; parameters that are None are left out. Raises what `asking.ask` does."""
    return ask_placed(question, repo, ref, lambda _: parameters)


def ask_at(
    question: str, path: str, repo: str | None, ref: str | None, *, named: str = "path", **parameters: Any
) -> dict[str, Any]:
    """The same of a question about a PATH that is typed in some folder; `named` is the parameter that takes it."""

    def place(repository: Repository) -> dict[str, Any]:
        inside, folder = in_repository(repository, path)
        return {**parameters, named: inside, "folder": folder}

    return ask_placed(question, repo, ref, place)


def ask_placed(
    question: str, repo: str | None, ref: str | None, parameters: Callable[[Repository], dict[str, Any]]
) -> dict[str, Any]:
    """The same with parameters that follow from where the repository is."""
    with open_session() as session:
        repository = indexed_repository(session, repo).repository
        named = {key: value for key, value in parameters(repository).items() if value is not None}
        asked = QUESTIONS[question].asked({"repository": str(repository.uuid), "ref": ref, **named})
        return asking.ask(session.database, session.owner.id, QUESTIONS[question], asked)


def show(found: dict[str, Any], print_content: Callable[[dict[str, Any]], None], *, as_json: bool) -> None:
    """An answer; of one that is not known, nothing that looks like one."""
    if as_json:
        print_json(found)
        return
    _print_header(found)
    if found["verdict"] != Verdict.UNKNOWN:
        print_content(found)
    _print_verdict(found)


def _print_header(found: dict[str, Any]) -> None:
    named = found.get("path") or found.get("package") or found.get("symbol", {}).get("id")
    what = f"[bold]{visible(named)}[/bold]  " if named else ""
    skipped = f"skipped as {found['skipped']}, " if found.get("skipped") else ""
    at = f"{found['repository']} at {(found['commit_sha'] or 'no commit')[:12]}"
    out.print(f"{what}[dim]{skipped}{visible(at)}, indexed {found['indexed_at'][:16].replace('T', ' ')}[/dim]")


def _print_verdict(found: dict[str, Any]) -> None:
    verdict = found["verdict"]
    style = VERDICT_STYLES[verdict]
    out.print(f"[{style}]{verdict.replace('_', ' ')}[/{style}]: {visible(found['reason'])}")
    for newer in found["behind"]:
        out.print(f"[yellow]behind[/yellow]: {visible(newer['message'])}")


def more(found: dict[str, Any]) -> None:
    """Say how the next page can be had, if there is one."""
    if found["next_cursor"] is not None:
        err.print(f"[dim]there are more: --cursor {found['next_cursor']}[/dim]")


def nothing_found(items: Sequence[Any]) -> None:
    """Exit with 1 where nothing was found, as grep does."""
    if not items:
        raise typer.Exit(1)
