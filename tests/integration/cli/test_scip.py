"""Indexes in the SCIP format on the command line."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from kotadb.scip.reading import decoded
from support.repos import Repo, make_repo
from support.scip import compiled, defines, refers
from support.service import KOTADB, environment, run

FILES = {"a.ts": "export class A { go() {} }\n", "b.ts": "import { A } from './a'\nconst it: any = 1; it.go()\n"}
SAID = {
    "a.ts": [defines("A", "`a.ts`/A#"), defines("go", "`a.ts`/A#go().")],
    "b.ts": [refers("A", "`a.ts`/A#", nth=0), refers("go", "`a.ts`/A#go().", nth=0)],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scip")


@pytest.fixture(scope="module")
def env(module_url: str, folder: Path) -> dict[str, str]:
    return environment(module_url, folder)


@pytest.fixture(scope="module")
def repo(env: Mapping[str, str], folder: Path) -> Repo:
    """Indexed; what one test imports, the others import again."""
    made = make_repo(folder / "repo", FILES)
    run(["index", str(made.path)], env)
    return made


def test_a_compilers_index_is_imported_and_the_index_exported(
    env: Mapping[str, str], repo: Repo, tmp_path: Path
) -> None:
    file = tmp_path / "index.scip"
    file.write_bytes(compiled(FILES, SAID))
    imported = json.loads(run(["import-scip", str(repo.path), str(file), "--json"], env).stdout)
    assert imported == {
        "repository": "repo", "tool": "compiler 1", "documents": 2, "confirmed": 1, "replaced": 0, "resolved": 1,
        "added": 0, "left_out": [],
    }  # fmt: skip
    done = run(["import-scip", str(repo.path), str(file), "--commit", repo.head.upper()], env)
    assert "imported what compiler 1 says of 2 files" in done.stdout
    export = [*KOTADB, "export", str(repo.path), "--format", "scip"]
    written = subprocess.run(export, env=env, capture_output=True, check=True).stdout
    assert len(decoded(written).documents) == len(FILES)


def test_what_cannot_be_imported_says_why(env: Mapping[str, str], repo: Repo, tmp_path: Path) -> None:
    file = tmp_path / "index.scip"
    file.write_bytes(compiled(FILES, SAID))
    command = ["import-scip", str(repo.path), str(file)]
    other = run([*command, "--commit", "0123" * 10], env, check=False)
    assert (other.returncode, "kotadb index --commit 0123" in other.stderr) == (1, True)
    large = run(command, {**env, "KOTADB_MAX_SCIP_BYTES": "10"}, check=False)
    assert (large.returncode, "KOTADB_MAX_SCIP_BYTES" in large.stderr) == (2, True)
    file.write_bytes(b"nonsense")
    assert run(command, env, check=False).returncode == 2
    assert run(["import-scip", str(tmp_path), str(file)], env, check=False).returncode != 0


def test_an_index_with_a_compilers_edges_is_not_verified_away(
    env: Mapping[str, str], repo: Repo, tmp_path: Path
) -> None:
    file = tmp_path / "index.scip"
    file.write_bytes(compiled(FILES, SAID))
    run(["import-scip", str(repo.path), str(file)], env)
    refused = run(["verify", str(repo.path)], env, check=False)
    assert (refused.returncode, "kotadb index --force" in refused.stderr) == (1, True)
    run(["index", str(repo.path), "--force"], env)
    assert "as a rebuild has it" in run(["verify", str(repo.path)], env).stdout
