"""Searching text: what is found is what a plain look at the files finds, whichever way the files are gone through."""

import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from kotadb.errors import IndexChanged, InvalidCursor, InvalidInput
from kotadb.jobs import requests
from kotadb.jobs.index_repo import perform
from kotadb.model import IndexRequest
from kotadb.parsers.zygote import Zygote
from kotadb.postgres.database import Connection, Database
from kotadb.postgres.queries import query
from kotadb.questions import lookup, scan
from kotadb.questions.asking import Scope
from kotadb.settings import Settings
from support.questions import Indexed, index_files, paths, verdict

pytestmark = pytest.mark.every_server

LONG_S, KELVIN = "\u017f", "\u212a"
LONG = "x" * 600 + " needle " + "é" * 600
FILES: dict[str, str | bytes] = {
    "src/users.ts": "export class UserStore {\n  getUser(id: string) { return this.users[id] }\n}\n"
    "// get_user 100% of a_b and a%b, C:\\temp\\users\n",
    "src/calls.ts": "import { UserStore } from './users'\nconst store = new UserStore()\nstore.getUser('x')\n",
    "src/caps.ts": "const GETUSER = 'GETUSER'\nconst getuser = GETUSER\n",
    "src/only_caps.ts": "const X = 'GETUSER'\n",
    "src/users.test.ts": "import { UserStore } from './users'\ntest('getUser', () => new UserStore().getUser('y'))\n",
    "src/generated/api.ts": "export const getUser = 1\n",
    "lib/odd.py": f"größe = 'GRÖSSE ÄHM'\r\n\tname = \"it's\"\r\nname2 = '{LONG_S}ample {KELVIN}elvin'\r\n\r\n"
    "last = '日本語の文'",
    "lib/bom.py": b"\xef\xbb\xbfimport os\nimport sys\n",
    "lib/utf16.py": "name = 'sample kelvin'\n".encode("utf-16"),
    "lib/empty.py": "",
    "lib/newline.py": "\n",
    "lib/newlines.py": "\n\n\nname\n\n",
    "lib/return.py": "a = 1\rb = 2\nc = '\f'\n",
    "lib/long.txt": f"short\n{LONG}\nneedle\n",
    "lib/copy.txt": f"short\n{LONG}\nneedle\n",
    "lib/bad.txt": b"caf\xe9 name\nok\n",
    "docs/quotes.md": "# `name` of \"it\"\n'' \\\\ \\n \\% %% __ ^$ [a-z]{2} (x|y)* $1\n" + "- name the thing\n" * 30,
    "big.bin": b"\0name\n",
    "min.js": "function name(a){return a};" * 400 + "\n",
}  # fmt: skip
SKIPPED = {"big.bin", "min.js"}


class Way(NamedTuple):
    """How files are gone through."""

    max_blobs: int
    batch_bytes: int


WAYS = {
    "looked up": Way(1_000, 1 << 17),
    "looked up, and one at a time": Way(1_000, 1),
    "too many to look up": Way(0, 40),
}


@pytest.fixture(scope="module")
def odd(module_url: str, zygote: Zygote, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Indexed]:
    folder = tmp_path_factory.mktemp("search")
    (folder / "tmp").mkdir()
    changes = {"database_url": module_url, "temp_dir": folder / "tmp", "data_dir": folder / "data"}
    with Database(module_url) as database:
        settings = Settings().model_copy(update=changes)
        yield index_files(database, settings, zygote, folder / "repo", FILES)


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    chosen = WAYS[request.param]
    monkeypatch.setattr(lookup, "MAX_BLOBS", chosen.max_blobs)
    monkeypatch.setattr(scan, "MIN_BATCH_BYTES", chosen.batch_bytes)
    return str(request.param)


# ---- the truth -------------------------------------------------------------------------------------------------------

Place = tuple[str, int]


def text_of(path: str) -> str:
    content = FILES[path]
    if isinstance(content, str):
        return content
    return content.decode("utf-16" if path.endswith("utf16.py") else "utf-8-sig", "replace")


