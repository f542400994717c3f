"""What no indexer can do without, on the same files: fetch, parse, load. The sum of the three is the limit.

- **fetch**: a bare `git fetch` of one commit into an empty repository, over `file://`, with what kotadb asks for: of a
  local repository no blobs, which are borrowed. The same with all blobs, as from a remote, is told beside it.
- **parse**: `Parser.parse` of tree-sitter, on all files that are in a language, each blob once, with a process per
  core. Texts are in memory and the processes are ready before the clock starts.
- **copy**: COPY of the very rows that are stored, read back from the index before, into tables of the same columns and
  storage without any index, one after another on one connection in one transaction, commit included.
"""

import multiprocessing
import os
import resource
import time
from collections.abc import Callable, Iterable, Sequence
from multiprocessing.synchronize import Barrier
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
from psycopg import sql
from tree_sitter import Parser

from benchmarks.performance.checkout import Checkout, git
from benchmarks.performance.measure import Cost, MeasurementFailed, server_cpu_seconds
from benchmarks.performance.sizes import SCHEMA, fact_tables
from kotadb.errors import LanguageError
from kotadb.languages import load

TABLES = "kotadb_benchmark"
"""The schema of the tables without indexes."""

Text = tuple[str, bytes]
"""A blob to parse: its language, and its bytes."""

REPEATS = 3
BLOB_NONE = "--filter=blob:none"


# ---- fetch -----------------------------------------------------------------------------------------------------------


def fetch(checkout: Checkout, *, with_blobs: bool = False) -> Cost:
    """`git init` and `git fetch`, as kotadb does for a repository on this machine, or with all blobs."""
    with TemporaryDirectory(prefix="kotadb-bench-fetch-") as folder:
        began, before = time.perf_counter(), _children_cpu_seconds()
        git(Path(folder), "init", "--quiet", "--bare")
        what = [] if with_blobs else [BLOB_NONE]
        git(Path(folder), "fetch", "--quiet", "--depth", "1", "--no-tags", *what, checkout.path.as_uri(), "HEAD")
        return Cost(time.perf_counter() - began, _children_cpu_seconds() - before)


def _children_cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


# ---- parse -----------------------------------------------------------------------------------------------------------


def texts(checkout: Checkout, files: Iterable[dict[str, Any]]) -> list[Text]:
    """What there is to parse of the exported files: every blob once, the largest first."""
    wanted = dict.fromkeys((file["blob_sha"], file["language"]) for file in files if _is_parsed(file["language"]))
    sources = _blobs(checkout, [blob_sha for blob_sha, _ in wanted])
    found = [(language, source) for (_, language), source in zip(wanted, sources, strict=True)]
    return sorted(found, key=lambda text: -len(text[1]))


def _is_parsed(language: str) -> bool:
    try:
        load(language)
    except LanguageError:  # what is kept as text only
        return False
    return True


def _blobs(checkout: Checkout, shas: Sequence[str]) -> list[bytes]:
    output = checkout.git("cat-file", "--batch", stdin="".join(f"{sha}\n" for sha in shas).encode())
    sources, at = [], 0
    for _ in shas:
        head, _, _ = output[at : at + 200].partition(b"\n")
        begin, size = at + len(head) + 1, int(head.split()[2])
        sources.append(output[begin : begin + size])
        at = begin + size + 1
    return sources


def parse(all_texts: Sequence[Text], processes: int | None = None) -> Cost:
    """From the first to start to the last to end, of as many processes as there are cores."""
    shares = [share for share in divided(all_texts, processes or cores()) if share]
    if not shares:
        return Cost(0.0, 0.0)
    context = multiprocessing.get_context("spawn")
    times: multiprocessing.SimpleQueue[tuple[float, float, float]] = context.SimpleQueue()
    ready = context.Barrier(len(shares))
    workers = [context.Process(target=_parse, args=(share, ready, times), daemon=True) for share in shares]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if any(worker.exitcode for worker in workers):
        raise MeasurementFailed("a process of the raw parsing failed; its traceback is above")
    begun, ended, spent = zip(*(times.get() for _ in workers), strict=True)
    return Cost(max(ended) - min(begun), sum(spent))


def _parse(
    share: Sequence[Text], ready: Barrier, times: "multiprocessing.SimpleQueue[tuple[float, float, float]]"
) -> None:
    parsers = {language: Parser(load(language).grammar) for language, _ in share}
    ready.wait()
    began, before = time.monotonic(), time.process_time()  # the first is the system's: comparable between processes
    for language, source in share:
        parsers[language].parse(source)
    times.put((began, time.monotonic(), time.process_time() - before))


def divided(all_texts: Sequence[Text], into: int) -> list[list[Text]]:
    """Shares of about the same size: each text, the largest first, goes to the share that has the least."""
    shares: list[list[Text]] = [[] for _ in range(into)]
    sizes = [0] * into
    for text in all_texts:
        least = sizes.index(min(sizes))
        shares[least].append(text)
        sizes[least] += len(text[1])
    return shares


def middle(measure: Callable[[], Cost]) -> Cost:
    """The one that took neither the least nor the most of three: these are short, and a moment's noise is much."""
    return sorted((measure() for _ in range(REPEATS)), key=lambda cost: cost.wall_seconds)[REPEATS // 2]


def cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0))


# ---- copy ------------------------------------------------------------------------------------------------------------

Rows = dict[str, bytes]
"""By table, as COPY writes them in its binary format."""


def stored_rows(url: str) -> Rows:
    """All rows of the tables with facts."""
    with psycopg.connect(url) as connection:
        return {table: _copied(connection, table) for table in fact_tables(connection)}


def _copied(connection: psycopg.Connection[Any], table: str) -> bytes:
    statement = sql.SQL("copy (select * from {}) to stdout (format binary)").format(sql.Identifier(SCHEMA, table))
    with connection.cursor().copy(statement) as stream:
        return b"".join(bytes(block) for block in stream)


def copy(url: str, server: int, rows: Rows) -> Cost:
    """CPU is that of the server, and of the sender.

    The tables are made, and committed, before; so that what is written is logged as any other write.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("create schema {}").format(sql.Identifier(TABLES)))
        try:
            for table in rows:
                _make_table(connection, table)
            began, before = time.perf_counter(), time.process_time() + server_cpu_seconds(server)
            with connection.transaction():
                for table, data in rows.items():
                    _load(connection, table, data)
            return Cost(time.perf_counter() - began, time.process_time() + server_cpu_seconds(server) - before)
        finally:
            connection.execute(sql.SQL("drop schema {} cascade").format(sql.Identifier(TABLES)))


def _make_table(connection: psycopg.Connection[Any], table: str) -> None:
    """As the real one is stored, out of line and packed; without keys, indexes and checks."""
    statement = sql.SQL("create table {} (like {} including storage including compression)")
    names = sql.Identifier(TABLES, table), sql.Identifier(SCHEMA, table)
    connection.execute(statement.format(*names))


def _load(connection: psycopg.Connection[Any], table: str, data: bytes) -> None:
    statement = sql.SQL("copy {} from stdin (format binary)").format(sql.Identifier(TABLES, table))
    with connection.cursor().copy(statement) as stream:
        stream.write(data)
