"""The commands that index. `admin` has those for jobs, repositories and keys, `graph` the questions about files,
`overview` those about everything, and `service` has serve and worker.
"""

import shlex
import sys
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from kotadb import __version__
from kotadb.cli import admin, doctor, graph, impact, overview, search, symbols
from kotadb.cli.context import indexed_repository, open_session, settings_for
from kotadb.cli.follow import index_and_follow
from kotadb.cli.output import err, out, print_drift, print_imported, print_job, print_json, print_next, visible
from kotadb.cli.running import stop_registered
from kotadb.errors import Conflict
from kotadb.git.sources import parse_commit, parse_ref
from kotadb.jobs import requests
from kotadb.jobs.import_scip import import_scip, read_bounded
from kotadb.local.session import is_id, requested_source
from kotadb.model import IndexRequest, JobStatus
from kotadb.postgres.embedded import database_url, stop_embedded_server
from kotadb.postgres.migrate import check_copy, migrate
from kotadb.questions.describe import describe_job
from kotadb.questions.export import export_records
from kotadb.questions.repositories import choose_index
from kotadb.questions.scip import export_scip
from kotadb.settings import get_settings

app = typer.Typer(
    help="Index git repositories on PostgreSQL; ask where things are.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(admin.jobs, name="jobs", help="Look at jobs, cancel them, try them again.")
app.add_typer(admin.repos, name="repos", help="Register repositories, look at them, remove them.")
app.add_typer(admin.keys, name="keys", help="Make, list and revoke API keys.")
app.command("doctor")(doctor.doctor)
QUESTIONS = (
    search.search, symbols.symbols, symbols.symbol, symbols.usages, symbols.hierarchy, graph.deps, graph.dependents,
    graph.cycles, impact.path, impact.impact, overview.outline, overview.explain, overview.unused,
)  # fmt: skip
for question in QUESTIONS:
    app.command()(question)

Repo = Annotated[str | None, typer.Argument(help="path, owner/name, https URL or id; default: the repository here")]
Ref = Annotated[str | None, typer.Option(help="branch, tag or full ref; HEAD by default")]
AsJson = Annotated[bool, typer.Option("--json", help="one JSON object per line")]


def _version(value: bool) -> None:
    if value:
        out.print(f"kotadb {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="print the version and exit")
    ] = False,
) -> None:
    """Index git repositories on PostgreSQL; ask where things are."""


@app.command("index")
def index_command(
    repo: Repo = None,
    ref: Ref = None,
    commit: Annotated[str | None, typer.Option(help="a full commit hash: that commit and no other")] = None,
    force: Annotated[bool, typer.Option(help="rebuild even if the commit is indexed already")] = False,
    wait: Annotated[bool, typer.Option(help="follow the job to its end")] = True,
    as_json: AsJson = False,
) -> None:
    """Index a repository, and follow the job to its end."""
    source = None if is_id(repo) else requested_source(get_settings(), repo or ".")
    ref, commit = (None if ref is None else parse_ref(ref)), (None if commit is None else parse_commit(commit))
    with open_session() as session:
        wanted = source or indexed_repository(session, repo).repository
        request = IndexRequest(wanted.address, wanted.name, ref, commit, force)
        if wait:
            job = index_and_follow(session, request, show_progress=not as_json)
        else:
            job = requests.submit(session.database, session.owner.id, request)
    described = describe_job(job)
    if as_json:
        print_json(described)
    else:
        print_job(described)
        if request.address.startswith("/"):
            out.print("  [dim]a local repository is indexed at its commit: uncommitted changes are not in it[/dim]")
    if job.status in (JobStatus.FAILED, JobStatus.CANCELLED):
        raise typer.Exit(1)
    if not as_json:
        _print_next(repo)


