"""Pools in several processes: they share the machine, and nothing survives an owner that is killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from support.processes import Meeting, Watch


@contextmanager
def owner(folder: Path, parsers: int, sources: list[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """A process with a pool of its own that parses `sources`."""
    command = [sys.executable, "-m", "support.parser_owner", str(folder), str(parsers)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write(b"\n".join(sources))
        process.stdin.close()
        try:
            yield process
        finally:
            process.kill()


def printed(process: subprocess.Popen[bytes]) -> int:
    assert process.stdout is not None
    return int(process.stdout.read().splitlines()[-1])  # it may have logged something before


def test_no_process_survives_an_owner_that_is_killed(tmp_path: Path) -> None:
    meetings = [Meeting(tmp_path, str(number)) for number in range(2)]
    padding = [b"x" * (512 * 1024)]  # so that the two meet in different batches, and different processes
    with owner(tmp_path, 2, [meetings[0].source, *padding, meetings[1].source]) as process:
        watches = [Watch(meeting.wait()) for meeting in meetings]
        process.kill()
        assert process.wait() == -signal.SIGKILL
        assert all([watch.ends_within(30) for watch in watches])  # noqa: C419 (every watch must be closed)


def test_processes_end_with_the_one_that_they_were_forked_from(tmp_path: Path) -> None:
    meeting = Meeting(tmp_path)
    with owner(tmp_path, 1, [meeting.source]) as process:
        watch = Watch(parser := meeting.wait())
        os.kill(psutil.Process(parser).ppid(), signal.SIGKILL)
        assert watch.ends_within(30)
        meeting_again = meeting.wait()  # the file gets another process, of another parent
        assert meeting_again != parser
        meeting.send_on()
        assert printed(process) == 1


def test_two_pools_share_the_slots(tmp_path: Path) -> None:
    book = tmp_path / "book"
    sources = [b"count %s" % bytes(book)] * 200
    with owner(tmp_path, 1, sources) as one, owner(tmp_path, 1, sources) as other:
        assert printed(one) == printed(other) == 200
    numbers = [int(line) for line in book.read_bytes().split()]
    assert len(numbers) == 800
    assert max(numbers) == 1


def test_two_pools_that_share_nothing_do_run_at_once(tmp_path: Path) -> None:
    """So the test above can fail."""
    folders = [tmp_path / "one", tmp_path / "other"]
    for folder in folders:
        folder.mkdir()
    meetings = [Meeting(folder) for folder in folders]
    with owner(folders[0], 1, [meetings[0].source]) as one, owner(folders[1], 1, [meetings[1].source]) as other:
        assert meetings[0].wait() != meetings[1].wait()
        for meeting in meetings:
            meeting.send_on()
        assert printed(one) == printed(other) == 1


def test_the_slot_of_a_killed_owner_is_free(tmp_path: Path) -> None:
    meeting = Meeting(tmp_path)
    with owner(tmp_path, 1, [meeting.source]) as holder:
        meeting.wait()
        with owner(tmp_path, 1, [b"good"]) as waiting:
            holder.kill()
            assert printed(waiting) == 1
