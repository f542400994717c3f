"""One parser process, seen from the pool: start it, give it a batch, read what it says, learn what it died of."""

import os
import resource
import select
import socket
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

from kotadb.logs import get_logger
from kotadb.model import SkipReason
from kotadb.parsers import frames
from kotadb.parsers.stop import Stop
from kotadb.parsers.zygote import Forked, Zygote
from kotadb.settings import Settings

PATIENCE_SECONDS = 60.0
"""For all that is not parsing: to start, to read a batch, to say that it is done."""

STDERR_TAIL_BYTES = 8192

# What is seen on standard error when memory ran out in native code, where no exception can tell:
# tree-sitter's allocator, C++ (the scanners of some grammars), and Python when it fails beyond its own help.
MEMORY_SIGNS = (b"tree-sitter failed to", b"std::bad_alloc", b"MemoryError")

# Mostly nothing is seen there: in Python, tree-sitter gets its memory from an allocator that returns null, and then
# it follows the null. So the address space of a process that is at a file for longer is looked at now and then, and one
# that crashed with this share of its limit in use is taken to have run into the limit. Not more than a half, because
# what doubles fails there; and little grows to so much in less than one interval.
MEMORY_LOOK_SECONDS = 0.01
MEMORY_SHARE = 0.5

log = get_logger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ParseRequest:
    """A file to be parsed. `key` is the caller's, to know the outcome by; `language` as `languages.load` knows it."""

    key: int
    language: str
    source: bytes


@dataclass(frozen=True, slots=True)
class Parsed:
    """A file's packed facts, with the source text that they were read from (the request's own object)."""

    key: int
    source: bytes
    facts: bytes
    parse_seconds: float
    symbols_seconds: float
    references_seconds: float


@dataclass(frozen=True, slots=True)
class Unparsed:
    """A file that could not be parsed, and why."""

    key: int
    reason: SkipReason


Outcome = Parsed | Unparsed


@dataclass(frozen=True, slots=True)
class BatchUsage:
    """Of the process so far: the most memory it has had. Of the last batch: its CPU time."""

    peak_bytes: int
    cpu_seconds: float


