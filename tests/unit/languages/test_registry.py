"""Which file is in which language, and what a broken language folder says."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from kotadb import languages
from kotadb.errors import LanguageError
from kotadb.languages import LanguageSpec, language_of
from kotadb.languages.grammar import Rules, compile_language


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("src/app.ts", "typescript"),
        ("types/index.d.ts", "typescript"),
        ("a.mts", "typescript"),
        ("a.cts", "typescript"),
        ("App.tsx", "tsx"),
        ("a.js", "javascript"),
        ("a.mjs", "javascript"),
        ("a.cjs", "javascript"),
        ("App.jsx", "jsx"),
        ("setup.py", "python"),
        ("SETUP.PY", "python"),
        ("stub.pyi", "python"),
        ("gui.pyw", "python"),
        ("README.md", None),
        ("py", None),
        (".py", None),
        ("folder.py/notes", None),
        ("", None),
    ],
)
def test_the_language_of_a_path(path: str, language: str | None) -> None:
    assert language_of(path) == language


def test_the_languages_are_found_by_themselves() -> None:
    assert languages.names() == ("javascript", "jsx", "python", "tsx", "typescript")


def test_a_language_is_compiled_once() -> None:
    assert languages.load("python") is languages.load("python")


def test_a_language_that_is_not_there() -> None:
    with pytest.raises(LanguageError, match="no language cobol"):
        languages.load("cobol")


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LanguageSpec:
    """A language folder `toy` with one valid query, `toy.scm`; change the file to break it."""
    folder = tmp_path / "toy"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "toy.scm").write_text("(function_definition name: (_) @name) @definition.function")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "toy", raising=False)
    return LanguageSpec("toy", "toy", (".toy",), "tree_sitter_python:language", ("toy.scm",), Rules())


def test_a_folder_is_a_language(toy: LanguageSpec) -> None:
    assert compile_language(toy).name == "toy"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("(module) @definition.gadget", "toy/toy.scm: unknown capture @definition.gadget"),
        ("(module) @definition", "toy/toy.scm: unknown capture @definition"),
        ("(class_definition) @nmae", "toy/toy.scm: unknown capture @nmae"),
        ("(no_such_node) @scope", "toy/toy.scm: .*no_such_node"),
        ("(module", "toy/toy.scm: "),
        ("(identifier) @name", "toy/toy.scm: the pattern in line 1 has 0 heads"),
        ("; first\n\n(module) @scope @doc", "toy/toy.scm: the pattern in line 3 has 2 heads"),
        ("(module) @definition.class", "toy/toy.scm: the pattern in line 1 has no @name"),
        ("(module) @wrapper", "toy/toy.scm: the pattern in line 1 has no @wrapped"),
    ],
)
def test_a_broken_query_names_its_file(toy: LanguageSpec, tmp_path: Path, query: str, message: str) -> None:
    (tmp_path / "toy" / "toy.scm").write_text(query)
    with pytest.raises(LanguageError, match=message):
        compile_language(toy)


def test_the_broken_one_of_several_queries_is_named(toy: LanguageSpec, tmp_path: Path) -> None:
    (tmp_path / "toy" / "second.scm").write_text("(module")
    with pytest.raises(LanguageError, match=r"^toy/second.scm: "):
        compile_language(replace(toy, definitions=("toy.scm", "second.scm")))


def test_captures_in_comments_and_strings_are_none(toy: LanguageSpec, tmp_path: Path) -> None:
    query = '; @nothing\n((identifier) @_name (#eq? @_name "@nobody")) @export.list'
    (tmp_path / "toy" / "toy.scm").write_text(query)
    assert compile_language(toy).name == "toy"


def test_a_query_that_is_not_there(toy: LanguageSpec) -> None:
    with pytest.raises(LanguageError, match=r"toy/gone.scm: cannot be read"):
        compile_language(replace(toy, definitions=("gone.scm",)))


@pytest.mark.parametrize("grammar", ["no_such_module:language", "tree_sitter_python:no_such_name", ""])
def test_a_grammar_that_is_not_there(toy: LanguageSpec, grammar: str) -> None:
    with pytest.raises(LanguageError, match="no grammar"):
        compile_language(replace(toy, grammar=grammar))


def test_two_languages_cannot_claim_one_extension(toy: LanguageSpec) -> None:
    other = replace(toy, name="other", folder="others")
    with pytest.raises(LanguageError, match=r"toy \(toy\) and others \(other\) both claim \*\.toy"):
        languages.claims([toy, other])


def test_a_whole_file_name_can_be_claimed(toy: LanguageSpec) -> None:
    assert languages.claims([replace(toy, file_names=("Toyfile",))]) == {"*.toy": "toy", "Toyfile": "toy"}
