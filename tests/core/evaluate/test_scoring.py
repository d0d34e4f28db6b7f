"""Metrics equal scikit-learn's; intervals say how sure one can be."""

import time

import numpy as np
import pytest
from sklearn import metrics as sk

from core.errors import BadInputError
from core.evaluate import ScoredRows, bootstrap_difference, bootstrap_interval, bootstrap_intervals, score_predictions
from core.plan import METRICS


def binary_rows(n_rows: int = 500, seed: int = 0, classes: tuple[str, str] = ("no", "yes")) -> ScoredRows:
    rng = np.random.default_rng(seed)
    truth = rng.random(n_rows) < 0.3
    score = np.round(np.clip(0.3 * truth + 0.7 * rng.random(n_rows), 0, 1), 2)
    names = np.array(classes, dtype=object)
    return ScoredRows(
        names[truth.astype(int)], names[(score > 0.5).astype(int)], np.c_[1 - score, score], classes, classes[1]
    )


def multiclass_rows(n_rows: int = 600, seed: int = 1) -> ScoredRows:
    rng = np.random.default_rng(seed)
    classes = ("a", "b", "c")
    truth = rng.integers(0, 3, n_rows)
    proba = rng.dirichlet([1, 1, 1], n_rows)
    proba[np.arange(n_rows), truth] += 0.5
    proba /= proba.sum(axis=1, keepdims=True)
    names = np.array(classes, dtype=object)
    return ScoredRows(names[truth], names[proba.argmax(axis=1)], proba, classes)


def number_rows(n_rows: int = 400, seed: int = 2) -> ScoredRows:
    rng = np.random.default_rng(seed)
    truth = rng.normal(50, 10, n_rows)
    return ScoredRows(truth, truth + rng.normal(0, 3, n_rows))


EXPECTED = {
    "accuracy": lambda r: sk.accuracy_score(r.truth, r.answers),
    "balanced_accuracy": lambda r: sk.balanced_accuracy_score(r.truth, r.answers),
    "f1_macro": lambda r: sk.f1_score(r.truth, r.answers, average="macro"),
    "precision": lambda r: sk.precision_score(r.truth, r.answers, pos_label="yes"),
    "recall": lambda r: sk.recall_score(r.truth, r.answers, pos_label="yes"),
    "f1": lambda r: sk.f1_score(r.truth, r.answers, pos_label="yes"),
    "roc_auc": lambda r: sk.roc_auc_score(r.truth == "yes", r.y_proba[:, 1]),
    "average_precision": lambda r: sk.average_precision_score(r.truth == "yes", r.y_proba[:, 1]),
    "roc_auc_ovr": lambda r: sk.roc_auc_score(r.truth, r.y_proba, multi_class="ovr"),
    "neg_mean_absolute_error": lambda r: sk.mean_absolute_error(r.truth, r.answers),
    "neg_root_mean_squared_error": lambda r: sk.root_mean_squared_error(r.truth, r.answers),
    "neg_median_absolute_error": lambda r: sk.median_absolute_error(r.truth, r.answers),
    "r2": lambda r: sk.r2_score(r.truth, r.answers),
}
ROWS = {"binary": binary_rows, "multiclass": multiclass_rows, "regression": number_rows}


@pytest.mark.parametrize(("metric", "task"), [(metric.name, task) for metric in METRICS for task in metric.tasks])
def test_every_metric_of_the_plan_equals_scikit_learn(metric: str, task: str) -> None:
    rows = ROWS[task]()
    assert score_predictions(metric, rows) == pytest.approx(EXPECTED[metric](rows), rel=1e-9)


def test_the_positive_class_decides_what_precision_and_ranking_mean() -> None:
    rows = binary_rows()
    turned = ScoredRows(rows.truth, rows.answers, rows.y_proba, rows.classes, "no")
    expected = sk.precision_score(rows.truth, rows.answers, pos_label="no")
    assert score_predictions("precision", turned) == pytest.approx(expected)
    assert score_predictions("roc_auc", turned) == pytest.approx(score_predictions("roc_auc", rows))


@pytest.mark.parametrize("metric", [metric.name for metric in METRICS if "binary" in metric.tasks])
def test_the_interval_of_a_weighted_resample_equals_that_of_drawn_rows(metric: str) -> None:
    rows = binary_rows(200)
    rng = np.random.default_rng(0)
    drawn = [rng.integers(0, 200, 200) for _ in range(500)]
    values = [
        score_predictions(metric, ScoredRows(rows.truth[i], rows.answers[i], rows.y_proba[i], rows.classes, "yes"))
        for i in drawn
    ]
    assert bootstrap_interval(metric, rows) == pytest.approx(tuple(np.percentile(values, [2.5, 97.5])), abs=1e-9)