class ProcessLost(Exception):
    """The process can do no more.

    `file_number` is the file that it was at, counted from 1 since it was started, or 0 if it was at none, or went for
    want of the process that it was forked from. `stderr` is the end of what it wrote there.
    """

    def __init__(self, reason: SkipReason, file_number: int, stderr: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.file_number = file_number
        self.stderr = stderr


class ParserProcess:
    """A running child, owned by one thread."""

    def __init__(self, settings: Settings, zygote: Zygote, work: str, stop: Stop) -> None:
        """Start the process. Raises ProcessLost where the system does not let it start."""
        self._zygote = zygote
        self._files_started = 0
        self._is_at_file = False
        self._file_seconds = settings.max_parse_seconds
        self._stop = stop
        self._is_ready = False
        self._is_killed = False
        self._deadline = 0.0
        self._memory_bytes = settings.max_parser_memory_bytes
        self._mapped_before = self._mapped = 0
        with ExitStack() as held:
            try:
                self._stderr = held.enter_context(tempfile.TemporaryFile(dir=settings.temp_dir))
                self._socket, theirs = socket.socketpair()
                held.enter_context(self._socket)
                with theirs:
                    self._process = self._fork(theirs.fileno(), settings.max_parser_memory_bytes, work)
            except OSError as error:
                raise ProcessLost(SkipReason.PARSER_CRASH, 0, str(error)) from error
            self._socket.setblocking(False)
            self._held = held.pop_all()

    def _fork(self, descriptor: int, memory_bytes: int, work: str) -> Forked:
        return self._zygote.fork(work, memory_bytes, descriptor, self._stderr.fileno())

    def parse(self, batch: Sequence[ParseRequest]) -> Iterator[Outcome | BatchUsage]:
        """An outcome for each request in their order, then what the batch took.

        Raises ProcessLost where the process died, hung or ran out of memory; if it was at a file then that is the first
        one without an outcome. Raises Stopped.
        """
        self._await_ready()
        self._guarded(lambda: self._send([[request.language, request.source] for request in batch]))
        for request in batch:
            self._expect(frames.STARTED)
            self._files_started += 1
            self._is_at_file = True
            self._mapped = 0
            outcome = self._outcome(request, self._receive(self._file_seconds))
            self._is_at_file = False
            yield outcome
        yield self._usage(self._expect(frames.DONE))

    def end(self) -> None:
        """Kill the process, whatever it does, and give back all that it held."""
        self._kill()
        self._held.close()

    def _outcome(self, request: ParseRequest, answer: list[Any]) -> Outcome:
        match answer:
            case [frames.PARSED, bytes(facts), float(parse), float(symbols), float(references)]:
                return Parsed(request.key, request.source, facts, parse, symbols, references)
            case [frames.RAISED, str(traceback)]:
                # As a list, which the log prints escaped: what a file made Python say may hold control characters.
                log.error("extraction raised", key=request.key, language=request.language, lines=traceback.splitlines())
                return Unparsed(request.key, SkipReason.PARSER_CRASH)
            case [frames.MEMORY]:
                raise self._lost(SkipReason.PARSER_MEMORY)
        raise self._lost(SkipReason.PARSER_CRASH)

    def _usage(self, answer: list[Any]) -> BatchUsage:
        match answer:
            case [_, int(peak_bytes), float(cpu_seconds)]:
                return BatchUsage(peak_bytes, cpu_seconds)
        raise self._lost(SkipReason.PARSER_CRASH)

    def _await_ready(self) -> None:
        if not self._is_ready:
            self._mapped_before = int(self._expect(frames.READY)[-1])
            self._is_ready = True

    def _expect(self, word: str) -> list[Any]:
        answer = self._receive(PATIENCE_SECONDS)
        if answer[0] != word:
            raise self._lost(SkipReason.PARSER_CRASH)
        return answer

    def _receive(self, seconds: float) -> list[Any]:
        self._deadline = monotonic() + seconds
        return self._guarded(lambda: frames.read(self._receive_some))

    def _guarded(self, exchange: Callable[[], T]) -> T:
        try:
            return exchange()
        except TimeoutError:
            raise self._lost(SkipReason.PARSER_TIMEOUT) from None
        except (EOFError, OSError, ValueError):
            raise self._lost(self._cause_of_death()) from None

    def _receive_some(self, size: int) -> bytes:
        while True:
            look = monotonic() + MEMORY_LOOK_SECONDS
            try:
                self._stop.wait_for(self._socket.fileno(), select.POLLIN, min(look, self._deadline))
            except TimeoutError:
                if monotonic() >= self._deadline:
                    raise
                self._mapped = max(self._mapped, mapped_bytes(self._process.process))
            else:
                return self._socket.recv(size)

    def _send(self, message: list[Any]) -> None:
        deadline = monotonic() + PATIENCE_SECONDS
        rest = memoryview(frames.encode(message))
        while rest:
            self._stop.wait_for(self._socket.fileno(), select.POLLOUT, deadline)
            rest = rest[self._socket.send(rest) :]

    def _cause_of_death(self) -> SkipReason:
        written = self._stderr_tail()
        is_full = self._mapped > self._mapped_before + self._memory_bytes * MEMORY_SHARE
        is_memory = is_full or any(sign in written for sign in MEMORY_SIGNS)
        return SkipReason.PARSER_MEMORY if is_memory else SkipReason.PARSER_CRASH

    def _lost(self, reason: SkipReason) -> ProcessLost:
        stderr = self._stderr_tail().decode("utf-8", "backslashreplace")
        is_guilty = self._is_at_file and not self._zygote.has_lost(self._process)
        return ProcessLost(reason, self._files_started if is_guilty else 0, stderr)

    def _stderr_tail(self) -> bytes:
        self._kill()  # so that all it had to say is written
        descriptor = self._stderr.fileno()
        size = os.fstat(descriptor).st_size
        return os.pread(descriptor, STDERR_TAIL_BYTES, max(0, size - STDERR_TAIL_BYTES))

    def _kill(self) -> None:
        if not self._is_killed:
            self._is_killed = True
            self._zygote.kill(self._process)


def mapped_bytes(process: int) -> int:
    """The address space of a process, 0 where that cannot be known: it has ended, or this is no Linux."""
    try:
        pages = Path(f"/proc/{process}/statm").read_bytes().split()[0]
    except (OSError, IndexError):
        return 0
    return int(pages) * resource.getpagesize()
