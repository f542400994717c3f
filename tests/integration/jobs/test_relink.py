"""After a commit an index costs what changed, and is what a new one would be, row for row."""

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kotadb.jobs import requests
from kotadb.jobs.index_repo import perform
from kotadb.model import IndexRequest, Job, Owner
from kotadb.parsers.zygote import Zygote
from kotadb.pipeline.words import LONG, word_hashes, words
from kotadb.postgres import store
from kotadb.postgres.database import Database
from kotadb.settings import Settings
from support.commits import COMMITS, CYCLES, MODULES, module
from support.repos import Repo, make_repo

AS_REBUILT = {"files": 0, "blobs": 0, "paths": []}
Index = Callable[..., Job]


@pytest.fixture
def index(database: Database, settings: Settings, owner: Owner, zygote: Zygote) -> Index:
    """`index(repo, force=…)`: the job that has indexed its HEAD."""

    def run(repo: Repo, *, force: bool = False) -> Job:
        job = requests.submit(database, owner.id, IndexRequest(str(repo.path), repo.path.name, force=force))
        perform(database, settings, job.id, worker="test", zygote=zygote)
        done = requests.get(database, job.id)
        assert done.error_message is None
        return done

    return run


def drift(index: Index, repo: Repo) -> object:
    """What a rebuild finds to be wrong."""
    return (index(repo, force=True).stats or {})["drift"]


def written(database: Database) -> dict[str, str]:
    """Which transaction wrote each file of the only index."""
    with database.transaction() as connection:
        rows = connection.execute("select path, xmin::text as by from indexed_files").fetchall()
    return {row["path"]: row["by"] for row in rows}


def rewritten(database: Database, index: Index, repo: Repo, edit: dict[str, str | bytes]) -> set[str]:
    """The files that a commit of this edit has written anew."""
    before = written(database)
    repo.commit(edit)
    assert index(repo).status == "completed"
    after = written(database)
    return {path for path in after if after[path] != before.get(path)}


# ---- any history -----------------------------------------------------------------------------------------------------

FOLDERS = ["", "lib/", "deep/er/"]
MANIFESTS: dict[str, list[str | bytes]] = {
    "tsconfig.json": ['{"compilerOptions": {"baseUrl": ".", "paths": {"package": ["./a"]}}}', "{}"],
    "package.json": ['{"name": "package", "exports": "./lib/index.ts"}', '{"imports": {"#x": "./a.ts"}}'],
    "pyproject.toml": [
        '[tool.setuptools.packages.find]\nwhere = ["lib"]',
        '[project]\nname = "package"\nscripts = {run = "a:f"}',
        "",
    ],
    "README.md": ["# words", "# other words", "# @generated"],
    "c.js": [b"\0\1binary", b"export const f = 1\n"],
}


def change(repo: Repo, random: Random, text: Callable[[str], str]) -> None:
    """One commit: files edited, added, renamed, deleted, and what says where modules are."""
    paths = sorted(repo.tracked())
    sources = [path for path in paths if path.endswith((".ts", ".tsx", ".py"))]
    match random.choice(["edit", "edit", "add", "rename", "delete", "manifest"]):
        case "edit":
            repo.commit({path: text(path) for path in random.sample(sources, min(2, len(sources)))})
        case "add":
            path = random.choice(FOLDERS) + random.choice(["d.ts", "b.ts", "a.py", "__init__.py", "index.ts"])
            repo.commit({path: text(path)})
        case "rename":
            path = random.choice(sources)
            repo.git("mv", "-f", path, "moved_" + path.rpartition("/")[2])
            repo.commit({})
        case "delete":
            repo.git("rm", "-q", random.choice(paths))
            repo.commit({})
        case "manifest":
            path = random.choice(sorted(MANIFESTS))
            repo.commit({path: random.choice(MANIFESTS[path])})


@given(COMMITS, st.randoms(use_true_random=False), st.data())
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_done_to_a_repository_its_index_is_what_a_rebuild_would_be(
    index: Index, tmp_path_factory: pytest.TempPathFactory, commit: dict[str, str], random: Random, data: st.DataObject
) -> None:
    repo = make_repo(tmp_path_factory.mktemp("history") / "repo", {**commit})
    index(repo)
    for _ in range(4):
        change(repo, random, lambda path: data.draw(module(MODULES["a.py" if path.endswith(".py") else "a.ts"])))
        index(repo)
        assert drift(index, repo) in (AS_REBUILT, None)  # None: the commit changed nothing


