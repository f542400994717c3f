"""Search against ripgrep, and its time beside that of ripgrep and codesearch: `python -m benchmarks.search PATH`.

What is indexed of the repository's HEAD, and no other file, is searched by all three for the same literals and regular
expressions, drawn by a seed from its lines. Each is timed from its start to its end: a process of ripgrep and one of
codesearch, which print every line that matches, and the first page of `GET /search`. All pages together must have the
same lines, by path and number, as ripgrep prints; of queries with more than 4,000 lines, those of 20 pages must be some
of them. `\\b`, `\\s` and `\\W` are those of RE2, which know ASCII alone: ripgrep is told so.
"""

import argparse
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg

from benchmarks.performance.checkout import Checkout, checked_out
from benchmarks.performance.figures import percentile
from benchmarks.performance.installation import installed
from benchmarks.performance.report import aligned, number
from benchmarks.questions import index
from support.service import Service

PAGE, PAGES = 200, 20
SHOWN = 10
RIPGREP = ["rg", "--no-config", "-uuu", "--text", "--crlf", "--line-number", "--no-heading", "--null", "--color=never"]
NAME = re.compile(r"[A-Za-z_][A-Za-z_0-9]{2,}")

Places = set[tuple[str, int]]
"""Paths, and numbers of lines in them."""


@dataclass(frozen=True)
class Query:
    """What is searched for."""

    text: str
    regex: bool
    case: bool
    word: bool

    def parameters(self) -> dict[str, Any]:
        return {"query": self.text, "regex": self.regex, "case": self.case, "word": self.word}

    def ripgrep(self) -> list[str]:
        flags = [] if self.regex else ["--fixed-strings"]
        flags += [] if self.case else ["--ignore-case"]
        pattern = re.sub(r"\\[bsW]", r"(?-u:\g<0>)", self.text) if self.regex else self.text
        return [*RIPGREP, *flags, *(["--word-regexp"] if self.word else []), "--regexp", pattern, "."]

    def codesearch(self) -> list[str]:
        pattern = self.text if self.regex else re.escape(self.text)
        flags = [] if self.case else ["-i"]
        return ["csearch", "-n", *flags, f"\\b(?:{pattern})\\b" if self.word else pattern]


@dataclass(frozen=True)
class Compared:
    """Milliseconds for one query, and the lines that only one of two found."""

    query: Query
    lines: int
    milliseconds: dict[str, float]
    only_ours: Places
    only_ripgreps: Places


def main(arguments: Sequence[str]) -> int:
    given = _parsed(arguments)
    with (
        checked_out(given.path) as checkout,
        installed() as site,
        Service(site.url, site.folder / "service", rate_limit=0, local_roots=checkout.path.parent) as service,
    ):
        index(service, checkout.path)
        _keep_only_indexed(checkout, site.url)
        queries = _queries(checkout.path, random.Random(given.seed), given.queries)
        environment = _codesearch_index(checkout.path, site.folder)
        results = [_compared(service.client, checkout.path, environment, query) for query in queries]
    print(_report(given.path.name, results))
    return 0


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search", description=__doc__)
    parser.add_argument("path", type=Path, help="a git repository")
    parser.add_argument("--queries", type=int, default=240)
    parser.add_argument("--seed", type=int, default=7)
    return parser.parse_args(arguments)


def _keep_only_indexed(checkout: Checkout, url: str) -> None:
    with psycopg.connect(url) as connection:
        kept = {row[0] for row in connection.execute("select path from kotadb.indexed_files")}
    for folder, folders, files in os.walk(checkout.path):
        folders[:] = [name for name in folders if name != ".git"]
        for path in (Path(folder, name) for name in files):
            if str(path.relative_to(checkout.path)) not in kept:
                path.unlink()
    (checkout.path / ".git").rename(checkout.path.parent / "git")  # which ripgrep would search, too


# ---- what is searched for --------------------------------------------------------------------------------------------


def _queries(folder: Path, dice: random.Random, count: int) -> list[Query]:
    """Different ones, in turn of each kind, drawn from lines that are there; some of them are changed to be nowhere."""
    lines = sorted({line.strip() for path in folder.rglob("*") if path.is_file() for line in _lines(path)})
    found: dict[Query, None] = {}
    while len(found) < count:
        kind = KINDS[len(found) % len(KINDS)]
        if text := kind(dice.choice(lines), dice):
            case, word = dice.random() < 0.5, kind is _word
            found[Query(text, kind in EXPRESSIONS, case, word)] = None
    return list(found)


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_bytes().decode("utf-8", "ignore").splitlines() if line.isprintable()]


def _name(line: str, dice: random.Random) -> str:
    names = NAME.findall(line)
    return dice.choice(names) if names else ""


def _part(line: str, dice: random.Random) -> str:
    name = _name(line, dice)
    return name[dice.randrange(max(1, len(name) - 3)) :]


def _word(line: str, dice: random.Random) -> str:
    return _name(line, dice)


def _piece(line: str, dice: random.Random) -> str:
    start = dice.randrange(max(1, len(line) - 8))
    return line[start : start + dice.randrange(4, 40)].strip()