def lines_of(path: str) -> list[str]:
    lines = text_of(path).split("\n")
    return [line.removesuffix("\r") for line in (lines if lines[-1] else lines[:-1])]


def expected(pattern: str, *, case: bool = False, word: bool = False) -> set[Place]:
    if word:
        pattern = rf"(?<!\w)(?:{pattern})(?!\w)"
    compiled = re.compile(pattern, 0 if case else re.IGNORECASE)
    return {
        (path, number)
        for path in FILES.keys() - SKIPPED
        for number, line in enumerate(lines_of(path), 1)
        if compiled.search(line)
    }


def pages(odd: Indexed, text: str, **parameters: Any) -> list[dict[str, Any]]:
    """All pages of an answer."""
    found = [odd.search(text, **parameters)]
    while found[-1]["next_cursor"]:
        found.append(odd.search(text, cursor=found[-1]["next_cursor"], **parameters))
    return found


def places(answers: list[dict[str, Any]]) -> list[Place]:
    return [
        (file["path"], match["line"]) for answer in answers for file in answer["files"] for match in file["matches"]
    ]


def literals() -> list[str]:
    chosen = random.Random(6)
    found = [
        "name",
        "getuser",
        "GETUSER",
        "sample",
        "KELVIN",
        "größe",
        "grösse",
        "%",
        "_",
        "\\",
        "it's",
        '"',
        "日本",
        "e",
    ]
    texts = [line for path in sorted(FILES.keys() - SKIPPED) for line in lines_of(path) if line]
    for _ in range(20):
        line = chosen.choice(texts)
        start = chosen.randrange(len(line))
        found.append(line[start : start + chosen.choice([1, 2, 3, 5, 9])])
    return found


REGEXES = [
    r"get\w+\(", r"^import", r"'$", r"^$", r"^\s*name", r"x*", r"name|sample", r"(?i)NAME2?", r"[gG]et_?[uU]ser",
    r"\d+%", r"na.e", r"[^a-z]+$", r"\\\\", r"it['\"]?s", r"u{1,2}s(er|ers)\b", r"ll|xx+ needle", r"s.mple",
    r"a%b|a_b", r"(?:日|本)語", r"\x6eame", r"(?-i:GETUSER)", r"=\s+'[^']*'", r".", r"\t", r"name\d?\b",
    r"(g(e(t)))user",
]  # fmt: skip


def test_the_lines_are_those_that_hold_the_text(odd: Indexed, way: str) -> None:
    for text in literals():
        for case in (False, True):
            found = places(pages(odd, text, case=case, limit=200))
            assert set(found) == expected(re.escape(text), case=case), (text, case)
            assert len(set(found)) == len(found), text


def test_the_lines_are_those_that_the_expression_matches(odd: Indexed, way: str) -> None:
    for regex in REGEXES:
        for case in (False, True):
            found = places(pages(odd, regex, regex=True, case=case, limit=200))
            assert set(found) == expected(regex, case=case), (regex, case)
            assert len(set(found)) == len(found), regex


@pytest.mark.parametrize("text", ["name", "get", "user", "gr", "größe", "a", "users[id]", "'x'", "[id]"])
def test_a_word_has_no_letter_of_any_script_beside_it(odd: Indexed, text: str) -> None:
    assert set(places(pages(odd, text, word=True, limit=200))) == expected(re.escape(text), word=True)


def test_an_expression_can_be_a_word_in_any_of_its_ways(odd: Indexed) -> None:
    for regex, plain in {r"user|users": r"user|users", r"get|get_user": r"get|get_user", r"\Qget_user": "get_user",
                         r"(?i)NAME|x": "name|x", r"\d+": r"\d+"}.items():  # fmt: skip
        assert set(places(pages(odd, regex, regex=True, word=True, limit=200))) == expected(plain, word=True), regex


# ---- in which order, and on which page -------------------------------------------------------------------------------


