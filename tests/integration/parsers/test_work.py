"""What parser processes really do: the facts are the ones that come of the same text in this process."""

import subprocess
import sys

from kotadb.languages import load
from kotadb.model import TEXT, SkipReason
from kotadb.parsers.pool import Parsed, ParseRequest, ParserPool, Unparsed
from kotadb.pipeline.extract import extract, text_facts
from kotadb.pipeline.packing import PackedFacts, pack
from kotadb.settings import Settings

SOURCE = b"def f(a: int) -> int:\n    return a\n"


def test_facts_of_source_and_of_text(settings: Settings) -> None:
    requests = [ParseRequest(0, "python", SOURCE), ParseRequest(1, TEXT, SOURCE)]
    with ParserPool(settings) as pool:
        outcomes = {outcome.key: outcome for outcome in pool.run(requests)}
    code, text = outcomes[0], outcomes[1]
    assert isinstance(code, Parsed)
    assert isinstance(text, Parsed)
    python = load("python")
    assert PackedFacts.of_bytes(code.facts) == pack(extract(SOURCE, python), "python")
    assert PackedFacts.of_bytes(text.facts) == pack(text_facts(SOURCE), TEXT)
    assert code.parse_seconds > 0
    assert code.symbols_seconds > 0


def test_memory_that_runs_out_in_native_code_is_told_from_a_crash(settings: Settings) -> None:
    """Of what this could mean tree-sitter follows so many ways that it would take more than a gigabyte."""
    with ParserPool(settings) as pool:
        (outcome,) = pool.run([ParseRequest(0, "python", b"[a," * 300_000)])
    assert outcome == Unparsed(0, SkipReason.PARSER_MEMORY)


def test_what_a_process_imports() -> None:
    """No SQL driver and nothing that reads settings; the rest of the service is not there to be attacked."""
    script = "import sys, kotadb.parsers.child, kotadb.parsers.work; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, check=True)
    assert not {"psycopg", "procrastinate", "pydantic", "structlog", "fastapi"} & set(done.stdout.decode().split())
