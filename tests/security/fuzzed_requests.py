"""Whatever a caller sends, the answer is one that the OpenAPI document describes, and never an error of ours."""

import json
import select
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from random import Random
from typing import Any
from urllib.parse import quote, urlsplit

import hypothesis
import requests
import schemathesis
from schemathesis import Case, GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from proving.check import Check, Figures, Scale
from proving.site import Site
from support.service import Service

MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
CALLERS = 12
ANSWER_SECONDS = 60.0
WHOLE_SECONDS = 1.0
"""Without an answer for so long, a request was perhaps not a whole one."""


def fuzz_requests(site: Site, scale: Scale, figures: Figures) -> None:
    with site.service(workers=0, rate_limit=0) as service:
        described, by_document = _by_document(service, scale)
        by_hand = _by_hand(service, scale)
        healthy = service.client.get("/ready").status_code == 200
        errors = [line for line in service.log if line.get("level") in ("error", "critical")]
    answers = by_document + by_hand
    figures.at_least("requests", answers.total(), scale.of(5_000, 200))
    figures.at_least("of them by schemathesis", by_document.total(), scale.of(2_500, 80))
    figures.none("answers 5xx", sum(count for status, count in answers.items() if status >= 500))
    figures.none("requests without an answer", answers[0])
    figures.none("answers that the document does not describe", described)
    figures.none("errors logged", len(errors))
    figures.all("healthy afterwards", healthy, 1)


UNCHECKED = [positive_data_acceptance]
TOO_LARGE = {431: [negative_data_rejection]}
"""Of a request that is refused for the size of its head, nobody knows what else is wrong with it."""

# ---- by the OpenAPI document -----------------------------------------------------------------------------------------


def _by_document(service: Service, scale: Scale) -> tuple[int, Counter[int]]:
    """How many answers break what the document says, and how many there are of each status."""
    url = str(service.client.base_url)
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
    statuses: Counter[int] = Counter()
    undescribed = 0
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {service.key}"

        def ask(case: Case[Any]) -> None:
            nonlocal undescribed
            case.query.pop("wait", None)  # nothing to wait for
            answer = case.call(base_url=url, session=session, timeout=ANSWER_SECONDS)
            statuses[answer.status_code] += 1
            try:
                case.validate_response(answer, excluded_checks=[*UNCHECKED, *TOO_LARGE.get(answer.status_code, ())])
            except FailureGroup:
                undescribed += 1

        operations: Any = schema.get_all_operations()
        for operation in (result.ok() for result in operations):
            for mode in MODES:
                _each(operation.as_strategy(generation_mode=mode), ask, scale)
    return undescribed, statuses


