"""The index-repo task: seven steps from a repository's address to a stored index."""

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import structlog

from kotadb import metrics
from kotadb.errors import ClaimLost, DatabaseUnavailable, LimitExceeded
from kotadb.git.credentials import read_credential
from kotadb.git.fetch import Fetched, fetch
from kotadb.git.objects import list_tree, read_blobs
from kotadb.git.sources import LocalSource, Source, parse_remote
from kotadb.jobs.blobs import ParseResult, parse_blobs
from kotadb.jobs.failures import is_out_of_memory
from kotadb.jobs.relink import Facts, Manifests, Plan, led_elsewhere, plan, usable
from kotadb.jobs.tracker import Run, claim
from kotadb.jobs.workspace import Workspace, workspace
from kotadb.languages import language_of, modules
from kotadb.logs import get_logger
from kotadb.model import (
    EXTRACTOR_VERSION,
    Index,
    Repository,
    SkippedFile,
    SkipReason,
    SourceFile,
    Step,
    TokenSource,
    TreeEntry,
)
from kotadb.parsers.zygote import Zygote
from kotadb.pipeline.discover import CONTENT_REASONS, IGNORE_FILE, Discovery, decode, discover
from kotadb.pipeline.entry_points import NO_ENTRIES, Entries
from kotadb.pipeline.identify import file_ids
from kotadb.pipeline.ignore import exclusion
from kotadb.pipeline.link import Linker
from kotadb.postgres import credentials, repositories
from kotadb.postgres.database import Connection, Database
from kotadb.postgres.store import (
    IndexHeader,
    IndexWriter,
    begin_shadow,
    collect_blobs,
    end_shadow,
    refresh_statistics,
    store,
    tidy_words,
    write_skipped,
)
from kotadb.settings import Settings

MAX_IGNORE_BYTES = 1024 * 1024
FILE_MODE = "100"
LOG_PATHS = 20
LOG_PATH_CHARACTERS = 200

log = get_logger(__name__)


def perform(
    database: Database,
    settings: Settings,
    job_id: UUID,
    queue_job_id: int | None = None,
    *,
    worker: str,
    zygote: Zygote | None = None,
) -> bool:
    """Claim the job and run it to its end, whatever that is. Returns whether there was memory enough for that.

    A job that has ended already is left alone, as is one that the row of the queue by which it came no longer carries.
    Parser processes come from `zygote`, if there is one for several jobs.
    """
    job = claim(database, settings, job_id, worker, queue_job_id)
    if job is None:
        return True
    with (
        structlog.contextvars.bound_contextvars(
            job_id=str(job.id), repository_id=str(job.repository_uuid), claim=job.claim, step=Step.FETCH.value
        ),
        Run(database, job, settings) as run,
    ):
        metrics.run_began(job.attempt)
        log.info("job started", repository=job.repository_name, ref=job.ref, attempt=job.attempt)
        error = _attempt(run, settings, zygote)
        if error is not None:
            run.fail(error)
        return not isinstance(error, MemoryError)


def _attempt(run: Run, settings: Settings, zygote: Zygote | None) -> Exception | None:
    """Index; what went wrong, if anything did.

    Where memory ran out, without a traceback: its frames would keep what the memory went to, and recording the failure
    takes some.
    """
    try:
        index_repo(run, settings, zygote)
    except Exception as error:
        if not is_out_of_memory(error):
            return error
    else:
        return None
    gc.collect()
    return MemoryError()


def index_repo(run: Run, settings: Settings, zygote: Zygote | None) -> None:
    """The seven steps. The temporary directory is gone before the job's end is written."""
    with ExitStack() as stack:
        here = stack.enter_context(workspace(settings.temp_dir, run.job.id, run.claim))
        fetched = _fetch(run, settings, here)
        index = _index(run)
        if _is_current(run, settings, fetched, index):
            stack.close()
            _skip(run, fetched, index)
            return
        found = _discover(run, settings, fetched)
        parsed = parse_blobs(
            run, settings, zygote, fetched, found.files
        )  # and symbols: a file is read and done with once
        stack.close()
        written = _link_and_store(run, settings, fetched, index, found, parsed)
    _tidy(run, written)


# ---- 1: fetch --------------------------------------------------------------------------------------------------------


def _fetch(run: Run, settings: Settings, here: Workspace) -> Fetched:
    with run.step(Step.FETCH):
        with run.database.transaction() as connection:
            repository = repositories.by_id(connection, run.repository_id)
            if repository is None:
                raise ClaimLost
            source = _source(repository)
            token = _token_source(connection, repository, source)
        return fetch(
            source, ref=run.job.ref, commit=run.job.commit_sha, into=here.path, settings=settings,
            credential=None if token is None else read_credential(token),
            roots=settings.local_roots if run.job.confined else None, lock_fd=here.lock_fd, check=run.check,
        )  # fmt: skip


def _source(repository: Repository) -> Source:
    if repository.address.startswith("/"):
        return LocalSource(Path(repository.address), repository.name)
    return parse_remote(repository.address)


