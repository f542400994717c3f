"""The one place that starts git: which program, in what environment, within which limits.

git reads nothing of the user's or the machine's configuration, runs no hook, asks nobody for a password, follows no
redirect, and speaks only the protocols its caller names. Every git runs below `guard.py`, in a session of its own.
"""

import os
import re
import selectors
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import IO

from kotadb.errors import ConfigurationError, SourceRefused, SourceUnreachable
from kotadb.git.failures import classify
from kotadb.logs import get_logger

MINIMUM_VERSION = (2, 39, 4)  # the first in which no command of a fetch server downloads objects on its own

ENVIRONMENT: Mapping[str, str] = {
    "PATH": "/usr/bin:/bin",
    "HOME": "/nonexistent",
    "LC_ALL": "C.UTF-8",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "/bin/true",
    "GIT_SSH_COMMAND": "/bin/false",
    "GIT_TEMPLATE_DIR": "",
    "GIT_LFS_SKIP_SMUDGE": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_PROTOCOL_FROM_USER": "0",
}

CONFIG: Mapping[str, str] = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "core.symlinks": "false",
    "credential.helper": "",
    "transfer.fsckObjects": "true",
    "transfer.credentialsInUrl": "die",
    "transfer.bundleURI": "false",
    "http.followRedirects": "false",
    "http.sslVerify": "true",
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "30",
    "submodule.recurse": "false",
    "fetch.recurseSubmodules": "false",
    "fetch.unpackLimit": "1",  # one pack, whose size the file limit bounds; never a file per object
    "safe.bareRepository": "explicit",
    "gc.auto": "0",
    "maintenance.auto": "false",
    # What the memory limit needs: large blobs are streamed, packs mapped in small windows, threads few on any machine.
    "core.bigFileThreshold": "1m",
    "core.packedGitWindowSize": "8m",
    "core.packedGitLimit": "64m",
    "pack.threads": "2",
}

MEMORY_BYTES = 1024**3
"""What git may take to read what was fetched, files that it maps aside."""
MAX_ANSWER_BYTES = 1024**2
POLL_SECONDS = 0.2
STALL_SECONDS = 120.0
_CHUNK_BYTES = 256 * 1024
_STDERR_BYTES = 64 * 1024
GUARD = Path(__file__).with_name("guard.py")

log = get_logger(__name__)

Check = Callable[[], None]
"""Called while git runs; what it raises ends git and propagates."""


def go_on() -> None:
    """A Check that always lets git go on."""


