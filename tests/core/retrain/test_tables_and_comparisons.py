"""Live rows in the types of the stored table, and what a comparison is said to mean."""

import numpy as np
import pytest

from core.evaluate import ScoredRows
from core.plan import metric
from core.records import Column, Label, LabelRecord, Prediction
from core.retrain.comparison import Comparison, compare, recommend
from core.retrain.new_table import live_table, readable_rows
from core.store import LabelledPrediction

COLUMNS = (
    Column("count", "number", "int64"),
    Column("weight", "number", "double"),
    Column("place", "category", "string"),
    Column("open", "boolean", "bool"),
    Column("when", "date", "timestamp[us]"),
    Column("unused", "category", "string"),
    Column("y", "number", "int64"),
)


def labelled(label: Label, **inputs: object) -> LabelledPrediction:
    prediction = Prediction("p", "m", "r", dict(inputs), "1")
    return LabelledPrediction(prediction, LabelRecord(prediction.id, "p", label))


def test_live_rows_take_the_stored_types_and_unused_columns_are_missing() -> None:
    rows = [
        labelled("1", count=3, weight=1, place="Ä", open=True, when="2026-01-31T10:00:00+02:00"),
        labelled("0", count=4.0, weight=None, place=None, open=None, when=None),
    ]
    table = live_table(COLUMNS, "y", rows)
    assert [str(field.type) for field in table.schema] == [
        "int64", "double", "string", "bool", "timestamp[us]", "string", "int64",
    ]  # fmt: skip
    first, second = table.to_pylist()
    assert first["when"].isoformat() == "2026-01-31T08:00:00"
    assert first == {**first, "count": 3, "weight": 1.0, "place": "Ä", "open": True, "unused": None, "y": 1}
    assert second == {"count": 4, "weight": None, "place": None, "open": None, "when": None, "unused": None, "y": 0}


def test_a_fraction_in_a_column_of_whole_numbers_is_kept() -> None:
    table = live_table(COLUMNS, "y", [labelled("1", count=2.5), labelled("1", count=None)])
    assert table.column("count").to_pylist() == [2.5, None]


@pytest.mark.parametrize(
    ("target", "labels", "n_kept"),
    [
        (Column("y", "number", "int64"), ["1", "0", "perhaps"], 2),
        (Column("y", "boolean", "bool"), ["True", "False", "perhaps"], 2),
        (Column("y", "category", "string"), ["yes", "no", "perhaps"], 3),
        (Column("y", "number", "double"), [1.5, 2.0, 3.25], 3),
    ],
)
def test_labels_the_target_cannot_hold_are_left_out(target: Column, labels: list[Label], n_kept: int) -> None:
    rows = [labelled(label) for label in labels]
    assert readable_rows(target, rows) == rows[:n_kept]


def test_a_smaller_error_counts_as_better() -> None:
    rng = np.random.default_rng(0)
    truth = rng.normal(size=500)
    good, bad = ScoredRows(truth, truth + 0.1), ScoredRows(truth, truth + rng.normal(size=500))
    found = compare("neg_mean_absolute_error", bad, good)
    assert found.better
    assert found.challenger_value == pytest.approx(0.1)
    assert found.difference == pytest.approx(found.champion_value - 0.1)
    assert not compare("neg_mean_absolute_error", good, bad).better


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (
            Comparison(100.0, 45.0, 55.0, 40.0, 70.0),
            "The new model is better: Mean absolute error 45 instead of 100 on the newest 800 labelled rows (better "
            "by 40 to 70). It should go live.",
        ),
        (
            Comparison(45.0, 100.0, -55.0, -70.0, -40.0),
            "The new model is worse: Mean absolute error 100 instead of 45 on the newest 800 labelled rows (worse by "
            "40 to 70). Keep the live one.",
        ),
        (
            Comparison(45.0, 44.0, 1.0, -2.0, 4.0),
            "No clear difference: Mean absolute error 44 instead of 45 on the newest 800 labelled rows (between "
            "2 worse and 4 better). Keep the live one, or wait for more labels.",
        ),
    ],
)
def test_the_recommendation_says_who_is_better_by_how_much_and_what_to_do(found: Comparison, words: str) -> None:
    assert recommend(metric("neg_mean_absolute_error"), found, 800) == words


def test_a_better_model_that_the_plan_does_not_find_good_enough_is_said_to_be_so() -> None:
    found = Comparison(100.0, 45.0, 55.0, 40.0, 70.0)
    name = metric("neg_mean_absolute_error")
    assert recommend(name, found, 800, 45.0).endswith("It should go live.")
    assert recommend(name, found, 800, 44.0).endswith("but the plan wants at most 44: neither is good enough.")
