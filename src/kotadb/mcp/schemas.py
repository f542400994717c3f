"""JSON schemas of what tools take and give, made from the classes that HTTP documents too."""

from typing import Any

from pydantic import BaseModel

from kotadb.questions.envelope import Answer

DEFAULT_REPOSITORY = (
    "path, owner/name, https URL or id; default: the repository of the client's root, or of the current folder"
)

NULL = {"type": "null"}


def taken(kind: type[BaseModel], *, has_default: bool) -> dict[str, Any]:
    """The schema of parameters. `has_default` where the repository need not be named."""
    schema: dict[str, Any] = _plain(kind.model_json_schema())
    if has_default and "repository" in schema["properties"]:
        schema["properties"]["repository"]["description"] = DEFAULT_REPOSITORY
        schema["required"] = [name for name in schema.get("required", ()) if name != "repository"]
    return schema


def given() -> dict[str, Any]:
    """The schema of an answer: its envelope, with whatever was asked for beside it."""
    schema: dict[str, Any] = _plain(Answer.model_json_schema())
    properties = schema["properties"]
    properties["indexed_at"] = {"anyOf": [properties["indexed_at"], NULL]}  # as long as it is only being indexed
    properties["note"] = {"type": "string", "description": "what is not all there, and how to see the rest"}
    properties["cut"] = {"type": "array", "items": {"type": "object"}, "description": "what was shortened"}
    properties["job"] = {"type": "object", "description": "the job that indexes the repository"}
    return schema


def given_job() -> dict[str, Any]:
    """The schema of a job, as far as agents need it."""
    text: dict[str, Any] = {"type": "string"}
    nothing_or_object = {"anyOf": [{"type": "object"}, NULL]}
    properties = {
        "job_id": text,
        "repository": text,
        "repository_id": text,
        "status": text | {"description": "pending, processing, completed, skipped (was up to date), failed, cancelled"},
        "progress": nothing_or_object | {"description": "the step it is at, how much is done, and of how much"},
        "error": nothing_or_object | {"description": "code and message of what went wrong"},
    }
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": True}


def _plain(schema: Any) -> Any:
    """Without titles, which repeat the names, and which every session would read."""
    if isinstance(schema, list):
        return [_plain(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: {name: _plain(value) for name, value in item.items()} if key in ("properties", "$defs") else _plain(item)
        for key, item in schema.items()
        if not (key == "title" and isinstance(item, str))
    }
