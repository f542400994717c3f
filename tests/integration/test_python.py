"""`import kotadb`: the questions as functions."""

import inspect
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import kotadb
from kotadb.errors import ConfigurationError, InvalidInput, InvalidRepository, NotFound
from kotadb.questions.table import QUESTIONS
from support.repos import Repo, make_repo

FILES: dict[str, str | bytes] = {"a.py": "import b\n", "b.py": "x = 1\n"}


@pytest.fixture(scope="module")
def k(module_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[kotadb.Kotadb]:
    folder = tmp_path_factory.mktemp("python")
    with kotadb.open(database_url=module_url, data_dir=str(folder / "data"), temp_dir=folder) as opened:
        yield opened


@pytest.fixture(scope="module")
def repo(k: kotadb.Kotadb, tmp_path_factory: pytest.TempPathFactory) -> Repo:
    made = make_repo(tmp_path_factory.mktemp("repos") / "repo", FILES)
    job = k.index(made.path)
    assert (job["status"], job["commit_sha"]) == ("completed", made.head)
    return made


def test_a_repository_is_indexed_and_asked(
    k: kotadb.Kotadb, repo: Repo, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    answer = k.dependencies(repo.path, of="a.py")
    assert (answer["verdict"], [file["path"] for file in answer["files"]]) == ("complete", ["b.py"])
    assert k.dependencies(answer["repository_id"], of="a.py") == answer
    monkeypatch.chdir(repo.path)
    assert k.dependencies(of="a.py") == answer
    assert k.index(wait=False, ref="main")["status"] == "pending"
    assert capfd.readouterr().out == ""


def test_jobs_can_be_looked_at_and_waited_for(k: kotadb.Kotadb, repo: Repo) -> None:
    job = k.index(repo.path, commit=repo.head, wait=False)
    assert k.job(job["job_id"])["status"] == "pending"
    with pytest.raises(NotFound):
        k.job("7ad1bf4e-6c1e-4b11-9f4c-4d5cc12f2b46")
    with pytest.raises(InvalidInput, match="is not the id of a job"):
        k.wait("x")


def test_errors_are_those_of_all_doors(k: kotadb.Kotadb, repo: Repo, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="There is no file gone"):
        k.dependencies(repo.path, of="gone.py")
    with pytest.raises(InvalidInput, match="of: Field required; paths: Extra inputs"):
        k.dependencies(repo.path, paths="a.py")
    with pytest.raises(InvalidRepository):
        k.cycles(tmp_path)
    with pytest.raises(AttributeError):
        k.nothing(repo.path)


def test_it_is_to_be_opened_and_its_settings_are_known() -> None:
    with pytest.raises(InvalidInput, match="with kotadb"):
        kotadb.open().cycles()
    with pytest.raises(ConfigurationError, match="There is no setting databaseurl"):
        kotadb.open(databaseurl="x")
    with pytest.raises(ConfigurationError, match="KOTADB_WORKERS"):
        kotadb.open(workers=-1)


@pytest.mark.parametrize("name", QUESTIONS)
def test_each_question_has_a_function_that_is_documented(name: str) -> None:
    function = getattr(kotadb.Kotadb, name)
    parameters = QUESTIONS[name].parameters.model_fields
    assert inspect.signature(function).parameters.keys() == {"self", *parameters}
    assert QUESTIONS[name].summary in function.__doc__
    assert all(f"{parameter}: " in function.__doc__ for parameter in parameters)


def test_to_import_it_costs_next_to_nothing() -> None:
    program = (
        "import kotadb, sys; print([name for name in ('pydantic', 'psycopg', 'structlog') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
