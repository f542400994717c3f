"""How every question is asked: of one index, in one snapshot, with parameters that all front ends share, and answered
in one envelope.

A question is a class of parameters and a function from a `Scope` and these to `Found`. Front ends know neither: they
hand parameters to `ask`.
"""

import base64
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from posixpath import normpath
from typing import Any, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from kotadb.errors import IndexChanged, InvalidCursor, InvalidInput, NotFound
from kotadb.git.sources import parse_remote
from kotadb.model import Index, Repository, Verdict
from kotadb.postgres import repositories
from kotadb.postgres.database import Connection, Database
from kotadb.questions.behind import behind

Model = TypeVar("Model", bound=BaseModel)

FIRST_WITH_DEPENDENCIES = 2
"""The first version of the extractor that looked for imports and references."""

MAX_PAGE = 200
MAX_OFFSET = 2**31

_STORABLE = re.compile(r"[^\0\ud800-\udfff]*")


class Tagged(StrEnum):
    """What becomes of files with some tag."""

    INCLUDE = "include"
    EXCLUDE = "exclude"
    ONLY = "only"

    def wants(self, *, has_tag: bool) -> bool:
        """Whether a file that has the tag, or has it not, is wanted."""
        return self is Tagged.INCLUDE or has_tag == (self is Tagged.ONLY)


class Parameters(BaseModel):
    """What every question takes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    repository: str = Field(
        min_length=1, max_length=2048, description="id, owner/name, https URL, or path of a local repository"
    )
    ref: str | None = Field(
        default=None, max_length=255, description="the index of this branch, tag or commit; HEAD's by default"
    )

    @field_validator("*")
    @classmethod
    def _is_text(cls, value: Any) -> Any:
        texts = value if isinstance(value, list | tuple) else (value,)
        if any(isinstance(text, str) and not _STORABLE.fullmatch(text) for text in texts):
            raise ValueError("NUL and lone surrogates are in no text that is indexed")
        return value


class PagedParameters(Parameters):
    """What questions take whose answers come in pages."""

    limit: int = Field(default=50, ge=1, le=MAX_PAGE, description="items on a page")
    cursor: str | None = Field(default=None, max_length=2000, description="`next_cursor` of the page before")


@dataclass(frozen=True)
class Scope:
    """What a question is asked of: an index, as one snapshot of the database has it."""

    connection: Connection
    repository: Repository
    index: Index

    @cached_property
    def version(self) -> str:
        """Names what the index holds now: a cursor of another version leads nowhere."""
        assert self.index.indexed_at is not None
        return f"{self.index.index_id}.{self.index.indexed_at.timestamp():.6f}"

    def position(self, cursor: str | None) -> Any:
        """Where the page begins that a cursor leads to, as `Found.following` said it; None for the first one.

        Raises InvalidCursor, and IndexChanged if the index is another one by now.
        """
        if cursor is None:
            return None
        try:
            version, position = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True))
        except (ValueError, TypeError, RecursionError):
            raise InvalidCursor from None
        if version != self.version:
            raise IndexChanged
        return position

    def offset(self, cursor: str | None) -> int:
        """The same for pages that begin at a number of items. Raises InvalidCursor for one that is none."""
        position = self.position(cursor)
        if position is None:
            return 0
        if not isinstance(position, int) or not 0 <= position <= MAX_OFFSET:
            raise InvalidCursor
        return position

    def cursor(self, position: Any) -> str | None:
        """The cursor for a position, which is any JSON value; None for None."""
        if position is None:
            return None
        return base64.urlsafe_b64encode(json.dumps([self.version, position]).encode()).decode().rstrip("=")


@dataclass(frozen=True)
class Found:
    """What a question found, before it has its envelope."""

    content: Mapping[str, Any]
    doubts: Sequence[str] = ()
    """Clauses that each say why there may be more."""
    skipped: int = 0
    """Files that were not read, or not all of them, and could hold more of the answer."""
    unresolved: int = 0
    """Names and imports on the way whose meaning is not known."""
    unknown: str | None = None
    """A sentence that says why nothing can be told."""
    complete: str = "All that was asked for was read."
    """A sentence that says what makes it complete, where nothing is in doubt."""


Answer = Callable[[Scope, Any], Found]


@dataclass(frozen=True)
class Question:
    """One of the questions that there are."""

    name: str
    parameters: type[Parameters]
    answer: Answer
    in_body: bool = False
    """Whether its parameters are too large for an address: HTTP takes them as the body of a POST."""

    @property
    def summary(self) -> str:
        """What it is for, in a sentence: the first line of its function's docstring."""
        return (self.answer.__doc__ or "").strip().partition("\n")[0]

    @property
    def is_paged(self) -> bool:
        """Whether its answers come in pages."""
        return issubclass(self.parameters, PagedParameters)

    def asked(self, given: Mapping[str, Any]) -> Parameters:
        """Its parameters, from plain values. Raises InvalidInput, naming every one that does not fit."""
        return parsed(self.parameters, given)