def _token_source(connection: Connection, repository: Repository, source: Source) -> TokenSource | None:
    """Where the token for the repository comes from, if its owner, and nobody else, has named one."""
    if isinstance(source, LocalSource):
        return None
    return credentials.find(connection, repository.owner_id, source.address, source.server)


def _index(run: Run) -> Index:
    """The index as it is."""
    with run.database.transaction() as connection:
        index = repositories.index(connection, run.repository_id, run.job.index_id)
    if index is None:
        raise ClaimLost
    return index


def _is_current(run: Run, settings: Settings, fetched: Fetched, index: Index) -> bool:
    """Whether the index holds this commit already, made the same way, and no rebuild is asked for."""
    return index.commit_sha == fetched.commit_sha and usable(run, index, limits(settings)) is not None


def _skip(run: Run, fetched: Fetched, current: Index) -> None:
    run.skip(fetched.commit_sha, fetched.branch, current.stats or {})
    metrics.run_ended(metrics.Outcome.SKIPPED)
    log.info("job skipped: this commit is indexed already", commit_sha=fetched.commit_sha)


def limits(settings: Settings) -> str:
    """The settings that decide what is skipped: an index made with others holds other files."""
    names = ("max_file_bytes", "max_parse_seconds", "max_parser_memory_bytes")
    return " ".join(f"{name}={getattr(settings, name)}" for name in names)


# ---- 2: discover -----------------------------------------------------------------------------------------------------


def _discover(run: Run, settings: Settings, fetched: Fetched) -> Discovery:
    with run.step(Step.DISCOVER):
        if fetched.commit_sha is None:
            return Discovery((), ())
        entries = list_tree(fetched.git_dir, fetched.commit_sha, max_files=settings.max_files, check=run.check)
        found = discover(
            entries,
            language_of=language_of,
            max_file_bytes=settings.max_file_bytes,
            is_excluded=_watched(run, exclusion(_ignore_text(run, fetched, entries))),
            # A remote is asked not to send what is too large; a local repository lends what it has.
            absent_reason=SkipReason.MISSING_BLOB if fetched.is_local else SkipReason.TOO_LARGE,
        )
        log.info("discovered", files=len(found.files), skipped=len(found.skipped))
        _report_unsafe(found)
        _limit_source(found, settings)
        return found


def _limit_source(found: Discovery, settings: Settings) -> None:
    """Text is packed well: what a fetch may bring can be a hundred times as much to parse and store."""
    # By file: one text under many names is parsed once, but linked and stored for each of them.
    size = sum(file.size_bytes for file in found.files)
    if size > settings.max_source_bytes:
        raise LimitExceeded(
            f"The repository has {size:,} bytes of text; KOTADB_MAX_SOURCE_BYTES is the limit.",
            code="too_much_source",
        )


def _report_unsafe(found: Discovery) -> None:
    """Nobody comes by such names in good faith: the log has some of them."""
    unsafe = [entry.path for entry in found.skipped if entry.reason is SkipReason.UNSAFE_PATH]
    if unsafe:
        shown = [ascii(path[:LOG_PATH_CHARACTERS]) for path in unsafe[:LOG_PATHS]]
        log.warning("security_event", code="unsafe_path", entries=len(unsafe), paths=shown)


def _ignore_text(run: Run, fetched: Fetched, entries: Iterable[TreeEntry]) -> str:
    """The rules of the repository, if it has any and they are a file that is there."""
    files = [entry for entry in entries if entry.path == IGNORE_FILE.encode() and entry.mode.startswith(FILE_MODE)]
    if any((entry.size_bytes or 0) > MAX_IGNORE_BYTES for entry in files):
        raise LimitExceeded(f"{IGNORE_FILE} is larger than {MAX_IGNORE_BYTES:,} bytes.", code="ignore_rules")
    sources = read_blobs(fetched.git_dir, (entry.blob_sha for entry in files), check=run.check)
    return "".join(decode(source or b"") for _, source in sources)


def _watched(run: Run, is_excluded: Callable[[str], bool]) -> Callable[[str], bool]:
    """Rules may take half a minute: a run that is cancelled meanwhile stops."""

    def watched(path: str) -> bool:
        run.check()
        return is_excluded(path)

    return watched


# ---- 5 to 7: references, dependencies, store -------------------------------------------------------------------------


