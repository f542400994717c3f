"""What the API refuses to carry: too many requests of one key, too many at once, and those that never end."""

import asyncio
import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from email.message import Message
from types import SimpleNamespace
from uuid import uuid4

import httpx
import pytest
from starlette.responses import Response

from kotadb.access.keys import create_key
from kotadb.http import app, body, protocol
from kotadb.http.limits import SHARES
from kotadb.jobs import requests
from kotadb.model import Job
from kotadb.postgres.database import Database
from kotadb.settings import Settings
from support.api import PATIENCE_SECONDS, serving

MakeJob = Callable[..., Job]
LIMIT, REMAINING, RESET = "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"


def test_every_answer_to_a_key_says_what_it_has_left(settings: Settings, database: Database) -> None:
    with serving(settings, database, rate_limit=60) as client:
        answers = [
            client.get("/jobs"), client.get(f"/jobs/{uuid4()}"), client.get("/jobs/nonsense"), client.get("/metrics"),
            client.post("/index", content="{"), client.get("/jobs", params={"cursor": "x"}),
        ]  # fmt: skip
        assert [answer.status_code for answer in answers] == [200, 404, 422, 403, 400, 422]
        assert {answer.headers[LIMIT] for answer in answers} == {"60"}
        assert int(answers[0].headers[REMAINING]) == 59
        assert int(answers[-1].headers[REMAINING]) < 59
        assert all(1 <= int(answer.headers[RESET]) <= 6 for answer in answers)
        for path in ("/health", "/ready", "/openapi.json", "/docs", "/nowhere"):
            assert LIMIT not in client.get(path).headers


def test_beyond_its_limit_a_key_is_refused_by_every_process_and_other_keys_are_not(
    settings: Settings, database: Database
) -> None:
    key = create_key(database, "somebody", "busy")
    with serving(settings, database, key, rate_limit=2) as one, serving(settings, database, key, rate_limit=2) as other:
        assert [one.get("/jobs").status_code, other.get("/jobs").status_code] == [200, 200]
        for client in (one, other, one):
            refused = client.get("/jobs")
            assert refused.status_code == refused.json()["status"] == 429
            assert (refused.json()["code"], refused.headers["content-type"]) == (
                "rate_limited",
                "application/problem+json",
            )
            assert (refused.headers[LIMIT], refused.headers[REMAINING]) == ("2", "0")
            assert 1 <= int(refused.headers["retry-after"]) <= 30
            assert 30 <= int(refused.headers[RESET]) <= 60
        another = {"Authorization": f"Bearer {create_key(database, 'somebody', 'idle')}"}
        assert one.get("/jobs", headers=another).status_code == 200
        assert one.get("/jobs", headers={"Authorization": f"Bearer {key[::-1]}"}).status_code == 401
        assert one.get("/health").status_code == 200


def test_a_stranger_is_refused_before_the_body_is_read(settings: Settings, database: Database) -> None:
    with serving(settings, database) as client:
        assert httpx.post(f"{client.base_url}/index", content="{").status_code == 401


# ---- how much at once ------------------------------------------------------------------------------------------------


def ask_until(client: httpx.Client, path: str, status: int) -> httpx.Response:
    """The first answer with this status; pytest's own limit ends a wait in vain."""
    while (answer := client.get(path)).status_code != status:
        pass
    return answer


def test_more_requests_than_can_be_under_way_are_refused_and_the_process_still_says_it_lives(
    settings: Settings, database: Database, make_job: MakeJob
) -> None:
    job, key = make_job(), create_key(database, "local", "test")
    with serving(settings, database, key, max_requests=1) as client, ThreadPoolExecutor() as threads:
        waiting = threads.submit(ask_until, client, f"/jobs/{job.id}?wait=60", 200)
        refused = ask_until(client, "/jobs", 503)
        assert (refused.json()["code"], refused.headers["content-type"]) == ("busy", "application/problem+json")
        assert int(refused.headers["retry-after"]) > 0
        assert client.get("/health").status_code == 200
        requests.cancel(database, job.id)
        assert waiting.result().json()["status"] == "cancelled"
        assert client.get("/jobs").status_code == 200


