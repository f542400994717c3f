"""SQL by name: each `.sql` file here holds statements under `-- name: …` lines. Nothing assembles SQL text."""

import re
from functools import cache
from importlib import resources
from typing import LiteralString, cast

_NAME = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)


@cache
def _load(file: str) -> dict[str, LiteralString]:
    text = (resources.files(__name__) / f"{file}.sql").read_text("utf-8")
    _, *parts = _NAME.split(text)
    # The files are part of the program, as trustworthy as string literals.
    return {name: cast("LiteralString", body.strip()) for name, body in zip(parts[::2], parts[1::2], strict=True)}


def query(name: str) -> LiteralString:
    """The statement called `file.name`. Raises KeyError if there is none."""
    file, _, statement = name.partition(".")
    return _load(file)[statement]