@dataclass(frozen=True, slots=True)
class Git:
    """How git is run in one repository.

    `environment` and `config` are added to the hardened ones. `private_config` is handed over where no other process
    of the machine can read it; `secrets` are what must not be seen of it in what git says. `file_bytes` bounds each
    file git writes, `memory_bytes` what a process of git takes. `deadline` is a `time.monotonic()`; without one, git
    may take as long as it keeps writing. git inherits `lock_fd`, so that a lock held by it lasts as long as any git
    does.
    """

    git_dir: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    config: Mapping[str, str] = field(default_factory=dict)
    private_config: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    file_bytes: int = 1024**3
    memory_bytes: int = MEMORY_BYTES
    deadline: float | None = None
    check: Check = go_on
    lock_fd: int | None = None

    def run(self, *arguments: str) -> bytes:
        """What git writes to standard output, where that is a few lines.

        Raises the FetchError that its error output means; SourceUnreachable (`fetch_timeout`) at the deadline;
        SourceRefused (`answer_too_large`) for what a server has git repeat without end.
        """
        output = bytearray()
        with closing(self.stream(*arguments)) as chunks:
            for chunk in chunks:
                output += chunk
                if len(output) > MAX_ANSWER_BYTES:
                    raise SourceRefused("The server tells more than it was asked for.", code="answer_too_large")
        return bytes(output)

    def stream(self, *arguments: str, stdin: IO[bytes] | None = None) -> Generator[bytes]:
        """As `run`, in pieces as they come. Closing the iterator ends git; so does an exception of `check`."""
        errors = bytearray()
        code = yield from self._run(arguments, stdin, errors)
        if code != 0:
            log.info("git_failed", command=arguments[0], exit_code=code, stderr=ascii(self._said(errors)))
            raise classify(errors.decode("utf-8", "replace"))

    def complaints(self, *arguments: str) -> str:
        """What git writes to standard error, whether it fails or not; nothing of it is logged.

        Raises SourceUnreachable (`fetch_timeout`) at the deadline.
        """
        errors = bytearray()
        for _ in self._run(arguments, None, errors):
            pass
        return self._said(errors)

    def redacted(self, text: str) -> str:
        """The text without secrets, which a server that was told them may repeat."""
        for secret in sorted(self.secrets, key=len, reverse=True):
            text = text.replace(secret, "<redacted>")
        return text

    def _said(self, errors: bytearray) -> str:
        text = self.redacted(errors.decode("utf-8", "replace"))
        was_cut = len(errors) == _STDERR_BYTES  # perhaps in the middle of a secret
        return text[max(map(len, self.secrets), default=0) :] if was_cut else text

    def _run(
        self, arguments: tuple[str, ...], stdin: IO[bytes] | None, errors: bytearray
    ) -> Generator[bytes, None, int]:
        """Standard output in pieces; the end of standard error gathers in `errors`. Returns the exit code."""
        process = self._start(arguments, stdin)
        try:
            yield from self._output(process, errors)
            return process.wait(STALL_SECONDS)
        finally:
            _end(process)

    def _start(self, arguments: tuple[str, ...], stdin: IO[bytes] | None) -> subprocess.Popen[bytes]:
        guard = [sys.executable, "-I", "-S", str(GUARD), str(os.getpid()), str(self.file_bytes), str(self.memory_bytes)]
        options = [part for name, value in {**CONFIG, **self.config}.items() for part in ("-c", f"{name}={value}")]
        return subprocess.Popen(
            [*guard, find_git(), *options, f"--git-dir={self.git_dir}", *arguments],
            stdin=stdin or subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0,
            env={**ENVIRONMENT, **self.environment, **_config_in_environment(self.private_config)},
            cwd="/", start_new_session=True, pass_fds=() if self.lock_fd is None else (self.lock_fd,),
        )  # fmt: skip

    def _output(self, process: subprocess.Popen[bytes], errors: bytearray) -> Iterator[bytes]:
        """Standard output until its end; meanwhile the end of standard error gathers in `errors`."""
        assert process.stdout is not None
        assert process.stderr is not None
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            selector.register(process.stderr, selectors.EVENT_READ)
            waiting_since = time.monotonic()
            while selector.get_map():
                ready = selector.select(POLL_SECONDS)
                self._watch(waiting_since)
                for key, _ in ready:
                    chunk = os.read(key.fd, _CHUNK_BYTES)
                    if not chunk:
                        selector.unregister(key.fileobj)
                    elif key.fileobj is process.stderr:
                        errors += chunk
                        del errors[:-_STDERR_BYTES]
                    else:
                        yield chunk
                        waiting_since = time.monotonic()

    def _watch(self, waiting_since: float) -> None:
        self.check()
        if self.deadline is None and time.monotonic() > waiting_since + STALL_SECONDS:
            raise SourceUnreachable(f"git said nothing for {STALL_SECONDS:g} seconds.", code="fetch_timeout")
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise SourceUnreachable(
                "The fetch was not done in time; KOTADB_MAX_FETCH_SECONDS is the limit.", code="fetch_timeout"
            )


def _config_in_environment(config: Mapping[str, str]) -> dict[str, str]:
    variables = {"GIT_CONFIG_COUNT": str(len(config))} if config else {}
    for number, (name, value) in enumerate(config.items()):
        variables |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    return variables


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process's whole group, if it has not ended, and close our ends of its pipes."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    with process:  # closes the pipes and waits
        pass


@cache
def find_git() -> str:
    """The absolute path of git, looked up once. Raises ConfigurationError without one."""
    path = shutil.which("git")
    if path is None:
        raise ConfigurationError("git is not installed, or not on PATH: install git 2.39.4 or later.")
    return str(Path(path).absolute())


@cache
def git_version() -> str:
    """The version of git, `2.39.5`. Raises ConfigurationError if it is older than what kotadb needs."""
    done = subprocess.run([find_git(), "version"], env=dict(ENVIRONMENT), capture_output=True, text=True, check=False)
    match = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", done.stdout)
    if match is None:
        raise ConfigurationError("`git version` does not tell a version: install git 2.39.4 or later.")
    if tuple(int(part or 0) for part in match.groups()) < MINIMUM_VERSION:
        raise ConfigurationError(f"git {match[0]} is too old: install git 2.39.4 or later.")
    return match[0]