# ---- what is written -------------------------------------------------------------------------------------------------

BARREL: dict[str, str | bytes] = {
    "a.ts": "import { f } from './barrel'; f()",
    "b.ts": "import { C } from './barrel'; new C()",
    "barrel.ts": "export * from './f'\nexport { C } from './c'",
    "f.ts": "export function f() {}",
    "c.ts": "export class C {}",
    "tsconfig.json": "{}",
    "README.md": "words",
    "package/__init__.py": "from .part import f",
    "package/part.py": "def f(): ...",
    "user.py": "from package import f\nf()",
    "base.py": "class Top:\n    def m(self): ...\nclass Base(Top):\n    def n(self): ...\n",
    "heir.py": "from base import Base\nclass Heir(Base):\n    def m(self): ...\n",
    "late_heir.py": "from heir import Heir\nclass LateHeir(Heir): ...\n",
}


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        ({"f.ts": "export function f() { return 1 }"}, {"f.ts"}),
        ({"f.ts": "export function g() {}"}, {"f.ts", "a.ts"}),
        ({"barrel.ts": "export * from './f'\nexport { C } from './c'\nexport const more = 1"}, {"barrel.ts"}),
        ({"README.md": "other words"}, {"README.md"}),
        ({"tsconfig.json": '{"compilerOptions": {}}'}, {"tsconfig.json"}),
        ({"new.ts": "import { f } from './f'"}, {"new.ts"}),
        ({"package/__init__.py": "from .part import f\ndef g(): ..."}, {"package/__init__.py"}),
        (
            {"package/__init__.py": "from pkgutil import extend_path\nfrom .part import f as g"},
            {"package/__init__.py", "user.py"},
        ),
        (
            {"base.py": "class Top:\n    def m(self): ...\nclass Base(Top):\n    def m(self): ...\n"},
            {"base.py", "heir.py"},
        ),
        ({"base.py": "class Top:\n    def m(self): ...\nclass Base:\n    def n(self): ...\n"}, {"base.py", "heir.py"}),
        ({"base.py": "class Top:\n    def m(self): return 1\nclass Base(Top):\n    def n(self): ...\n"}, {"base.py"}),
        ({"heir.py": "from base import Base\nclass Heir(Base):\n    def n(self): ...\n"}, {"heir.py"}),
    ],
)
def test_an_edit_writes_the_files_whose_rows_it_changes(
    database: Database, index: Index, tmp_path: Path, edit: dict[str, str | bytes], expected: set[str]
) -> None:
    repo = make_repo(tmp_path / "repo", BARREL)
    index(repo)
    assert rewritten(database, index, repo, edit) == expected
    assert drift(index, repo) == AS_REBUILT


