"""What is computed from the benchmark's runs, and how it is shown."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks.performance.__main__ import main
from benchmarks.performance.cases import plan
from benchmarks.performance.checkout import function
from benchmarks.performance.figures import Record, exponent, percentile, slope, spread, spreads
from benchmarks.performance.growth import GROWTH, summary, varied, write_curves
from benchmarks.performance.installation import is_about_files
from benchmarks.performance.limit import divided
from benchmarks.performance.plot import svg, ticks
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


def test_what_a_program_gives_is_told_and_why_it_did_not_run() -> None:
    ran = Record("peers", "hono", "ctags", 0, {"wall_seconds": 1.0}, {"gives": "definitions"})
    missing = Record("peers", "hono", "grimp", 0, {}, {"gives": "imports", "skipped": "no Python"})
    shown = tables([ran, missing])
    assert "ctags: definitions" in shown
    assert "grimp was not run on hono: no Python" in shown
    assert "hono grimp" not in shown


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


def test_names_in_an_export_are_not_needed() -> None:
    records = [{"record": "reference"}, {"record": "dependency", "kind": "use"}, {"record": "skipped"}]
    assert [is_about_files(record) for record in records] == [False, False, True]


def test_one_file_in_a_hundred_is_another_one_each_turn() -> None:
    planned = plan([file(f"{number}.py") for number in range(200)])
    turns = [planned.hundredth(turn) for turn in range(5)]
    assert [len(files) for files in turns] == [2] * 5
    assert len({path for files in turns for path, _ in files}) == 10


def test_every_edit_is_a_function_that_was_not_there() -> None:
    assert function("python", 1) != function("python", 2)
    assert "export function" in function("tsx", 1)


# ---- growth ----------------------------------------------------------------------------------------------------------


def sized(megabytes: float, seconds: float, memory: float) -> Record:
    figures = {
        "source_mb": megabytes, "job_seconds": seconds, "cpu_seconds": seconds, "peak_memory_mb": memory,
        "stored_mb": 2 * megabytes,
    }  # fmt: skip
    return Record(GROWTH, "hono", f"{megabytes} MB", 0, figures, {"memory": [(0.1, 1_000_000), (0.2, 2_000_000)]})


def test_growth_is_summed_up_over_the_source() -> None:
    figures = summary([sized(1, 1, 103), sized(4, 4, 112), sized(16, 16, 148)]).figures
    assert figures["time_exponent"] == pytest.approx(1)
    assert figures["memory_mb_per_source_mb"] == pytest.approx(3)


@pytest.mark.parametrize("name", ["a.py", "a.tsx", "package.json", "README"])
def test_no_two_copies_of_a_file_are_the_same(name: str) -> None:
    copies = [varied(name, b"{}", number) for number in range(16)]
    assert len(set(copies)) == 16


def test_json_stays_json_and_binary_as_it_is() -> None:
    assert json.loads(varied("package.json", b'{"a": 1}\n', 15)) == {"a": 1}
    assert varied("logo.png", b"\0", 3) == b"\0"


def test_curves_are_written_as_csv_and_as_a_plot(tmp_path: Path) -> None:
    write_curves([sized(1, 1, 2), Record("index", "hono", "memory", 0, {})], tmp_path)
    assert (tmp_path / "growth.csv").read_text().splitlines()[1] == '"hono, 1 MB",0.100,1000000'
    plot = ElementTree.fromstring((tmp_path / "growth.svg").read_text())
    assert len(plot.findall("{http://www.w3.org/2000/svg}polyline")) == 1


def test_names_in_a_plot_are_text() -> None:
    assert "<b>" not in svg({"<b>": [(0, 0), (1, 1)]}, "x", "y")


@pytest.mark.parametrize("most", [0.03, 1, 7, 100, 4321])
def test_ticks_are_a_few_round_values_up_to_the_most(most: float) -> None:
    values = ticks(most)
    assert values[0] == 0
    assert 2 <= len(values) <= 6
    assert most - values[1] < values[-1] <= most * 1.000001


# ---- what is given ---------------------------------------------------------------------------------------------------


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
        (["clean", "./clean"], "two have the same"),
        (["clean", "--json", "missing/result.json"], "a folder that is there"),
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