def _link_and_store(
    run: Run, settings: Settings, fetched: Fetched, current: Index, found: Discovery, parsed: ParseResult
) -> int:
    """Link what has to be, and replace the index and complete the job, in one transaction.

    Returns how many files were written. The server stores rows while the next ones are made.
    """
    commit = _Commit(found, parsed)
    with run.step(Step.REFERENCES):
        facts = Facts(run, commit.files, parsed)
        todo = plan(run, usable(run, current, limits(settings)), commit.files, commit.file_ids, commit.skipped, facts)
        manifests = Manifests(run, commit.files)
        linker = Linker(
            (run.repository_id, run.job.index_id), commit.files, commit.file_ids, commit.by_path,
            modules(manifests.files(commit.by_path)), facts, todo.known_names,
        )  # fmt: skip
        entries = linker.entries() if todo.entries is None else todo.entries
        todo = todo._replace(numbers=[*todo.numbers, *led_elsewhere(todo, entries, commit.file_ids)])

    def replace_index(connection: Connection) -> tuple[dict[str, Any], int]:
        index = run.repository_id, run.job.index_id
        stats: dict[str, Any] = {}
        with run.step(Step.REFERENCES, len(todo.numbers)):
            if run.job.force:
                begin_shadow(connection)
            with IndexWriter(connection, *index, settings.lease_seconds / 3) as writer:
                written = _write(run, commit, todo, facts, linker, entries, writer)
        with run.step(Step.STORE):
            if run.job.force:
                different = end_shadow(connection, *index)
                stats["drift"] = _drift(fetched, current, settings, different, parsed.replaced)
            write_skipped(connection, *index, commit.skipped)
        header = IndexHeader(fetched.commit_sha, fetched.branch, limits(settings), manifests.read_since(todo.manifests))
        return store(connection, run.job.id, run.claim, header, run.stats() | stats), written

    stats, written = run.store(replace_index)
    metrics.run_ended(metrics.Outcome.COMPLETED, stats)
    log.info("job completed", commit_sha=fetched.commit_sha, **stats)
    return written


def _drift(
    fetched: Fetched, current: Index, settings: Settings, files: Sequence[str], blobs: Sequence[str]
) -> dict[str, Any] | None:
    """How a rebuild of what was indexed already differed from it; None if it was a rebuild of something else."""
    made = current.commit_sha, current.extractor_version, current.limits
    has_imports = "imported" in (current.stats or {})
    if has_imports or made != (fetched.commit_sha, EXTRACTOR_VERSION, limits(settings)):
        return None
    if files or blobs:
        paths = [ascii(path[:LOG_PATH_CHARACTERS]) for path in files[:LOG_PATHS]]
        log.error("the index was not what its commit says; it is now", files=len(files), blobs=len(blobs), paths=paths)
    return {"files": len(files), "blobs": len(blobs), "paths": list(files[:LOG_PATHS])}


class _Commit:
    """What the new index will hold, and what it leaves out."""

    def __init__(self, found: Discovery, parsed: ParseResult) -> None:
        files = [file for file in found.files if (file.blob_sha, file.language) not in parsed.skipped]
        skipped = [*found.skipped, *_skipped_blobs(found.files, parsed)]
        entries: list[SourceFile | SkippedFile] = [*skipped, *files]
        ids = file_ids([entry.raw_path for entry in entries])
        self.files: Sequence[SourceFile] = files
        self.file_ids = [ids[file.raw_path] for file in files]
        self.skipped = [(ids[entry.raw_path], entry) for entry in skipped]
        # Names that are no text may look like others: a file is then meant rather than what is skipped.
        self.by_path = {entry.path: ids[entry.raw_path] for entry in entries}


def _skipped_blobs(files: Iterable[SourceFile], parsed: ParseResult) -> Iterator[SkippedFile]:
    for file in files:
        blob = file.blob_sha, file.language
        reason = parsed.skipped.get(blob)
        if reason is not None:
            yield SkippedFile(file.path, file.raw_path, reason, blob if reason in CONTENT_REASONS else None)


def _write(
    run: Run,
    commit: _Commit,
    todo: Plan,
    facts: Facts,
    linker: Linker,
    entries: Mapping[int, Entries],
    writer: IndexWriter,
) -> int:
    """Link the files that have to be, and write those that differ from what is stored; all of them to a shadow."""
    written = 0
    is_stored = {} if run.job.force else todo.stored
    writer.delete(todo.gone if is_stored else ())
    for done, number in enumerate(todo.numbers, start=1):
        resolved = linker.resolved(number)
        with run.clock(Step.DEPENDENCIES):
            linked = linker.linked(resolved, entries.get(number, NO_ENTRIES))
        file_id = commit.file_ids[number]
        stored = is_stored.get(file_id)
        if stored is None or stored.digest != linked.digest:
            with run.clock(Step.STORE):
                writer.delete([file_id] if stored is not None else [])
                writer.write(file_id, commit.files[number], facts(number), linked)
            written += 1
        run.advance(done)
    return written


def _tidy(run: Run, written: int) -> None:
    """Delete blobs that nothing refers to, put words in order, and have the planner know of the files that came.

    The job is done by now: trouble here is not its failure.
    """
    try:
        with run.database.transaction() as connection:
            collected = collect_blobs(connection, run.repository_id)
        with run.database.transaction() as connection:
            tidy_words(connection, run.repository_id)
        with run.database.transaction() as connection:
            refresh_statistics(connection, written)
    except (psycopg.Error, DatabaseUnavailable) as error:
        log.warning("could not tidy up; the next job will", error=str(error))
    else:
        log.debug("collected unused blobs", blobs=collected)
