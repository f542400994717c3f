"""The folders that a client works in, as it says itself, and the repositories around them."""

import asyncio
from pathlib import Path
from urllib.parse import unquote, urlsplit

from mcp.shared.exceptions import MCPError
from mcp.types import ClientCapabilities, ListRootsRequest, ListRootsResult, RootsCapability
from mcp.types.version import HANDSHAKE_PROTOCOL_VERSIONS

from kotadb.errors import Ambiguous, InvalidRepository
from kotadb.git.sources import LocalSource, parse_local
from kotadb.logs import get_logger
from kotadb.mcp.desk import AskClient, Call

ROOTS = "roots"
PATIENCE_SECONDS = 5

log = get_logger(__name__)


async def folders(call: Call) -> list[Path]:
    """The client's roots; none if it has none, or does not say. Raises AskClient."""
    if not call.context.session.check_client_capability(ClientCapabilities(roots=RootsCapability())):
        return []
    if call.context.protocol_version not in HANDSHAKE_PROTOCOL_VERSIONS:  # these servers send no requests of their own
        return _paths(_answered(call))
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return _paths(await call.context.session.send_request(ListRootsRequest(), ListRootsResult))
    except (TimeoutError, MCPError) as error:
        log.warning("the client does not say what its roots are", error=str(error))
        return []


def _answered(call: Call) -> ListRootsResult:
    answer = call.responses.get(ROOTS)
    if answer is None:
        raise AskClient({ROOTS: ListRootsRequest()})
    if not isinstance(answer, ListRootsResult):
        raise InvalidRepository("The client was asked for its roots and answered something else.")
    return answer


def _paths(answer: ListRootsResult) -> list[Path]:
    return [Path(unquote(urlsplit(str(root.uri)).path)) for root in answer.roots]


def repositories(folders: list[Path]) -> list[LocalSource]:
    """The repositories in or around these folders, each once."""
    found: dict[Path, LocalSource] = {}
    for folder in folders:
        try:
            source = parse_local(str(folder))
        except InvalidRepository:
            continue
        found.setdefault(source.path, source)
    return list(found.values())


def default(roots: list[Path], current: Path) -> LocalSource:
    """The repository that is meant where none is named: the roots', or else the current folder's.

    Raises InvalidRepository if there is none, and Ambiguous.
    """
    if not roots:
        return parse_local(str(current))
    found = repositories(roots)
    if not found:
        raise InvalidRepository(
            f"There is no git repository at {', '.join(map(str, roots))}: name one as `repository`."
        )
    if len(found) > 1:
        candidates = [{"repository": source.address} for source in found]
        raise Ambiguous("There are several repositories here: name one of them as `repository`", candidates)
    return found[0]
