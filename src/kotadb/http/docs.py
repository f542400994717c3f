"""`/docs`: the OpenAPI document as one page, made here. No scripts, and nothing from another host."""

import base64
import hashlib
import json
import shlex
from collections.abc import Iterator, Mapping
from html import escape
from itertools import groupby
from typing import Any
from urllib.parse import quote

Json = Mapping[str, Any]

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
code, pre { font: 14px/1.4 ui-monospace, monospace; background: #8882; border-radius: 4px; padding: 0 .3em; }
pre { padding: .6em; overflow-x: auto; }
article { border-top: 1px solid #8886; margin-top: 2rem; }
table { border-collapse: collapse; } td, th { text-align: left; vertical-align: top; padding: .1em 1em .1em 0; }
:root { color-scheme: light dark; }
"""
_DIGEST = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_DIGEST}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

EXAMPLES = {"string": "…", "integer": 1, "number": 1.0, "boolean": False}


def render(document: Json) -> str:
    """The page. Whatever comes from the document is escaped."""
    title = escape(document["info"]["title"])
    operations = sorted(_operations(document), key=lambda found: found[2]["tags"][0])
    parts = [
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}: API</title>',
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head><body>',
        f"<h1>{title} {escape(document['info']['version'])}</h1><p>{escape(document['info']['summary'])}",
        "The same for programs: <a href='openapi.json'>openapi.json</a>.</p>",
    ]
    for tag, group in groupby(operations, key=lambda found: found[2]["tags"][0]):
        parts.append(f"<h2>{escape(tag)}</h2>")
        parts += [_operation(document, *found) for found in group]
    parts.append("<h2>Bodies</h2>")
    parts += [_schema(name, schema) for name, schema in document["components"]["schemas"].items()]
    return "\n".join([*parts, "</body></html>"])


def _operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield method.upper(), path, operation


def _operation(document: Json, method: str, path: str, operation: Json) -> str:
    parameters = [
        [f"<code>{escape(item['name'])}</code>", escape(item["in"]) + ("" if item["required"] else ", optional"),
         _kind(item["schema"]), escape(item.get("description", ""))]
        for item in operation.get("parameters", ())
    ]  # fmt: skip
    answers = [
        [escape(status), _content(answer), escape(answer["description"])]
        for status, answer in operation["responses"].items()
    ]
    body = operation.get("requestBody")
    return "\n".join([
        f"<article><h3><code>{escape(method)} {escape(path)}</code></h3>",
        f"<p>{escape(operation.get('description') or operation['summary'])}</p>",
        _table(("Parameter", "in", "type", ""), parameters),
        f"<p>Body: {_content(body)}</p>" if body else "",
        _table(("Answer", "body", ""), answers),
        f"<pre>{escape(_curl(document, method, path, operation))}</pre>",
        *_answers(operation),
        "</article>",
    ])  # fmt: skip


def _answers(operation: Json) -> Iterator[str]:
    """What is answered to that, where the document shows it."""
    for answer in operation["responses"].values():
        if answer.get("content") and "example" in _media(answer):
            shown = json.dumps(_media(answer)["example"], indent=2, ensure_ascii=False)
            yield f"<details><summary>An answer</summary><pre>{escape(shown)}</pre></details>"


def _curl(document: Json, method: str, path: str, operation: Json) -> str:
    words = ["curl"] if method == "GET" else ["curl", "-X", method]
    words += ['-H "Authorization: Bearer $KEY"'] if operation.get("security") else []
    asked = [
        f"{item['name']}={value}"
        for item in operation.get("parameters", ())
        if item["in"] == "query" and (item["required"] or "example" in item)
        for value in _values(item)
    ]
    words.append(f'"$API{path}{"?" if asked else ""}{"&".join(asked)}"')
    if "requestBody" in operation:
        body = json.dumps(_example(document, operation["requestBody"]), ensure_ascii=False)
        words.append(f"-d {shlex.quote(body)}")
    return " ".join(words)


def _values(parameter: Json) -> list[str]:
    """The values that are shown, as an address has them."""
    if "example" not in parameter:
        return ["…"]
    example = parameter["example"]
    values = example if isinstance(example, list) else [example]
    return [quote(value if isinstance(value, str) else json.dumps(value), safe="/:*") for value in values]


def _example(document: Json, body: Json) -> Any:
    """The body that is shown, or the fields that one must have."""
    if "example" in _media(body):
        return _media(body)["example"]
    schema = _media(body)["schema"]
    schema = document["components"]["schemas"].get(_name(schema), schema)
    return {field: EXAMPLES.get(schema["properties"][field].get("type")) for field in schema.get("required", ())}


def _schema(name: str, schema: Json) -> str:
    required = schema.get("required", ())
    rows = [
        [f"<code>{escape(field)}</code>", _kind(kind) + ("" if field in required else ", optional"),
         escape(kind.get("description", ""))]
        for field, kind in schema.get("properties", {}).items()
    ]  # fmt: skip
    values = " ".join(f"<code>{escape(str(value))}</code>" for value in schema.get("enum", ()))
    about = f"<p>{escape(schema.get('description', ''))} {values}</p>"
    return f'<article><h3 id="{escape(name)}">{escape(name)}</h3>{about}{_table(("Field", "type", ""), rows)}</article>'


def _content(holder: Json) -> str:
    return _kind(_media(holder)["schema"]) if holder.get("content") else "none"


def _media(holder: Json) -> Json:
    media: Json = next(iter(holder["content"].values()))
    return media


def _name(schema: Json) -> str:
    return str(schema.get("$ref", "").rpartition("/")[2])


def _kind(schema: Json) -> str:
    """What a schema asks for in a few words; a body that has a name is a link."""
    if name := escape(_name(schema)):
        return f'<a href="#{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_kind(choice) for choice in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema['items'])}"
    return escape(schema.get("format") or schema.get("type", "any"))


def _table(columns: tuple[str, ...], rows: list[list[str]]) -> str:
    """A table of cells that are HTML already; nothing if it has no rows."""
    lines = [f"<tr><td>{'</td><td>'.join(row)}</td></tr>" for row in rows]
    return f"<table><tr><th>{'</th><th>'.join(columns)}</th></tr>{''.join(lines)}</table>" if rows else ""