@app.command()
def verify(repo: Repo = None, ref: Ref = None, as_json: AsJson = False) -> None:
    """Compare an index with a rebuild of its commit, row for row; what differs is repaired. Exit code 1 if any did."""
    with open_session() as session:
        repository = indexed_repository(session, repo).repository
        index = choose_index(session.database, repository, ref)
        if (index.stats or {}).get("imported"):
            raise Conflict(
                "A compiler's edges are in this index (`import-scip`), and a rebuild has none: "
                "`kotadb index --force` makes one"
            )
        request = IndexRequest(
            repository.address, repository.name, index.ref, index.commit_sha or index.pinned_sha, force=True
        )
        job = index_and_follow(session, request, show_progress=not as_json)
    if as_json:
        print_json(describe_job(job))
    elif job.status is not JobStatus.COMPLETED:
        print_job(describe_job(job))
    else:
        print_drift(describe_job(job))
    drift = (job.stats or {}).get("drift")
    if job.status is not JobStatus.COMPLETED or drift is None or drift["files"] or drift["blobs"]:
        raise typer.Exit(1)


def _print_next(repo: str | None) -> None:
    named = f" {shlex.quote(repo)}" if repo is not None and repo != "." else ""
    print_next({
        f"export{named} --format jsonl": "everything that is known, one JSON object per line",
        "repos list": "what is indexed here",
        "serve": "the HTTP API, with its workers",
    })  # fmt: skip


class Format(StrEnum):
    """What an index can be written as."""

    JSONL = "jsonl"
    SCIP = "scip"


@app.command()
def export(
    repo: Repo = None,
    ref: Ref = None,
    format_: Annotated[
        Format, typer.Option("--format", help="one JSON object per line, or an index in the SCIP format")
    ] = Format.JSONL,
) -> None:
    """Write everything an index holds to standard output."""
    if format_ is Format.SCIP and sys.stdout.isatty():
        raise typer.BadParameter("this is no text: add > index.scip", param_hint="--format")
    with open_session() as session:
        repository = indexed_repository(session, repo).repository
        index = choose_index(session.database, repository, ref)
        if format_ is Format.SCIP:
            for part in export_scip(session.database, repository, index):
                sys.stdout.buffer.write(part)
        else:
            for record in export_records(session.database, repository, index):
                print_json(record)


@app.command("import-scip")
def import_scip_command(
    repo: Annotated[str, typer.Argument(help="path, owner/name, https URL or id")],
    file: Annotated[Path, typer.Argument(help="index in the SCIP format", exists=True, dir_okay=False, readable=True)],
    ref: Annotated[str | None, typer.Option(help="the index of this branch, tag or commit; HEAD's by default")] = None,
    commit: Annotated[str | None, typer.Option(help="the commit that the file is of: no other is accepted")] = None,
    as_json: AsJson = False,
) -> None:
    """Let what a compiler knows of the indexed commit win over what kotadb found, until that index is made again."""
    commit = None if commit is None else parse_commit(commit)
    with open_session() as session:
        repository = indexed_repository(session, repo).repository
        index = choose_index(session.database, repository, ref)
        imported = import_scip(session.database, index, read_bounded(file, session.settings), commit=commit)
    (print_json if as_json else print_imported)({"repository": repository.name, **asdict(imported)})


@app.command()
def stop() -> None:
    """Stop `serve` and `worker` on this machine, and the embedded PostgreSQL."""
    settings = settings_for("warning")
    stopped = stop_registered(settings)
    server = stop_embedded_server(settings) if settings.database_url is None else False
    err.print(f"stopped {stopped} process(es)" + (" and the embedded PostgreSQL" if server else ""))


@app.command("migrate")
def migrate_command(
    check: Annotated[
        Path | None, typer.Option("--check-copy", help="only compare our migrations with the copy in this folder")
    ] = None,
) -> None:
    """Bring the database's schema up to this version."""
    if check is not None:
        differences = check_copy(check)
        for line in differences:
            out.print(visible(line))
        out.print(f"{visible(check)}: " + ("differs from ours" if differences else "in step with ours"))
        raise typer.Exit(1 if differences else 0)
    settings = settings_for("warning")
    with database_url(settings) as url:
        applied = migrate(url)
    out.print("\n".join(f"applied {version}" for version in applied) or "nothing to apply")
