"""Barriers, at which a process says where it is and waits to be killed; and breaks, which disable one guard each.

Both replace functions of kotadb in its own processes. kotadb itself knows nothing of them.
"""

import functools
import hashlib
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from kotadb import lifeline
from kotadb.access import keys
from kotadb.git import fetch
from kotadb.jobs import blobs, failures, index_repo, queue, requests, rescue, supervisor, tracker
from kotadb.parsers import pool
from kotadb.postgres import database
from kotadb.postgres.database import Database
from kotadb.postgres.jobs import Ended

Function = Callable[..., Any]


def plant(wanted: dict[str, Any]) -> None:
    """`wanted` has the `folder` of the barriers, and the name of a `break` or None."""
    for name, (module, function, when) in BARRIERS.items():
        setattr(module, function, _at_barrier(Path(wanted["folder"]) / name, getattr(module, function), when))
    blobs._store_blobs = _deadly_if_poisoned(blobs._store_blobs)
    if wanted["break"] in BREAKS:
        BREAKS[wanted["break"]]()


# ---- barriers --------------------------------------------------------------------------------------------------------

BARRIERS: dict[str, tuple[Any, str, str]] = {
    "claimed": (index_repo, "_fetch", "before"),
    "parse": (blobs, "_store_blobs", "before"),  # with parser processes at work
    "resolve": (index_repo, "plan", "after"),
    "staged": (index_repo, "write_skipped", "before"),  # the transaction is open, and keeps nobody waiting
    "store": (index_repo, "store", "after"),  # all is written, nothing committed
    "stored": (index_repo, "_tidy", "before"),  # committed; the queue does not know yet
}
"""Where runs can be held, besides the fetch, which the git server holds."""


def _at_barrier(fifo: Path, function: Function, when: str) -> Function:
    @functools.wraps(function)
    def wrapped(*arguments: Any, **named: Any) -> Any:
        if when == "before":
            _stop_at(fifo)
        result = function(*arguments, **named)
        if when == "after":
            _stop_at(fifo)
        return result

    return wrapped


def _stop_at(fifo: Path) -> None:
    """If the barrier is down, lift it for others, tell who stands here, and wait."""
    taken = fifo.with_suffix(f".{os.getpid()}")
    try:
        fifo.rename(taken)
    except FileNotFoundError:
        return
    with taken.open("w") as there:
        there.write(f"{os.getpid()}\n")
    if (go := fifo.with_suffix(".go")).exists():
        go.read_bytes()  # until the harness opens it
    else:
        threading.Event().wait()


def _deadly_if_poisoned(store_blobs: Function) -> Function:
    """A run of a repository with this name kills its worker, with parsers at work."""

    def deadly(run: Any, *arguments: Any) -> Any:
        if "poison" in run.job.repository_name:
            os.kill(os.getpid(), signal.SIGKILL)
        return store_blobs(run, *arguments)

    return deadly


# ---- breaks ----------------------------------------------------------------------------------------------------------


def _break(module: Any, name: str, replacement: Callable[[Function], Function]) -> Callable[[], None]:
    return lambda: setattr(module, name, replacement(getattr(module, name)))


def _break_all(*breaks: Callable[[], None]) -> Callable[[], None]:
    def break_all() -> None:
        for do in breaks:
            do()

    return break_all


def _nothing(_: Function) -> Function:
    return lambda *arguments, **named: None


def _fated(fate: failures.Fate) -> Callable[[Function], Function]:
    def judging(judge: Function) -> Function:
        return lambda error: replace(judge(error), fate=fate)

    return judging


def _endless(end: Function) -> Function:
    return lambda *arguments, **named: end(*arguments, **named | {"retries": 10**6})


class _Late:
    """A database whose writes are committed a little after they are said to be done."""

    def __init__(self, database: Database) -> None:
        self.transaction = database.transaction

    def write(self, work: Function) -> Any:
        transaction = self.transaction()
        result = work(transaction.__enter__())
        threading.Timer(0.2, transaction.__exit__, (None, None, None)).start()
        return result


def _early(submit: Function) -> Function:
    """The answer comes first, and then the job is kept."""
    return lambda database, *arguments, **named: submit(_Late(database), *arguments, **named)


