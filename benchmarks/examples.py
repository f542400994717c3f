"""The examples, run again: `python -m benchmarks.examples README.md docs/questions.md hono=PATH django=PATH`.

A block that begins with ```` ```console NAME ```` holds commands, each behind `$ `, and what they printed. The
repository NAME is cloned and indexed, the commands are run in the clone, and the block is written anew. What the API's
own document shows of each question is asked of hono: http/examples.json.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import kotadb.http
from benchmarks.performance.installation import KOTADB, Installation, installed
from kotadb.access.keys import local_owner
from kotadb.postgres.database import Database
from kotadb.questions.asking import ask
from kotadb.questions.table import QUESTIONS

BLOCK = re.compile(r"(?P<head>```console (?P<name>\w+)\n)(?P<body>.*?)(?P<end>```\n)", re.DOTALL)
COLUMNS = "120"

API_EXAMPLES = Path(kotadb.http.__file__).with_name("examples.json")
API_REPOSITORY, API_ADDRESS = "hono", "honojs/hono"
DIFF = """\
--- a/src/router/trie-router/router.ts
+++ b/src/router/trie-router/router.ts
@@ -15,1 +15,1 @@
-  match(method: string, path: string): Result<T> {
+  match(method: string, path: string, host?: string): Result<T> {
"""
API_ASKED: dict[str, dict[str, Any]] = {
    "search": {"query": "new Trie", "case": True, "path": ["src/**"], "limit": 2},
    "symbols": {"query": "trieRtr", "limit": 2},
    "symbol": {"symbol": "TrieRouter.match"},
    "usages": {"symbol": "TrieRouter.match", "limit": 2},
    "hierarchy": {"symbol": "TrieRouter", "limit": 2},
    "dependencies": {"of": "src/router/trie-router/router.ts", "limit": 2},
    "dependents": {"of": "src/router/trie-router/router.ts", "limit": 2},
    "path": {"from_path": "src/hono.ts", "to_path": "src/router/trie-router/node.ts", "limit": 1},
    "impact": {"diff": DIFF, "limit": 2},
    "cycles": {},
    "outline": {"path": "src/router/trie-router", "tokens": 100},
    "explain": {"what": "src/router/trie-router/router.ts"},
    "unused": {"limit": 2},
}


def main(arguments: Sequence[str]) -> int:
    documents = [Path(argument) for argument in arguments if "=" not in argument]
    given = (argument.partition("=") for argument in arguments if "=" in argument)
    repositories = {name: Path(path).resolve() for name, _, path in given}
    texts = {document: document.read_text("utf-8") for document in documents}
    needed = {block["name"] for text in texts.values() for block in BLOCK.finditer(text)}
    missing = (needed | {API_REPOSITORY}) - repositories.keys()
    if missing:
        print(f"Say where these repositories are, as NAME=PATH: {', '.join(sorted(missing))}", file=sys.stderr)
        return 2
    with installed(log_level="error") as site, TemporaryDirectory(prefix="kotadb-examples-") as folder:
        clones = {name: _indexed(site, path, Path(folder) / name) for name, path in repositories.items()}
        for document, text in texts.items():
            document.write_text(BLOCK.sub(lambda block: _written(site, block, clones), text), "utf-8")
        examples = _asked(site, clones[API_REPOSITORY])
        API_EXAMPLES.write_text(json.dumps(examples, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return 0


def _asked(site: Installation, clone: Path) -> dict[str, dict[str, Any]]:
    """Each question with what it was asked and its answer."""
    with Database(site.url, max_connections=1) as database:
        owner_id = local_owner(database).id
        return {
            name: {
                "asked": {"repository": API_ADDRESS, **given},
                "answer": ask(database, owner_id, question, question.asked({"repository": str(clone), **given})),
            }
            for name, question in QUESTIONS.items()
            for given in [API_ASKED[name]]
        }


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
