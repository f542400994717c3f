"""Which symbols there are of a name, what one of them is, and who uses it."""

from typing import Any

import pytest

from kotadb.errors import Ambiguous, IndexChanged, InvalidCursor, NotFound
from kotadb.questions.symbols import abbreviates, words_of
from support.questions import Indexed, MakeIndexed, verdict

pytestmark = pytest.mark.every_server

FILES: dict[str, str | bytes] = {
    "src/users.ts": "/** Keeps users. */\n"
    "export class UserRepository {\n"
    "  /** The user with this id. */\n"
    "  find(id: number): string\n"
    "  find(id: string): string\n"
    "  find(id: unknown) { return this.load(id) }\n"
    "  private load(id: unknown) { return String(id) }\n"
    "}\n"
    "export function userCount() { return 1 }\n"
    "const repository = new UserRepository()\n"
    "repository.find(1); repository.find('é')\n",
    "src/app.ts": "import { UserRepository } from './users'\n"
    "function main(repository: UserRepository, other) {\n"
    "  repository.find(2)\n"
    "  other.find(3)\n"
    "}\n",
    "src/users.test.ts": "import { UserRepository } from './users'\nnew UserRepository().find(1)\n",
    "user_repository.py": "class user_repo:\n    def find(self): return self.x['"
    + "x" * 700
    + "']\n\nuser_repo().find()\n",
    "a#b.py": "def find(): ...\n",
}


@pytest.fixture(scope="module")
def at(indexed_once: MakeIndexed) -> Indexed:
    return indexed_once(FILES)


def names(found: dict[str, Any]) -> list[tuple[str, str]]:
    return [(item["qualified_name"], item["match"]) for item in found["symbols"]]


def found_by(at: Indexed, query: str, **parameters: Any) -> list[tuple[str, str]]:
    return names(at.ask("symbols", query=query, **parameters))


def test_symbols_are_found_by_name_beginning_words_part_and_likeness(at: Indexed) -> None:
    assert found_by(at, "UserRepository") == [("UserRepository", "exact")]
    assert found_by(at, "userrepository") == [("UserRepository", "name")]
    assert found_by(at, "user") == [("user_repo", "prefix"), ("userCount", "prefix"), ("UserRepository", "prefix")]
    assert found_by(at, "usrRepo") == [("user_repo", "words"), ("UserRepository", "words")]
    assert found_by(at, "uC") == [("userCount", "words")]
    assert found_by(at, "count") == [("userCount", "words")]
    assert found_by(at, "sitory") == [("repository", "part"), ("UserRepository", "part")]
    assert found_by(at, "UserRepositoory") == [("UserRepository", "similar"), ("repository", "similar")]
    assert found_by(at, "zzz") == []
    assert found_by(at, "%") == found_by(at, "_") == []


def test_symbols_are_chosen_by_kind_and_by_whether_they_are_exported(at: Indexed) -> None:
    assert found_by(at, "user", kind=["class"]) == [("user_repo", "prefix"), ("UserRepository", "prefix")]
    assert found_by(at, "load", exported=True) == []
    assert found_by(at, "load", exported=False) == [("UserRepository.load", "exact")]
    overloads = [item for item in at.ask("symbols", query="find")["symbols"] if item["path"] == "src/users.ts"]
    assert [(item["id"], item["line"], item["column"]) for item in overloads] == [
        ("src/users.ts#UserRepository.find:method", 4, 2)
    ]


