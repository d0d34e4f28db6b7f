"""What the labels that arrived say: chunks in time order, intervals, coverage, and the words for it."""

from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from core import monitor
from core.errors import NotReadyError
from core.monitor.performance import FEWEST_ROWS, LATEST_ROWS
from core.records import LabelRecord, ModelVersion, Objective, Prediction, Reference
from core.store import Store
from tests.core.monitor.conftest import START, count_minutes, make_reference

MakeLive = Callable[..., ModelVersion]


@pytest.fixture(scope="module")
def reference() -> Reference:
    return make_reference(pd.DataFrame({"x": np.arange(100.0)}), ["no", "yes"] * 50)


def answer(
    store: Store, model: ModelVersion, n_rows: int, *, share_right: float, labelled: float = 1.0, after_s: int = 0
) -> None:
    """Log predictions, one a second, of which so many are right, and so many get a label."""
    rng = np.random.default_rng(n_rows + after_s)
    predictions, labels = [], []
    for row in range(n_rows):
        said, other = ("yes", "no") if rng.random() < 0.5 else ("no", "yes")
        prediction = Prediction(
            "p",
            model.id,
            "r",
            {"x": 1.0},
            said,
            {said: 0.8, other: 0.2},
            predicted_at=START + timedelta(seconds=after_s + row),
        )
        predictions.append(prediction)
        if rng.random() < labelled:
            labels.append(LabelRecord(prediction.id, "p", said if rng.random() < share_right else other))
    store.log.append(predictions, count_minutes(predictions))
    store.log.add_labels(labels)


def test_accuracy_is_shown_in_time_order_with_intervals_that_hold_the_truth(
    store: Store, reference: Reference, make_live: MakeLive
) -> None:
    model = make_live(reference)
    answer(store, model, 1_000, share_right=0.9)
    answer(store, model, 1_000, share_right=0.6, after_s=1_000)
    report = monitor.performance(store, "p", n_points=10)
    assert len(report.points) == 10
    assert [point.n_labelled for point in report.points] == [200] * 10
    assert all(a.ended_at < b.started_at for a, b in zip(report.points, report.points[1:], strict=False))
    for number, point in enumerate(report.points):
        assert point.value is not None
        assert point.low is not None
        assert point.high is not None
        assert point.low <= point.value <= point.high
        assert point.low - 0.03 < (0.9 if number < 5 else 0.6) < point.high + 0.03
    assert (report.reference_value, report.minimum, report.coverage) == (0.9, None, 1.0)


def test_labels_that_have_not_come_lower_the_coverage_not_the_accuracy(
    store: Store, reference: Reference, make_live: MakeLive
) -> None:
    model = make_live(reference)
    answer(store, model, 1_000, share_right=1.0, labelled=0.25)
    report = monitor.performance(store, "p")
    assert report.coverage == pytest.approx(0.25, abs=0.05)
    assert report.n_labelled == store.log.count("p")[1]
    assert sum(point.n_predictions for point in report.points) == pytest.approx(1_000, abs=30)
    assert {point.value for point in report.points} == {1.0}
    assert all(point.n_labelled >= FEWEST_ROWS for point in report.points)


def test_each_stretch_belongs_to_one_model_version(store: Store, reference: Reference, make_live: MakeLive) -> None:
    first = make_live(reference)
    answer(store, first, 200, share_right=0.9)
    second = make_live(reference, number=2)
    answer(store, second, 200, share_right=0.7, after_s=200)
    report = monitor.performance(store, "p", n_points=4)
    assert [point.model_version_id for point in report.points] == [first.id] * 2 + [second.id] * 2
    assert "Over the newest 200 labels" in report.sentence


def test_the_sentence_names_value_test_and_objective(store: Store, reference: Reference, make_live: MakeLive) -> None:
    model = make_live(reference)
    store.add(Objective("p", target="y", task="binary", metric="accuracy", minimum=0.85))
    answer(store, model, LATEST_ROWS + 500, share_right=0.6)
    sentence = monitor.performance(store, "p").sentence
    assert sentence.startswith(f"Over the newest {LATEST_ROWS:,} labels: Accuracy 6")
    assert "When it was tested: 90." in sentence
    assert sentence.endswith("Wanted: at least 85.")


def test_errors_of_numbers_are_measured_in_their_own_unit(store: Store, make_live: MakeLive) -> None:
    built = make_reference(pd.DataFrame({"x": np.arange(100.0)}), np.arange(100.0).tolist())
    model = make_live(built, task="regression", metric="neg_mean_absolute_error", tested=2.0)
    predictions = [
        Prediction("p", model.id, "r", {}, float(row), predicted_at=START + timedelta(seconds=row))
        for row in range(100)
    ]
    store.log.append(predictions, count_minutes(predictions))
    store.log.add_labels([LabelRecord(one.id, "p", float(one.prediction) + 3.0) for one in predictions])
    report = monitor.performance(store, "p")
    assert [point.value for point in report.points] == [3.0, 3.0]
    assert report.reference_value == 2.0


def test_without_labels_it_is_said_that_nothing_can_be_told(
    store: Store, reference: Reference, make_live: MakeLive
) -> None:
    with pytest.raises(NotReadyError):
        monitor.performance(store, "p")
    model = make_live(reference)
    answer(store, model, 10, share_right=1.0, labelled=0.0)
    report = monitor.performance(store, "p")
    assert report.points == ()
    assert report.coverage == 0.0
    assert "cannot be told yet" in report.sentence


def test_labels_of_one_class_do_not_break_a_metric_that_needs_two(
    store: Store, reference: Reference, make_live: MakeLive
) -> None:
    model = make_live(reference, metric="roc_auc")
    prediction = Prediction("p", model.id, "r", {}, "yes", {"yes": 0.9, "no": 0.1}, predicted_at=START)
    store.log.append([prediction], count_minutes([prediction]))
    store.log.add_labels([LabelRecord(prediction.id, "p", "yes")])
    report = monitor.performance(store, "p")
    assert [point.value for point in report.points] == [None]
    assert "too few different values" in report.sentence


def test_right_after_a_release_nothing_is_said_of_the_new_model_by_the_old_ones_labels(
    store: Store, reference: Reference, make_live: MakeLive
) -> None:
    first = make_live(reference)
    answer(store, first, 200, share_right=0.9)
    second = make_live(reference, number=2)
    report = monitor.performance(store, "p")
    assert (report.model_version_id, report.n_predictions, report.n_labelled, report.coverage) == (second.id, 0, 0, 0.0)
    assert report.sentence.startswith("Version 2 is live and has not been asked anything yet")
    assert {point.model_version_id for point in report.points} == {first.id}
    assert report.live_points == ()
    answer(store, second, 100, share_right=0.7, after_s=200, labelled=0.5)
    report = monitor.performance(store, "p")
    assert report.n_predictions == 100
    assert 0.3 < report.coverage < 0.7
    assert {point.model_version_id for point in report.live_points} == {second.id}
