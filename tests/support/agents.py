"""A real client of the Model Context Protocol, called from tests that are not asynchronous."""

import json
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp.client.client import Client
from mcp.client.context import ClientRequestContext
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult, ListRootsResult, Root, TextContent, Tool

PROGRAM = [sys.executable, "-P", "-m", "kotadb", "mcp"]
MODES = ("legacy", "auto")
"""Protocols with a handshake, and those where each request stands alone."""


@dataclass(frozen=True)
class Agent:
    """A client that is connected."""

    portal: BlockingPortal
    client: Client

    def tools(self) -> dict[str, Tool]:
        found: list[Tool] = self.portal.call(self.client.list_tools).tools
        return {tool.name: tool for tool in found}

    def call(self, tool: str, **arguments: Any) -> CallToolResult:
        result: CallToolResult = self.portal.call(self.client.call_tool, tool, arguments)
        return result

    def ask(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The answer; it is the same as text and as a value."""
        result = self.call(tool, **arguments)
        assert not result.is_error, result.content
        [content] = result.content
        assert isinstance(content, TextContent)
        answer = json.loads(content.text)
        assert answer == result.structured_content
        assert isinstance(answer, dict)
        return answer

    def refusal(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """What is said of a call that failed."""
        result = self.call(tool, **arguments)
        assert result.is_error
        [content] = result.content
        assert isinstance(content, TextContent)
        refusal = json.loads(content.text)
        assert isinstance(refusal, dict)
        return refusal


@contextmanager
def agent(server: Any, mode: str = "auto", roots: Sequence[Path] | None = None) -> Iterator[Agent]:
    """A client of a server: in this process, a transport, or a program. `roots` are the folders it works in."""

    async def list_roots(context: ClientRequestContext) -> ListRootsResult:
        return ListRootsResult(roots=[Root(uri=path.as_uri()) for path in roots or ()])  # type: ignore[arg-type]

    client = Client(server, mode=mode, list_roots_callback=None if roots is None else list_roots)
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(client):
        yield Agent(portal, client)


def program(environment: Mapping[str, str], folder: Path) -> StdioServerParameters:
    """`kotadb mcp`, started in this folder. A warning that it gives is an error."""
    strict = {"PYTHONWARNINGS": "error"}
    return StdioServerParameters(command=PROGRAM[0], args=PROGRAM[1:], env=dict(environment) | strict, cwd=folder)


@asynccontextmanager
async def remote(url: str, key: str) -> AsyncIterator[Any]:
    """The transport to /mcp of a service, with this key."""
    headers = {"Authorization": f"Bearer {key}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=60) as http_client,
        streamable_http_client(f"{url}/mcp", http_client=http_client) as streams,
    ):
        yield streams
