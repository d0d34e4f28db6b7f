"""Metrics: names scikit-learn knows, and sentences that read without statistics."""

import pytest
from sklearn.metrics import get_scorer

from core import plan
from core.records import Metric, Task


@pytest.mark.parametrize("metric", plan.METRICS, ids=lambda metric: metric.name)
def test_every_metric_is_a_scorer_of_scikit_learn_with_the_same_sign(metric: Metric) -> None:
    scorer = get_scorer(metric.name)
    assert scorer._sign == (1 if metric.greater_is_better else -1)


@pytest.mark.parametrize("metric", plan.METRICS, ids=lambda metric: metric.name)
def test_every_sentence_holds_the_value(metric: Metric) -> None:
    assert "{value}" in metric.sentence
    assert "0.25" in plan.say_value(metric.name, 0.25) or "25" in plan.say_value(metric.name, 0.25)


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_the_default_metric_leads_the_metrics_of_its_task(task: Task) -> None:
    metrics = plan.metrics_for(task)
    assert metrics[0] == plan.default_metric(task)
    assert all(task in metric.tasks for metric in metrics)


def test_values_read_as_people_count() -> None:
    assert plan.say_value("precision", 0.7213) == "Of 100 cases it flags, 72.1 really are what it says."
    assert plan.format_value("accuracy", 1.0) == "100"
    assert plan.format_value("neg_mean_absolute_error", 12345.6) == "12,346"
    assert plan.format_value("neg_mean_absolute_error", 0.04567) == "0.0457"


def test_errors_are_told_in_their_natural_sign() -> None:
    assert plan.score_to_value("neg_mean_absolute_error", -12.5) == 12.5
    assert plan.score_to_value("roc_auc", 0.9) == 0.9
