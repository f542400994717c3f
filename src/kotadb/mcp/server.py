"""The tools: one for each question, `index_repository` and `job_status`."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, NamedTuple

from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from mcp.types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    InputRequiredResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
    ToolAnnotations,
)
from starlette.concurrency import run_in_threadpool

from kotadb import __version__
from kotadb.mcp import schemas
from kotadb.mcp.bounds import as_text, fitting, within
from kotadb.mcp.descriptions import INSTRUCTIONS, description
from kotadb.mcp.desk import AskClient, Call, Context, Desk, Waited, Wanted
from kotadb.mcp.refusals import refusal
from kotadb.questions.asking import Question, ask, parsed
from kotadb.questions.describe import describe_job
from kotadb.questions.table import QUESTIONS

READ_ONLY = ToolAnnotations(read_only_hint=True, open_world_hint=False)
INDEXES = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=True)


class Offer(NamedTuple):
    """A tool, and what is done when it is called."""

    tool: Tool
    run: Callable[[Call], Awaitable[dict[str, Any]]]


def make_server(desk: Desk) -> Server[Any]:
    """A server of the protocol whose tools answer at this desk."""
    offers = {offer.tool.name: offer for offer in _offers(desk)}

    async def list_tools(context: Context, params: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=[offer.tool for offer in offers.values()])

    async def call_tool(context: Context, params: CallToolRequestParams) -> CallToolResult | InputRequiredResult:
        if params.name not in offers:
            raise MCPError(INVALID_PARAMS, f"Unknown tool {ascii(params.name)[:100]}")
        return await _answered(offers[params.name], Call(context, params))

    return Server(
        "kotadb",
        version=__version__,
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


async def _answered(offer: Offer, call: Call) -> CallToolResult | InputRequiredResult:
    try:
        answer = await offer.run(call)
    except AskClient as needed:
        return InputRequiredResult(input_requests=needed.asked)
    except Exception as error:
        return CallToolResult(content=[TextContent(text=as_text(refusal(error)))], is_error=True)
    return CallToolResult(content=[TextContent(text=as_text(answer))], structured_content=answer)


def _offers(desk: Desk) -> list[Offer]:
    return [*(_question(desk, question) for question in QUESTIONS.values()), _indexing(desk), _status(desk)]


def _question(desk: Desk, question: Question) -> Offer:
    tool = Tool(
        name=question.name,
        description=description(question),
        input_schema=schemas.taken(question.parameters, has_default=desk.has_default),
        output_schema=schemas.given(),
        annotations=READ_ONLY,
    )

    async def run(call: Call) -> dict[str, Any]:
        asked = question.asked(await desk.completed(call))
        not_yet = await desk.not_yet(call, asked)
        if not_yet is not None:
            return not_yet
        answer = partial(ask, desk.database, desk.owner_id(call), question)
        return await run_in_threadpool(within, answer, asked, desk.settings.mcp_max_tokens)

    return Offer(tool, run)


def _indexing(desk: Desk) -> Offer:
    tool = Tool(
        name="index_repository",
        description="Index a repository, or index it again after new commits; what is not committed is not indexed. "
        "Waits for the end of the job; where that takes longer, go on with `job_status`.",
        input_schema=schemas.taken(Wanted, has_default=desk.has_default),
        output_schema=schemas.given_job(),
        annotations=INDEXES,
    )

    async def run(call: Call) -> dict[str, Any]:
        wanted = parsed(Wanted, await desk.completed(call))
        job = await desk.ended(call, await desk.index(call, wanted), wanted.wait)
        return fitting(describe_job(job), desk.settings.mcp_max_tokens)

    return Offer(tool, run)


def _status(desk: Desk) -> Offer:
    tool = Tool(
        name="job_status",
        description="How far a job of indexing is, and how it ended. Waits for its end.",
        input_schema=schemas.taken(Waited, has_default=desk.has_default),
        output_schema=schemas.given_job(),
        annotations=READ_ONLY,
    )

    async def run(call: Call) -> dict[str, Any]:
        waited = parsed(Waited, call.arguments)
        job = await desk.ended(call, await desk.find(call, waited.job_id), waited.wait)
        return fitting(describe_job(job), desk.settings.mcp_max_tokens)

    return Offer(tool, run)