def test_who_leaves_while_waiting_for_a_job_makes_room(
    settings: Settings, database: Database, make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "time", SimpleNamespace(monotonic=lambda: 0.0))  # its own wait is never over
    job, key = make_job(), create_key(database, "local", "test")
    for max_requests, refusal in ((1, 503), (SHARES, 429)):  # of the process, and of the owner
        with serving(settings, database, key, max_requests=max_requests) as client:
            with connected(client) as connection:
                connection.sendall(head(client, f"GET /jobs/{job.id}?wait=60"))
                ask_until(client, "/jobs", refusal)
            ask_until(client, "/jobs", 200)


def test_an_owner_has_a_share_of_what_is_carried_with_all_their_keys_and_others_are_answered(
    settings: Settings, database: Database, make_job: MakeJob
) -> None:
    job, key, second, other = make_job(), *(create_key(database, owner, "k") for owner in ("local", "local", "other"))
    with (
        serving(settings, database, key, max_requests=2 * SHARES) as client,
        httpx.Client(base_url=client.base_url, headers={"Authorization": f"Bearer {second}"}) as same_owner,
        ThreadPoolExecutor() as threads,
    ):
        waiting = [threads.submit(ask_until, client, f"/jobs/{job.id}?wait=60", 200) for _ in range(2)]
        refused = ask_until(same_owner, "/jobs", 429)
        code, media_type = refused.json()["code"], refused.headers["content-type"]
        assert (code, media_type) == ("too_many_requests_under_way", "application/problem+json")
        assert "without `wait`" in refused.json()["detail"]
        assert int(refused.headers["retry-after"]) > 0
        assert client.get("/jobs", headers={"Authorization": f"Bearer {other}"}).status_code == 200
        requests.cancel(database, job.id)
        assert [answer.result().json()["status"] for answer in waiting] == ["cancelled"] * 2
        ask_until(same_owner, "/jobs", 200)


def test_an_answer_that_is_not_read_is_under_way(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    buffer_nothing(monkeypatch)
    with serving(settings, database, max_requests=SHARES) as client, deaf(client) as connection:
        connection.sendall(head(client, "GET /jobs") * 200)
        while {client.get("/jobs").status_code for _ in range(5)} != {429}:
            pass


# ---- how slowly ------------------------------------------------------------------------------------------------------


@contextmanager
def deaf(client: httpx.Client) -> Iterator[socket.socket]:
    """A connection that takes next to nothing unless it is read."""
    url = client.base_url
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)  # the least there is
        connection.settimeout(PATIENCE_SECONDS)
        connection.connect((url.host, url.port or 80))
        yield connection


def buffer_nothing(monkeypatch: pytest.MonkeyPatch, high: int = 0) -> None:
    """The system takes next to nothing of what the API writes, and writing pauses above `high` bytes."""
    made = protocol.Protocol.connection_made

    def made_small(self: protocol.Protocol, transport: asyncio.Transport) -> None:
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
        transport.set_write_buffer_limits(high)
        made(self, transport)

    monkeypatch.setattr(protocol.Protocol, "connection_made", made_small)


def send_until_cut_off(connection: socket.socket, what: bytes) -> None:
    """Read nothing. Where the API waits for ever it takes no more at some point: that ends in a TimeoutError."""
    with suppress(ConnectionError):
        while True:
            connection.sendall(what)


@contextmanager
def connected(client: httpx.Client) -> Iterator[socket.socket]:
    url = client.base_url
    with socket.create_connection((url.host, url.port or 80), PATIENCE_SECONDS) as connection:
        yield connection


