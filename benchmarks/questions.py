"""How long questions take over HTTP, on a warm and filled index: `python -m benchmarks.questions PATH`.

The repository at PATH is indexed so many times over (copies in folders of their own, each file with a function of its
own), and each question asked once for each of many different inputs: drawn by a seed from what the index holds, and the
20 symbols and files that most refer to. One caller, one connection; times are from the request to the whole answer.
"""

import argparse
import json
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import psycopg

from benchmarks.performance.figures import percentile
from benchmarks.performance.growth import multiplied
from benchmarks.performance.installation import installed
from benchmarks.performance.report import aligned, number
from kotadb.questions.table import QUESTIONS
from support.service import Service

HUBS = 20
WARM_UP = 50
JOB_SECONDS = 1_800
WAIT_SECONDS = 30

Parameters = dict[str, Any]

# Ids of symbols as questions/symbols.py makes them.
SYMBOLS = """
    select f.path || '#' || s.qualified_name || ':' || s.kind as id, s.name
    from (select distinct file_id, qualified_name, name, kind from kotadb.symbols) s
    join kotadb.indexed_files f using (file_id)
"""
HUB_SYMBOLS = """
    select f.path || '#' || s.qualified_name || ':' || s.kind as id
    from (
        select target_file_id, target_symbol_id, sum(occurrences) as count from kotadb.symbol_references
        where target_symbol_id is not null group by 1, 2 order by 3 desc limit %s) r
    join kotadb.symbols s on (s.file_id, s.symbol_id) = (r.target_file_id, r.target_symbol_id)
    join kotadb.indexed_files f on f.file_id = s.file_id
"""
CLASSES = f"{SYMBOLS} where s.kind in ('class', 'interface')"
HUB_CLASSES = """
    select f.path || '#' || s.qualified_name || ':' || s.kind as id
    from (
        select to_file_id, to_symbol_id, count(*) from kotadb.symbol_relations
        where kind <> 'overrides' group by 1, 2 order by 3 desc limit %s) r
    join kotadb.symbols s on (s.file_id, s.symbol_id) = (r.to_file_id, r.to_symbol_id)
    join kotadb.indexed_files f on f.file_id = s.file_id
"""
FILES = "select path from kotadb.indexed_files where language <> 'text'"
HUB_FILES = """
    select f.path
    from (
        select target_file_id, count(distinct file_id) as count from kotadb.symbol_references
        where target_file_id is not null group by 1 order by 2 desc limit %s) r
    join kotadb.indexed_files f on f.file_id = r.target_file_id
"""
REFERENCES = "select sum(occurrences) from kotadb.symbol_references"


def main(arguments: Sequence[str]) -> int:
    given = _parsed(arguments)
    with multiplied(given.path, given.copies) as checkout, installed() as site:
        unlimited = {"rate_limit": 0, "local_roots": checkout.path.parent}
        with Service(site.url, site.folder / "service", workers=1, **unlimited) as service:
            index(service, checkout.path)
            inputs = _inputs(site.url, random.Random(given.seed), given.inputs)
            results = {
                question: _measured(service.client, question, str(checkout.path), asked)
                for question, asked in inputs.items()
            }
            references = _column(site.url, REFERENCES)[0]
    about = f"{given.path.name}, {given.copies} times: {references:,} references"
    print(f"{about}, {given.inputs:,} inputs of each question\n")
    print(_table(results))
    if given.json is not None:
        given.json.write_text(json.dumps({"references": int(references), "milliseconds": results}))
    return 0


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.questions", description=__doc__)
    parser.add_argument("path", type=Path, help="a git repository; its HEAD is indexed, in copies without history")
    parser.add_argument("--copies", type=int, default=4, help="how many times over")
    parser.add_argument("--inputs", type=int, default=1_000, help="different inputs of each question, beside the hubs")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", type=Path, help="write every time to this file")
    return parser.parse_args(arguments)


def index(service: Service, path: Path) -> None:
    """Have a repository indexed, and what the server knows of its tables brought up to date."""
    job_id, until = service.index(str(path))["job_id"], time.monotonic() + JOB_SECONDS
    job = service.job(job_id)
    while job["status"] in ("pending", "processing") and time.monotonic() < until:
        job = service.client.get(f"/jobs/{job_id}", params={"wait": WAIT_SECONDS}).json()
    assert job["status"] == "completed", job
    with psycopg.connect(service.url, autocommit=True) as connection:
        connection.execute("vacuum analyze")


