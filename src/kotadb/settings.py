"""Settings: one frozen value, read once from the environment (`KOTADB_*`, and `DATABASE_URL`)."""

import os
import re
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from kotadb.errors import ConfigurationError

MIB = 1024 * 1024
MAX_RATE_LIMIT = 10_000_000
"""More is no limit: 0 says so."""


def default_data_dir() -> Path:
    """The XDG data folder, or `/var/lib/kotadb` for root (whose home the unprivileged server could not enter)."""
    if os.geteuid() == 0:
        return Path("/var/lib/kotadb")
    base = os.environ.get("XDG_DATA_HOME", "")
    try:
        return (Path(base) if base.startswith("/") else Path.home() / ".local" / "share") / "kotadb"
    except RuntimeError:  # a user without a home
        raise ConfigurationError("This user has no home: set KOTADB_DATA_DIR") from None


class Settings(BaseSettings):
    """Every setting with its default. Sizes are bytes, times are seconds; the README has the table for users."""

    model_config = SettingsConfigDict(env_prefix="KOTADB_", frozen=True, extra="ignore", env_ignore_empty=True)

    database_url: str | None = Field(default=None, validation_alias="DATABASE_URL", repr=False)
    data_dir: Path = Field(default_factory=default_data_dir)
    temp_dir: Path = Field(default_factory=lambda: Path(tempfile.gettempdir()))
    postgres_bin: Path | None = None

    host: str = "127.0.0.1"
    port: int = Field(default=3000, ge=0, le=65535)
    metrics_host: str = "127.0.0.1"
    metrics_port: int = Field(default=9464, ge=0, le=65535)
    max_body_bytes: int = Field(default=64 * 1024, ge=1)
    max_diff_bytes: int = Field(default=2 * 1024 * 1024, ge=1)
    max_scip_bytes: int = Field(default=512 * MIB, ge=1)
    max_requests: int = Field(default=1000, ge=1)
    rate_limit: int = Field(default=6000, ge=0, le=MAX_RATE_LIMIT)

    workers: int = Field(default=3, ge=0, le=64)
    async_indexing: bool = True
    retry_limit: int = Field(default=3, ge=0, le=100)
    retry_delay: float = Field(default=60, ge=0)
    retry_backoff: float = Field(default=2, ge=1, le=10)
    retry_jitter: float = Field(default=1, ge=0, le=10)
    lease_seconds: float = Field(default=30, gt=0)
    drain_seconds: float = Field(default=30, ge=0)
    keep_queue_days: float = Field(default=7, gt=0)
    keep_jobs_days: float = Field(default=90, gt=0)

    mcp_max_tokens: int = Field(default=8000, ge=500)
    mcp_hosts: Annotated[tuple[str, ...], NoDecode] = ()

    local_roots: Annotated[tuple[Path, ...], NoDecode] = ()
    git_allowed_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    git_ca_file: Path | None = None
    git_proxy: str | None = Field(default=None, repr=False)

    max_job_seconds: float = Field(default=3600, gt=0)
    max_file_bytes: int = Field(default=MIB, ge=1, le=64 * MIB)  # a file is parsed, sent and stored in one piece
    max_files: int = Field(default=200_000, ge=1)
    max_source_bytes: int = Field(default=4096 * MIB, ge=1)
    max_fetch_bytes: int = Field(default=2048 * MIB, ge=MIB)
    max_fetch_seconds: float = Field(default=900, gt=0)
    max_git_memory_bytes: int = Field(default=1024 * MIB, ge=256 * MIB)
    max_worker_memory_bytes: int = Field(default=4096 * MIB, ge=256 * MIB)
    max_parse_seconds: float = Field(default=10, gt=0)
    max_parser_memory_bytes: int = Field(default=512 * MIB, ge=64 * MIB)
    max_parsers: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1)

    log_format: Literal["console", "json"] = "console"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @property
    def max_bytes_with_diff(self) -> int:
        """The largest body of requests that may have a diff in them."""
        return max(self.max_diff_bytes, self.max_body_bytes)

    def as_environment(self) -> dict[str, str]:
        """The variables from which a child process reads these very settings."""
        values = {f"KOTADB_{name.upper()}": value for name, value in self if name != "database_url"}
        return {name: _as_text(name, value) for name, value in values.items() if value is not None}

    def with_log_level(self, default: str) -> Self:
        """The same, quieter or louder than by default unless it was said how loud."""
        return self if "log_level" in self.model_fields_set else self.model_copy(update={"log_level": default})

    @field_validator("local_roots", mode="before")
    @classmethod
    def _split_paths(cls, value: object) -> object:
        return tuple(part for part in value.split(os.pathsep) if part) if isinstance(value, str) else value

    @field_validator("data_dir", "temp_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("git_allowed_hosts")
    @classmethod
    def _host_and_port(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if wrong := [name for name in value if not re.fullmatch(r"[^:/@\s]+:[0-9]{1,5}", name)]:
            raise ValueError(f"write host:port, such as git.corp:443, not {', '.join(wrong)}")
        return value

    @field_validator("git_allowed_hosts", "mcp_hosts", mode="before")
    @classmethod
    def _split_commas(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


@cache
def get_settings() -> Settings:
    """The settings of this process.

    Raises ConfigurationError naming every variable that does not fit.
    """
    return settings_with({})


def settings_with(changes: Mapping[str, object]) -> Settings:
    """The settings that the environment says, but for these, by name. Raises ConfigurationError as `get_settings`."""
    if unknown := sorted(changes.keys() - Settings.model_fields.keys()):
        raise ConfigurationError(f"There is no setting {', '.join(unknown)}")
    given = {"DATABASE_URL" if name == "database_url" else name: value for name, value in changes.items()}
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        raise ConfigurationError("; ".join(_describe(problem) for problem in error.errors())) from None


def _as_text(name: str, value: object) -> str:
    if isinstance(value, tuple):
        return (os.pathsep if name == "KOTADB_LOCAL_ROOTS" else ",").join(str(part) for part in value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _describe(problem: object) -> str:
    assert isinstance(problem, dict)
    field = str(problem["loc"][0])
    name = field if field == "DATABASE_URL" else f"KOTADB_{field.upper()}"
    return f"{name}: {problem['msg'].removeprefix('Value error, ')} (it is {problem['input']!r})"
