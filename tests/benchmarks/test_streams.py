"""The streams benchmark judges honestly: what is false, late, wrong, missing or not played shows in the goals."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from benchmarks.streams.__main__ import choose_files
from benchmarks.streams.goals import judge_goals
from benchmarks.streams.index import StreamFile, read_streams
from benchmarks.streams.judging import Judgement
from benchmarks.streams.oracle import without_concept_change
from benchmarks.streams.peer import PeerEstimates
from benchmarks.streams.world import PlayedWindow

HEADER = "file\ttarget\ttask\ttime\trows\tstream\n"


def stream_file(name: str = "a.csv", task: str = "binary") -> StreamFile:
    return StreamFile(name, "y", task, "", 1_000)


def played(*truths: float, alarms: str = "", estimated: float | None = None, trusted: bool = True) -> Judgement:
    """Return the judgement of a stream tested at 0.9; `alarms` has an x for each window with an open alarm."""
    marks = alarms.ljust(len(truths))
    windows = (
        PlayedWindow(number, 400, truth, 0.015, estimated, trusted, "It is worse." if mark == "x" else "")
        for number, (truth, mark) in enumerate(zip(truths, marks, strict=True))
    )
    return Judgement("a.csv", "accuracy", 0.9, tuple(windows))


def test_an_index_gives_its_streams_only(tmp_path: Path) -> None:
    index = tmp_path / "index.tsv"
    index.write_text(HEADER + "a.csv\ty\tbinary\tat\t10\tdrift\nb.csv\ty\tregression\t\t99\t\n")
    assert read_streams(index) == [StreamFile("a.csv", "y", "binary", "at", 10)]


def test_an_alarm_with_a_loss_shortly_before_is_right_and_any_other_false() -> None:
    assert played(0.9, 0.8, 0.9, 0.9, alarms="   x").false_alarms == []
    assert played(0.9, 0.8, 0.9, 0.9, 0.9, alarms="    x").false_alarms == [4]
    assert played(0.9, 0.86, 0.9, 0.9, alarms=" x x").false_alarms == [1, 3]
    assert played(0.9, 0.86, 0.86, alarms=" xx").false_alarms == [1]


def test_a_delay_is_counted_from_the_first_of_two_lost_windows() -> None:
    assert played(0.9, 0.8, 0.8, alarms=" xx").delay == 1
    assert played(0.9, 0.8, 0.8, 0.8, alarms="   x").delay == 3
    assert played(0.9, 0.8, 0.8).delay is None
    assert played(0.9, 0.84, 0.89, 0.9).delay == 0


def test_an_error_a_quarter_above_the_test_is_a_loss_of_five_points() -> None:
    of_errors = replace(played(10.0, 12.4, 12.6), tested=10.0, is_error=True)
    assert of_errors.lost == [False, False, True]
    assert of_errors.gaps([9.0, 12.4, 12.6]) == pytest.approx([10.0, 0.0, 0.0])


def test_gaps_are_in_points_and_a_window_without_an_estimate_counts_for_none() -> None:
    one = played(0.9, 0.8)
    assert one.gaps([0.88, None]) == [pytest.approx(2.0), None]
    assert one.gaps([]) == [None, None]
    assert one.as_json()["mean_gap_peer"] is None


def test_what_chance_explains_is_taken_from_the_gap() -> None:
    assert played(0.9, 0.9, estimated=0.91).gap_beyond_chance == 0.0
    assert played(0.9, 0.9, estimated=0.85).gap_beyond_chance == pytest.approx(np.sqrt(25 - 2.25), abs=0.01)


def test_a_wrong_estimate_that_was_believed_shows() -> None:
    assert played(0.8, estimated=0.9).wrong_told == [False]
    assert played(0.8, estimated=0.9, trusted=False).wrong_told == [True]
    assert played(0.9, estimated=0.9).wrong_told == []


def test_a_false_alarm_and_a_peer_that_gave_up_are_explained() -> None:
    judgement = replace(played(0.9, 0.87, alarms=" x"), peer=PeerEstimates(problem="ValueError: no rows"))
    said = "\n".join(judgement.lines())
    assert "False alarm at window 1, where 3.0 points were lost. It said: It is worse." in said
    assert "NannyML could not: ValueError: no rows" in said


def test_goals_of_streams_that_an_index_lacks_are_neither_met_nor_missed() -> None:
    goals = judge_goals([], [])
    for name in ("occupancy_false_alarms", "cta_ridership_windows_to_alarm", "mean_gap_points_without_concept_change"):
        assert (goals[name]["value"], goals[name]["met"]) == ("not in this index", None)


def test_a_stream_that_could_not_be_played_misses_its_goals() -> None:
    goals = judge_goals([stream_file("STREAM_occupancy_room.csv")], [])
    assert goals["occupancy_false_alarms"] == {"value": "could not be played", "goal": 0, "met": False}
    assert not goals["mean_gap_points_without_concept_change"]["met"]
    assert not goals["streams_played"]["met"]


def test_a_loss_never_noticed_misses_the_goals() -> None:
    never = replace(played(0.9, 0.8, 0.8), name="mta_ridership.csv")
    goals = judge_goals([stream_file("mta_ridership.csv")], [never])
    assert goals["mta_ridership_windows_to_alarm"] == {"value": "never", "goal": 2, "met": False}
    assert goals["streams_with_a_loss_noticed_in_time"] == {"value": 0, "goal": 1, "met": False}
    in_time = replace(never, windows=played(0.9, 0.8, 0.8, alarms="  x").windows)
    goals = judge_goals([stream_file("mta_ridership.csv")], [in_time])
    assert goals["mta_ridership_windows_to_alarm"] == {"value": 2, "goal": 2, "met": True}


def test_false_alarms_count_in_both_plays_of_a_stream() -> None:
    one = replace(played(0.9, 0.88, alarms=" x", estimated=0.9), name="occupancy.csv")
    goals = judge_goals([stream_file("occupancy.csv")], [one, replace(one, still=True)])
    assert goals["occupancy_false_alarms"]["value"] == 1
    assert goals["false_alarms_of_all_streams"]["value"] == 2
    assert goals["mean_gap_points_without_concept_change"]["value"] == 1.0


@pytest.mark.parametrize("n_classes", [2, 3])
def test_an_oracle_keeps_the_relation_and_the_inputs(n_classes: int) -> None:
    rng = np.random.default_rng(0)
    x = rng.random(2_000)
    table = pa.table({"x": x, "y": (x * n_classes).astype(int)})
    drawn = without_concept_change(table, "y", learn_share=0.3)
    assert drawn["x"].equals(table["x"])
    agree = np.mean(drawn["y"].to_numpy() == table["y"].to_numpy())
    assert 0.9 < agree < 1.0


@pytest.mark.slow
def test_streams_are_played_to_the_end_although_one_cannot_be(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.random((1_000, 2))
    turned = np.arange(1_000) >= 600
    label = np.where((x[:, 0] > 0.5) != turned, "yes", "no")
    pd.DataFrame(x, columns=["a", "b"]).assign(y=label).to_csv(tmp_path / "turns.csv", index=False)
    index = tmp_path / "index.tsv"
    lines = ("gone.csv\ty\tregression\t\t2000\tdrift\n", "turns.csv\ty\tbinary\t\t1000\tdrift\n")
    index.write_text(HEADER + "".join(lines))
    command = [sys.executable, "-m", "benchmarks.streams", "--data", str(tmp_path), "--index", str(index)]
    output = subprocess.run([*command, "--without-peer"], check=True, capture_output=True, text=True).stdout
    assert "gone.csv: it could not be played." in output
    told = json.loads(output.splitlines()[-1])
    turns, still = told["streams"]
    assert (turns["name"], still["name"]) == ("turns.csv", "turns.csv without concept change")
    assert turns["n_lost"] == 4
    assert turns["windows_to_alarm"] == 1
    assert still["n_false_alarms"] == 0
    assert still["mean_gap"] < 5
    assert told["goals"]["streams_played"] == {"value": 1, "goal": 2, "met": False}


def test_the_quick_form_plays_few_streams_of_both_kinds() -> None:
    sizes = {"a": 5, "b": 1, "c": 2, "d": 3, "e": 9}
    files = [StreamFile(name, "y", "binary" if name in "ae" else "regression", "", n) for name, n in sizes.items()]
    assert [file.name for file in choose_files(files, quick=True)] == ["a", "b", "c"]
    assert choose_files(files, quick=False) == files
