"""A git server behind TLS on loopback, with a certificate authority of its own, for tests of real fetches.

    with GitServer(root, authority_folder) as server:
        make_repo(root / "owner" / "name", {"a.py": ""})
        server.url("owner/name"), server.ca_file, server.host_port

It runs `git http-backend` on the repositories below `root`, can hold a request until a test lets it go, can answer
with any status instead, and can ask for a token.
"""

import base64
import os
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self

import trustme

LOOPBACK = "127.0.0.1"
NAMES = ("git.example",)
"""Names the certificate is also for. No resolver knows them: a test that reaches them was told the address."""

# A server in the open: any commit, any filter, any owner.
_SERVER_CONFIG = {
    "safe.directory": "*",
    "uploadpack.allowFilter": "true",
    "uploadpack.allowAnySHA1InWant": "true",
    "http.receivepack": "false",
}


@dataclass(frozen=True)
class Answer:
    """What the server says instead of git. A body that is made piece by piece may be endless."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Callable[[], Iterator[bytes]] = b""


Decide = Callable[[bytes], Answer | None]
"""The answer to a request with this body; None leaves it to git."""


@dataclass(frozen=True)
class Gate:
    """Holds requests, but for the first few: `reached` is set when one waits, and it goes on once `release` is set."""

    lets_through: Iterator[int]
    reached: threading.Event = field(default_factory=threading.Event)
    release: threading.Event = field(default_factory=threading.Event)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, owner: "GitServer") -> None:
        super().__init__((LOOPBACK, 0), _Handler)
        self.owner = owner

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that was killed in the middle is what many tests are about: say nothing."""


class GitServer:
    """Serves the repositories below `root` until the `with` ends. `authority_folder` receives the CA file."""

    def __init__(self, root: Path, authority_folder: Path) -> None:
        self.root = root
        self.requests: list[str] = []
        self.authorizations: list[str | None] = []
        """The header of each request."""
        self.ca_file = authority_folder / "ca.pem"
        self._gates: dict[str, Gate] = {}
        self._answers: dict[str, Decide] = {}
        self._private: dict[str, str] = {}
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(self.ca_file))
        self._server = _Server(self)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(LOOPBACK, "localhost", *NAMES).configure_cert(context)
        # The handshake belongs to the thread of the connection, not to the one that accepts.
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def host_port(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    def url(self, name: str) -> str:
        return f"https://{self.host_port}/{name}"

    def hold(self, part: str, *, after: int = 0) -> Gate:
        """Hold requests whose path and query contain `part`, but for the first `after` of them."""
        return self._gates.setdefault(part, Gate(iter(range(after))))

    def let_go(self, part: str) -> None:
        """Send on what is held, and hold no more."""
        if gate := self._gates.pop(part, None):
            gate.release.set()

    def answer(self, part: str, status: int, headers: Mapping[str, str] | None = None, body: bytes = b"") -> None:
        """Answer every request whose path and query contain `part` with this, instead of asking git."""
        self.answer_by(part, lambda _: Answer(status, headers or {}, body))

    def answer_by(self, part: str, decide: Decide) -> None:
        """Answer such requests by what is in them."""
        self._answers[part] = decide

    def answer_no_more(self, part: str) -> None:
        """Have git answer again."""
        self._answers.pop(part, None)

    def demand(self, part: str, username: str, token: str) -> None:
        """Answer 401 to every request whose path and query contain `part` and that does not come with this token."""
        self._private[part] = basic(username, token)

    def gate_for(self, path: str) -> Gate | None:
        gate = next((gate for part, gate in self._gates.items() if part in path), None)
        return None if gate is None or next(gate.lets_through, None) is not None else gate

    def answer_for(self, path: str, body: bytes) -> Answer | None:
        decide = next((decide for part, decide in self._answers.items() if part in path), None)
        return decide(body) if decide else None

    def refusal_for(self, path: str, authorization: str | None) -> Answer | None:
        demanded = next((header for part, header in self._private.items() if part in path), authorization)
        return None if demanded == authorization else Answer(401, {"WWW-Authenticate": 'Basic realm="git"'})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for gate in self._gates.values():
            gate.release.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def basic(username: str, token: str) -> str:
    """The header that sends a token."""
    return f"Basic {base64.b64encode(f'{username}:{token}'.encode()).decode()}"


class _Handler(BaseHTTPRequestHandler):
    """One request: held, answered, or given to `git http-backend`."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the name is the base class's
        """Tests print nothing."""

    def _handle(self) -> None:
        owner = self.server.owner
        body = self._body()
        authorization = self.headers.get("Authorization")
        owner.requests.append(f"{self.command} {self.path}")
        owner.authorizations.append(authorization)
        if gate := owner.gate_for(self.path):
            gate.reached.set()
            gate.release.wait()
        refusal = owner.refusal_for(self.path, authorization)
        self._send(owner.answer_for(self.path, body) or refusal or _ask_git(owner.root, self, body))

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        chunks = []
        while size := int(self.rfile.readline(), 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if isinstance(answer.body, bytes):
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)
            return
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for piece in answer.body():
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")


def _ask_git(root: Path, request: BaseHTTPRequestHandler, body: bytes) -> Answer:
    path, _, query = request.path.partition("?")
    # Its exit status says that it refused, which the client learns from what it wrote.
    done = subprocess.run(
        ["git", "http-backend"], input=body, capture_output=True, check=False,
        env={"PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null",
             "GIT_PROJECT_ROOT": str(root), "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": path, "QUERY_STRING": query,
             "REQUEST_METHOD": request.command, "CONTENT_TYPE": request.headers.get("Content-Type", ""),
             "CONTENT_LENGTH": str(len(body)), "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
             "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""), **_as_environment(_SERVER_CONFIG)},
    )  # fmt: skip
    head, _, content = done.stdout.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
    status = int(headers.pop("Status", "200").split(" ")[0])
    return Answer(status, headers, content)


def _as_environment(config: Mapping[str, str]) -> dict[str, str]:
    variables = {"GIT_CONFIG_COUNT": str(len(config))}
    for number, (name, value) in enumerate(config.items()):
        variables |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    return variables
