"""What tells that something got in: programs that leave a trace when they are run, and a text that must not be read."""

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from security.raw import RawRepo
from support.git_server import GitServer
from support.repos import AUTHOR, Repo, make_repo


@dataclass(frozen=True, slots=True)
class Traps:
    """The folders of a check: `roots` may be lent from, `outside` may not. `marker` is in all that is outside."""

    folder: Path
    marker: str
    git: GitServer

    @property
    def roots(self) -> Path:
        return self.folder / "roots"

    @property
    def outside(self) -> Path:
        return self.folder / "outside"

    @property
    def secret(self) -> Path:
        """A file that every program of this machine may read."""
        return self.outside / "secret.txt"

    @property
    def vault(self) -> RawRepo:
        """A repository outside of the roots. Its files `packed.py` and `loose.py` are so among its objects."""
        return RawRepo(self.outside / "vault", self.outside / "vault" / ".git")

    @property
    def canaries(self) -> Path:
        return self.folder / "canaries"

    def canary(self, name: str) -> Path:
        """A program that leaves a trace of this name."""
        program = self.canaries / f"{name}.sh"
        program.write_text(f"#!/bin/sh\ntouch '{self.canaries}/{name}.fired'\n")
        program.chmod(0o755)
        return program

    def trace(self, name: str) -> str:
        """Python that leaves a trace of this name."""
        return f"open({str(self.canaries / f'{name}.fired')!r}, 'w').close()\n"

    def lure(self, name: str) -> str:
        """An address that nobody may ask for."""
        return self.git.url(f"lured/{name}")

    def fired(self) -> set[str]:
        return {path.name.removesuffix(".fired") for path in self.canaries.glob("*.fired")}

    def lured(self) -> set[str]:
        return {request for request in self.git.requests if "lured" in request}


def set_traps(folder: Path, marker: str, git: GitServer) -> Traps:
    traps = Traps(folder, marker, git)
    for made in (traps.roots, traps.outside, traps.canaries):
        made.mkdir(parents=True)
    traps.secret.write_text(f"{marker}\n")
    vault = make_repo(traps.vault.path, {"packed.py": f"PACKED = '{marker}'\n"})
    vault.git("repack", "-a", "-d", "-q")
    vault.commit({"loose.py": f"LOOSE = '{marker}'\n"})
    return traps


def blob_in(repo: RawRepo, path: str) -> str:
    return Repo(repo.path).git("rev-parse", f"HEAD:{path}")


# ---- controls --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Control:
    """What has a plain program fire a canary of a repository, to show that the canary works."""

    canary: str
    command: tuple[str, ...]
    """`{folder}` is a copy of the repository, `{path}` the repository itself, `{url}` its address."""
    stdin: bytes = b""
    on_terminal: bool = False


def plainly(*arguments: str) -> tuple[str, ...]:
    """git in the copy of the repository."""
    return ("git", "-C", "{folder}", *arguments)


MODULES_PLAINLY = ("sh", "-c", "git -C {folder} reset -q && git -C {folder} submodule update --init")


def run_control(control: Control, folder: Path, path: Path, url: str, settings: Path) -> None:
    """Run it as somebody who trusts the repository would."""
    named = [part.format(folder=folder, path=path, url=url) for part in control.command]
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(settings.parent), "GIT_CONFIG_GLOBAL": str(settings),
        "GIT_TERMINAL_PROMPT": "0", "TERM": "xterm", **AUTHOR,
    }  # fmt: skip
    output = os.openpty() if control.on_terminal else None
    subprocess.run(
        named, input=control.stdin, stdout=output[1] if output else subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env=environment, cwd=folder, check=False, timeout=30,
    )  # fmt: skip
    for descriptor in output or ():
        os.close(descriptor)


# ---- what is offered -------------------------------------------------------------------------------------------------

Build = Callable[[RawRepo, Traps], object]


@dataclass(frozen=True, slots=True)
class Hostile:
    """A hostile repository, and the way by which it is offered: `https`, a `path` below the roots, or a `command`."""

    name: str
    build: Build
    by: str = "https"
    controls: tuple[Control, ...] = ()
    is_slow: bool = False
    """Whether it takes seconds: not in the short form."""
