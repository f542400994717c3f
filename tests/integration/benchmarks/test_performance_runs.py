"""The benchmark as it is run, on a repository of a few files."""

import json
from pathlib import Path

import pytest

from benchmarks.performance.__main__ import main
from support.repos import make_repo


def test_a_cold_run_stands_beside_its_limit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    repo = make_repo(
        tmp_path / "tiny", {"a.py": "import b\n", "b.py": "def f(): ...\n", "c.ts": "export const x = 1\n"}
    )
    result = tmp_path / "result.json"
    assert main([str(repo.path), "--only", "limit", "--runs", "1", "--json", str(result)]) == 0
    assert "ours ÷ limit" in capsys.readouterr().out
    cold, limit = json.loads(result.read_text())["records"]
    assert cold["details"]["complete"]
    assert cold["figures"]["files"] == 3
    assert cold["figures"]["job_seconds"] < cold["figures"]["wall_seconds"]
    assert limit["figures"]["limit_seconds"] > 0