def test_about_95_of_100_intervals_hold_the_true_accuracy() -> None:
    rng = np.random.default_rng(5)
    held = 0
    for seed in range(150):
        right = rng.random(150) < 0.8
        low, high = bootstrap_interval("accuracy", ScoredRows(np.ones(150), right.astype(float)), random_state=seed)
        held += low <= 0.8 <= high
    assert 133 <= held <= 150


def test_an_interval_in_blocks_is_wider_where_neighbours_err_alike_and_the_same_where_they_do_not() -> None:
    rng = np.random.default_rng(0)
    apart = rng.random(1_000) < 0.8
    alike = np.repeat(rng.random(100) < 0.8, 10)
    widths = {}
    for name, right in (("apart", apart), ("alike", alike)):
        rows = ScoredRows(np.ones(1_000), right.astype(float))
        for block in (1, 10):
            low, high = bootstrap_interval("accuracy", rows, block=block)
            widths[name, block] = high - low
    assert widths["alike", 10] > 2 * widths["alike", 1]
    assert widths["apart", 10] == pytest.approx(widths["apart", 1], rel=0.25)


def test_no_mistake_in_few_rows_does_not_prove_perfection() -> None:
    labels = np.array(["a", "b"] * 15, dtype=object)
    low, high = bootstrap_interval("accuracy", ScoredRows(labels, labels, None, ("a", "b")))
    assert (low, high) == (pytest.approx(0.9), 1.0)
    low, _ = bootstrap_interval("recall", ScoredRows(labels, labels, None, ("a", "b"), "b"))
    assert low == pytest.approx(1 - 3 / 15)


def test_ranking_of_one_class_only_is_not_defined() -> None:
    rows = ScoredRows(np.array(["no"] * 5), np.array(["no"] * 5), np.full((5, 2), 0.5), ("no", "yes"))
    assert np.isnan(score_predictions("roc_auc", rows))
    assert all(np.isnan(end) for end in bootstrap_interval("roc_auc", rows))


def test_a_class_the_model_never_saw_counts_as_a_mistake() -> None:
    rows = ScoredRows(np.array(["a", "new", "b"]), np.array(["a", "b", "b"]), None, ("a", "b"))
    assert score_predictions("accuracy", rows) == pytest.approx(2 / 3)
    assert score_predictions("balanced_accuracy", rows) == pytest.approx(2 / 3)


def test_the_same_seed_gives_the_same_interval() -> None:
    rows = number_rows()
    assert bootstrap_interval("r2", rows, random_state=3) == bootstrap_interval("r2", rows, random_state=3)
    assert bootstrap_interval("r2", rows, random_state=3) != bootstrap_interval("r2", rows, random_state=4)


def test_a_paired_difference_is_surer_than_two_intervals() -> None:
    rng = np.random.default_rng(0)
    truth = rng.normal(0, 10, 300)
    noise = rng.normal(0, 3, 300)
    first, second = ScoredRows(truth, truth + noise), ScoredRows(truth, truth + 1.1 * noise)
    difference, low, high = bootstrap_difference("neg_mean_absolute_error", first, second)
    assert difference == pytest.approx(-0.1 * np.abs(noise).mean())
    assert low < difference < high < 0
    alone = bootstrap_interval("neg_mean_absolute_error", first)
    assert high - low < (alone[1] - alone[0]) / 3


def test_models_that_answered_different_rows_are_not_compared() -> None:
    with pytest.raises(BadInputError, match="same rows"):
        bootstrap_difference("r2", number_rows(10), number_rows(11))


def test_no_rows_and_unknown_metrics_are_refused_in_words() -> None:
    with pytest.raises(BadInputError, match="no rows"):
        score_predictions("r2", ScoredRows([], []))
    with pytest.raises(BadInputError, match="no metric called 'luck'"):
        score_predictions("luck", number_rows())


@pytest.mark.slow
def test_intervals_of_100_000_rows_take_seconds_not_minutes() -> None:
    rows = binary_rows(100_000)
    started = time.process_time()
    bootstrap_intervals([metric.name for metric in METRICS if "binary" in metric.tasks], rows)
    assert time.process_time() - started < 15
