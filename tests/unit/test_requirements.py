"""What is installed is pinned, hashed and explained."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "requirements"
WANTED = {path.stem: path.read_text() for path in FOLDER.glob("*.in")}
PINNED = {path.stem: path.read_text() for path in FOLDER.glob("*.txt")}


def _name(requirement: str) -> str:
    """`psycopg[binary]>=3.3,<4` as `psycopg`."""
    return re.split(r"[^A-Za-z0-9_.-]", requirement.strip())[0].lower().replace("_", "-")


def _asked_for(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith(("#", "-r"))]


def test_each_list_is_pinned() -> None:
    assert WANTED.keys() == PINNED.keys() >= {"runtime", "dev"}


@pytest.mark.parametrize("name", sorted(WANTED))
def test_every_dependency_says_why_it_is_there(name: str) -> None:
    unexplained = [line for line in _asked_for(WANTED[name]) if not re.search(r" # \S+", line)]
    assert unexplained == []


@pytest.mark.parametrize("name", sorted(PINNED))
def test_every_dependency_is_pinned_to_one_version_with_hashes(name: str) -> None:
    requirements = re.split(r"\n(?=\S)", "\n" + PINNED[name])
    pinned = [text for text in requirements if text.strip() and not text.startswith("#")]
    loose = [text.split()[0] for text in pinned if "==" not in text.split()[0] or "--hash=sha256:" not in text]
    assert len(pinned) >= len(_asked_for(WANTED[name]))
    assert loose == []


@pytest.mark.parametrize("name", sorted(PINNED))
def test_no_list_names_where_it_is_downloaded_from(name: str) -> None:
    assert "://" not in PINNED[name] + WANTED[name]
    assert not re.search(r"--(?:extra-)?index-url|--find-links", PINNED[name])


def test_the_package_asks_for_what_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    build = {"flit-core"}
    assert {_name(text) for text in project["dependencies"]} == {
        _name(x) for x in _asked_for(WANTED["runtime"])
    } - build