def _each(strategy: Any, ask: Callable[[Case[Any]], None], scale: Scale) -> None:
    """Draw so many cases, the same ones for the same seed, and do not look for smaller ones."""
    profile: Any = hypothesis.settings(
        max_examples=scale.of(150, 3),
        database=None,
        deadline=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    seeded: Any = hypothesis.seed(scale.random.randrange(2**32))
    given: Any = hypothesis.given(strategy)
    draw = seeded(profile(given(ask)))
    with suppress(hypothesis.errors.Unsatisfiable):  # nothing can be wrong where nothing can be given
        draw()


# ---- by hand: what no client library would send ----------------------------------------------------------------------


def _by_hand(service: Service, scale: Scale) -> Counter[int]:
    at = urlsplit(str(service.client.base_url))
    assert at.hostname is not None
    assert at.port is not None
    with ThreadPoolExecutor(CALLERS) as callers:
        raw = _raw_requests(service.key or "", scale)
        return Counter(callers.map(partial(_status, at.hostname, at.port), raw))


def _status(host: str, port: int, raw: bytes) -> int:
    """The status of the answer; 400 where the server hangs up, which is an answer too; 0 where it does neither."""
    with socket.create_connection((host, port), ANSWER_SECONDS) as connection:
        try:
            connection.sendall(raw)
            if not select.select([connection], [], [], WHOLE_SECONDS)[0]:
                connection.shutdown(socket.SHUT_WR)  # it waits for the rest: there is none
            answer = connection.recv(200)
        except TimeoutError:
            return 0
        except OSError:
            return 400
    return int(answer.split(b" ")[1]) if answer.startswith(b"HTTP/1.1 ") else 400


def _raw_requests(key: str, scale: Scale) -> Iterator[bytes]:
    dice = scale.random
    for body in _bodies():
        yield _post(key, body)
    for path in _paths():
        yield b"GET %b HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer %b\r\n\r\n" % (path, key.encode())
    yield from _malformed(key)
    good = [_post(key, json.dumps({"repository": "owner/name", "ref": "main", "force": True}).encode())]
    good += [b"GET /jobs?limit=5&status=failed HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer %b\r\n\r\n" % key.encode()]
    for _ in range(scale.of(2_400, 60)):
        yield _mutated(dice.choice(good), dice)


def _post(key: str, body: bytes) -> bytes:
    head = f"POST /index HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {key}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def _bodies() -> Iterator[bytes]:
    """Request bodies that JSON parsers and databases choke on."""
    yield from (b"", b"null", b"[]", b"1", b'"x"', b"{", b"{}}", b"\xff", b"\xef\xbb\xbf{}", b"NaN", b"{'a': 1}")
    yield b'{"repository": "owner/name", "repository": "other/name"}'
    yield b'{"repository": NaN}'
    yield b'{"repository": ' + b"9" * 5_000 + b"}"
    yield b'{"force": 1e999999}'
    yield b"[" * 60_000
    yield b'{"a":' * 10_000 + b"1" + b"}" * 10_000
    yield b'{"repository": "' + b"x" * 70_000 + b'"}'
    for text in (r"\u0000", r"\ud800", r"\udc00\ud800", r"owner/na\u0000me", "\x01", r"\u202e", r"\uffff", "\x80"):
        for field in ("repository", "ref", "commit_sha"):
            yield json.dumps({"repository": "owner/name"})[:-1].encode() + f', "{field}x": "{text}"}}'.encode("latin-1")
            wanted = {"repository": '"owner/name"', field: f'"{text}"'}
            yield ("{" + ", ".join(f'"{name}": {value}' for name, value in wanted.items()) + "}").encode("latin-1")
    for value in ("true", "[]", "{}", "0", '""', '"a"', "-1", "1.5", "null"):
        for field in ("repository", "ref", "commit_sha", "force"):
            wanted = {"repository": '"owner/name"', field: value}
            yield ("{" + ", ".join(f'"{name}": {value}' for name, value in wanted.items()) + "}").encode()


def _paths() -> Iterator[bytes]:
    odd = [
        "%00",
        "%ff",
        "..",
        "%2e%2e",
        "a" * 60_000,
        "\ud83d",
        "%",
        "%zz",
        "0" * 40,
        "-1",
        "1" * 400,
        "'",
        '"',
        ";",
        "*",
    ]
    for text in odd:
        value = quote(text.encode("utf-8", "surrogatepass"), safe="%*'\";-.")
        for template in ("/{}", "/jobs/{}", "/repositories/{}", "/repositories/{}/indexes/{}", "/jobs/{}/cancel",
                         "/jobs?cursor={}", "/jobs?limit={}", "/jobs?status={}", "/jobs?repository_id={}",
                         "/repositories?cursor={}", "/jobs/00000000-0000-0000-0000-000000000000?wait={}"):  # fmt: skip
            yield template.replace("{}", value).encode()
    # Cursors that look like ours: a time and an id, in base64.
    for cursor in ("W10", "WzEsMl0", "WyI5OTk5LTEyLTMxVDIzOjU5OjU5KzAwOjAwIiwgIngiXQ",
                   "WyIwMDAxLTAxLTAxVDAwOjAwOjAwKzE0OjAwIiwiMDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAwIl0",
                   "WyI5OTk5LTEyLTMxVDIzOjU5OjU5LTE0OjAwIiwiMDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAwIl0",
                   "WyJcdWQ4MDAiLCJcdTAwMDAiXQ"):  # fmt: skip
        yield f"/jobs?cursor={cursor}".encode()
        yield f"/repositories?cursor={cursor}".encode()


def _malformed(key: str) -> Iterator[bytes]:
    """What is hardly HTTP any more."""
    host = b"Host: h\r\nAuthorization: Bearer " + key.encode() + b"\r\n"
    yield from (
        b"",
        b"\r\n",
        b"\x00" * 100,
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET  /  HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01",
    )
    yield b"GET /jobs HTTP/1.1\r\n" + host + b"X: " + b"a" * 100_000 + b"\r\n\r\n"
    yield b"GET /jobs HTTP/1.1\r\n" + host + b"".join(b"X%d: 1\r\n" % n for n in range(5_000)) + b"\r\n"
    yield b"POST /index HTTP/1.1\r\n" + host + b"Content-Length: -1\r\n\r\n"
    yield b"POST /index HTTP/1.1\r\n" + host + b"Content-Length: 99999999999999999999\r\n\r\n{}"
    yield b"POST /index HTTP/1.1\r\n" + host + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n{}"
    chunked = b"Transfer-Encoding: chunked\r\n\r\n"
    yield b"POST /index HTTP/1.1\r\n" + host + b"Content-Length: 2\r\n" + chunked + b"2\r\n{}\r\n0\r\n\r\n"
    yield b"POST /index HTTP/1.1\r\n" + host + chunked + b"fffffffffffffffff\r\n"
    yield b"POST /index HTTP/1.1\r\n" + host + b"Content-Type: text/\xff\r\nContent-Length: 2\r\n\r\n{}"
    yield b"GET /jobs HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer \xff\xfe\r\n\r\n"
    yield b"GET /jobs HTTP/1.1\r\nHost: h\r\nAuthorization: " + b"Bearer kdb_" + b"a" * 50_000 + b"\r\n\r\n"
    yield b"GET /jobs HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    for method in (b"TRACE", b"CONNECT", b"PUT", b"OPTIONS", b"HEAD", b"X" * 1_000, b"get", b"PATCH", b"PROPFIND"):
        yield method + b" /jobs HTTP/1.1\r\n" + host + b"\r\n"


def _mutated(raw: bytes, dice: Random) -> bytes:
    """A few of its bytes changed, left out, repeated or added."""
    text = bytearray(raw)
    for _ in range(dice.randint(1, 6)):
        at = dice.randrange(len(text))
        match dice.randrange(4):
            case 0:
                text[at] = dice.randrange(256)
            case 1:
                del text[at : at + dice.randint(1, 20)]
            case 2:
                text[at:at] = text[at : at + dice.randint(1, 40)] * dice.randint(1, 50)
            case 3:
                text[at:at] = dice.randbytes(dice.randint(1, 8))
        if not text:
            break
    return bytes(text)


REQUESTS = Check(
    "requests",
    "whatever a caller sends, the answer is never an error of ours",
    fuzz_requests,
    breaks=("problems", "refs"),
)

CHECKS = (REQUESTS,)