def head(client: httpx.Client, wanted: str, *headers: str) -> bytes:
    lines = [f"{wanted} HTTP/1.1", "Host: x", f"Authorization: {client.headers['authorization']}", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def answer_on(connection: socket.socket) -> tuple[int, Message, bytes]:
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    return answer.status, answer.headers, answer.read()


def is_timeout(answer: tuple[int, Message, bytes]) -> bool:
    status, headers, content = answer
    assert (headers["content-type"], headers["connection"]) == ("application/problem+json", "close")
    return (status, json.loads(content)["code"]) == (408, "request_timeout")


@pytest.mark.parametrize("sent", [b"", b'{"repository":'])
def test_a_body_that_does_not_come_is_given_up(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(body, "BODY_SECONDS", 0.05)
    with serving(settings, database) as client, connected(client) as connection:
        connection.sendall(head(client, "POST /index", "Content-Length: 100") + sent)
        assert is_timeout(answer_on(connection))
        assert connection.recv(1) == b""


def test_waiting_for_a_job_is_no_slow_body(
    settings: Settings, database: Database, make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body, "BODY_SECONDS", 0.0)
    key = create_key(database, "local", "test")
    with serving(settings, database, key) as client:
        assert client.get(f"/jobs/{make_job().id}?wait=0.6").status_code == 200


def test_a_head_that_does_not_come_is_given_up(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.05)
    with serving(settings, database) as client, connected(client) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n")
        assert is_timeout(answer_on(connection))
        assert connection.recv(1) == b""


def test_connections_on_which_nothing_comes_are_closed(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.05)
    with serving(settings, database) as client:
        with connected(client) as silent:
            assert silent.recv(1) == b""
        with connected(client) as answered:
            answered.sendall(head(client, "GET /health"))
            assert answer_on(answered)[0] == 200
            assert answered.recv(1) == b""
        with connected(client) as unread:  # an answer came before the body, of which nobody wants to know
            unread.sendall(head(client, "GET /health", "Content-Length: 100") + b"x")
            assert answer_on(unread)[0] == 200
            assert unread.recv(1) == b""


def test_who_does_not_read_is_cut_off_and_holds_nothing(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "SEND_SECONDS", 0.05)
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 600)
    with serving(settings, database, max_requests=1) as client, deaf(client) as connection:
        send_until_cut_off(connection, b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n")
        ask_until(client, "/openapi.json", 200)


@pytest.mark.parametrize(
    ("waits", "end"),
    [
        ("HEAD_SECONDS", b"GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n"),
        ("SEND_SECONDS", b"\0\r\n\r\n"),
    ],
    ids=["after an answer", "after a refusal"],
)
def test_closing_does_not_wait_for_who_does_not_read(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch, waits: str, end: bytes
) -> None:
    buffer_nothing(monkeypatch, high=2**30)  # too little is written for a pause
    monkeypatch.setattr(protocol, "LINGER_SECONDS", 0.05)
    monkeypatch.setattr(protocol, waits, 0.5)
    with serving(settings, database) as client, deaf(client) as connection:
        connection.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 20 + end)
        send_until_cut_off(connection, b"x" * 1000)


def test_who_reads_slowly_is_answered(settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    buffer_nothing(monkeypatch)  # every answer pauses, and goes on
    with serving(settings, database) as client, deaf(client) as connection:
        connection.sendall(
            b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 5 + head(client, "GET /health", "Connection: close")
        )
        with connection.makefile("rb") as answers:
            assert answers.read().count(b"HTTP/1.1 200") == 6


def test_many_requests_come_on_one_connection(settings: Settings, database: Database) -> None:
    with serving(settings, database) as client, connected(client) as connection:
        connection.sendall(head(client, "GET /health") * 20 + head(client, "GET /health", "Connection: close"))
        with connection.makefile("rb") as answers:
            assert answers.read().count(b"HTTP/1.1 200") == 21


def test_who_is_refused_while_still_sending_can_read_why(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "LINGER_SECONDS", 600)
    with serving(settings, database) as client, connected(client) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nX: " + b"x" * 300_000)
        assert answer_on(connection)[0] == 431
        for _ in range(3):  # a connection that was closed would answer the first of these with a reset
            connection.sendall(b"x" * 300_000)


def test_who_leaves_before_they_are_refused_is_no_error(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What a reset of the connection does to the refusal would otherwise be logged as a crash of the request before."""
    answered, gone = threading.Event(), threading.Event()
    answer = protocol.Protocol._answer

    def slow(self: protocol.Protocol, status: int, refusal: Response) -> None:
        answer(self, status, refusal)
        answered.set()
        gone.wait(PATIENCE_SECONDS)

    monkeypatch.setattr(protocol.Protocol, "_answer", slow)
    with serving(settings, database) as client:
        with connected(client) as connection:
            connection.sendall(head(client, "GET /health") + b"nonsense\r\n\r\n")
            assert answer_on(connection)[0] == 200
            assert answered.wait(PATIENCE_SECONDS)
        gone.set()
        assert client.get("/health").status_code == 200
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []
