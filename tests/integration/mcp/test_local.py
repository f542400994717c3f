"""The tools for one client on this machine: what it means by no repository, and what it has indexed by asking."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from mcp.shared.exceptions import MCPError

from kotadb.access.keys import local_owner
from kotadb.jobs import requests
from kotadb.jobs.index_repo import perform
from kotadb.local.background import Background
from kotadb.local.session import Session
from kotadb.mcp import stdio
from kotadb.mcp.server import make_server
from kotadb.mcp.stdio import LocalDesk
from kotadb.model import IndexRequest, Owner
from kotadb.postgres.database import Database
from kotadb.questions.jobs import list_jobs
from kotadb.questions.table import QUESTIONS
from kotadb.settings import Settings
from support.agents import MODES, Agent, agent
from support.repos import Repo, make_repo

FILES: dict[str, str | bytes] = {"src/a.py": "import src.b\n", "src/b.py": "x = 1\n", "src/__init__.py": ""}


@dataclass(frozen=True)
class Machine:
    """A machine whose workers are busy: jobs wait until `work` does them."""

    session: Session
    background: Background
    folder: Path

    def server(self) -> object:
        return make_server(LocalDesk(self.session, self.background))

    def repo(self, name: str) -> Repo:
        return make_repo(self.folder / name, FILES)

    def jobs(self) -> list[str]:
        return [str(job.id) for job in list_jobs(self.session.database, self.session.owner.id, 10)]

    def work(self, **limits: object) -> None:
        settings = self.session.settings.model_copy(update=limits)
        for job in list_jobs(self.session.database, self.session.owner.id, 10):
            if not job.status.is_terminal:
                perform(self.session.database, settings, job.id, worker="this process")


@pytest.fixture
def machine(
    database: Database, settings: Settings, owner: Owner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Machine]:
    monkeypatch.setattr(stdio, "WAIT_SECONDS", 0)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    with database.transaction() as connection:
        connection.execute("insert into procrastinate_workers default values")
    session = Session(settings, database, owner)
    with Background(session) as background:
        yield Machine(session, background, tmp_path)


def test_there_is_a_tool_for_each_question_and_two_for_indexing(machine: Machine) -> None:
    with agent(machine.server()) as connected:
        tools = connected.tools()
    assert tools.keys() == QUESTIONS.keys() | {"index_repository", "job_status"}
    assert [tool.name for tool in tools.values() if not (tool.annotations and tool.annotations.read_only_hint)] == [
        "index_repository"
    ]
    for tool in tools.values():
        assert tool.description
        assert "repository" not in tool.input_schema.get("required", ())
        assert tool.output_schema is not None
        assert tool.output_schema["additionalProperties"] is True
        assert all(field["description"] for field in tool.input_schema["properties"].values())


@pytest.mark.parametrize("mode", MODES)
def test_the_first_question_about_a_root_has_it_indexed(machine: Machine, mode: str) -> None:
    repo = machine.repo("repo")
    with agent(machine.server(), mode, roots=[repo.path / "src"]) as connected:
        answer = connected.ask("dependencies", of="src/a.py")
        assert (answer["verdict"], answer["indexed_at"], answer["job"]["status"]) == ("unknown", None, "pending")
        assert f"job {answer['job']['job_id']} is pending" in answer["reason"]
        again = connected.ask("cycles")
        assert again["job"]["job_id"] == answer["job"]["job_id"]
        machine.work()
        answer = connected.ask("dependencies", of="src/a.py")
        assert (answer["verdict"], answer["commit_sha"]) == ("complete", repo.head)
        assert [file["path"] for file in answer["files"]] == ["src/b.py"]


def test_a_job_that_is_under_way_is_not_started_again(machine: Machine) -> None:
    repo = machine.repo("repo")
    with agent(machine.server()) as connected:
        job = connected.ask("index_repository", repository=str(repo.path), wait=0)
    with agent(machine.server(), roots=[repo.path]) as connected:
        assert connected.ask("cycles")["job"]["job_id"] == job["job_id"]
    assert machine.jobs() == [job["job_id"]]


def test_what_cannot_be_indexed_is_unknown_and_is_not_tried_with_each_question(machine: Machine) -> None:
    repo = machine.repo("repo")
    with agent(machine.server(), roots=[repo.path]) as connected:
        connected.ask("cycles")
        machine.work(max_files=1)
        answer = connected.ask("cycles")
        assert answer["verdict"] == "unknown"
        assert answer["reason"].startswith("It could not be indexed (too_many_files: ")
        assert "`index_repository` tries again" in answer["reason"]
        assert len(machine.jobs()) == 1


def test_the_current_folder_is_meant_where_there_are_no_roots(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = machine.repo("repo")
    monkeypatch.chdir(repo.path / "src")
    nowhere: list[Path] = []
    for roots in (None, nowhere):
        with agent(machine.server(), roots=roots) as connected:
            assert connected.ask("cycles")["repository"] == "repo"


def test_of_several_roots_one_must_be_named(machine: Machine) -> None:
    one, other = machine.repo("one"), machine.repo("other")
    with agent(machine.server(), roots=[one.path, other.path / "src", machine.folder / "elsewhere"]) as connected:
        refusal = connected.refusal("cycles")
        assert refusal["code"] == "ambiguous"
        assert refusal["candidates"] == [{"repository": str(one.path)}, {"repository": str(other.path)}]
        assert connected.ask("cycles", **refusal["candidates"][1])["repository"] == "other"


def test_only_what_the_client_works_in_is_indexed_by_asking(machine: Machine) -> None:
    repo, stranger = machine.repo("repo"), machine.repo("stranger")
    with agent(machine.server(), roots=[repo.path]) as connected:
        for named in (str(stranger.path), "someone/something", "https://example.org/someone/something"):
            refusal = connected.refusal("cycles", repository=named)
            assert (refusal["code"], "`index_repository` does that" in refusal["message"]) == ("not_found", True)
    assert machine.jobs() == []


def test_a_folder_without_a_repository_is_refused(machine: Machine) -> None:
    for roots in (None, [machine.folder / "elsewhere"]):
        with agent(machine.server(), roots=roots) as connected:
            assert connected.refusal("cycles")["code"] == "invalid_repository"


def test_indexing_can_be_asked_for_and_followed(machine: Machine) -> None:
    repo = machine.repo("repo")
    with agent(machine.server(), roots=[repo.path]) as connected:
        job = connected.ask("index_repository", wait=0, ref="main")
        assert (job["status"], job["ref"]) == ("pending", "main")
        machine.work()
        assert connected.ask("job_status", job_id=job["job_id"])["status"] == "completed"
        assert connected.ask("cycles", ref="main")["ref"] == "main"
        assert connected.ask("cycles", repository=job["repository_id"])["ref"] == "main"


def test_a_path_may_be_absolute(asked: Agent, here: Repo) -> None:
    assert asked.ask("dependencies", of=str(here.path / "src" / "a.py"))["path"] == "src/a.py"
    assert asked.refusal("dependencies", of=f"{here.path}-other/src/a.py")["code"] == "not_found"


@pytest.mark.parametrize(
    ("tool", "arguments", "code", "says"),
    [
        ("dependencies", {"of": "gone.py"}, "not_found", "There is no file gone.py"),
        ("dependencies", {}, "invalid_input", "of: Field required"),
        ("cycles", {"limits": 3}, "invalid_input", "limits: "),
        ("cycles", {"repository": 7}, "invalid_input", "repository: "),
        ("cycles", {"ref": "nowhere"}, "not_found", "Nothing is stored for repo at nowhere"),
        ("cycles", {"repository": "/nowhere/at/all"}, "invalid_repository", "There is nothing at"),
        ("index_repository", {"ref": "a..b"}, "invalid_ref", "not a name git accepts"),
        ("job_status", {"job_id": "x"}, "invalid_input", "job_id: "),
        ("job_status", {"job_id": "7ad1bf4e-6c1e-4b11-9f4c-4d5cc12f2b46"}, "not_found", "There is no such job"),
    ],
)
def test_errors_say_what_to_do(asked: Agent, tool: str, arguments: dict[str, object], code: str, says: str) -> None:
    refusal = asked.refusal(tool, **arguments)
    assert refusal["code"] == code
    assert says in refusal["message"]


def test_a_tool_that_there_is_not_is_an_error_of_the_protocol(asked: Agent) -> None:
    with pytest.raises(MCPError, match="Unknown tool 'nothing'"):
        asked.call("nothing")


def test_what_is_no_callers_business_is_not_said(asked: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "get", lambda *_: 1 / 0)
    refusal = asked.refusal("job_status", job_id="7ad1bf4e-6c1e-4b11-9f4c-4d5cc12f2b46")
    assert refusal == {"code": "internal", "message": "Something went wrong here; the log has the details"}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    return make_repo(tmp_path_factory.mktemp("here") / "repo", FILES)


@pytest.fixture(scope="module")
def asked(module_url: str, here: Repo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    """A client in a folder whose repository is indexed."""
    folder = tmp_path_factory.mktemp("asked")
    settings = Settings().model_copy(update={"database_url": module_url, "temp_dir": folder, "data_dir": folder})
    with Database(module_url) as database:
        session = Session(settings, database, local_owner(database))
        job = requests.submit(database, session.owner.id, IndexRequest(str(here.path), "repo"))
        perform(database, settings, job.id, worker="this process")
        with (
            Background(session) as background,
            agent(make_server(LocalDesk(session, background)), roots=[here.path]) as it,
        ):
            yield it
