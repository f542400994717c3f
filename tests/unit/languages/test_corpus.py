"""Every symbol of the annotated sources is found, and nothing else."""

from pathlib import Path

import pytest

from kotadb.languages import language_of, load, names
from kotadb.pipeline.extract import extract
from support.corpus import CORPUS, annotations, definitions, files, misplaced_carets


@pytest.mark.parametrize("file", files(), ids=lambda file: str(file.relative_to(CORPUS)))
def test_symbols_are_the_annotated_ones(file: Path) -> None:
    source = file.read_bytes()
    language = load(file.parent.name)
    facts = extract(source, language)
    assert definitions(source.decode(), facts.symbols) == annotations(source.decode())
    assert not facts.has_errors


@pytest.mark.parametrize("file", files(), ids=lambda file: str(file.relative_to(CORPUS)))
def test_the_corpus_is_well_formed(file: Path) -> None:
    assert language_of(file.name) == file.parent.name
    assert misplaced_carets(file.read_text()) == []


def test_every_language_has_a_corpus() -> None:
    assert {file.parent.name for file in files()} == set(names())
