"""Commands for jobs, repositories and keys.

Whoever runs them has the database: a job is found by its id whoever owns it.
"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer

from kotadb.access import keys as access
from kotadb.cli.context import indexed_repository, open_session
from kotadb.cli.follow import follow
from kotadb.cli.output import out, print_job, print_json, print_table, visible, visible_lines
from kotadb.jobs import requests
from kotadb.model import Job, JobStatus
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


@repos.command("remove")
def remove_repo(
    repo: Annotated[str, typer.Argument(help="path, owner/name, https URL or id")],
    ref: Annotated[str | None, typer.Option(help="only the index of this ref or commit")] = None,
) -> None:
    """Delete a repository with everything that was indexed of it."""
    with open_session() as session:
        overview = indexed_repository(session, repo)
        if ref is None:
            requests.remove_repository(session.database, overview.repository)
        else:
            index = repositories.choose_index(overview, ref)
            requests.remove_index(session.database, overview.repository, index.index_id)
    out.print(f"removed {visible(overview.repository.name)}{visible(f' at {ref}') if ref else ''}")


def _print_repositories(found: list[repositories.RepositoryOverview]) -> None:
    rows: list[list[object]] = []
    for overview in found:
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
