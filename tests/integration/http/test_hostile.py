"""Requests that nobody sends by accident: each is refused with a problem body, and none troubles the service."""

import base64
import http.client
import json
import re
import socket
from collections.abc import Iterator
from contextlib import suppress
from email.message import Message
from pathlib import Path
from typing import Any

import pytest

from support.service import PATIENCE_SECONDS, Service

ZERO = "00000000-0000-0000-0000-000000000000"
JOB = f"/jobs/{ZERO}"

INTERNAL = re.compile(
    r"Traceback|File \"|\.py\b|/src/|site-packages|/home/|/tmp/|psycopg|pydantic|starlette|fastapi|uvicorn|h11|Python"
    r"|codec|recursion|set_int_max|\bselect\b|\binsert\b|SQLSTATE",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def service(module_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder: Path = tmp_path_factory.mktemp("hostile")
    with Service(module_url, folder, workers=0, local_roots=folder / "local") as running:
        yield running


def post(body: str | bytes, headers: str = "") -> bytes:
    """POST /index with this body."""
    data = body if isinstance(body, bytes) else body.encode()
    return request("POST", "/index", f"Content-Length: {len(data)}\r\n{headers}") + data


def request(method: str, target: str, headers: str = "") -> bytes:
    return f"{method} {target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer KEY\r\n{headers}\r\n".encode("latin-1")


def get(target: str, headers: str = "") -> bytes:
    return request("GET", target, headers)


def field(name: str, value: Any) -> bytes:
    """POST /index of a repository that could be, and this field; what is no ASCII is escaped."""
    return post(json.dumps({"repository": "owner/name"} | {name: value}))


def cursor(text: str | bytes) -> bytes:
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    return get("/jobs?cursor=" + base64.urlsafe_b64encode(data).decode().rstrip("="))


def position(at: str, uuid: str = ZERO) -> bytes:
    return cursor(json.dumps([at, uuid]))


def ask(service: Service, raw: bytes) -> tuple[int, Message, bytes]:
    """Status, headers and body of the answer; the key stands for KEY."""
    url = service.client.base_url
    with socket.create_connection((url.host, url.port or 80), PATIENCE_SECONDS) as connection:
        with suppress(ConnectionError):  # it may answer before it has read all
            connection.sendall(raw.replace(b"KEY", str(service.key).encode()))
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        return answer.status, answer.headers, answer.read()


REFUSED = {
    # no JSON, or not the same JSON to every parser
    "NaN": (400, post('{"repository": NaN}')),
    "Infinity": (400, post('{"repository": -Infinity}')),
    "duplicate key": (400, post('{"repository": "a/b", "repository": "c/d"}')),
    "duplicate key spelled otherwise": (400, post('{"repository": "a/b", "repositor\\u0079": "c/d"}')),
    "5,000 digits": (400, post("1" * 5000)),
    "5,000 digits in a field": (400, post('{"repository": "a/b", "ref": -' + "1" * 5000 + "}")),
    "deep list": (400, post("[" * 30_000)),
    "deep list that ends": (400, post("[" * 30_000 + "]" * 30_000)),
    "deep object": (400, post('{"a":' * 10_000 + "1" + "}" * 10_000)),
    "invalid UTF-8": (400, post(b'{"repository": "a/\xff"}')),
    "surrogate in UTF-8": (400, post(b'{"repository": "a/\xed\xa0\x80"}')),
    "UTF-16 without its half": (400, post(b"\xff\xfe\x00\xd8")),
    "lone surrogate": (400, field("ref", "\ud800")),
    "lone surrogate in the repository": (400, post('{"repository": "https://x/\\udfff/b"}')),
    "lone surrogate in a name": (400, post('{"repository": "a/b", "\\udc00": 1}')),
    "NUL byte": (400, post(b'{"repository": "a/b\0"}')),
    "two values": (400, post("{}{}")),
    "no value": (400, post(" ")),
    # JSON that means nothing
    "NUL in the repository": (422, field("repository", "owner/na\0me")),
    "NUL in a path": (422, field("repository", "/etc/\0")),
    "NUL in the ref": (422, field("ref", "a\0b")),
    "NUL in the commit": (422, field("commit_sha", "\0" * 40)),
    "NUL in a name": (422, field("\0", 1)),
    "digits of another script": (422, field("commit_sha", "\u0661" * 40)),
    "control characters": (422, field("ref", "a\x1b]0;x\x07")),
    "C1 control character": (422, field("ref", "a\x9b31m")),
    "infinite number": (422, field("force", float("1e308"))),
    "number for a text": (422, post('{"repository": 1e400}')),
    "huge integer": (422, field("force", 10**4000)),
    "list": (422, post("[]")),
    "null": (422, post("null")),
    "deep field": (422, post('{"repository": ' + "[" * 300 + "]" * 300 + "}")),
    "long text": (422, field("repository", "a" * 60_000)),
    "long ref": (422, field("ref", "a" * 60_000)),
    "many names": (422, post(json.dumps({str(n): n for n in range(3_000)}))),
    "name with markup": (422, field("<script>alert(1)</script>", 1)),
    # too much
    "large body": (413, post(b"x" * 100_000)),
    "1 MB header": (431, get("/jobs", f"X: {'x' * 2**20}\r\n")),
    "20 KB header": (431, get("/jobs", f"X: {'x' * 20_000}\r\n")),
    "many headers": (431, get("/jobs", "X: x\r\n" * 5_000)),
    "1 MB address": (431, get("/jobs?x=" + "x" * 2**20)),
    "1 MB path": (431, get("/" + "x" * 2**20)),
    "1 MB method": (431, request("G" * 2**20, "/jobs")),
    # paths
    "NUL in a path segment": (422, get("/jobs/%00")),
    "byte in a path segment": (422, get("/jobs/%ff")),
    "NUL path": (404, get("/%00")),
    "byte path": (404, get("/%ff%fe")),
    "dots": (404, get("/../../etc/passwd")),
    "encoded dots": (404, get("/jobs/%2e%2e/%2e%2e/etc/passwd")),
    "huge index": (422, request("DELETE", f"/repositories/{ZERO}/indexes/{'9' * 5000}")),
    "negative index": (422, request("DELETE", f"/repositories/{ZERO}/indexes/-1")),
    "digits of another script in a path": (422, request("DELETE", f"/repositories/{ZERO}/indexes/%D9%A1")),
    "unknown method": (405, request("BREW", "/jobs")),
    # queries
    "huge limit": (422, get("/jobs?limit=" + "9" * 5000)),
    "fraction": (422, get("/jobs?limit=1.5")),
    "NUL limit": (422, get("/jobs?limit=%00")),
    "NaN to wait": (422, get(f"{JOB}?wait=nan")),
    "infinite wait": (422, get(f"{JOB}?wait=1e999")),
    "byte for a status": (422, get("/jobs?status=%ff")),
    "NUL for a status": (422, get("/jobs?status=%00")),
    "NUL for an id": (422, get("/jobs?repository_id=%00")),
    # cursors
    "NUL cursor": (422, get("/jobs?cursor=%00")),
    "byte cursor": (422, get("/jobs?cursor=%ff")),
    "cursor of bytes": (422, cursor(b"\xff\xfe")),
    "cursor with a lone surrogate": (422, cursor('["\\ud800", "\\ud800"]')),
    "cursor with a NUL": (422, cursor('["2026-01-01T00:00:00+00:00\\u0000", "x"]')),
    "cursor without a zone": (422, position("2026-01-01T00:00:00")),
    "cursor before all time": (422, position("0001-01-01T00:00:00+23:59")),
    "cursor after all time": (422, position("9999-12-31T23:59:59-23:59")),
    "cursor of a huge year": (422, position("99999-01-01T00:00:00+00:00")),
    "cursor of numbers": (422, cursor("[1, 2]")),
    "cursor of an infinite number": (422, cursor("[1e999, NaN]")),
    "deep cursor": (422, cursor("[" * 370)),
    "long cursor": (422, get("/jobs?cursor=" + "a" * 10_000)),
    # who asks
    "no key": (401, b"GET /jobs HTTP/1.1\r\nHost: x\r\n\r\n"),
    "empty key": (401, b"GET /jobs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \r\n\r\n"),
    "bytes for a key": (401, b"GET /jobs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\xfe_\x80_\x80\r\n\r\n"),
    "digits of another script in a key": (401, get("/jobs").replace(b"KEY", "kdb_\u0661_\u0661".encode())),
    "long key": (401, b"GET /jobs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer kdb_a_" + b"a" * 10_000 + b"\r\n\r\n"),
    # not HTTP
    "nonsense": (400, b"hello\r\n\r\n"),
    "TLS": (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"),
    "HTTP/2": (404, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "no host": (400, b"GET /jobs HTTP/1.1\r\n\r\n"),
    "NUL in a header": (400, get("/jobs", "X: a\0b\r\n")),
    "two lengths": (400, post("{}", "Content-Length: 3\r\n")),
    "negative length": (400, request("POST", "/index", "Content-Length: -1\r\n")),
    "broken chunk": (400, request("POST", "/index", "Transfer-Encoding: chunked\r\n") + b"zz\r\n"),
    "byte in the address": (400, b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_with_a_problem_body_that_tells_nothing_internal(service: Service, name: str) -> None:
    expected, raw = REFUSED[name]
    status, headers, body = ask(service, raw)
    assert status == expected, body[:300]
    assert headers["content-type"] == "application/problem+json"
    assert json.loads(body).keys() >= {"type", "title", "status", "detail", "code"}
    assert not INTERNAL.search(body.decode())
    assert "server" not in headers


ANSWERED = {
    "cursor of another zone": position("2026-01-01T00:00:00+23:59"),
    "cursor of the first year": position("0001-01-01T00:00:00+00:00"),
    "cursor of the last year": position("9999-12-31T23:59:59.999999+00:00"),
    "cursor of half a minute's zone": position("2026-01-01T00:00:00+00:00:30"),
    "no time to wait": get("/jobs?limit=1&limit=200"),
    "a host that is none": b"GET /health HTTP/1.1\r\nHost: [\r\n\r\n",
    "an upgrade": b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
}


@pytest.mark.parametrize("name", ANSWERED)
def test_what_is_merely_odd_is_answered(service: Service, name: str) -> None:
    assert ask(service, ANSWERED[name])[0] == 200


def test_no_answer_leads_to_the_host_that_a_request_names(service: Service) -> None:
    status, headers, _ = ask(service, get("/jobs/").replace(b"Host: x", b"Host: evil.example"))
    assert (status, headers["location"]) == (404, None)


def test_none_of_it_was_an_error_of_ours(service: Service) -> None:
    ask(service, get("/jobs"))
    troubles = [line for line in list(service.log) if line.get("level") in ("error", "critical")]
    assert not troubles, "\n".join(str(line.get("exception") or line) for line in troubles)
