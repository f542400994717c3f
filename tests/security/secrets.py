"""Secrets are where they were put and nowhere else: not in logs, the database, files, the process list, or answers."""

import base64
import secrets
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Thread

import psutil
from psycopg import sql

from kotadb.access.credentials import add_repository
from kotadb.access.keys import local_owner
from kotadb.git.credentials import token_source
from kotadb.git.sources import parse_remote
from proving.check import Check, Figures, Scale
from proving.site import Site
from support.git_server import LOOPBACK
from support.repos import Repo
from support.service import Service

TOKEN_NAME = "CHECK_TOKEN"
PLACES = ("log", "database", "files", "process list", "answers")


@dataclass
class Scanner:
    """Looks for secrets, and for a control that is in every place: a scanner that does not find that one is blind."""

    wanted: dict[str, str] = field(default_factory=dict)
    control: str = field(default_factory=lambda: f"control-{secrets.token_hex(16)}")
    found: set[tuple[str, str]] = field(default_factory=set)
    """What was found where."""

    def secret(self, name: str) -> str:
        """A new secret."""
        return self.wanted.setdefault(name, secrets.token_hex(16))

    def look(self, place: str, texts: Iterable[bytes]) -> None:
        for text in texts:
            if self.control.encode() in text:
                self.found.add(("control", place))
            self.found |= {
                (name, place) for name, value in self.wanted.items() if any(form in text for form in _forms(value))
            }


def _forms(value: str) -> Iterator[bytes]:
    """The secret as it may be written, alone and with the user's name before it."""
    yield value.encode()
    yield value.encode().hex().encode()
    for text in (value, f"x-access-token:{value}", f"user:{value}"):
        yield base64.b64encode(text.encode())


def keep_secrets(site: Site, scale: Scale, figures: Figures) -> None:
    scanner = Scanner()
    site = replace(site, url=_with_password(site.url, scanner.secret("database password")))
    completed, refused = _index_private_ones(site, scanner)
    _index_through_a_proxy(site, scanner)
    scanner.look("database", _database(site))
    scanner.look("files", _files(site, site.folder, site.folder.parent / "postgres"))
    leaks = {(name, place) for name, place in scanner.found if name != "control"}
    figures.at_least("secrets planted", len(scanner.wanted), 6)
    figures.none("secrets found", len(leaks))
    figures.all("places where the scanner finds its control", len(scanner.found - leaks), len(PLACES))
    figures.all("private repositories indexed", completed, 2)
    figures.all("tokens refused", refused, 3)


def _with_password(url: str, password: str) -> str:
    """The server trusts whoever reaches its socket; what is sent with it is our secret all the same."""
    return f"{url}{'&' if '?' in url else '?'}password={password}"


def _index_private_ones(site: Site, scanner: Scanner) -> tuple[int, int]:
    """Private repositories with the right token, and with wrong ones that the server shows to everybody."""
    token, file = scanner.secret("token in the environment"), site.folder.parent / f"{site.folder.name}.token"
    file.write_text(scanner.secret("token in a file") + "\n")
    service = site.service(workers=1, retry_limit=0, log_level="debug")
    service.environment[TOKEN_NAME] = token
    with service:
        scanner.wanted["API key"] = (service.key or "").rpartition("_")[2]
        first = _private(site, "in-environment", token, TOKEN_NAME)
        second = _private(site, "in-file", scanner.wanted["token in a file"], file=str(file))
        completed = [_held(site, service, scanner, first), service.indexed(second)["status"]]
        refused = [service.indexed(address)["status"] for address in _hostile(site, token)]
        scanner.look("answers", _answers(service, scanner))
        scanner.look("answers", _printed(site, service, scanner))
        scanner.look("log", (repr(line).encode() for line in service.log))
    file.unlink()
    return completed.count("completed"), refused.count("failed")


def _private(site: Site, name: str, token: str, variable: str | None = None, file: str | None = None) -> str:
    """The address of a repository for which the server demands this token, registered with where it is."""
    address, _ = site.repository(name=f"owner/{name}")
    site.git.demand(f"owner/{name}/", "x-access-token", token)
    source = token_source(address, "x-access-token", variable, file)
    add_repository(site.database, local_owner(site.database).id, parse_remote(address), source)
    return address


