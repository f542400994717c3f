"""The questions as functions: `kotadb.open()` gives an object with one for each.

::

    import kotadb

    with kotadb.open() as k:
        k.index(".")
        k.dependents(".", of="src/a.py")["files"]

Answers are the same plain values that HTTP and `--json` give, errors those of `kotadb.errors`. What is indexed is
shared with the command line: its database, its owner `local`, its settings.
"""

from collections.abc import Callable
from contextlib import ExitStack
from inspect import Parameter, Signature
from os import PathLike, fspath
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from pydantic import BaseModel

from kotadb.errors import InvalidInput
from kotadb.jobs import requests
from kotadb.local.following import follow_to_its_end
from kotadb.local.session import Session, index_request, indexed_repository, opened
from kotadb.logs import leave_logs_to_the_program
from kotadb.questions.asking import Question, ask
from kotadb.questions.describe import describe_job
from kotadb.questions.table import QUESTIONS
from kotadb.settings import settings_with

Repository = str | PathLike[str] | None
"""A path, `owner/name`, https URL or id; None is the repository around the current folder."""

QUIET = "warning"


class Kotadb:
    """An open kotadb; a context manager. Beside the functions here it has one for each question.

    Each takes the repository first, and what the question takes by name. Raises what `kotadb.errors` has: NotFound,
    InvalidInput, Ambiguous, which has the `candidates`, and IndexChanged for an old cursor.
    """

    def __init__(self, **settings: Any) -> None:
        self._stack = ExitStack()
        self._settings = settings_with(settings).with_log_level(QUIET)
        self._opened: Session | None = None

    if TYPE_CHECKING:  # the functions for questions are made of their table

        def __getattr__(self, name: str) -> Callable[..., dict[str, Any]]: ...

    def __enter__(self) -> Self:
        leave_logs_to_the_program()
        self._opened = self._stack.enter_context(opened(self._settings))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened = None
        self._stack.close()

    def index(
        self,
        repository: Repository = None,
        *,
        ref: str | None = None,
        commit: str | None = None,
        force: bool = False,
        wait: bool = True,
    ) -> dict[str, Any]:
        """Have a repository indexed; the job, as it ended or, without `wait`, as it began.

        Whether it did well is in its `status`: `completed`, or `skipped` if it was up to date. Workers that are alive
        do it, or else one of our own while we wait. An interrupt cancels what only ours does.
        """
        session = self._session
        request = index_request(session, _named(repository), ref, commit, force=force)
        job = requests.submit(session.database, session.owner.id, request)
        return describe_job(follow_to_its_end(session, job) if wait else job)

    def job(self, job_id: str | UUID) -> dict[str, Any]:
        """A job as it is now. Raises NotFound."""
        session = self._session
        return describe_job(requests.get(session.database, _id(job_id), session.owner.id))

    def wait(self, job_id: str | UUID) -> dict[str, Any]:
        """A job as it ended, seeing to it that somebody works on it, as `index` does. Raises NotFound."""
        session = self._session
        job = requests.get(session.database, _id(job_id), session.owner.id)
        return describe_job(follow_to_its_end(session, job))

    def _ask(self, question: Question, repository: Repository, given: dict[str, Any]) -> dict[str, Any]:
        session = self._session
        found = indexed_repository(session, _named(repository)).repository
        asked = question.asked({**given, "repository": str(found.uuid)})
        return ask(session.database, session.owner.id, question, asked)

    @property
    def _session(self) -> Session:
        if self._opened is None:
            raise InvalidInput("kotadb is not open: write `with kotadb.open() as k:`")
        return self._opened


def open_kotadb(**settings: Any) -> Kotadb:
    """kotadb on this machine, to be used in a `with` statement.

    `settings` are those of `kotadb.settings` by name, such as `database_url` or `data_dir`; the environment has the
    others, as for the command line. Raises ConfigurationError.
    """
    return Kotadb(**settings)


def _named(repository: Repository) -> str | None:
    return None if repository is None else fspath(repository)


def _id(job_id: str | UUID) -> UUID:
    try:
        return UUID(str(job_id))
    except ValueError:
        raise InvalidInput(f"{job_id!r} is not the id of a job") from None


def _function(question: Question) -> Callable[..., dict[str, Any]]:
    """The function for a question, documented and with a signature, as if it was written by hand."""

    def function(self: Kotadb, repository: Repository = None, **given: Any) -> dict[str, Any]:
        return self._ask(question, repository, given)

    function.__name__ = question.name
    function.__qualname__ = f"{Kotadb.__name__}.{question.name}"
    function.__doc__ = f"{question.answer.__doc__}\n\n{_documented(question.parameters)}"
    function.__signature__ = _signature(question.parameters)  # type: ignore[attr-defined]
    return function


def _documented(parameters: type[BaseModel]) -> str:
    return "\n".join(f"{name}: {field.description}" for name, field in parameters.model_fields.items())


def _signature(parameters: type[BaseModel]) -> Signature:
    by_name = [
        Parameter(
            name,
            Parameter.KEYWORD_ONLY,
            default=Parameter.empty if field.is_required() else field.get_default(call_default_factory=True),
            annotation=field.annotation,
        )
        for name, field in parameters.model_fields.items()
        if name != "repository"
    ]
    first = [
        Parameter("self", Parameter.POSITIONAL_OR_KEYWORD),
        Parameter("repository", Parameter.POSITIONAL_OR_KEYWORD, default=None, annotation=Repository),
    ]
    return Signature([*first, *by_name], return_annotation=dict[str, Any])


for _question in QUESTIONS.values():
    setattr(Kotadb, _question.name, _function(_question))
