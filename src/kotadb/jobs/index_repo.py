"""The index-repo task: seven steps from a repository's address to a stored index."""

import gc
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil
import psycopg
import structlog

from kotadb import metrics
from kotadb.errors import ClaimLost, DatabaseUnavailable, LimitExceeded
from kotadb.git.credentials import read_credential
from kotadb.git.fetch import Fetched, fetch
from kotadb.git.objects import list_tree, read_blobs
from kotadb.git.sources import LocalSource, Source, parse_remote
from kotadb.jobs.failures import is_out_of_memory
from kotadb.jobs.tracker import Run, claim
from kotadb.jobs.workspace import Workspace, workspace
from kotadb.languages import Files, language_of, modules
from kotadb.logs import get_logger
from kotadb.model import (
    EXTRACTOR_VERSION,
    FileFacts,
    Index,
    Repository,
    SkippedFile,
    SkipReason,
    SourceFile,
    Step,
    TokenSource,
    TreeEntry,
)
from kotadb.parsers.pool import Outcome, Parsed, ParseRequest, ParserPool
from kotadb.pipeline.discover import IGNORE_FILE, Discovery, decode, discover, inspect
from kotadb.pipeline.identify import file_digest, file_ids
from kotadb.pipeline.ignore import exclusion
from kotadb.pipeline.link import Linker
from kotadb.postgres import credentials, repositories
from kotadb.postgres.database import Connection, Database
from kotadb.postgres.store import (
    Blob,
    BlobKey,
    IndexHeader,
    StagedFile,
    add_blobs,
    collect_blobs,
    content,
    digests,
    known_blobs,
    load_facts,
    refresh_statistics,
    stage,
    store,
)
from kotadb.settings import Settings

BATCH_BYTES = 2 * 1024 * 1024
LOG_MEMORY_ABOVE_FILES = 1_000
MAX_IGNORE_BYTES = 1024 * 1024
FILE_MODE = "100"
LOG_PATHS = 20
LOG_PATH_CHARACTERS = 200

log = get_logger(__name__)


def perform(
    database: Database, settings: Settings, job_id: UUID, queue_job_id: int | None = None, *, worker: str
) -> bool:
    """Claim the job and run it to its end, whatever that is. Returns whether there was memory enough for that.

    A job that has ended already is left alone, as is one that the row of the queue by which it came no longer carries.
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
        error = _attempt(run, settings)
        if error is not None:
            run.fail(error)
        return not isinstance(error, MemoryError)


def _attempt(run: Run, settings: Settings) -> Exception | None:
    """Index; what went wrong, if anything did.

    Where memory ran out, without a traceback: its frames would keep what the memory went to, and recording the failure
    takes some.
    """
    try:
        index_repo(run, settings)
    except Exception as error:
        if not is_out_of_memory(error):
            return error
    else:
        return None
    gc.collect()
    return MemoryError()


def index_repo(run: Run, settings: Settings) -> None:
    """The seven steps. The temporary directory is gone before the job's end is written."""
    with ExitStack() as stack:
        here = stack.enter_context(workspace(settings.temp_dir, run.job.id, run.claim))
        fetched = _fetch(run, settings, here)
        if (current := _current_index(run, settings, fetched)) is not None:
            stack.close()
            _skip(run, fetched, current)
            return
        found = _discover(run, settings, fetched)
        parsed = _parse(run, settings, fetched, found)  # and symbols: a file is parsed and extracted in one go
        stack.close()
        linked = _link(run, found, parsed)
        written = _store(run, settings, fetched, linked)
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


def _current_index(run: Run, settings: Settings, fetched: Fetched) -> Index | None:
    """The index, if it holds this commit already, made the same way, and no rebuild is asked for."""
    with run.database.transaction() as connection:
        index = repositories.index(connection, run.repository_id, run.job.index_id)
    if index is None:
        raise ClaimLost
    stored = index.commit_sha, index.extractor_version, index.limits
    wanted = fetched.commit_sha, EXTRACTOR_VERSION, limits(settings)
    return index if stored == wanted and not run.job.force else None


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


