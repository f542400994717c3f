"""Poisonous files among good ones: the guilty are named, everybody else is parsed, nobody is left behind."""

import os
import resource
import signal
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgpack
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from structlog.testing import capture_logs

from kotadb.errors import ParserUnavailable
from kotadb.jobs.worker import limit_memory
from kotadb.model import SkipReason
from kotadb.parsers.pool import BATCH_BYTES, BATCHES_AHEAD, Outcome, Parsed, ParseRequest, ParserPool, Unparsed
from kotadb.settings import Settings
from support.poison import length_and_process
from support.processes import Meeting, descriptors, is_alive

WORK = "support.poison:work"
POISON = {
    b"crash": SkipReason.PARSER_CRASH,
    b"killed": SkipReason.PARSER_CRASH,
    b"raise": SkipReason.PARSER_CRASH,
    b"exit": SkipReason.PARSER_CRASH,
    b"memory": SkipReason.PARSER_MEMORY,
    b"native-memory": SkipReason.PARSER_MEMORY,
}


def requests(sources: Iterable[bytes]) -> Iterator[ParseRequest]:
    return (ParseRequest(key, "any", source) for key, source in enumerate(sources))


def parse(settings: Settings, sources: list[bytes]) -> list[Outcome]:
    """The outcomes in the order of `sources`."""
    with ParserPool(settings, WORK) as pool:
        outcomes = list(pool.run(requests(sources)))
    assert sorted(outcome.key for outcome in outcomes) == list(range(len(sources)))
    return sorted(outcomes, key=lambda outcome: outcome.key)


def processes_of(outcomes: Iterable[Outcome]) -> set[int]:
    return {length_and_process(outcome.facts)[1] for outcome in outcomes if isinstance(outcome, Parsed)}


def assert_as_expected(sources: list[bytes], outcomes: list[Outcome]) -> None:
    for source, outcome in zip(sources, outcomes, strict=True):
        if source in POISON:
            assert outcome == Unparsed(outcome.key, POISON[source])
        else:
            assert isinstance(outcome, Parsed)
            assert outcome.source is source
            assert length_and_process(outcome.facts)[0] == len(source)
            assert (outcome.parse_seconds, outcome.symbols_seconds, outcome.references_seconds) == (0.25, 0.5, 0.125)


@pytest.mark.parametrize("poison", sorted(POISON))
def test_the_guilty_file_is_named_and_its_neighbours_are_parsed(settings: Settings, poison: bytes) -> None:
    sources = [b"one", poison, b"two", poison, poison, b"three"]
    assert_as_expected(sources, parse(settings, sources))


def test_a_file_that_takes_too_long(settings: Settings) -> None:
    hurried = settings.model_copy(update={"max_parse_seconds": 1.0})
    first, hanging, last = parse(hurried, [b"one", b"hang", b"two"])
    assert hanging == Unparsed(1, SkipReason.PARSER_TIMEOUT)
    assert isinstance(first, Parsed)
    assert isinstance(last, Parsed)


@examples(max_examples=8, deadline=None)
@given(st.lists(st.sampled_from([*sorted(POISON), b"good", b"", b"\xff\0"]), max_size=12))
def test_any_mixture(settings: Settings, sources: list[bytes]) -> None:
    assert_as_expected(sources, parse(settings, sources))


def test_a_thousand_small_files(settings: Settings) -> None:
    sources = [b"%d" % number for number in range(1000)]
    outcomes = parse(settings, sources)
    assert_as_expected(sources, outcomes)
    assert 1 <= len(processes_of(outcomes)) <= settings.max_parsers


def test_a_file_that_fails_in_an_old_process_gets_a_second_hearing(settings: Settings, tmp_path: Path) -> None:
    """As it happens to a file that comes after one which left damage, or when the kernel needs memory."""
    first, second = tmp_path / "1", tmp_path / "2"
    outcomes = parse(settings, [b"innocent", b"once %s" % bytes(first), b"once %s" % bytes(second)])
    assert all(isinstance(outcome, Parsed) for outcome in outcomes)
    assert first.exists()
    assert second.exists()


def test_a_few_files_take_one_process_that_is_reused(settings: Settings) -> None:
    with ParserPool(settings, WORK) as pool:
        seen = [processes_of(pool.run(requests([b"a", b"b", b"c"]))) for _ in range(3)]
        assert len(set.union(*seen)) == 1
        assert pool.processes_started == 1
        assert 1 < pool.peak_memory_bytes / 2**20 < 100
        assert 0 < pool.cpu_seconds < 10


def test_nothing_to_do_starts_nothing(settings: Settings) -> None:
    with ParserPool(settings, WORK) as pool:
        assert list(pool.run([])) == []
        assert pool.processes_started == 0


def test_no_more_is_read_than_keeps_the_processes_busy(settings: Settings) -> None:
    read = Counter[str]()

    def counted() -> Iterator[ParseRequest]:
        for request in requests(b"x" * BATCH_BYTES for _ in range(30)):
            read["files"] += 1
            yield request

    with ParserPool(settings, WORK) as pool:
        for parsed, _ in enumerate(pool.run(counted()), start=1):
            assert read["files"] <= parsed + BATCHES_AHEAD * settings.max_parsers + 1
    assert read["files"] == 30


