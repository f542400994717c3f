"""The examples in a document, run again: `python -m benchmarks.examples docs/questions.md hono=PATH django=PATH`.

A block that begins with ```` ```console NAME ```` holds commands, each behind `$ `, and what they printed. The
repository NAME is cloned and indexed, the commands are run in the clone, and the block is written anew.
"""

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.performance.installation import KOTADB, Installation, installed

BLOCK = re.compile(r"(?P<head>```console (?P<name>\w+)\n)(?P<body>.*?)(?P<end>```\n)", re.DOTALL)
COLUMNS = "120"


def main(arguments: Sequence[str]) -> int:
    document = Path(arguments[0])
    repositories = {name: Path(path).resolve() for name, _, path in (each.partition("=") for each in arguments[1:])}
    text = document.read_text("utf-8")
    missing = {block["name"] for block in BLOCK.finditer(text)} - repositories.keys()
    if missing:
        print(f"Say where these repositories are, as NAME=PATH: {', '.join(sorted(missing))}", file=sys.stderr)
        return 2
    with installed(log_level="error") as site, TemporaryDirectory(prefix="kotadb-examples-") as folder:
        clones = {name: _indexed(site, path, Path(folder) / name) for name, path in repositories.items()}
        document.write_text(BLOCK.sub(lambda block: _written(site, block, clones), text), "utf-8")
    return 0


def _indexed(site: Installation, repository: Path, clone: Path) -> Path:
    subprocess.run(["git", "clone", "--quiet", str(repository), str(clone)], check=True)
    site.index(clone)
    return clone


def _written(site: Installation, block: re.Match[str], clones: Mapping[str, Path]) -> str:
    commands = [line.removeprefix("$ ") for line in block["body"].splitlines() if line.startswith("$ ")]
    shown = [f"$ {command}\n{_output(site, command, clones[block['name']])}" for command in commands]
    return block["head"] + "\n".join(shown) + block["end"]


def _output(site: Installation, command: str, folder: Path) -> str:
    """What the command prints, as a person sees it in the clone, which is as it was afterwards."""
    path = f"{Path(KOTADB[0]).parent}{os.pathsep}{os.environ['PATH']}"
    environment = site.environment | {"PATH": path, "COLUMNS": COLUMNS, "NO_COLOR": "1"}
    done = subprocess.run(
        ["bash", "-c", command], env=environment, cwd=folder, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    subprocess.run(["git", "checkout", "--quiet", "."], cwd=folder, check=True)
    return "".join(f"{line.rstrip()}\n" for line in done.stdout.splitlines())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
