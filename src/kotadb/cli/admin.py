"""Commands for jobs, repositories and keys.

Whoever runs them has the database: a job is found by its id whoever owns it.
"""

import shlex
from dataclasses import asdict, replace
from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer

from kotadb.access import credentials
from kotadb.access import keys as access
from kotadb.cli.context import Session, indexed_repository, open_session
from kotadb.cli.follow import follow
from kotadb.cli.output import err, out, print_job, print_json, print_next, print_table, visible, visible_lines
from kotadb.errors import SourceRefused
from kotadb.git.credentials import DEFAULT_USERNAME, read_credential, token_source
from kotadb.git.sources import names_server, parse_remote, parse_server
from kotadb.jobs import requests
from kotadb.model import Job, JobStatus, TokenSource
from kotadb.questions import jobs as jobs_of
from kotadb.questions import repositories
from kotadb.questions.describe import describe_dead_letter, describe_job, describe_repository

jobs = typer.Typer(no_args_is_help=True)
repos = typer.Typer(no_args_is_help=True)
keys = typer.Typer(no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="one JSON object per line")]
Limit = Annotated[int, typer.Option(min=1, help="how many at most, newest first")]
JobId = Annotated[UUID, typer.Argument(help="the job's id")]


@jobs.command("list")
def list_jobs(status: JobStatus | None = None, limit: Limit = 20, as_json: AsJson = False) -> None:
    """The latest jobs, of all owners."""
    with open_session() as session:
        found = jobs_of.latest_jobs(session.database, limit, status)
    if as_json:
        for job in found:
            print_json(describe_job(job))
        return
    rows: list[list[object]] = [
        [
            job.id,
            job.status,
            job.repository_name,
            job.ref or job.commit_sha,
            _short(job.created_at),
            job.error_code,
        ]
        for job in found
    ]
    print_table(["job", "status", "repository", "ref", "created", "error"], rows)


@jobs.command("show")
def show_job(job_id: JobId, as_json: AsJson = False) -> None:
    """One job; of a failed one the traceback too."""
    with open_session() as session:
        job = requests.get(session.database, job_id)
    _print(job, as_json=as_json)
    if job.error_traceback and not as_json:
        out.print(f"\n  {visible_lines(job.error_traceback)}")


@jobs.command("wait")
def wait_job(job_id: JobId, as_json: AsJson = False) -> None:
    """Follow a job to its end. Exit code 1 if it fails."""
    with open_session() as session:
        job = follow(session, requests.get(session.database, job_id), show_progress=not as_json)
    _print(job, as_json=as_json)
    raise typer.Exit(1 if job.status in (JobStatus.FAILED, JobStatus.CANCELLED) else 0)


@jobs.command("cancel")
def cancel_job(job_id: JobId, as_json: AsJson = False) -> None:
    """Cancel a job that waits or runs: nothing of it is stored."""
    with open_session() as session:
        _print(requests.cancel(session.database, job_id), as_json=as_json)


@jobs.command("retry")
def retry_job(job_id: JobId, as_json: AsJson = False) -> None:
    """Queue a failed or cancelled job again, with fresh attempts."""
    with open_session() as session:
        _print(requests.retry(session.database, job_id), as_json=as_json)


@jobs.command("dead")
def list_dead(
    limit: Limit = 20,
    dismiss: Annotated[UUID | None, typer.Option(help="take this job off the list; it stays failed")] = None,
    as_json: AsJson = False,
) -> None:
    """The jobs that failed for good, of all owners. `jobs retry` takes one off the list and queues it again."""
    with open_session() as session:
        if dismiss is not None:
            requests.dismiss(session.database, dismiss)
            out.print(f"dismissed {dismiss}")
            return
        found = jobs_of.dead_letters(session.database, limit)
    if as_json:
        for letter in found:
            print_json(describe_dead_letter(letter))
        return
    rows: list[list[object]] = [
        [
            letter.job_id,
            letter.owner_name,
            letter.repository_name,
            letter.ref,
            _short(letter.died_at),
            letter.attempt,
            letter.error.code,
        ]
        for letter in found
    ]
    print_table(["job", "owner", "repository", "ref", "failed", "attempts", "error"], rows)