def test_pages_hold_every_symbol_once_until_the_index_is_replaced(indexed: MakeIndexed) -> None:
    at = indexed(FILES)
    whole = at.ask("symbols", query="user", limit=200)["symbols"] + []
    pages, cursor = [], None
    while True:
        page = at.ask("symbols", query="user", limit=1, cursor=cursor)
        pages += page["symbols"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
        last = cursor
    assert pages == whole
    assert len(whole) == 3
    for wrong in ("x", last[:-3], last + "!!!!"):
        with pytest.raises(InvalidCursor):
            at.ask("symbols", query="user", cursor=wrong)
    with at.database.transaction() as connection:
        connection.execute("update indexes set indexed_at = clock_timestamp()")
    with pytest.raises(IndexChanged, match="begin again"):
        at.ask("symbols", query="user", cursor=last)


def test_a_symbol_is_told_with_source_documentation_members_and_usages(at: Indexed) -> None:
    found = at.ask("symbol", symbol="UserRepository.find")
    symbol = found["symbol"]
    assert (symbol["id"], symbol["access"]) == ("src/users.ts#UserRepository.find:method", "public")
    assert symbol["container"] == "src/users.ts#UserRepository:class"
    assert [(each["line_start"], each["documentation"]) for each in symbol["declarations"]] == [
        (4, "The user with this id."), (5, None), (6, None),
    ]  # fmt: skip
    assert symbol["declarations"][2]["source"] == "  find(id: unknown) { return this.load(id) }"
    assert found["usages"] == {"call": 4}
    whole = at.ask("symbol", symbol="src/users.ts#UserRepository:class")
    assert [member["name"] for member in whole["members"]] == ["find", "load"]
    assert at.ask("symbol", symbol="a#b.py#find:function")["symbol"]["path"] == "a#b.py"


def test_a_name_that_means_several_symbols_is_answered_with_the_candidates(at: Indexed) -> None:
    with pytest.raises(Ambiguous, match="means 2 symbols: ask for one by its id") as raised:
        at.ask("usages", symbol="find", kind="method")
    assert [candidate["id"] for candidate in raised.value.candidates] == [
        "src/users.ts#UserRepository.find:method", "user_repository.py#user_repo.find:method",
    ]  # fmt: skip
    assert at.ask("usages", symbol="find", path="user_repository.py")["total"] == 1
    function = at.ask("symbol", symbol="find")  # the only one that is called so and nothing more
    assert function["symbol"]["id"] == "a#b.py#find:function"
    assert len(function["others"]) == 2
    assert at.ask("symbol", symbol="userrepository")["symbol"]["name"] == "UserRepository"


def test_a_name_that_no_symbol_has_is_answered_with_what_is_like_it(at: Indexed) -> None:
    with pytest.raises(NotFound, match="Did you mean UserRepository"):
        at.ask("symbol", symbol="UserRepositry")
    with pytest.raises(NotFound, match="`search` finds text"):
        at.ask("symbol", symbol="zzz")
    with pytest.raises(NotFound, match="its file or its name may have changed"):
        at.ask("symbol", symbol="src/gone.ts#UserRepository:class")


def test_usages_come_with_their_lines_and_what_may_be_one_stands_apart(at: Indexed) -> None:
    found = at.ask("usages", symbol="UserRepository.find")
    assert [(each["path"], each["line"], each["column"], each["enclosing"]) for each in found["usages"]] == [
        ("src/app.ts", 3, 13, "src/app.ts#main:function"),
        ("src/users.ts", 11, 11, None),
        ("src/users.ts", 11, 31, None),
        ("src/users.test.ts", 2, 21, None),
    ]
    assert [each["text"] for each in found["usages"]][:2] == [
        "repository.find(2)", "repository.find(1); repository.find('é')",
    ]  # fmt: skip
    assert (found["total"], found["files"], found["by_kind"]) == (4, 3, {"call": 4})
    assert [(each["path"], each["line"], each["text"]) for each in found["candidates"]["usages"]] == [
        ("src/app.ts", 4, "other.find(3)")
    ]
    assert verdict(found) == (
        "lower_bound", "There may be more: 1 reference to something called find could not be resolved.",
    )  # fmt: skip
    assert found["unresolved"] == 1
    assert verdict(at.ask("usages", symbol="userCount")) == (
        "complete",
        "Every name that could mean it was told apart.",
    )


def test_usages_are_chosen_by_kind_and_come_in_pages(at: Indexed) -> None:
    of = {"symbol": "src/users.ts#UserRepository:class"}
    whole = at.ask("usages", **of)
    assert whole["by_kind"] == {"import": 2, "instantiation": 2, "type": 1}
    pages, cursor = [], None
    for _ in range(3):
        page = at.ask("usages", **of, limit=2, cursor=cursor)
        pages += page["usages"]
        cursor = page["next_cursor"]
    assert (pages, cursor) == (whole["usages"], None)
    assert {each["kind"] for each in at.ask("usages", **of, reference_kind=["type"])["usages"]} == {"type"}


def test_of_an_endless_line_the_part_around_the_usage_is_shown(at: Indexed) -> None:
    [usage] = at.ask("usages", symbol="UserRepository.load")["usages"]
    assert usage["text"] == "find(id: unknown) { return this.load(id) }"
    source = at.ask("symbol", symbol="user_repo.find")["symbol"]["declarations"][0]["source"]
    assert len(source) > 700


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("getHTTPUrl2", ["get", "http", "url", "2"]),
        ("get_http_url", ["get", "http", "url"]),
        ("__init__", ["init"]),
        ("#größeÄndern", ["größe", "ändern"]),
        ("…", []),
    ],
)
def test_names_are_made_of_words(name: str, words: list[str]) -> None:
    assert words_of(name) == words


def test_words_stand_for_words_in_their_order() -> None:
    assert abbreviates(["usr", "repo"], ["user", "repository"])
    assert abbreviates(["user"], ["the", "user", "repository"])
    assert not abbreviates(["repo", "usr"], ["user", "repository"])
    assert not abbreviates(["ser"], ["user"])
    assert not abbreviates([], ["user"])