def _held(site: Site, service: Service, scanner: Scanner, address: str) -> str:
    """Index it, with a ref whose name is the control; meanwhile, with git at work, look at processes and files."""
    Repo(site.git.root / "owner" / "in-environment").git("branch", scanner.control)
    gate = site.git.hold("in-environment/git-upload-pack")
    job = service.index(address, ref=scanner.control)
    assert gate.reached.wait(60), "git did not ask"
    (site.temp_dir / "control").write_text(scanner.control)
    scanner.look("process list", _command_lines())
    scanner.look("files", _files(site, site.folder))
    site.git.let_go("in-environment/git-upload-pack")
    return str(service.finished(job["job_id"])["status"])


def _hostile(site: Site, token: str) -> Iterator[str]:
    """Repositories whose server refuses the token, and shows it, as it came and in the clear."""
    echo = f"you sent {token}, {base64.b64encode(f'x-access-token:{token}'.encode()).decode()}".encode()
    for name, status in (("refused", 401), ("denied", 403), ("broken", 500)):
        address = _private(site, name, "another", TOKEN_NAME)
        site.git.answer(f"owner/{name}", status, {"Content-Type": "text/plain"}, echo)
        yield address


def _index_through_a_proxy(site: Site, scanner: Scanner) -> None:
    """A fetch whose proxy asks for a password, and is slow to say no."""
    address, _ = site.repository()
    with _proxy(lambda: scanner.look("process list", _command_lines())) as port:
        proxy = f"http://user:{scanner.secret('password of the proxy')}@{LOOPBACK}:{port}"
        with site.service(workers=1, retry_limit=0, log_level="debug", git_proxy=proxy) as service:
            service.indexed(address)
            scanner.look("answers", _answers(service, scanner))
            scanner.look("log", (repr(line).encode() for line in service.log))


@contextmanager
def _proxy(asked: Callable[[], None]) -> Iterator[int]:
    """A proxy that refuses everybody, once it has done what it does when it is asked."""

    def serve() -> None:
        with suppress(OSError):  # it was closed
            while True:
                connection, _ = listener.accept()
                with connection:
                    asked()
                    connection.recv(65_536)
                    connection.sendall(
                        b"HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n"
                    )

    with socket.create_server((LOOPBACK, 0)) as listener:
        Thread(target=serve, daemon=True).start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)


def _answers(service: Service, scanner: Scanner) -> Iterator[bytes]:
    """What callers are told, errors included."""
    yield service.client.post("/index", json={"repository": _with_userinfo(scanner)}).content
    yield service.client.post("/index", json={"repository": "o/n", "ref": f"-{scanner.wanted['API key']}"}).content
    for path in ("/jobs", "/repositories", "/metrics", "/openapi.json", "/ready"):
        yield service.client.get(path).content


def _printed(site: Site, service: Service, scanner: Scanner) -> Iterator[bytes]:
    """What the command line prints."""
    failed = service.client.get("/jobs", params={"status": "failed"}).json()["items"][0]["job_id"]
    for command in (["doctor"], ["repos", "tokens"], ["jobs", "show", failed], ["index", _with_userinfo(scanner)]):
        done = site.command(service, *command)
        yield (done.stdout + done.stderr).encode()


def _with_userinfo(scanner: Scanner) -> str:
    return f"https://user:{scanner.secret('password in an address')}@git.example.org/o/n"


def _command_lines() -> Iterator[bytes]:
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            yield "\0".join(process.cmdline()).encode("utf-8", "replace")


def _files(site: Site, *folders: Path) -> Iterator[bytes]:
    """Every file below these folders, but those of the git server."""
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file() and not path.is_symlink() and site.git.root not in path.parents:
                with suppress(OSError):  # it went while we looked
                    yield path.read_bytes()


def _database(site: Site) -> Iterator[bytes]:
    """Every row of every table, as text."""
    tables = site.rows("select schemaname, tablename from pg_tables where schemaname !~ '^pg_'")
    with site.database.transaction() as connection:
        for table in tables:
            name = sql.Identifier(table["schemaname"], table["tablename"])
            for row in connection.execute(sql.SQL("select t::text as row from {} t").format(name)):
                yield row["row"].encode()


SECRETS = Check(
    "secrets",
    "tokens, keys and passwords are in no log, table, file, process list or answer",
    keep_secrets,
    breaks=("private_config", "redaction"),
)

CHECKS = (SECRETS,)