def parsed(kind: type[Model], given: Mapping[str, Any]) -> Model:
    """A model of plain values. Raises InvalidInput, naming every one that does not fit."""
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        raise InvalidInput("; ".join(_misfit(item) for item in error.errors())) from None


def _misfit(item: Mapping[str, Any]) -> str:
    name = ".".join(str(part) for part in item["loc"])
    return f"{name}: {item['msg']}" if name else str(item["msg"])


def ask(database: Database, owner_id: UUID, question: Question, parameters: Parameters) -> dict[str, Any]:
    """The answer, as plain JSON values. Raises NotFound and InvalidInput, with advice, and what the question raises."""
    with database.snapshot() as connection:
        repository = find(connection, owner_id, parameters.repository)
        scope = Scope(connection, repository, choose(connection, repository, parameters.ref))
        return _envelope(scope, question.answer(scope, parameters))


def find(connection: Connection, owner_id: UUID, named: str) -> Repository:
    """The owner's repository with that id or address.

    Raises NotFound, also for another owner's, and InvalidRepository.
    """
    try:
        repository = repositories.by_uuid(connection, owner_id, UUID(named))
    except ValueError:
        address = normpath(named) if named.startswith("/") else parse_remote(named).address
        repository = repositories.by_address(connection, owner_id, address)
    if repository is None:
        raise NotFound(
            "This repository has not been indexed: `kotadb index`, `POST /index` or `index_repository` does that"
        )
    return repository


def choose(connection: Connection, repository: Repository, ref: str | None) -> Index:
    """The index of a ref (or of a commit that was indexed alone), by default of HEAD or else the newest.

    Raises NotFound if nothing was stored for it yet.
    """
    found = repositories.stored_index(connection, repository.id, ref or "HEAD")
    if found is None and ref is None:
        found = repositories.last_stored_index(connection, repository.id)
    if found is None:
        at = f" at {ref}" if ref else ""
        raise NotFound(f"Nothing is stored for {repository.name}{at} yet: see its jobs, or index it")
    return found


def current_index(connection: Connection, index: Index) -> Index:
    """The index as this snapshot has it. Raises NotFound if it is gone."""
    current = repositories.index(connection, index.repository_id, index.index_id)
    if current is None or current.indexed_at is None:
        raise NotFound("There is no such index any more")
    return current


def _envelope(scope: Scope, found: Found) -> dict[str, Any]:
    repository, index = scope.repository, scope.index
    assert index.indexed_at is not None
    verdict, reason = _verdict(index, found)
    return {
        "repository": repository.name,
        "repository_id": str(repository.uuid),
        "ref": index.ref,
        "commit_sha": index.commit_sha,
        "indexed_at": index.indexed_at.isoformat(),
        "behind": behind(scope.connection, repository, index),
        "verdict": verdict.value,
        "reason": reason,
        "skipped_files": found.skipped,
        "unresolved": found.unresolved,
        **found.content,
    }


def _verdict(index: Index, found: Found) -> tuple[Verdict, str]:
    if (index.extractor_version or 0) < FIRST_WITH_DEPENDENCIES:
        return Verdict.UNKNOWN, "This was indexed by an older version, which did not look at imports; index it again."
    if found.unknown is not None:
        return Verdict.UNKNOWN, found.unknown
    if found.doubts:
        return Verdict.LOWER_BOUND, f"There may be more: {', '.join(found.doubts)}."
    return Verdict.COMPLETE, found.complete
