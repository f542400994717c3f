"""The embedded PostgreSQL: started by the first client that needs it, stopped by the last that leaves.

Two locks in the server's folder make that safe, and the kernel releases both on kill -9: `start.lock`, held while a
server is started or stopped, and `clients-<major>.lock`, held shared by every client; whoever gets the second one
exclusively on leaving is the last. As root the server runs as an unprivileged user, since PostgreSQL refuses root.
"""

import fcntl
import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self
from urllib.parse import quote

import psutil
import psycopg

from kotadb.errors import EmbeddedServerError
from kotadb.postgres.binaries import Binaries, copy_binaries, find_binaries
from kotadb.postgres.database import check_url, connect
from kotadb.settings import Settings

NAME = "kotadb"
"""The server's superuser and its database."""

UNPRIVILEGED_USERS = ("postgres", "nobody")
MAX_SOCKET_PATH = 107
START_SECONDS = 60
STOP_SECONDS = 30

OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    # Nothing replicates from here, and the index can be made again: log less. Commits stay durable.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "2GB",
    "jit": "off",
    "log_min_messages": "warning",
}

_started: list[subprocess.Popen[bytes]] = []
"""Servers this process started. They may outlive it, so they are not waited for unless it stops them."""


class EmbeddedServer:
    """One data folder's server, as seen by one client; a context manager that yields the connection URL.

    Raises EmbeddedServerError, saying what to set, when the server cannot be had.
    """

    def __init__(self, folder: Path, bin_dir: Path | None = None, options: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self._bin_dir = bin_dir
        self._options = OPTIONS | dict(options or {})
        self._client: IO[bytes] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        make_folder(self.folder)
        with _locked(self.folder / "start.lock"):
            self._client = (self.folder / f"clients-{self._binaries.major}.lock").open("ab")
            fcntl.flock(self._client, fcntl.LOCK_SH)
            try:
                self._start_if_needed()
            except BaseException:  # an interruption too: what was started here is ended here
                self._leave()
                raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with _locked(self.folder / "start.lock"):
            self._leave()

    def _leave(self) -> None:
        """Be no client any more; the last one stops the server."""
        assert self._client is not None
        with self._client, suppress(BlockingIOError):
            fcntl.flock(self._client, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.stop()

    @property
    def url(self) -> str:
        return f"postgresql://{NAME}@/{NAME}?host={quote(str(self._socket_dir()), safe='')}"

    @property
    def data_dir(self) -> Path:
        return self.folder / f"data-{self._binaries.major}"

    def is_running(self) -> bool:
        return running_postmaster(self.data_dir) is not None

    def stop(self) -> None:
        """End the server: no new sessions, open ones are ended, everything committed is kept."""
        postmaster = running_postmaster(self.data_dir)
        if postmaster is None:
            return
        with suppress(psutil.NoSuchProcess):
            postmaster.send_signal(signal.SIGINT)  # PostgreSQL's "fast" shutdown
        deadline = time.monotonic() + STOP_SECONDS
        # Until it is gone or a zombie: the process that started it may be another one, and busy.
        while running_postmaster(self.data_dir) is not None:
            if time.monotonic() > deadline:
                raise EmbeddedServerError(f"The embedded PostgreSQL (pid {postmaster.pid}) does not stop")
            time.sleep(0.01)  # it is not always our child, and only children can be waited for
        for process in _started:
            process.poll()
        with suppress(OSError):  # one under the shared temporary folder would stay for ever
            self._socket_dir().rmdir()

    # ---- starting ----------------------------------------------------------------------------------------------------

    def _start_if_needed(self) -> None:
        if not self.is_running():
            if not self.data_dir.exists():
                self._initialise()
            self._start()
        self._wait_until_ready()
        self._create_database()

    def _initialise(self) -> None:
        """Make the data folder under another name first, so that a crash half-way leaves none that looks whole."""
        for leftover in self.folder.glob("initdb-*"):
            shutil.rmtree(leftover)
        unfinished = self.folder / f"initdb-{os.getpid()}"
        unfinished.mkdir(mode=0o700)
        self._give_away(unfinished)
        # With the C locale pg_trgm would drop letters outside ASCII; before 17 the system's C.UTF-8 has to do.
        provider = ["--locale-provider=builtin"] if self._binaries.major >= 17 else []
        command: list[str | Path] = [
            self._binaries.folder / "initdb", "-D", unfinished, "-U", NAME, "-A", "trust", "-E", "UTF8", *provider,
            "--locale=C.UTF-8",
        ]  # fmt: skip
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=self.folder,
            check=False, **self._as_server_user(),
        )  # fmt: skip
        if done.returncode:
            raise EmbeddedServerError(f"initdb failed: {done.stdout.decode(errors='replace').strip()[-2000:]}")
        unfinished.rename(self.data_dir)

    def _start(self) -> None:
        for stale in (self.data_dir / "postmaster.pid", *self._socket_dir().glob(".s.PGSQL.*")):
            stale.unlink(missing_ok=True)
        command: list[str | Path] = [self._binaries.folder / "postgres", "-D", self.data_dir]
        for name, value in (self._options | {"unix_socket_directories": str(self._socket_dir())}).items():
            command += ["-c", f"{name}={value}"]
        with (self.folder / "server.log").open("wb") as log:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder, start_new_session=True,
                **self._as_server_user(),
            )  # fmt: skip
        self._process = process
        _started.append(process)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not _says_ready(self.data_dir):
            if self._process is None and not self.is_running():  # it was just ending when we came
                self._start()
            if self._process is not None and self._process.poll() is not None:
                raise EmbeddedServerError(f"The embedded PostgreSQL ended at once: {self._log_tail()}")
            if time.monotonic() > deadline:
                raise EmbeddedServerError(
                    f"The embedded PostgreSQL is not ready after {START_SECONDS} s; {self._log_tail()}"
                )
            time.sleep(0.01)  # PostgreSQL announces readiness only in this file

    def _log_tail(self) -> str:
        return (self.folder / "server.log").read_text("utf-8", errors="replace").strip()[-2000:]

    def _create_database(self) -> None:
        with (
            connect(self.url.replace(f"/{NAME}?", "/postgres?"), autocommit=True) as connection,
            suppress(psycopg.errors.DuplicateDatabase),
        ):
            connection.execute(f"create database {NAME}")

    # ---- where and as whom -------------------------------------------------------------------------------------------

    def _socket_dir(self) -> Path:
        """In the server's folder, or in a private folder under the temporary one where that path is too long."""
        folder = self.folder / f"run-{self._binaries.major}"
        if len(os.fsencode(folder / ".s.PGSQL.5432.lock")) > MAX_SOCKET_PATH:
            name = hashlib.sha256(os.fsencode(self.folder.resolve())).hexdigest()[:16]
            # Not TMPDIR, which may differ between two clients of one server; who owns the folder is checked below.
            folder = Path("/tmp") / f"pg-{os.geteuid()}-{name}-{self._binaries.major}"  # noqa: S108 - see above
        if not folder.exists():
            folder.mkdir(mode=0o700)
            self._give_away(folder)
        _require_private(folder, self._server_user())
        return folder

    @cached_property
    def _binaries(self) -> Binaries:
        found = find_binaries(self._bin_dir)
        return self._reachable(found) if os.geteuid() == 0 else found

    def _reachable(self, binaries: Binaries) -> Binaries:
        """The binaries where the server's user can run them: a virtual environment below /root is closed to it."""
        closed = first_closed_folder(self.folder, self._server_user())
        if closed is not None:
            user = self._server_user().pw_name
            raise EmbeddedServerError(
                f"The embedded PostgreSQL runs as user {user!r}, which cannot enter {closed}. Open it "
                f"(chmod o+x {closed}), set KOTADB_DATA_DIR to a folder that every user can enter, or set DATABASE_URL "
                "to a server of your own"
            )
        if first_closed_folder(binaries.folder, self._server_user()) is None:
            return binaries
        return Binaries(copy_binaries(binaries, self.folder), binaries.major)

    def _give_away(self, folder: Path) -> None:
        if os.geteuid() == 0:
            user = self._server_user()
            os.chown(folder, user.pw_uid, user.pw_gid)

    def _as_server_user(self) -> dict[str, Any]:
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        if os.geteuid() != 0:
            return {"env": environment}
        user = self._server_user()
        return {"env": environment, "user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}

    @staticmethod
    def _server_user() -> pwd.struct_passwd:
        if os.geteuid() != 0:
            try:
                return pwd.getpwuid(os.geteuid())
            except KeyError:
                message = f"PostgreSQL needs a user with a name, and {os.geteuid()} has none here: set DATABASE_URL"
                raise EmbeddedServerError(message) from None
        for name in UNPRIVILEGED_USERS:
            with suppress(KeyError):
                return pwd.getpwnam(name)
        raise EmbeddedServerError(
            "PostgreSQL refuses to run as root, and there is no user 'postgres' or 'nobody' to run it as: run kotadb "
            "as another user, or set DATABASE_URL"
        )


@contextmanager
def database_url(settings: Settings) -> Iterator[str]:
    """The URL of the database to use: the operator's, or the embedded server's for as long as the context lasts."""
    if settings.database_url is not None:
        check_url(settings.database_url)
        yield settings.database_url
        return
    with EmbeddedServer(settings.data_dir / "postgres", settings.postgres_bin) as server:
        yield server.url


def stop_embedded_server(settings: Settings) -> bool:
    """Stop the embedded server whoever uses it. Returns whether one was running."""
    server = EmbeddedServer(settings.data_dir / "postgres", settings.postgres_bin)
    if not server.folder.is_dir():
        return False
    with _locked(server.folder / "start.lock"):
        was_running = server.is_running()
        server.stop()
    return was_running


def running_postmaster(data_dir: Path) -> psutil.Process | None:
    """The server of this data folder, if it is alive: a pid alone proves nothing after a crash and a reboot."""
    try:
        pid = int((data_dir / "postmaster.pid").read_text().split("\n", 1)[0])
        process = psutil.Process(pid)
        if process.status() != psutil.STATUS_ZOMBIE and _is_about(process, data_dir):
            return process
    except (OSError, ValueError, psutil.Error):
        pass
    return None


def _is_about(process: psutil.Process, data_dir: Path) -> bool:
    try:
        return Path(process.cwd()).samefile(data_dir)
    except psutil.AccessDenied:  # root without CAP_SYS_PTRACE, as in a container: its command line names the folder
        return str(data_dir) in process.cmdline()


def first_closed_folder(path: Path, user: pwd.struct_passwd) -> Path | None:
    """The outermost folder on the way to `path` that `user` cannot enter; None if it can go all the way."""
    for folder in (*reversed(path.resolve().parents), path.resolve()):
        probe = subprocess.run(
            ["/bin/sh", "-c", 'test -x "$0"', folder],
            user=user.pw_uid,
            group=user.pw_gid,
            extra_groups=[],
            cwd="/",
            check=False,
        )
        if probe.returncode:
            return folder
    return None


def make_folder(folder: Path) -> None:
    """Make `folder` where it is missing, enterable by the server's user. Raises EmbeddedServerError."""
    try:
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    except OSError as error:
        raise EmbeddedServerError(
            f"{folder} cannot be made ({error.strerror}): set KOTADB_DATA_DIR to a folder of yours"
        ) from None
    if not os.access(folder, os.W_OK):
        raise EmbeddedServerError(f"{folder} cannot be written to: set KOTADB_DATA_DIR to a folder of yours")


def _require_private(folder: Path, user: pwd.struct_passwd) -> None:
    """Refuse a socket folder that somebody else prepared under the shared temporary folder."""
    status = folder.lstat()
    if status.st_uid != user.pw_uid or status.st_mode & 0o077:
        raise EmbeddedServerError(
            f"{folder} is not private to user {user.pw_name!r}: remove it, or set KOTADB_DATA_DIR"
        )


def _says_ready(data_dir: Path) -> bool:
    with suppress(OSError):
        lines = (data_dir / "postmaster.pid").read_text().split("\n")
        return len(lines) > 7 and lines[7].strip() == "ready"
    return False


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    with file.open("ab") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
