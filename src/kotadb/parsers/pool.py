"""The pool of parser processes: files in; facts, or the guilty file, out.

`ProcessPoolExecutor` cannot say which file killed a process and fails every other file with it. Here each process has
a thread of its own that starts it, hands it a batch, hears which file it is at, and kills it when that takes too long.
Threads rather than one event loop, for two reasons. Each is a plain sequence of blocking steps. The processes stay
busy, and time limits are kept, while the consumer is away storing what it was given. The threads only wait, so the GIL
does not matter.

Guilt is proved by a fresh process. A file that killed a process which had parsed others before gets a second hearing in
a new one: what it died of may have been left behind by others, or the kernel took the process for want of memory. Time
is different, nobody else can have spent it, and a second hearing would cost the limit again.
"""

from collections.abc import Iterable, Iterator
from contextvars import copy_context
from queue import SimpleQueue
from threading import Thread
from types import TracebackType
from typing import Self

from kotadb.errors import ParserUnavailable
from kotadb.logs import get_logger
from kotadb.model import SkipReason
from kotadb.parsers.process import (
    BatchUsage,
    Outcome,
    Parsed,
    ParseRequest,
    ParserProcess,
    ProcessLost,
    Unparsed,
)
from kotadb.parsers.slots import Slots, slot_folder
from kotadb.parsers.stop import Stop, Stopped
from kotadb.parsers.zygote import Zygote
from kotadb.settings import Settings

__all__ = ["Outcome", "ParseRequest", "Parsed", "ParserPool", "Unparsed"]

BATCH_BYTES = 512 * 1024
LEAST_BATCH_BYTES = 32 * 1024
BATCH_FILES = 64
BATCHES_PER_PROCESS = 8
"""Where there is little to parse, batches are smaller, so that all processes end at about the same time."""
BATCHES_AHEAD = 4
"""Batches in flight per process, enough to keep it busy while the consumer stores a few megabytes."""

START_ATTEMPTS = 2
WORK = "kotadb.parsers.work:work"

log = get_logger(__name__)

Batch = list[ParseRequest]


class BatchDone:
    """Follows the last outcome of a batch."""


class ParserPool:
    """Parser processes for one job. Use it in a `with`; leaving that ends every process at once, idle or busy.

    `work` names the function that the processes run, as "module:function" with the signature of `parsers.work.work`.
    They are forked from `zygote`, which stays; without one, from one of this pool's own.
    """

    def __init__(self, settings: Settings, work: str = WORK, zygote: Zygote | None = None) -> None:
        """Start nothing yet. Raises ConfigurationError where no folder for the slots can be had."""
        self._zygote = zygote or Zygote()
        self._owns_zygote = zygote is None
        self._settings = settings
        self._stop = Stop()
        self._batches: SimpleQueue[Batch | None] = SimpleQueue()
        self._outcomes: SimpleQueue[Outcome | BatchDone | BaseException] = SimpleQueue()
        self._slots = Slots(slot_folder(settings), settings.max_parsers)
        self._work = work
        self._workers: list[Worker] = []
        self._in_flight = 0
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def run(self, requests: Iterable[ParseRequest], expected_bytes: int | None = None) -> Iterator[Outcome]:
        """The outcome of every request, each exactly once, in the order in which they finish.

        `expected_bytes` is how much text there will be in all, if that is known.

        Takes from `requests`, in this thread, only what keeps the processes busy: at most BATCHES_AHEAD batches per
        process are in memory. One run at a time; one that is left before its end closes the pool. Raises
        ParserUnavailable where processes do not start, and what `requests` raises.
        """
        batches = batched(requests, batch_bytes(expected_bytes, self._settings.max_parsers))
        is_complete = False
        try:
            while self._refill(batches):
                yield from self._next_outcome()
            is_complete = True
        finally:
            if not is_complete:
                self.close()

    def load(self, languages: Iterable[str]) -> None:
        """Have the languages ready before there is a file of them. Does not wait.

        Raises ParserUnavailable where there can be no processes.
        """
        try:
            self._zygote.load(self._work, [*languages])
        except OSError as error:
            raise ParserUnavailable(f"Parser processes do not start: {error}") from error

    def close(self) -> None:
        """End every process and thread. Does nothing the second time."""
        if self._closed:
            return
        self._closed = True
        self._stop.set()
        for _ in self._workers:
            self._batches.put(None)
        for worker in self._workers:
            worker.thread.join()
        if self._owns_zygote:
            self._zygote.close()
        self._stop.close()

    @property
    def peak_memory_bytes(self) -> int:
        """The most memory that all processes can have had at one time: the sum of the peak of each."""
        return sum(worker.peak_bytes for worker in self._workers)

    @property
    def cpu_seconds(self) -> float:
        """CPU time of all batches that were finished; what a killed process had spent is not known."""
        return sum(worker.cpu_seconds for worker in self._workers)

    @property
    def processes_started(self) -> int:
        return sum(worker.processes_started for worker in self._workers)

    def _refill(self, batches: Iterator[Batch]) -> bool:
        """Hand out batches until enough are in flight. False once there is nothing to wait for."""
        if self._closed:
            raise ValueError("the pool is closed")
        while self._in_flight < BATCHES_AHEAD * self._settings.max_parsers:
            batch = next(batches, None)
            if batch is None:
                break
            self._batches.put(batch)
            self._in_flight += 1
            self._start_worker_if_needed()
        return self._in_flight > 0

    def _start_worker_if_needed(self) -> None:
        if len(self._workers) < min(self._in_flight, self._settings.max_parsers):
            worker = Worker(
                self._settings, self._zygote, self._work, self._slots, self._stop, self._batches, self._outcomes
            )
            self._workers.append(worker)
            worker.thread.start()

    def _next_outcome(self) -> Iterator[Outcome]:
        outcome = self._outcomes.get()
        if isinstance(outcome, BaseException):
            raise outcome
        if isinstance(outcome, BatchDone):
            self._in_flight -= 1
        else:
            yield outcome


