"""`/docs` is made of the OpenAPI document, and of nothing else."""

import base64
import hashlib
import re
from html import escape
from html.parser import HTMLParser
from typing import Any

from kotadb.http import docs

NASTY = "<script>alert(1)</script>\"'&"


def document(text: str) -> dict[str, Any]:
    """A document with this text wherever one can be."""
    body = {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{text}"}}}}
    example = {"content": {"application/json": {**body["content"]["application/json"], "example": {text: [text]}}}}
    operation = {
        "tags": [text], "summary": text, "description": text, "security": [{}], "requestBody": body,
        "parameters": [{"name": text, "in": "query", "required": True, "schema": {"type": text}, "description": text}],
        "responses": {text: {"description": text, **body}, "200": {"description": text, **example}},
    }  # fmt: skip
    schema = {"description": text, "enum": [text], "required": [text], "properties": {text: {"description": text}}}
    info = {"title": text, "version": text, "summary": text}
    return {"info": info, "paths": {text: {text: operation}}, "components": {"schemas": {text: schema}}}


class Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.links: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.links |= {value or "" for name, value in attrs if name in ("href", "src", "action")}


def test_nothing_of_the_document_becomes_a_tag_or_an_attribute() -> None:
    plain, nasty = Tags(docs.render(document("harmless"))), Tags(docs.render(document(NASTY)))
    assert nasty.seen == plain.seen
    assert "script" not in plain.seen
    assert all(link == "openapi.json" or link.startswith("#") for link in nasty.links)


def test_the_page_loads_nothing_and_its_style_is_the_one_that_is_allowed() -> None:
    page = docs.render(document("harmless"))
    [style] = re.findall("<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in docs.CONTENT_SECURITY_POLICY
    assert "url(" not in style
    assert "@import" not in style


def test_each_endpoint_has_an_example_that_can_be_pasted() -> None:
    page = docs.render(document("name"))
    example = 'curl -X NAME -H "Authorization: Bearer $KEY" "$APIname?name=…" -d \'{"name": null}\''
    assert f"<pre>{escape(example)}</pre>" in page


def test_the_example_is_that_of_the_document_where_there_is_one() -> None:
    shown = document("name")
    operation = shown["paths"]["name"]["name"]
    operation["parameters"][0]["example"] = ["src/*.ts", "a b&c#d", True]
    operation["requestBody"] = {"content": {"application/json": {"schema": {}, "example": {"diff": "it's\n"}}}}
    page = docs.render(shown)
    assert escape('"$APIname?name=src/*.ts&name=a%20b%26c%23d&name=true"') in page
    assert escape("""-d '{"diff": "it'"'"'s\\n"}'""") in page
    assert escape('"name": [\n    "name"\n  ]') in page