def _nowhere(line: str, dice: random.Random) -> str:
    return _name(line, dice)[::-1]


def _bounded(line: str, dice: random.Random) -> str:
    name = _name(line, dice)
    return rf"\b{name}\b" if name else ""


def _called(line: str, dice: random.Random) -> str:
    part = _part(line, dice)
    return rf"{part}\(.*\)" if part else ""


def _begun(line: str, dice: random.Random) -> str:
    return rf"^\s*(?:def|class|function|export|import|from)\s+{_name(line, dice)[:4]}"


def _either(line: str, dice: random.Random) -> str:
    names = sorted({name for name in NAME.findall(line) if len(name) > 4})
    return "|".join(names[:3])


def _open(line: str, dice: random.Random) -> str:
    name = _name(line, dice)
    return rf"{name[:3]}[a-z_]+{name[-1:]}\W" if len(name) > 5 else ""


KINDS: list[Callable[[str, random.Random], str]] = [
    _name, _part, _word, _piece, _nowhere, _bounded, _called, _begun, _either, _open,
]  # fmt: skip
EXPRESSIONS = (_bounded, _called, _begun, _either, _open)


# ---- who finds it ----------------------------------------------------------------------------------------------------


def _codesearch_index(folder: Path, output: Path) -> dict[str, str]:
    """The environment in which codesearch searches the folder."""
    environment = os.environ | {"CSEARCHINDEX": str(output / "codesearch")}
    subprocess.run(["cindex", str(folder)], env=environment, check=True, capture_output=True)
    return environment


def _compared(client: httpx.Client, folder: Path, environment: Mapping[str, str], query: Query) -> Compared:
    began = time.perf_counter()
    first = _page(client, folder, query, None)
    ours = time.perf_counter() - began
    printed, ripgreps = _run(query.ripgrep(), folder, os.environ)
    _, codesearchs = _run(query.codesearch(), folder, environment)
    found, expected = _pages(client, folder, query, first), _printed(printed)
    seconds = {"search": ours, "ripgrep": ripgreps, "codesearch": codesearchs}
    milliseconds = {name: 1000 * spent for name, spent in seconds.items()}
    missing = expected - found if len(expected) <= PAGE * PAGES else set()
    return Compared(query, len(expected), milliseconds, found - expected, missing)


def _page(client: httpx.Client, folder: Path, query: Query, cursor: str | None) -> dict[str, Any]:
    parameters = {"repository": str(folder), **query.parameters()}
    answer = client.get("/search", params=parameters | ({"cursor": cursor, "limit": PAGE} if cursor else {}))
    assert answer.status_code == 200, (query, answer.text)
    page: dict[str, Any] = answer.json()
    return page


def _pages(client: httpx.Client, folder: Path, query: Query, page: dict[str, Any]) -> Places:
    places = set(_places(page))
    while page["next_cursor"] is not None and len(places) <= PAGE * PAGES:
        page = _page(client, folder, query, page["next_cursor"])
        places |= set(_places(page))
    return places


def _places(page: dict[str, Any]) -> Iterator[tuple[str, int]]:
    return ((file["path"], match["line"]) for file in page["files"] for match in file["matches"])


def _run(command: list[str], folder: Path, environment: Mapping[str, str]) -> tuple[bytes, float]:
    """What it printed, and seconds; 1 is said by both programs where nothing is found."""
    began = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
    spent = time.perf_counter() - began
    assert done.returncode in (0, 1), (command, done.stderr)
    return done.stdout, spent


def _printed(output: bytes) -> Places:
    """Of lines such as `./path`, NUL, number, colon, text."""
    lines = (line.partition(b"\0") for line in output.split(b"\n") if line)
    return {(os.fsdecode(path).removeprefix("./"), int(rest.partition(b":")[0])) for path, _, rest in lines}


# ---- what came of it -------------------------------------------------------------------------------------------------


def _report(name: str, results: Sequence[Compared]) -> str:
    same = sum(not result.only_ours and not result.only_ripgreps for result in results)
    many = sum(result.lines > PAGE * PAGES for result in results)
    about = f"{name}: {len(results)} queries, {same} with the same lines as ripgrep, {many} of them looked at in part"
    rows = [[program, *_figures(program, results)] for program in results[0].milliseconds]
    header = ["", "median ms", "p99 ms", "most ms", "times ripgrep", "times codesearch"]
    different = (result for result in results if result.only_ours or result.only_ripgreps)
    return "\n".join([about, "", aligned([header, *rows]), *map(_difference, different)])


def _figures(program: str, results: Sequence[Compared]) -> Iterator[str]:
    times = [result.milliseconds[program] for result in results]
    yield from (number(percentile(times, 50)), number(percentile(times, 99)), number(max(times)))
    for other in ("ripgrep", "codesearch"):
        yield number(percentile([r.milliseconds[program] / r.milliseconds[other] for r in results], 50))


def _difference(result: Compared) -> str:
    ours, ripgreps = (sorted(places)[:SHOWN] for places in (result.only_ours, result.only_ripgreps))
    return f"\n{result.query}\n  only here: {ours}\n  only ripgrep: {ripgreps}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