def test_first_what_declares_it_then_what_has_it_in_its_case_then_others_and_tests_last(odd: Indexed, way: str) -> None:
    assert paths(odd.search("getUser")) == [
        "src/generated/api.ts", "src/users.ts",
        "src/caps.ts",
        "src/calls.ts", "src/users.test.ts",
        "src/only_caps.ts",
    ]  # fmt: skip
    assert paths(odd.search("getUser", case=True)) == [
        "src/generated/api.ts", "src/users.ts", "src/calls.ts", "src/users.test.ts",
    ]  # fmt: skip
    assert paths(odd.search("get[U]ser", regex=True))[-2:] == ["src/caps.ts", "src/only_caps.ts"]


@pytest.mark.parametrize("limit", [1, 3, 7])
def test_pages_hold_each_line_once_in_the_order_of_one_page(odd: Indexed, way: str, limit: int) -> None:
    for text in ("getuser", "name", "e"):
        whole = odd.search(text, limit=200)
        answers = pages(odd, text, limit=limit)
        assert places(answers) == places([whole])
        assert all(len(places([answer])) == limit for answer in answers[:-1])
        assert whole["lines_found"] == answers[-1]["lines_found"] == len(places([whole]))
        assert whole["files_found"] == answers[-1]["files_found"] == len(set(paths(whole)))
        assert whole["all_counted"]
        assert answers[-1]["all_counted"]