class Worker:
    """A thread and its one process, which it starts when there is work and replaces when it is lost."""

    def __init__(
        self,
        settings: Settings,
        zygote: Zygote,
        work: str,
        slots: Slots,
        stop: Stop,
        batches: SimpleQueue[Batch | None],
        outcomes: SimpleQueue[Outcome | BatchDone | BaseException],
    ) -> None:
        self.peak_bytes = 0
        self.cpu_seconds = 0.0
        self.processes_started = 0
        # The context carries what is bound to every log line of the job. A daemon, so that a pool which nobody closed
        # cannot keep the interpreter from ending; its process ends with it.
        self.thread = Thread(target=copy_context().run, args=(self._run,), name="parser", daemon=True)
        self._settings = settings
        self._zygote = zygote
        self._work = work
        self._slots = slots
        self._stop = stop
        self._batches = batches
        self._outcomes = outcomes
        self._process: ParserProcess | None = None
        self._idle_losses = 0

    def _run(self) -> None:
        try:
            while (batch := self._batches.get()) is not None:
                self._parse(batch)
                self._outcomes.put(BatchDone())
        except Stopped:
            pass
        except BaseException as error:  # nobody else would see it; the consumer raises it
            self._outcomes.put(error)
        finally:
            self._end_process()

    def _parse(self, batch: Batch) -> None:
        """Put an outcome for every request of `batch`, with as many processes as that takes."""
        done = 0
        while done < len(batch):
            with self._slots.slot(self._stop):
                done += self._attempt(batch[done:])

    def _attempt(self, batch: Batch) -> int:
        """Parse `batch` as far as one process gets. Returns how many requests have an outcome now."""
        done = 0
        try:
            for message in self._ready_process().parse(batch):
                if isinstance(message, BatchUsage):
                    self._count(message)
                else:
                    self._outcomes.put(message)
                    done += 1
        except ProcessLost as loss:
            self._end_process()
            if self._is_proved(loss):
                self._outcomes.put(Unparsed(batch[done].key, loss.reason))
                done += 1
        return done

    def _is_proved(self, loss: ProcessLost) -> bool:
        """Whether the file that the process was at is to blame. Raises ParserUnavailable if processes do not start."""
        log.warning("parser lost", reason=loss.reason, file_number=loss.file_number, stderr=loss.stderr.splitlines())
        self._idle_losses = 0 if loss.file_number else self._idle_losses + 1
        if self._idle_losses >= START_ATTEMPTS:
            raise ParserUnavailable(
                f"Parser processes end before their first file: {loss.stderr.strip() or loss.reason}"
            )
        return loss.file_number == 1 or (loss.file_number > 1 and loss.reason is SkipReason.PARSER_TIMEOUT)

    def _ready_process(self) -> ParserProcess:
        if self._process is None:
            self._process = ParserProcess(self._settings, self._zygote, self._work, self._stop)
            self.processes_started += 1
        return self._process

    def _end_process(self) -> None:
        if self._process is not None:
            self._process.end()
            self._process = None

    def _count(self, usage: BatchUsage) -> None:
        self.peak_bytes = max(self.peak_bytes, usage.peak_bytes)
        self.cpu_seconds += usage.cpu_seconds


def batch_bytes(expected_bytes: int | None, processes: int) -> int:
    """How large batches should be for so much text."""
    if expected_bytes is None:
        return BATCH_BYTES
    return max(LEAST_BATCH_BYTES, min(BATCH_BYTES, expected_bytes // (BATCHES_PER_PROCESS * processes)))


def batched(requests: Iterable[ParseRequest], size_bytes: int = BATCH_BYTES) -> Iterator[Batch]:
    """The requests in batches of at most BATCH_FILES files, and of `size_bytes` or a single file."""
    batch: Batch = []
    size = 0
    for request in requests:
        if batch and (len(batch) >= BATCH_FILES or size + len(request.source) > size_bytes):
            yield batch
            batch, size = [], 0
        batch.append(request)
        size += len(request.source)
    if batch:
        yield batch