def _print(job: Job, *, as_json: bool) -> None:
    (print_json if as_json else print_job)(describe_job(job))


@repos.command("list")
def list_repos(limit: Limit = 100, as_json: AsJson = False) -> None:
    """What is indexed here."""
    with open_session() as session:
        found = repositories.list_repositories(session.database, session.owner.id, limit)
    if as_json:
        for overview in found:
            print_json(describe_repository(overview))
        return
    _print_repositories(found)


@repos.command("show")
def show_repo(repo: Annotated[str | None, typer.Argument()] = None, as_json: AsJson = False) -> None:
    """One repository with its indexes; by default the one around the current folder."""
    with open_session() as session:
        overview = indexed_repository(session, repo)
    if as_json:
        print_json(describe_repository(overview))
    else:
        out.print(
            f"[bold]{visible(overview.repository.name)}[/bold]  [dim]{visible(overview.repository.address)}[/dim]"
        )
        _print_repositories([overview])


@repos.command("add")
def add_repo(
    repo: Annotated[str, typer.Argument(help="owner/name, https URL, or https://host for all repositories there")],
    token_env: Annotated[
        str | None,
        typer.Option(
            "--token-from-env", metavar="NAME", help="environment variable of the workers that holds the token"
        ),
    ] = None,
    token_file: Annotated[
        str | None,
        typer.Option("--token-from-file", metavar="PATH", help="file of the workers that holds the token"),
    ] = None,
    username: Annotated[
        str,
        typer.Option(metavar="NAME", help="sent with the token: GitLab expects oauth2, Bitbucket x-token-auth"),
    ] = DEFAULT_USERNAME,
    owner: Annotated[str, typer.Option(help="whose it is")] = access.LOCAL_OWNER,
) -> None:
    """Register a repository, and where the token for a private one comes from. Adding it again replaces that.

    The token itself is not stored: the workers read it each time they fetch.
    """
    remote = None if names_server(repo) else parse_remote(repo)
    address = parse_server(repo) if remote is None else remote.address
    has_token = token_env is not None or token_file is not None
    source = token_source(address, username, token_env, token_file) if has_token or remote is None else None
    with open_session() as session:
        session = _acting_as(session, owner)
        if remote is not None:
            credentials.add_repository(session.database, session.owner.id, remote, source)
        elif source is not None:
            credentials.add_token(session.database, session.owner.id, source)
    out.print(f"added {visible(address)}{visible(f', with the token in {_place(source)}') if source else ''}")
    if source is not None:
        _warn_unless_readable(source)
    print_next(_next_of(address, session.owner.name, is_server=remote is None))


def _warn_unless_readable(source: TokenSource) -> None:
    try:
        read_credential(source)
    except SourceRefused:
        when = "when they are started" if source.token_env is not None else "when they fetch"
        err.print(
            f"[yellow]warning:[/yellow] no token can be read here from {visible(_place(source))}: "
            f"see to it that the workers can, {when}"
        )


def _next_of(address: str, owner: str, *, is_server: bool) -> dict[str, str]:
    if owner == access.LOCAL_OWNER:
        wanted = f"{address}/owner/name" if is_server else address
        return {f"index {shlex.quote(wanted)}": "indexes it", "repos tokens": "where tokens come from"}
    whose = f"--owner {shlex.quote(owner)}"
    return {f"keys create {whose}": "a key for POST /index", f"repos tokens {whose}": "where tokens come from"}


def _place(source: TokenSource) -> str:
    return f"${source.token_env}" if source.token_env is not None else str(source.token_file)


def _acting_as(session: Session, owner: str) -> Session:
    """The session of another owner. Raises NotFound."""
    return replace(session, owner=access.find_owner(session.database, owner))