@pytest.mark.every_server
def test_a_module_that_moves_changes_who_imports_it(database: Database, index: Index, tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", {**CYCLES, "x.ts": "import { y } from './y'; y", "y.ts": "export const y = 1"})
    index(repo)
    repo.git("mv", "y.ts", "z.ts")
    assert rewritten(database, index, repo, {}) == {"x.ts", "z.ts"}
    assert drift(index, repo) == AS_REBUILT


PUBLISHED: dict[str, str | bytes] = {
    "package.json": '{"name": "p", "exports": "./index.ts"}',
    "index.ts": "export * from './barrel'",
    "barrel.ts": "export { f } from './f'",
    "f.ts": "export function f() {}\nexport function g() {}",
    "h.ts": "export function h() {}",
    "pyproject.toml": "[project]\nname = 'p'\nscripts = {run = 'tool:main'}",
    "tool.py": "def main(): ...\ndef other(): ...",
    "test_tool.py": "def helper(): ...",
}


def called_from_outside(database: Database) -> dict[str, str]:
    with database.transaction() as connection:
        rows = connection.execute("select name, entry_point::text as why from symbols where entry_point is not null")
        return {row["name"]: row["why"] for row in rows.fetchall()}


EDITS: list[tuple[dict[str, str | bytes], set[str], set[str]]] = [
    ({"f.ts": "export function f() { return 1 }\nexport function g() {}"}, {"f.ts"}, {"f", "main"}),
    ({"barrel.ts": "export { f, g } from './f'"}, {"barrel.ts", "f.ts"}, {"f", "g", "main"}),
    ({"barrel.ts": "export * from './h'"}, {"barrel.ts", "f.ts", "h.ts"}, {"h", "main"}),
    ({"test_tool.py": "def test_it(): ..."}, {"test_tool.py"}, {"h", "main", "test_it"}),
    ({"pyproject.toml": "[project]\nname = 'p'\nscripts = {run = 'tool:other'}"}, {"pyproject.toml", "tool.py"},
     {"h", "other", "test_it"}),
    ({"package.json": '{"exports": "./f.ts"}'}, {"package.json", "index.ts", "barrel.ts", "f.ts", "h.ts"},
     {"f", "g", "other", "test_it"}),
]  # fmt: skip
"""One after the other, with the files that are written for each, and what is called from outside then."""


def test_what_leads_in_from_outside_is_marked_again_where_it_leads(
    database: Database, index: Index, tmp_path: Path
) -> None:
    repo = make_repo(tmp_path / "repo", PUBLISHED)
    index(repo)
    assert called_from_outside(database) == {"f": "exported", "main": "script"}
    for edit, expected, outside in EDITS:
        assert rewritten(database, index, repo, edit) == expected
        assert called_from_outside(database).keys() == outside
    assert drift(index, repo) == AS_REBUILT


@pytest.mark.every_server
def test_rows_that_were_lost_are_told_and_repaired(database: Database, index: Index, tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", BARREL)
    index(repo)
    with database.transaction() as connection:
        connection.execute("delete from symbol_references where name = 'C'")
        connection.execute("delete from symbol_relations where kind = 'overrides'")
    assert drift(index, repo) == {"files": 3, "blobs": 0, "paths": ["b.ts", "barrel.ts", "heir.py"]}
    assert drift(index, repo) == AS_REBUILT


def test_words_that_were_lost_are_told_and_repaired(database: Database, index: Index, tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", BARREL)
    index(repo)
    with database.transaction() as connection:
        wrong = connection.execute("update source_blobs set words = '{7}'").rowcount
        connection.execute("delete from vocabulary")
    assert drift(index, repo) == {"files": 0, "blobs": wrong, "paths": []}
    assert drift(index, repo) == AS_REBUILT
    assert_words_are_known(database)


@pytest.mark.every_server
def test_each_commit_adds_its_words_and_they_stay_few_segments(
    database: Database, index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MAX_SEGMENTS", 2)
    repo = make_repo(tmp_path / "repo", BARREL)
    index(repo)
    for number in range(5):
        repo.commit({"a.ts": f"export const name{number} = 'größe'\n"})
        index(repo)
        assert 1 <= len(assert_words_are_known(database)) <= 2


def assert_words_are_known(database: Database) -> list[bytes]:
    """Each stored text has the hashes of its words, and the vocabulary, in segments, has all of them."""
    with database.transaction() as connection:
        blobs = connection.execute("select repository_id, content, words from source_blobs").fetchall()
        segments = [row["words"] for row in connection.execute("select words from vocabulary").fetchall()]
    known = {word for segment in segments for word in segment.split(b"\n")}
    for blob in blobs:
        found = words(blob["content"].encode())
        assert blob["words"] == word_hashes(blob["repository_id"], found)
        assert found - {LONG} <= known
    return segments


def test_what_was_skipped_for_its_content_is_not_read_again(database: Database, index: Index, tmp_path: Path) -> None:
    repo = make_repo(
        tmp_path / "repo", {**BARREL, "image.bin": b"\0\1", "link": b"version https://git-lfs.github.com/spec/v1\n"}
    )
    index(repo)
    assert reasons(database) == {"image.bin": "binary", "link": "lfs_pointer"}
    with database.transaction() as connection:  # what nobody would say who read it
        connection.execute("update skipped_files set reason = 'minified' where path = 'image.bin'")
    repo.commit({"more.bin": b"\0\2"})
    repo.git("mv", "image.bin", "moved.bin")
    repo.commit({"link": b"no link any more"})
    index(repo)
    assert reasons(database) == {"moved.bin": "minified", "more.bin": "binary"}
    index(repo, force=True)
    assert reasons(database) == {"moved.bin": "binary", "more.bin": "binary"}


def reasons(database: Database) -> dict[str, str]:
    """What the only index leaves out, and why."""
    with database.transaction() as connection:
        rows = connection.execute("select path, reason::text from skipped_files").fetchall()
    return {row["path"]: row["reason"] for row in rows}