def _gives_up(_: Function) -> Function:
    """A run that fails has failed for good, though a newer job may wait for the same."""

    def end(connection: Any, ids: Any, *arguments: Any, **named: Any) -> Ended:
        connection.execute(
            "update index_jobs set status = 'failed', step = null, finished_at = clock_timestamp() where id = any(%s)",
            [ids],
        )
        return Ended([], [], [])

    return end


def _waits_for_nobody(_: Function) -> Function:
    return lambda self: self._pool.getconn(0.1)


def _costly_hash(hash_: Function) -> Function:
    """Keys are hashed as passwords are: a tenth of a second of a processor for each request."""

    def hashed(secret: str) -> Any:
        hashlib.pbkdf2_hmac("sha256", secret.encode(), b"salt", 100_000)
        return hash_(secret)

    return hashed


def _apart(enqueue: Function) -> Function:
    """The queue's row is written in a transaction of its own."""

    def elsewhere(connection: Any, job: Any) -> int:
        with Database(os.environ["DATABASE_URL"]) as other, other.transaction() as at:
            number: int = enqueue(at, job)
        threading.Event().wait(0.02)  # the gap that a kill may fall into
        return number

    return elsewhere


def _moving_tip(_: Function) -> Function:
    """What is downloaded is what HEAD names by then."""

    def download(git: Any, url: str, tip: str, filter_: str) -> str:
        fetch._download(git, url, fetch.HEAD, filter_)
        return str(git.run("rev-parse", "FETCH_HEAD").decode().strip())

    return download


def _unlocked(enqueue: Function) -> Function:
    def without_lock(connection: Any, job: Any) -> int:
        number: int = enqueue(connection, job)
        connection.execute("update procrastinate_jobs set lock = id::text where id = %s", [number])
        return number

    return without_lock


def _in_pieces(store: Function) -> Function:
    """Part of the old index goes before the new one is there."""

    def torn(connection: Any, job_id: Any, *arguments: Any, **named: Any) -> Any:
        with Database(os.environ["DATABASE_URL"]) as other, other.transaction() as at:
            at.execute(
                """delete from symbols where (repository_id, index_id) =
                   (select repository_id, index_id from index_jobs where id = %s)""",
                [job_id],
            )
        return store(connection, job_id, *arguments, **named)

    return torn


def _blames_nobody(_: Function) -> Function:
    def is_proved(self: Any, loss: Any) -> bool:
        raise RuntimeError("a parser was lost")

    return is_proved


BREAKS: dict[str, Callable[[], object]] = {
    "rescue": _break(supervisor, "release", _nothing),
    "transaction": _break(index_repo, "store", _in_pieces),
    "free_hand_back": _break(supervisor, "hand_back", lambda _: rescue.release),
    "durable": _break(requests, "submit", _early),
    "cheap_keys": _break(keys, "_hash", _costly_hash),
    "one_resolution": _break(fetch, "_download_tip", _moving_tip),
    "one_transaction": _break(queue, "enqueue", _apart),
    "lock": _break(queue, "enqueue", _unlocked),
    "attempts": _break(rescue, "end", _endless),
    "blame": _break(pool.Worker, "_is_proved", _blames_nobody),
    "retries": _break(tracker, "judge", _fated(failures.Fate.FAIL)),
    "permanent": _break(tracker, "judge", _fated(failures.Fate.RETRY)),
    "dead_letters": _break(queue, "bury", _nothing),
    "sweep": _break(supervisor, "sweep", _nothing),
    "full": _break(tracker, "judge", _fated(failures.Fate.FAIL)),
    # What the database did to a run counts against the job for good, and nobody looks after those that died of it.
    "stubborn": _break_all(
        _break(tracker, "end", _gives_up),
        _break(tracker, "release", _nothing),
        _break(supervisor, "release", _nothing),
        _break(database.Database, "_connection", _waits_for_nobody),
    ),
    "keepalive": lambda: [database.CONNECTION_ARGUMENTS.pop(name) for name in list(database.CONNECTION_ARGUMENTS)],
    "lifeline": _break(lifeline, "die_with_parent", _nothing),
    "fence": _break_all(  # and in the database, see unguarded.py
        _break(tracker.Run, "_lose", _nothing),
        _break(index_repo, "collect_blobs", _nothing),  # a second guard: the other run takes what this one would store
    ),
}