def test_a_page_says_how_much_there_is_if_all_was_searched_and_else_that_there_is_more(
    odd: Indexed, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = odd.search("getUser", limit=2, path=["src/*.ts"])
    assert (answer["lines_found"], answer["files_found"], answer["all_counted"]) == (6, 5, True)
    monkeypatch.setattr(scan, "COUNTED_BYTES", 0)
    monkeypatch.setattr(scan, "MIN_BATCH_BYTES", 1)
    answer = odd.search("getUser", limit=2, path=["src/*.ts"])
    assert not answer["all_counted"]
    assert 2 < answer["lines_found"] <= 6
    kind, reason = verdict(answer)
    assert kind == "lower_bound"
    assert "the page was full before all files were searched" in reason


def test_where_the_time_is_over_the_answer_goes_on_on_the_next_page(
    odd: Indexed, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan, "SECONDS", 0)
    first = odd.search("name")
    if way != "looked up":  # where all files are one batch
        kind, reason = verdict(first)
        assert kind == "lower_bound"
        assert "the time for one answer was over" in reason
        assert not first["all_counted"]
    assert set(places(pages(odd, "name"))) == expected("name")


def test_a_file_that_takes_too_long_is_passed_over_and_that_is_said(
    odd: Indexed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan, "SECONDS", 0)
    monkeypatch.setattr("kotadb.questions.matcher.CHUNK_BYTES", 100)
    answers = pages(odd, "needle|short", regex=True, path=["lib/"])
    reasons = [verdict(answer)[1] for answer in answers if "takes longer to search" in verdict(answer)[1]]
    assert reasons
    assert not answers[-1]["all_counted"]
    assert answers[-1]["verdict"] == "lower_bound"


def test_a_cursor_leads_nowhere_once_the_index_is_replaced_or_if_it_is_made_up(odd: Indexed, tmp_path: Path) -> None:
    cursor = odd.search("name", limit=1)["next_cursor"]
    with odd.database.snapshot() as connection:
        scope = Scope(connection, odd.repository, odd.index)
        for position in (
            [1],
            "x",
            [9, 1, 1, 1, 1, 0, 0],
            [0, -1, 0, 0, 0, 0, 0],
            [2, 1, 2**40, 0, 0, 0, 0],
            [2, 3, 0, 0, 0, 0, 0],
        ):
            with pytest.raises(InvalidCursor):
                odd.search("name", cursor=scope.cursor(position))
    (tmp_path / "tmp").mkdir()
    changes = {"database_url": odd.database.url, "temp_dir": tmp_path / "tmp", "data_dir": tmp_path / "data"}
    again = IndexRequest(odd.repository.address, "repo", force=True)
    job = requests.submit(odd.database, odd.repository.owner_id, again)
    perform(odd.database, Settings().model_copy(update=changes), job.id, worker="this process")
    with pytest.raises(IndexChanged):
        odd.search("name", cursor=cursor)


# ---- which files -----------------------------------------------------------------------------------------------------

FILTERS: list[tuple[dict[str, Any], list[str]]] = [
    ({"path": ["src/*.ts"], "tests": "exclude"}, ["src/users.ts", "src/caps.ts", "src/calls.ts", "src/only_caps.ts"]),
    ({"path": ["src/", "!*.test.ts", "!src/generated/", "!*caps*"]}, ["src/users.ts", "src/calls.ts"]),
    ({"tests": "only"}, ["src/users.test.ts"]),
    ({"generated": "only"}, ["src/generated/api.ts"]),
    ({"generated": "exclude", "tests": "exclude", "case": True, "path": ["!*.js"]}, ["src/users.ts", "src/calls.ts"]),
    ({"language": ["python"]}, []),
    ({"language": ["python", "typescript"], "case": True, "path": ["**/calls.ts"]}, ["src/calls.ts"]),
]  # fmt: skip


@pytest.mark.parametrize(("filters", "found"), FILTERS)
def test_only_files_that_pass_the_filters_are_searched(
    odd: Indexed, way: str, filters: dict[str, Any], found: list[str]
) -> None:
    answer = odd.search("getUser", **filters)
    assert paths(answer) == found
    assert answer["verdict"] == "complete"


def test_what_could_hold_more_and_was_not_read_is_a_doubt_if_it_passes_the_filters(odd: Indexed) -> None:
    doubt = "There may be more: 1 source file was not read (minified 1)."
    assert verdict(odd.search("nowhere at all")) == ("lower_bound", doubt)
    assert odd.search("nowhere at all")["skipped_files"] == 1
    for filters in ({"path": ["src/"]}, {"language": ["python"]}, {"tests": "only"}, {"path": ["!*.js"]}):
        assert odd.search("nowhere at all", **filters)["verdict"] == "complete", filters
    assert verdict(odd.search("name", path=["nowhere/"])) == ("complete", "No file of the index passes the filters.")


# ---- what is said of a line ------------------------------------------------------------------------------------------


def matches(odd: Indexed, text: str, path: str, **parameters: Any) -> list[dict[str, Any]]:
    answer = odd.search(text, path=[path], **parameters)
    return [match for file in answer["files"] for match in file["matches"]]


def test_a_match_has_its_place_in_bytes_and_the_lines_around_it(odd: Indexed) -> None:
    [match] = matches(odd, "ähm", "lib/odd.py", context=2)
    assert match == {
        "line": 1, "column": 19, "length": 4, "text": "größe = 'GRÖSSE ÄHM'", "text_column": 0, "before": [],
        "after": ["\tname = \"it's\"", f"name2 = '{LONG_S}ample {KELVIN}elvin'"], "definition": False,
    }  # fmt: skip
    [match] = matches(odd, "last", "lib/odd.py", context=1)
    assert (match["line"], match["before"], match["after"]) == (5, [""], [])
    assert [(m["line"], m["column"]) for m in matches(odd, "import", "lib/bom.py")] == [(1, 3), (2, 0)]


def test_the_name_of_a_symbol_that_is_declared_there_is_a_definition(odd: Indexed) -> None:
    assert [(m["line"], m["definition"]) for m in matches(odd, "UserStore", "src/users.ts")] == [(1, True)]
    assert [m["definition"] for m in matches(odd, "UserStore", "src/calls.ts")] == [False, False]
    assert [m["definition"] for m in matches(odd, "User", "src/users.ts", case=True)][:2] == [False, False]
    assert [m["definition"] for m in matches(odd, r"get\w+", "src/users.ts", regex=True)] == [True, False]
    assert [(m["line"], m["definition"]) for m in matches(odd, "getuser", "src/caps.ts", word=True)] == [
        (1, True), (2, True),
    ]  # fmt: skip


def test_of_a_long_line_it_is_the_part_around_the_match(odd: Indexed) -> None:
    [match, _] = matches(odd, "needle", "lib/long.txt", context=1)
    assert (match["column"], match["length"], match["text_column"]) == (601, 6, 501)
    assert match["text"].startswith("x" * 99 + " needle éé")
    assert len(match["text"].encode()) in (399, 400)
    [_, after] = matches(odd, "needle", "lib/long.txt", context=1)
    assert after["before"] == ["x" * 400]
    [match] = matches(odd, "éé$", "lib/long.txt", regex=True)
    assert match["text"] == "é" * 52


# ---- what cannot be searched for -------------------------------------------------------------------------------------

REFUSED = [
    ({"query": "a(", "regex": True}, r"invalid regular expression: missing \): a\("),
    ({"query": r"(?=a)", "regex": True}, "invalid perl operator"),
    ({"query": r"\C", "regex": True}, "not supported"),
    ({"query": r"(.?){1000}x", "regex": True}, "too large"),
    ({"query": "a)|(b", "regex": True, "word": True}, "unexpected"),
    ({"query": "a\nb"}, "within one line"),
    ({"query": "a", "language": ["klingon"]}, "there is no klingon; there are .*python.*text"),
]


@pytest.mark.parametrize(("asked", "says"), REFUSED)
def test_what_cannot_be_searched_for_is_explained(odd: Indexed, asked: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        odd.ask("search", **asked)


# ---- how it is looked up ---------------------------------------------------------------------------------------------

FILL = """
    insert into repositories (owner_id, address, name)
    select owner_id, '/elsewhere/' || n, 'elsewhere' from repositories, generate_series(1, 10) n;
    insert into source_blobs (repository_id, blob_sha, language, extractor_version, content, words, lines, has_errors,
        names, outline, rows)
    select r.id, md5(n::text), 'text', 1, 'text', array(select n * 7 + k from generate_series(1, 8) k), 1,
        false, '', '', ''
    from repositories r, generate_series(1, 400) n;
    analyze source_blobs"""


def plan(connection: Connection, statement: str, parameters: dict[str, Any]) -> str:
    rows = connection.execute("explain " + query(f"search.{statement}"), parameters).fetchall()
    return "\n".join(row["QUERY PLAN"] for row in rows)


def test_texts_are_looked_up_by_their_words_and_never_read_one_after_the_other(odd: Indexed) -> None:
    asked: dict[str, Any] = {
        "repository_id": odd.repository.id, "index_id": odd.index.index_id, "limit": 300,
        "alternatives": [0, 0, 1], "their_pieces": [0, 1, 1], "pieces": [0] * 100 + [1], "words": [*range(100), 7],
        "blob_shas": ["a" * 40, "b" * 40], "versions": [odd.index.extractor_version],
    }  # fmt: skip
    with odd.database.transaction() as connection:
        connection.execute(FILL)
        connection.execute(query("search.by_index"), {"milliseconds": "60s"})
        found = plan(connection, "blobs", asked)
        assert "Index Scan on source_blobs_words" in found
        assert "Seq Scan on source_blobs" not in found
        assert "source_blobs_pkey" in plan(connection, "contents", asked)
        connection.execute("delete from repositories where name = 'elsewhere'")
        connection.execute("delete from source_blobs where extractor_version = 1")


def test_a_word_that_is_too_long_to_be_kept_is_found(odd: Indexed, way: str) -> None:
    assert set(places([odd.search("x" * 300)])) == expected("x" * 300)
    assert set(places([odd.search("É" * 100)])) == expected("é" * 100)


def test_a_vocabulary_that_is_too_large_or_slow_to_be_looked_through_hides_nothing(
    odd: Indexed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup, "MAX_VOCABULARY_BYTES", 10)
    assert set(places([odd.search("getuser")])) == expected("getuser")
    monkeypatch.setattr(lookup, "MAX_VOCABULARY_BYTES", 10**6)
    monkeypatch.setattr(lookup, "SECONDS", 0.001)
    monkeypatch.setattr(lookup, "MAX_WORDS", 10**6)
    assert set(places([odd.search("e", limit=200)])) == expected("e")
