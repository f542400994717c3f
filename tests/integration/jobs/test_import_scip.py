"""A compiler's index of the very commit: its edges win, all of them or none, until the index is made again."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from kotadb.errors import Conflict, InvalidInput
from kotadb.jobs import requests
from kotadb.jobs.import_scip import Imported, import_scip
from kotadb.jobs.index_repo import perform
from kotadb.model import IndexRequest, Job, Owner
from kotadb.parsers.zygote import Zygote
from kotadb.postgres import scip
from kotadb.postgres.database import Database
from kotadb.postgres.embedded import EmbeddedServer
from kotadb.questions.export import export_records
from kotadb.questions.repositories import find_repository
from kotadb.questions.scip import export_scip
from kotadb.scip.documents import part
from kotadb.scip.reading import decoded, document
from kotadb.settings import Settings
from support.databases import create_database, drop_database, wait_until_somebody_waits
from support.questions import Indexed, index_files
from support.repos import Repo
from support.scip import Says, compiled, defines, refers

FILES = {
    "lib.ts": "export class A { go() {} ; size = 1 }\nexport class B { go() {} }\nexport function make(): any {}\n",
    "main.ts": (
        "import { A, make } from './lib'\n"
        "export function run(it: A) { it.go() }\n"
        "export function guess() { const it = make(); const 𝄞 = '𝄞', end = it.go() ; return { size: end } }\n"
    ),
    "other.ts": "import { make } from './lib'\nmake()\n",
}

LIB = [
    defines("A", "`lib.ts`/A#"), defines("go", "`lib.ts`/A#go()."), defines("size", "`lib.ts`/A#size."),
    defines("B", "`lib.ts`/B#"), defines("go", "`lib.ts`/B#go().", nth=1), defines("make", "`lib.ts`/make()."),
]  # fmt: skip
MAIN = [
    refers("A", "`lib.ts`/A#", nth=0), refers("make", "`lib.ts`/make().", nth=0),
    defines("run", "`main.ts`/run()."), defines("it", "`main.ts`/run().(it)"), defines("guess", "`main.ts`/guess()."),
    refers("go", "`lib.ts`/B#go().", nth=0), refers("go", "`lib.ts`/B#go().", nth=1),
    refers("size", "`lib.ts`/A#size.", nth=0), refers("it", "`main.ts`/run().(it)", nth=1),
]  # fmt: skip
SAID: dict[str, list[Says]] = {"lib.ts": LIB, "main.ts": MAIN}

Reindex = Callable[..., Job]


@pytest.fixture(scope="module")
def first(module_url: str, zygote: Zygote, tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """A repository that is indexed once, in a database that the tests have copies of."""
    folder = tmp_path_factory.mktemp("import")
    settings = Settings().model_copy(update={"database_url": module_url, "temp_dir": folder, "data_dir": folder})
    with Database(module_url) as database:
        return index_files(database, settings, zygote, folder / "repo", FILES).repo


@pytest.fixture
def url(server: EmbeddedServer, module_url: str, first: Repo) -> Iterator[str]:
    made = create_database(server.url, module_url.partition("?")[0].rpartition("/")[2])
    yield made
    drop_database(server.url, made)


@pytest.fixture
def at(database: Database, owner: Owner, first: Repo) -> Iterator[Indexed]:
    head = first.head
    yield Indexed(database, find_repository(database, owner.id, str(first.path)).repository, first)
    first.git("reset", "--quiet", "--hard", head)


@pytest.fixture
def reindex(at: Indexed, database: Database, settings: Settings, owner: Owner, zygote: Zygote) -> Reindex:
    """`reindex(force=…)`: the job that has indexed HEAD again."""

    def run(*, force: bool = False) -> Job:
        job = requests.submit(database, owner.id, IndexRequest(str(at.repo.path), "repo", force=force))
        perform(database, settings, job.id, worker="test", zygote=zygote)
        return requests.get(database, job.id)

    return run


def given(at: Indexed, data: bytes, **how: Any) -> Imported:
    return import_scip(at.database, at.index, data, **how)


def references(at: Indexed) -> list[dict[str, Any]]:
    return [each for each in export_records(at.database, at.repository, at.index) if each["record"] == "reference"]


def by_compiler(at: Indexed) -> list[str]:
    """The references of which the compiler says what they are to."""
    return [
        f"{each['path']}:{each['line']}:{each['column']} {each['kind']} {each['target']} in {each['enclosing']}"
        for each in references(at)
        if each["resolution"] == "scip"
    ]


def is_undone(at: Indexed) -> bool:
    return not by_compiler(at) and "imported" not in (at.index.stats or {})


# ---- edges -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", [0, 1, 2, 3])
def test_the_compilers_edges_win_whatever_its_columns_count(at: Indexed, encoding: int) -> None:
    imported = given(at, compiled(FILES, SAID, encoding=encoding))
    assert (imported.confirmed, imported.replaced, imported.resolved, imported.added) == (2, 1, 1, 1)
    assert by_compiler(at) == [
        "main.ts:1:9 import A in None", "main.ts:1:12 import make in None", "main.ts:2:32 call B.go in run",
        "main.ts:3:75 call B.go in guess", "main.ts:3:91 property A.size in guess",
    ]  # fmt: skip


def test_what_the_compiler_says_nothing_of_stays(at: Indexed) -> None:
    before = [each for each in references(at) if each["path"] == "other.ts" or each["name"] == "make"]
    given(at, compiled(FILES, {"lib.ts": LIB, "main.ts": MAIN[2:]}))
    assert [each for each in references(at) if each["path"] == "other.ts" or each["name"] == "make"] == before


def test_questions_see_it_and_know_that_the_index_is_another(at: Indexed) -> None:
    before = at.index
    given(at, compiled(FILES, SAID))
    used = at.ask("usages", symbol="B.go")
    assert [(use["path"], use["line"], use["resolution"]) for use in used["usages"]] == [
        ("main.ts", 2, "scip"), ("main.ts", 3, "scip"),
    ]  # fmt: skip
    assert at.index.indexed_at != before.indexed_at
    [imported] = (at.index.stats or {})["imported"]
    assert (imported["tool"], imported["references"], imported["changed"]) == ("compiler 1", 5, 3)


def test_the_counts_are_those_of_the_rows(at: Indexed) -> None:
    given(at, compiled(FILES, SAID))
    records = [each["record"] for each in export_records(at.database, at.repository, at.index)]
    stats = at.index.stats or {}
    assert stats["references_found"] == records.count("reference")
    assert stats["dependencies_extracted"] == records.count("dependency")


def test_the_same_again_changes_nothing(at: Indexed) -> None:
    given(at, compiled(FILES, SAID))
    before = references(at)
    assert given(at, compiled(FILES, SAID)).confirmed == 5
    assert references(at) == before


def test_documents_of_several_compilations_are_one_and_any_of_several_symbols_is_meant(at: Indexed) -> None:
    again = decoded(compiled(FILES, {"main.ts": [refers("go", "`lib.ts`/A#go().", nth=0)]}))
    data = compiled(FILES, SAID) + part(document(again, number) for number in range(len(again.documents)))
    assert given(at, data).replaced == 0  # A.go was known, and is one of the two


def test_our_own_index_says_what_we_say(at: Indexed) -> None:
    before = references(at)
    imported = given(at, b"".join(export_scip(at.database, at.repository, at.index)))
    assert (imported.replaced, imported.resolved, imported.added) == (0, 0, 0)
    assert imported.confirmed == sum(each["target"] is not None for each in before)


# ---- the very commit -------------------------------------------------------------------------------------------------


def refused(at: Indexed, data: bytes, why: str, **how: Any) -> None:
    with pytest.raises(Conflict, match=why) as raised:
        given(at, data, **how)
    assert raised.value.code == "other_commit"
    assert is_undone(at)


def test_a_commit_that_is_named_must_be_the_indexed_one(at: Indexed) -> None:
    refused(at, compiled(FILES, SAID), "it is of 0123", commit="0123" * 10)
    assert given(at, compiled(FILES, SAID), commit=at.repo.head).confirmed == 2


def test_so_must_one_that_the_symbols_name(at: Indexed) -> None:
    refused(at, compiled(FILES, SAID, package=f"npm a {'0123' * 10}"), "symbols are of 0123")
    assert given(at, compiled(FILES, SAID, package=f"npm a {at.repo.head}")).confirmed == 2


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        ({"lib.ts": FILES["lib.ts"].replace("make", "made")}, "lib.ts has 'made' at 3:16, not 'make'"),
        ({"main.ts": "import './x'\n" + FILES["main.ts"]}, "main.ts has"),
        ({"main.ts": FILES["main.ts"].replace("import { A", "import { AB")}, "longer word at 1:9"),
        ({"lib.ts": FILES["lib.ts"] + "export class Late {}\n"}, "'Late' in lib.ts:4 is not in the compiler's index"),
        ({"main.ts": FILES["main.ts"].split("\n")[0]}, "main.ts has no place 2:16"),
    ],
    ids=["renamed", "moved", "longer", "added", "shorter"],
)
def test_an_index_of_another_text_is_refused(at: Indexed, reindex: Reindex, edit: Mapping[str, str], why: str) -> None:
    at.repo.commit(edit)
    reindex()
    refused(at, compiled(FILES, SAID), why)


def test_a_file_that_is_in_no_commit_is_left_out_where_the_commit_is_named(at: Indexed) -> None:
    data = compiled(FILES | {"dist/made.ts": "x"}, SAID | {"dist/made.ts": [defines("x", "`dist/made.ts`/x.")]})
    refused(at, data, f"dist/made.ts is not in it .* --commit {at.repo.head}")
    assert given(at, data, commit=at.repo.head).left_out == ["dist/made.ts"]


# ---- all or nothing --------------------------------------------------------------------------------------------------


def test_a_file_that_is_cut_off_or_broken_imports_nothing(at: Indexed) -> None:
    data = compiled(FILES, SAID)
    broken = decoded(data)
    broken.documents.append(b"\x12\xff")
    for wrong in (data[:-5], b"", b"{}", broken.SerializeToString()):
        with pytest.raises(InvalidInput, match="SCIP"):
            given(at, wrong)
    assert is_undone(at)


def test_no_index_is_changed_while_it_is_written(at: Indexed, claim_job: Callable[[Job, str], Job]) -> None:
    job = requests.submit(at.database, at.repository.owner_id, IndexRequest(str(at.repo.path), "repo"))
    claim_job(job, "worker")
    with pytest.raises(Conflict, match=f"Job {job.id} is writing this index"):
        given(at, compiled(FILES, SAID))


def test_no_run_begins_while_an_index_is_imported(at: Indexed, claim_job: Callable[[Job, str], Job]) -> None:
    job = requests.submit(at.database, at.repository.owner_id, IndexRequest(str(at.repo.path), "repo"))
    with ThreadPoolExecutor(1) as thread:
        with at.database.transaction() as connection:
            assert scip.hold(connection, at.index) is None
            claimed = thread.submit(claim_job, job, "worker")
            wait_until_somebody_waits(at.database.url)
            assert not claimed.done()
        assert claimed.result().claim is not None


# ---- the next run ----------------------------------------------------------------------------------------------------


def test_an_unchanged_commit_keeps_the_edges(at: Indexed, reindex: Reindex) -> None:
    given(at, compiled(FILES, SAID))
    before = references(at)
    assert reindex().status == "skipped"
    assert references(at) == before


def test_a_new_commit_has_none_of_them_whatever_it_changed(at: Indexed, reindex: Reindex) -> None:
    given(at, compiled(FILES, SAID))
    at.repo.commit({"README.md": "changed"})
    assert reindex().status == "completed"
    assert is_undone(at)
    at.repo.commit({"other.ts": "// changed\n"})
    assert reindex().status == "completed"
    assert (reindex(force=True).stats or {})["drift"] == {"files": 0, "blobs": 0, "paths": []}


def test_a_rebuild_has_none_of_them_and_finds_nothing_wrong(at: Indexed, reindex: Reindex) -> None:
    given(at, compiled(FILES, SAID))
    assert (reindex(force=True).stats or {})["drift"] is None
    assert is_undone(at)
    assert (reindex(force=True).stats or {})["drift"] == {"files": 0, "blobs": 0, "paths": []}