@repos.command("tokens")
def list_tokens(
    owner: Annotated[str, typer.Option(help="whose")] = access.LOCAL_OWNER, as_json: AsJson = False
) -> None:
    """Where the tokens for private repositories come from; the tokens themselves are nowhere here."""
    with open_session() as session:
        found = credentials.list_tokens(session.database, _acting_as(session, owner).owner.id)
    if as_json:
        for source in found:
            print_json(asdict(source))
    else:
        rows: list[list[object]] = [[source.address, source.username, _place(source)] for source in found]
        print_table(["address", "user name", "token in"], rows)


@repos.command("remove")
def remove_repo(
    repo: Annotated[str, typer.Argument(help="path, owner/name, https URL or id; https://host: its token's source")],
    ref: Annotated[str | None, typer.Option(help="only the index of this ref or commit")] = None,
    token: Annotated[bool, typer.Option("--token", help="only where its token comes from")] = False,
    owner: Annotated[str, typer.Option(help="whose it is")] = access.LOCAL_OWNER,
) -> None:
    """Delete a repository with everything that was indexed of it, or forget where a token comes from."""
    with open_session() as session:
        session = _acting_as(session, owner)
        if names_server(repo) or token:
            _remove_token(session, parse_server(repo) if names_server(repo) else parse_remote(repo).address)
            return
        overview = indexed_repository(session, repo)
        if ref is None:
            requests.remove_repository(session.database, overview.repository)
        else:
            index = repositories.choose_index(session.database, overview.repository, ref)
            requests.remove_index(session.database, overview.repository, index.index_id)
    out.print(f"removed {visible(overview.repository.name)}{visible(f' at {ref}') if ref else ''}")


def _remove_token(session: Session, address: str) -> None:
    credentials.remove_token(session.database, session.owner.id, address)
    out.print(f"{visible(address)} is fetched without a token of its own now")


def _print_repositories(found: list[repositories.RepositoryOverview]) -> None:
    rows: list[list[object]] = []
    for overview in found:
        if not overview.indexes:
            rows.append([overview.repository.uuid, overview.repository.name, None, None, "never", None])
        for index in overview.indexes:
            files = index.stats["files_indexed"] if index.stats else None
            at = _short(index.indexed_at) if index.indexed_at else "never"
            commit = (index.commit_sha or "")[:12]
            rows.append([overview.repository.uuid, overview.repository.name, index.ref or "commit", commit, at, files])
    print_table(["repository id", "repository", "ref", "commit", "indexed", "files"], rows)


def _short(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S}"


@keys.command("create")
def create_key(
    owner: Annotated[str, typer.Option(help="whose key; made where it is new")] = access.LOCAL_OWNER,
    name: Annotated[str, typer.Option(help="what it is for")] = "unnamed",
) -> None:
    """Make an API key and print it, this once."""
    with open_session() as session:
        out.print(access.create_key(session.database, owner, name))


@keys.command("list")
def list_keys(as_json: AsJson = False) -> None:
    """All keys, without their secrets."""
    with open_session() as session:
        found = access.list_keys(session.database)
    shown = [
        {"prefix": key.prefix, "owner": key.owner_name, "name": key.name, "created_at": key.created_at.isoformat(),
         "revoked_at": key.revoked_at.isoformat() if key.revoked_at else None}
        for key in found
    ]  # fmt: skip
    if as_json:
        for key in shown:
            print_json(key)
    else:
        print_table(["prefix", "owner", "name", "created", "revoked"], [list(key.values()) for key in shown])


@keys.command("revoke")
def revoke_key(prefix: Annotated[str, typer.Argument(help="the key's prefix, as `keys list` shows it")]) -> None:
    """Make a key worthless."""
    with open_session() as session:
        access.revoke_key(session.database, prefix)
    out.print(f"revoked {visible(prefix)}")