def test_a_consumer_that_raises_leaves_nothing_behind(settings: Settings) -> None:
    before = descriptors()
    outcomes = []

    def consume() -> None:
        with ParserPool(settings, WORK) as pool:
            for outcome in pool.run(requests([b"x" * BATCH_BYTES] * 6 + [b"hang"] * 6)):
                outcomes.append(outcome)
                if len(outcomes) == 3:
                    raise LookupError

    with pytest.raises(LookupError):
        consume()
    assert_all_is_gone(processes_of(outcomes), before)


def test_a_run_that_is_left_closes_the_pool(settings: Settings, tmp_path: Path) -> None:
    before = descriptors()
    meeting = Meeting(tmp_path)
    pool = ParserPool(settings, WORK)
    outcomes = pool.run(requests([b"good", meeting.source]))
    first = next(outcomes)
    meeting.wait()
    outcomes.close()  # type: ignore[attr-defined]  # an iterator to those who only iterate
    assert_all_is_gone(processes_of([first]), before)
    with pytest.raises(ValueError, match="closed"):
        next(pool.run([]))


def test_what_the_requests_raise_reaches_the_consumer(settings: Settings) -> None:
    def broken() -> Iterator[ParseRequest]:
        yield from requests([b"x" * BATCH_BYTES] * 3)
        raise LookupError("the object store is gone")

    before = descriptors()
    with pytest.raises(LookupError, match="gone"), ParserPool(settings, WORK) as pool:
        list(pool.run(broken()))
    assert_all_is_gone(set(), before)


def assert_all_is_gone(processes: set[int], descriptors_before: int) -> None:
    assert not [process for process in processes if is_alive(process)]
    assert not [thread for thread in threading.enumerate() if thread.name == "parser"]
    assert descriptors() == descriptors_before


@pytest.mark.parametrize(
    ("work", "message"),
    [
        ("support.poison:missing", "no attribute 'missing'"),
        ("support.nowhere:work", "No module named 'support.nowhere'"),
    ],
)
def test_processes_that_cannot_start(settings: Settings, work: str, message: str) -> None:
    before = descriptors()
    with pytest.raises(ParserUnavailable, match=message), ParserPool(settings, work) as pool:
        list(pool.run(requests([b"one", b"two"])))
    assert_all_is_gone(set(), before)


def test_an_interpreter_that_is_not_there(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    with pytest.raises(ParserUnavailable, match="/nowhere/python"), ParserPool(settings, WORK) as pool:
        list(pool.run(requests([b"one"])))


def test_ctrl_c_does_not_end_a_process_in_the_middle_of_a_file(settings: Settings, tmp_path: Path) -> None:
    meeting = Meeting(tmp_path)

    def interrupt() -> None:
        process = meeting.wait()
        assert os.getsid(process) == process  # so that the terminal's Ctrl-C does not even reach it
        os.kill(process, signal.SIGINT)
        meeting.send_on()

    thread = threading.Thread(target=interrupt)
    thread.start()
    outcomes = parse(settings, [meeting.source])
    thread.join()
    assert isinstance(outcomes[0], Parsed)


def test_output_of_a_file_goes_nowhere_and_fills_no_disk(settings: Settings) -> None:
    assert isinstance(parse(settings, [b"talk"])[0], Parsed)


def test_a_traceback_is_logged_without_its_control_characters(settings: Settings) -> None:
    with capture_logs() as lines:
        parse(settings, [b"raise"])
    (line,) = [line for line in lines if line["event"] == "extraction raised"]
    assert line["key"] == 0
    assert line["lines"][-1] == "RuntimeError: no \x1b[31mway"
    assert "\x1b" not in repr(line["lines"])


def test_what_a_child_has(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No SQL driver, no secret, no core dump, no descriptor of the parent, nothing importable from where it runs."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret")
    monkeypatch.setenv("KOTADB_GIT_PROXY", "https://secret")
    repository = tmp_path / "repository"
    repository.mkdir()
    (repository / "msgpack.py").write_text("raise SystemExit('the repository was executed')")
    monkeypatch.chdir(repository)
    report_file = tmp_path / "report"
    parse(settings, [b"report %s" % bytes(report_file)])
    report = msgpack.unpackb(report_file.read_bytes())
    assert not {"psycopg", "procrastinate", "pydantic", "structlog"} & set(report["modules"])
    assert "secret" not in str(report["environment"])
    assert str(repository) not in report["search_path"]
    assert "" not in report["search_path"]
    core, memory, _ = report["limits"]
    assert core == 0
    assert settings.max_parser_memory_bytes < memory < settings.max_parser_memory_bytes + 2**30
    assert report["descriptors"] == 4  # the three standard ones and the socket


def test_a_child_may_have_more_memory_than_its_worker(settings: Settings, tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_DATA)
    limit_memory(2**30)
    try:
        assert resource.getrlimit(resource.RLIMIT_DATA) == (2**30, limits[1])
        parse(settings, [b"report %s" % bytes(tmp_path / "report")])
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, limits)
    assert msgpack.unpackb((tmp_path / "report").read_bytes())["limits"][2] == limits[1]