# ---- what is asked ---------------------------------------------------------------------------------------------------


def _inputs(url: str, dice: random.Random, count: int) -> dict[str, list[tuple[bool, Parameters]]]:
    """The inputs of each question, each with whether it is a hub."""
    symbols = _rows(url, SYMBOLS)
    ids = dice.sample([row[0] for row in symbols], count)
    names = dice.sample(sorted({row[1] for row in symbols}), count)
    files = dice.sample(_column(url, FILES), count)
    classes, hub_classes = _column(url, CLASSES), _column(url, HUB_CLASSES, HUBS)
    hub_symbols, hub_files = _column(url, HUB_SYMBOLS, HUBS), _column(url, HUB_FILES, HUBS)

    def of(name: str, ordinary: Sequence[Any], hubs: Sequence[Any], **more: Any) -> list[tuple[bool, Parameters]]:
        return [
            (is_hub, {name: value, **more}) for is_hub, values in ((True, hubs), (False, ordinary)) for value in values
        ]

    return {
        "symbol": of("symbol", ids, hub_symbols),
        "symbols": of("query", [_typed(name, dice) for name in names], [name[:2] for name in names[:HUBS]]),
        "usages": of("symbol", ids, hub_symbols),
        "hierarchy": of("symbol", dice.sample(classes, min(count, len(classes))), hub_classes),
        "dependencies": of("of", files, hub_files, limit=50),
        "dependents": of("of", files, hub_files, limit=50),
        "search": of("query", [_part(name, dice) for name in names], ["return", "self", "the", "import", "e", "if ("]),
        "impact": of("symbols", [[id_] for id_ in ids], [[id_] for id_ in hub_symbols]),
        "outline": of("path", files, hub_files),
    }


def _typed(name: str, dice: random.Random) -> str:
    """What somebody may type who looks for the name: it, its beginning, or its words cut short."""
    match dice.randrange(3):
        case 0:
            return name
        case 1:
            return name[: max(3, len(name) // 2)]
    return name[:1] + "".join(letter for letter in name[1:] if letter not in "aeiou")


def _part(name: str, dice: random.Random) -> str:
    """What somebody may search for who remembers a part of the name."""
    start = dice.randrange(max(1, len(name) - 3))
    return name[start:]


def _rows(url: str, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(statement, parameters).fetchall()


def _column(url: str, statement: str, *parameters: Any) -> list[Any]:
    return [row[0] for row in _rows(url, statement, *parameters)]


# ---- how long it takes -----------------------------------------------------------------------------------------------


def _measured(
    client: httpx.Client, question: str, repository: str, asked: Sequence[tuple[bool, Parameters]]
) -> dict[str, list[float]]:
    """Milliseconds of each answer, of hubs apart; nothing that is asked to warm up is asked again in its turn."""
    for _, parameters in asked[-WARM_UP:]:
        _ask(client, question, repository, parameters)
    times: dict[str, list[float]] = {"hubs": [], "others": []}
    for is_hub, parameters in asked:
        times["hubs" if is_hub else "others"].append(_ask(client, question, repository, parameters))
    return times


def _ask(client: httpx.Client, question: str, repository: str, parameters: Parameters) -> float:
    began = time.perf_counter()
    asked = {"repository": repository, **parameters}
    if QUESTIONS[question].in_body:
        answer = client.post(f"/{question}", json=asked)
    else:
        answer = client.get(f"/{question}", params=asked)
    took = 1000 * (time.perf_counter() - began)
    if answer.status_code not in (200, 404):
        raise AssertionError(f"{question} {parameters}: {answer.text}")
    return took


FIGURES: dict[str, Callable[[Sequence[float]], float]] = {
    "median ms": lambda times: percentile(times, 50),
    "p99 ms": lambda times: percentile(times, 99),
    "most ms": max,
}


def _table(results: dict[str, dict[str, list[float]]]) -> str:
    return aligned([["question", "inputs", *FIGURES], *_lines(results)])


def _lines(results: dict[str, dict[str, list[float]]]) -> Iterator[list[str]]:
    for question, times in results.items():
        every = [*times["hubs"], *times["others"]]
        for name, values in ((question, every), (f"{question}, hubs", times["hubs"])):
            yield [name, str(len(values)), *(number(figure(values)) for figure in FIGURES.values())]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
