"""What every answer looks like, for documents and schemas of it."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from kotadb.model import Verdict


class Behind(BaseModel):
    """Why there may be something newer than the index."""

    code: str
    message: str


class Answer(BaseModel):
    """The envelope of every answer; what was asked for is beside it."""

    model_config = ConfigDict(extra="allow")

    repository: str
    repository_id: UUID
    ref: str | None
    commit_sha: str | None
    indexed_at: datetime
    behind: list[Behind]
    verdict: Verdict = Field(description="`complete`, `lower_bound` (there may be more) or `unknown`")
    reason: str = Field(description="why, in a sentence")
    skipped_files: int = Field(description="files that were not read, or not all of them, and could hold more")
    unresolved: int = Field(description="names and imports on the way whose meaning is not known")
