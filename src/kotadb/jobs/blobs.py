"""Steps three and four: parse the blobs that are new, and store each with what is kept of it, while parsing goes on."""

from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from contextvars import copy_context
from dataclasses import dataclass

import psutil

from kotadb.git.fetch import Fetched
from kotadb.git.objects import read_blobs
from kotadb.jobs.tracker import Run
from kotadb.logs import get_logger
from kotadb.model import SkipReason, SourceFile, Step
from kotadb.parsers.pool import Outcome, Parsed, ParseRequest, ParserPool
from kotadb.parsers.zygote import Zygote
from kotadb.pipeline.discover import decode, inspect
from kotadb.pipeline.packing import PackedFacts
from kotadb.pipeline.words import LONG, word_hashes, words
from kotadb.postgres.database import Connection
from kotadb.postgres.store import Blob, BlobKey, add_blobs, add_words, known_blobs, skipped_blobs
from kotadb.settings import Settings

BATCH_BYTES = 2 * 1024 * 1024
MAX_KNOWN_WORDS = 100_000
"""So many words are remembered, some 10 MB; after that they are put into the vocabulary once more."""
LOG_MEMORY_ABOVE_FILES = 1_000

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ParseResult:
    """What became of the blobs that were new: what is kept of them, or why they are skipped.

    `replaced` has the hashes of those that were stored already, and not the same.
    """

    facts: dict[BlobKey, PackedFacts]
    skipped: dict[BlobKey, SkipReason]
    replaced: list[str]


def parse_blobs(
    run: Run, settings: Settings, zygote: Zygote | None, fetched: Fetched, files: Sequence[SourceFile]
) -> ParseResult:
    """Parse and extract the blobs that are new, and store them in batches as they come."""
    known, skipped = _known_blobs(run)
    wanted = dict.fromkeys((file.blob_sha, file.language) for file in files)
    result = ParseResult({}, {}, [])
    new = [key for key in wanted if key not in known and key not in skipped]
    seconds = {Step.PARSE: 0.0, Step.SYMBOLS: 0.0, Step.REFERENCES: 0.0}
    # Closed at the end, whatever it is: git must not read on in a directory that is being removed.
    requests = _requests(run, fetched, new, result)
    with (
        run.step(Step.PARSE, len(new)),
        _blob_store(run, result) as blobs,
        closing(requests),
        ParserPool(settings, zygote=zygote) as pool,
    ):
        if new:
            pool.load({language for _, language in new})
        outcomes = pool.run(requests, _size_bytes(files, new))
        for batch in _batches(_counted(run, outcomes, new, result)):
            stored = []
            for parsed in batch:
                key, facts = new[parsed.key], PackedFacts.of_bytes(parsed.facts)
                result.facts[key] = facts
                stored.append((key, parsed.source, facts))
                seconds[Step.PARSE] += parsed.parse_seconds
                seconds[Step.SYMBOLS] += parsed.symbols_seconds
                seconds[Step.REFERENCES] += parsed.references_seconds
            blobs.add(stored)
            if len(new) > LOG_MEMORY_ABOVE_FILES:
                log.info(
                    "parsed", files=len(result.facts), of=len(new), memory_bytes=psutil.Process().memory_info().rss
                )
    result.skipped.update((key, skipped[key]) for key in wanted if key in skipped)
    run.note_children(pool.peak_memory_bytes)
    run.divide(Step.PARSE, seconds)
    return result


def _known_blobs(run: Run) -> tuple[set[BlobKey], dict[BlobKey, SkipReason]]:
    """What this version of the extractor has stored, and what it has skipped; nothing for a forced rebuild."""
    if run.job.force:
        return set(), {}
    with run.database.transaction() as connection:
        return known_blobs(connection, run.repository_id), skipped_blobs(connection, run.repository_id)


def _size_bytes(files: Iterable[SourceFile], new: Iterable[BlobKey]) -> int:
    sizes = {(file.blob_sha, file.language): file.size_bytes for file in files}
    return sum(sizes[key] for key in new)


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


class _BlobStore:
    """Stores batches in a thread of its own, one while the next is parsed."""

    def __init__(self, run: Run, thread: ThreadPoolExecutor, replaced: list[str]) -> None:
        self._run = run
        self._thread = thread
        self._replaced = replaced
        self._last: Future[list[str]] | None = None
        self._words: set[bytes] = set()
        """Of the vocabulary what this run has added to it."""

    def add(self, parsed: Sequence[tuple[BlobKey, bytes, PackedFacts]]) -> None:
        """Store a batch, once the one before is stored."""
        self.wait()
        self._last = self._thread.submit(copy_context().run, _store_blobs, self._run, parsed, self._words)

    def wait(self) -> None:
        """Wait for the last batch. Raises what went wrong with it."""
        if self._last is not None:
            with self._run.clock(Step.STORE):
                self._replaced += self._last.result()
            self._last = None


def _store_blobs(run: Run, parsed: Sequence[tuple[BlobKey, bytes, PackedFacts]], known: set[bytes]) -> list[str]:
    """Store a batch with its words, and add those to the vocabulary that are not `known` to be in it."""
    blobs, new = [], set[bytes]()
    for key, source, facts in parsed:
        found = words(source)
        blobs.append(Blob(key, source, word_hashes(run.repository_id, found), facts))
        new |= found - known - {LONG}

    def store(connection: Connection) -> list[str]:
        add_words(connection, run.repository_id, new)
        return add_blobs(connection, run.repository_id, blobs, replace=run.job.force)

    replaced = run.store(store)
    if len(known) > MAX_KNOWN_WORDS:
        known.clear()
    known |= new
    return replaced


@contextmanager
def _blob_store(run: Run, result: ParseResult) -> Iterator[_BlobStore]:
    with ThreadPoolExecutor(1, "blobs") as thread:
        store = _BlobStore(run, thread, result.replaced)
        yield store
        store.wait()