# ---- 3 and 4: parse, symbols -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ParseResult:
    """What became of the blobs that were new: their packed facts, or why they are skipped."""

    facts: dict[BlobKey, bytes]
    skipped: dict[BlobKey, SkipReason]


def _parse(run: Run, settings: Settings, fetched: Fetched, found: Discovery) -> ParseResult:
    """Parse and extract the blobs that are new, and store them in batches as they come."""
    new = _new_blobs(run, found)
    result = ParseResult({}, {})
    seconds = {Step.PARSE: 0.0, Step.SYMBOLS: 0.0, Step.REFERENCES: 0.0}
    # Closed at the end, whatever it is: git must not read on in a directory that is being removed.
    requests = _requests(run, fetched, new, result)
    with run.step(Step.PARSE, len(new)), closing(requests), ParserPool(settings) as pool:
        outcomes = pool.run(requests)
        for batch in _batches(_counted(run, outcomes, new, result)):
            for parsed in batch:
                result.facts[new[parsed.key]] = parsed.facts
                seconds[Step.PARSE] += parsed.parse_seconds
                seconds[Step.SYMBOLS] += parsed.symbols_seconds
                seconds[Step.REFERENCES] += parsed.references_seconds
            _store_blobs(run, new, batch)
            if len(new) > LOG_MEMORY_ABOVE_FILES:
                log.info(
                    "parsed", files=len(result.facts), of=len(new), memory_bytes=psutil.Process().memory_info().rss
                )
    run.note_children(pool.peak_memory_bytes)
    run.divide(Step.PARSE, seconds)
    return result


def _new_blobs(run: Run, found: Discovery) -> list[BlobKey]:
    """The blobs that this version of the extractor has not seen; all of them in a forced rebuild."""
    with run.database.transaction() as connection:
        known = set() if run.job.force else known_blobs(connection, run.repository_id)
    wanted = dict.fromkeys((file.blob_sha, file.language) for file in found.files)
    return [key for key in wanted if key not in known]


def _requests(run: Run, fetched: Fetched, new: list[BlobKey], result: ParseResult) -> Generator[ParseRequest]:
    """Read the blobs; those whose content says that they are no source text are skipped here."""
    with closing(read_blobs(fetched.git_dir, (blob_sha for blob_sha, _ in new), check=run.check)) as sources:
        for number, (blob_sha, source) in enumerate(sources):
            language = new[number][1]
            reason = SkipReason.MISSING_BLOB if source is None else inspect(source, language)
            if source is None or reason is not None:
                result.skipped[blob_sha, language] = reason or SkipReason.MISSING_BLOB
            else:
                # What is parsed is what is stored, so that positions are positions in that text.
                yield ParseRequest(number, language, decode(source).encode())
    run.go_on_as(Step.SYMBOLS)  # all are with the parsers: their symbols are what we wait for


def _counted(run: Run, outcomes: Iterable[Outcome], new: list[BlobKey], result: ParseResult) -> Iterator[Parsed]:
    """Sort out what the parsers could not do, and report how far they are."""
    parsed = 0
    for outcome in outcomes:
        if isinstance(outcome, Parsed):
            parsed += 1
            yield outcome
        else:
            key = new[outcome.key]
            result.skipped[key] = outcome.reason
            log.warning("file skipped", blob_sha=key[0], language=key[1], reason=outcome.reason.value)
        run.advance(parsed + len(result.skipped))


def _batches(parsed: Iterable[Parsed]) -> Iterator[list[Parsed]]:
    batch: list[Parsed] = []
    size = 0
    for item in parsed:
        batch.append(item)
        size += len(item.source)
        if size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _store_blobs(run: Run, new: list[BlobKey], batch: Iterable[Parsed]) -> None:
    blobs = [Blob(new[item.key], item.source.decode(), item.facts) for item in batch]
    with run.clock(Step.STORE):
        run.store(lambda connection: add_blobs(connection, run.repository_id, blobs, replace=run.job.force))


# ---- 5 and 6: references, dependencies -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Linked:
    """Everything that the new index will hold but for what is stored already: the source text."""

    files: list[StagedFile]
    skipped: list[tuple[int, SkippedFile]]


