"""The corpus benchmark counts honestly: wrong shapes, wrong tasks and exceptions show in the goals."""

from pathlib import Path

import pytest

from benchmarks.corpus.__main__ import choose_files, summarise
from benchmarks.corpus.index import CorpusFile, find_target, read_index, shape_problem
from benchmarks.corpus.walk import STAGES, Outcome
from core.records import Column, DatasetVersion, Reading

HEADER = "file\tdifficulty\ttarget\ttask\trows\tcols\tdelimiter\theader\n"
FILE = CorpusFile("a.csv", "y", "binary", 10, 2, ",", has_header=True)


def dataset(names: tuple[str, ...] = ("x", "y"), n_rows: int = 10, **reading: object) -> DatasetVersion:
    columns = tuple(Column(name, "number", "int64") for name in names)
    read = Reading("CSV", delimiter=",", **reading)  # type: ignore[arg-type]
    return DatasetVersion("p", 1, "upload", "a.csv", "", n_rows, columns, reading=read)


def test_an_index_is_read_with_its_uncertain_lines(tmp_path: Path) -> None:
    index = tmp_path / "open.tsv"
    index.write_text(HEADER + "a.csv\teasy\t#1\tbinary\t10\t2\t'\\t'\t0\nb.csv\thard\t\tnone\t5\t1\t','\t1\n")
    (tmp_path / "open-truth.json").write_text('{"a.csv": {"uncertain": true}}')
    first, second = read_index(index)
    assert first == CorpusFile("a.csv", "#1", "binary", 10, 2, "\t", has_header=False, uncertain=True)
    assert (second.task, second.uncertain) == ("none", False)


def test_a_target_is_found_by_position_or_name() -> None:
    assert find_target(dataset(), "#1") == "y"
    assert find_target(dataset(), " y ") == "y"
    assert find_target(dataset(), "#7") is None
    assert find_target(dataset(), "z") is None
    assert find_target(dataset(names=("#1", "y")), "#1") == "#1"


def test_a_shape_is_right_only_when_everything_is() -> None:
    assert shape_problem(FILE, dataset()) == ""
    assert "9 x 2 in place of 10 x 2" in shape_problem(FILE, dataset(n_rows=9))
    assert "took a header for data" in shape_problem(FILE, dataset(has_header=False))
    wrong = CorpusFile("a.csv", "y", "binary", 10, 2, ";", has_header=True)
    assert "delimiter ',' in place of ';'" in shape_problem(wrong, dataset())


def test_goals_count_what_went_wrong() -> None:
    nothing = CorpusFile("b.csv", "", "none", 10, 2, ",", has_header=True)
    unsure = CorpusFile("c.csv", "y", "binary", 10, 2, ",", has_header=True, uncertain=True)
    outcomes = [
        Outcome(FILE, passed=list(STAGES)),
        Outcome(FILE, passed=["read", "shape"], problems={"task": "EXCEPTION KeyError: 1"}),
        Outcome(unsure, passed=["read", "task"], problems={"shape": "9 x 2"}),
        Outcome(nothing, passed=["read", "shape"], declined=True),
    ]
    goals, counts = summarise(outcomes)
    values = {name: goal["value"] for name, goal in goals.items()}
    assert values == {
        "opened_share": 1.0,
        "without_exception_share": 0.75,
        "shape_and_header_share": 1.0,
        "task_share": pytest.approx(2 / 3, abs=1e-4),
        "declined_share": 1.0,
        "served_prediction_share": pytest.approx(1 / 3, abs=1e-4),
        "drift_report_share": pytest.approx(1 / 3, abs=1e-4),
    }
    assert not goals["task_share"]["met"]
    assert counts["n_with_target"] == 3
    assert counts["reached"]["declined"] == 1


def test_the_quick_form_takes_files_from_all_over_the_index() -> None:
    files = [CorpusFile(f"{n}.csv", "y", "binary", 1, 1, ",", has_header=True) for n in range(120)]
    quick = choose_files(files, None, quick=True)
    assert len(quick) == 12
    assert quick[-1].name == "110.csv"
    assert choose_files(files, 5, quick=False) == files[:5]
