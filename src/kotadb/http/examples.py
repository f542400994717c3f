"""What the API's document shows of each question: what may be asked, and what came of it when it was."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from kotadb.questions.table import QUESTIONS


@cache
def _examples() -> dict[str, dict[str, Any]]:
    """By question what was `asked` and its `answer`; made by benchmarks/examples.py."""
    examples: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("examples.json").read_text("utf-8"))
    return examples


def add_examples(document: dict[str, Any]) -> None:
    """Put them into an OpenAPI document, at the parameters or the body and at the answer of each question."""
    for name, example in _examples().items():
        operation = document["paths"][f"/{name}"]["post" if QUESTIONS[name].in_body else "get"]
        for parameter in operation.get("parameters", ()):
            if parameter["name"] in example["asked"]:
                parameter["example"] = example["asked"][parameter["name"]]
        if "requestBody" in operation:
            operation["requestBody"]["content"]["application/json"]["example"] = example["asked"]
        operation["responses"]["200"]["content"]["application/json"]["example"] = example["answer"]
