"""What is computed from the benchmark's runs, and how it is shown."""

from pathlib import Path

import pytest

from benchmarks.performance.__main__ import main
from benchmarks.performance.cases import plan
from benchmarks.performance.checkout import function
from benchmarks.performance.figures import Record, exponent, percentile, slope, spread, spreads
from benchmarks.performance.limit import divided
from benchmarks.performance.report import aligned, cell, tables
from support.repos import make_repo


def test_a_spread_has_the_middle_and_both_ends() -> None:
    assert spread([3.0, 1.0, 8.0]) == (3.0, 1.0, 8.0, 3)


def test_runs_of_a_case_are_gathered_by_figure() -> None:
    records = [Record("index", "hono", "cold", run, {"job_seconds": seconds}) for run, seconds in enumerate((1.0, 3.0))]
    assert spreads(records) == {("index", "hono", "cold"): {"job_seconds": (2.0, 1.0, 3.0, 2)}}


@pytest.mark.parametrize("power", [1, 1.5, 2])
def test_the_exponent_is_the_power_that_growth_follows(power: float) -> None:
    sizes = [1.0, 4.0, 16.0]
    assert exponent(sizes, [0.3 * size**power for size in sizes]) == pytest.approx(power)


def test_the_slope_is_what_is_added_by_one() -> None:
    assert slope([1, 4, 16], [103, 112, 148]) == pytest.approx(3)


def test_growth_needs_two_sizes() -> None:
    with pytest.raises(ValueError, match="two different sizes"):
        slope([2, 2], [1, 3])


def test_a_percentile_is_not_above_the_largest() -> None:
    assert percentile([5.0], 99) == 5.0
    assert percentile([float(value) for value in range(101)], 99) == 99


def test_texts_are_divided_evenly() -> None:
    shares = divided([("python", b"x" * size) for size in (9, 5, 4, 1)], 2)
    assert sorted(sum(len(source) for _, source in share) for share in shares) == [9, 10]


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([0.1234], "0.123"),
        ([1.234], "1.23"),
        ([12.34], "12.3"),
        ([1234.5], "1,234"),
        ([1.0, 2.0, 6.0], "2.00 (1.00..6.00)"),
    ],
)
def test_a_cell_has_three_digits_and_the_spread_of_several(values: list[float], shown: str) -> None:
    assert cell(spread(values)) == shown


def test_what_was_not_measured_is_an_empty_cell() -> None:
    assert cell(None) == ""


def test_a_table_is_aligned_markdown() -> None:
    assert aligned([["a", "b"], ["cold", "1"]]) == "| a    | b |\n|------|--:|\n| cold | 1 |\n"


def test_rows_without_a_figure_of_the_table_are_left_out() -> None:
    records = [
        Record("index", "hono", "cold", 0, {"job_seconds": 2.0}),
        Record("index", "hono", "memory", 0, {"peak_memory_mb": 200.0}),
    ]
    first, second = tables(records).split("\n\n")
    assert "hono cold" in first
    assert "hono memory" not in first
    assert "hono memory" in second


def file(path: str, language: str = "python") -> dict[str, object]:
    return {"record": "file", "path": path, "language": language, "size_bytes": 10}


def test_the_barrel_is_the_file_that_most_import_and_the_leaf_nobody_does() -> None:
    edges = [("a.py", "all.py"), ("b.py", "all.py"), ("b.py", "all.py"), ("all.py", "b.py")]
    imports = [{"record": "dependency", "kind": "import", "from_path": a, "to_path": b} for a, b in edges]
    planned = plan([file("a.py"), file("b.py"), file("all.py"), file("x.txt", "text"), *imports])
    assert (planned.barrel, planned.importers, planned.leaf) == (("all.py", "python"), 2, ("a.py", "python"))
    assert ("x.txt", "text") not in planned.editable


def test_one_file_in_a_hundred_is_another_one_each_turn() -> None:
    planned = plan([file(f"{number}.py") for number in range(200)])
    turns = [planned.hundredth(turn) for turn in range(5)]
    assert [len(files) for files in turns] == [2] * 5
    assert len({path for files in turns for path, _ in files}) == 10


def test_every_edit_is_a_function_that_was_not_there() -> None:
    assert function("python", 1) != function("python", 2)
    assert "export function" in function("tsx", 1)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "no repository is given"),
        (["nowhere"], "is no folder"),
        (["."], "is no git repository"),
        (["empty"], "has no commit"),
        (["dirty"], "commit or stash"),
        (["clean", "--only", "speed"], "choose from index"),
        (["clean", "--runs", "0"], "1 or more"),
    ],
)
def test_bad_input_is_told_before_anything_runs(
    arguments: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    make_repo(tmp_path / "clean", {"a.py": "x = 1\n"})
    make_repo(tmp_path / "dirty", {"a.py": "x = 1\n"}).write({"a.py": "x = 2\n"})
    (tmp_path / "empty").mkdir()
    make_repo(tmp_path / "clean", {}).git("init", "--quiet", str(tmp_path / "empty"))
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert says in " ".join(capsys.readouterr().err.split())