def _link(run: Run, found: Discovery, parsed: ParseResult) -> Linked:
    """Find what the references of all files refer to, from their facts alone."""
    ids = file_ids([file.raw_path for file in found.files] + [entry.raw_path for entry in found.skipped])
    files = [file for file in found.files if (file.blob_sha, file.language) not in parsed.skipped]
    skipped = [(ids[entry.raw_path], entry) for entry in (*found.skipped, *_skipped_blobs(found.files, parsed))]
    with run.step(Step.REFERENCES, len(files)):
        paths = {entry.path: ids[entry.raw_path] for _, entry in skipped}
        paths |= {file.path: ids[file.raw_path] for file in files}
        facts = _facts(run, files, parsed)
        linker = Linker(paths, modules(Files(frozenset(paths), _reader(run, files))))
        for file in files:
            linker.add(file.path, file.language, FileFacts.unpack(facts[file.blob_sha, file.language]))
        staged = []
        for number, file in enumerate(files):
            resolved = linker.resolved(number)
            with run.clock(Step.DEPENDENCIES):
                linked = linker.linked(number, resolved)
            digest = file_digest(file, linked.digest())
            key = file.blob_sha, file.language
            staged.append(StagedFile(ids[file.raw_path], file, digest, facts[key], linked))
            run.advance(number + 1)
    return Linked(staged, skipped)


def _facts(run: Run, files: Iterable[SourceFile], parsed: ParseResult) -> dict[BlobKey, bytes]:
    """The packed facts of all files: of those just parsed, and of those known before."""
    keys = {(file.blob_sha, file.language) for file in files} - parsed.facts.keys()
    with run.database.transaction() as connection:
        return parsed.facts | load_facts(connection, run.repository_id, keys)


def _reader(run: Run, files: Iterable[SourceFile]) -> Callable[[str], str | None]:
    """Reads the text of an indexed file: manifests say where modules are."""
    keys = {file.path: (file.blob_sha, file.language) for file in files}

    def read(path: str) -> str | None:
        if path not in keys:
            return None
        with run.database.transaction() as connection:
            return content(connection, run.repository_id, keys[path])

    return read


def _skipped_blobs(files: Iterable[SourceFile], parsed: ParseResult) -> Iterator[SkippedFile]:
    for file in files:
        reason = parsed.skipped.get((file.blob_sha, file.language))
        if reason is not None:
            yield SkippedFile(file.path, file.raw_path, reason)


# ---- 7: store --------------------------------------------------------------------------------------------------------


def _store(run: Run, settings: Settings, fetched: Fetched, linked: Linked) -> int:
    """Replace the index and complete the job, in one transaction. Returns how many files differ."""
    header = IndexHeader(fetched.commit_sha, fetched.branch, limits(settings))

    def replace_index(connection: Connection) -> tuple[dict[str, Any], int]:
        files = _changed(connection, run, linked.files)
        stage(connection, files, linked.skipped)
        stats = store(connection, run.job.id, run.claim, header, run.stats(), rewrite=run.job.force)
        return stats, sum(item.facts is not None for item in files)

    with run.step(Step.STORE):
        stats, written = run.store(replace_index)
    metrics.run_ended(metrics.Outcome.COMPLETED, stats)
    log.info("job completed", commit_sha=fetched.commit_sha, **stats)
    return written


def _changed(connection: Connection, run: Run, files: Iterable[StagedFile]) -> list[StagedFile]:
    """The files, with facts only for those that differ from what the index holds."""
    stored = {} if run.job.force else digests(connection, run.repository_id, run.job.index_id)
    return [replace(item, facts=None) if stored.get(item.file_id) == item.digest else item for item in files]


def _tidy(run: Run, written: int) -> None:
    """Delete blobs that nothing refers to any more, and have the planner know of the files that were stored.

    The job is done by now: trouble here is not its failure.
    """
    try:
        with run.database.transaction() as connection:
            collected = collect_blobs(connection, run.repository_id)
        with run.database.transaction() as connection:
            refresh_statistics(connection, written)
    except (psycopg.Error, DatabaseUnavailable) as error:
        log.warning("could not tidy up; the next job will", error=str(error))
    else:
        log.debug("collected unused blobs", blobs=collected)
