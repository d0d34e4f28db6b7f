"""Has the model become clearly worse? A loss must be sure and large.

It is looked for in few of the newest labels, which show a collapse at once, and in many, which show a small loss.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from core import plan
from core.monitor.realised import Measure
from core.records import EstimatedPoint, Metric, MetricEstimate
from core.store import LabelledAnswer

FEWEST_LABELS = 100
"""Labels that a loss is told from, at least."""
SPANS = (100, 300)
"""Numbers of the newest labels that are looked at beside all that are given."""
SURER = 1.5
"""Intervals are so many times as wide as those of 95 %: labels are looked at again and again, in several spans."""
SMALLEST_LOSS = 0.05
"""A smaller fall below the value at the test is no loss, of metrics between 0 and 1 (0.05 is 5 points in a hundred)."""
SMALLEST_LOSS_OF_ERRORS = 0.2
"""The same of errors, as a share of the value at the test."""


@dataclass(frozen=True)
class Loss:
    """A metric that is clearly worse than wanted (`below_minimum`) or than at the test, over some newest answers."""

    estimate: MetricEstimate
    answers: Sequence[LabelledAnswer]
    below_minimum: bool


def find_loss(measure: Measure, tested: MetricEstimate | None, answers: Sequence[LabelledAnswer]) -> Loss | None:
    """Return how far the newest answers with known truth fall short; None when they do not, or are too few to tell.

    Parameters
    ----------
    tested : MetricEstimate, optional
        The metric at the test, with its interval.
    answers : sequence of LabelledAnswer
        Of one model version, oldest first.
    """
    metric = plan.metric(measure.metric)
    spans = [len(answers), *(n_newest for n_newest in reversed(SPANS) if n_newest < len(answers))]
    for n_newest in spans:
        newest = answers[-n_newest:]
        estimate = measure.estimate(newest) if n_newest >= FEWEST_LABELS else None
        if estimate is None:
            continue
        sure = _best_of(metric, estimate)
        if measure.minimum is not None and _is_worse(metric, sure, measure.minimum):
            return Loss(estimate, newest, below_minimum=True)
        if tested is not None and _is_below_test(metric, sure, estimate, tested):
            return Loss(estimate, newest, below_minimum=False)
    return None


def is_estimated_loss(measure: Measure, tested: MetricEstimate | None, point: EstimatedPoint) -> bool:
    """Whether an estimate without labels falls short of what the plan wants, or clearly of the test."""
    if point.value is None or point.low is None or point.high is None:
        return False
    metric = plan.metric(measure.metric)
    expected = MetricEstimate(measure.metric, metric.label, point.value, point.low, point.high)
    sure = _best_of(metric, expected)
    if measure.minimum is not None and _is_worse(metric, sure, measure.minimum):
        return True
    return tested is not None and _is_below_test(metric, sure, expected, tested)


def _best_of(metric: Metric, estimate: MetricEstimate) -> float:
    """Return the best value the true one may well have."""
    edge = estimate.high if metric.greater_is_better else estimate.low
    return estimate.value + SURER * (edge - estimate.value)


def _worst_of(metric: Metric, estimate: MetricEstimate) -> float:
    return estimate.low if metric.greater_is_better else estimate.high


def _is_worse(metric: Metric, value: float, border: float) -> bool:
    return value < border if metric.greater_is_better else value > border


def _is_below_test(metric: Metric, sure: float, estimate: MetricEstimate, tested: MetricEstimate) -> bool:
    return _is_worse(metric, sure, _worst_of(metric, tested)) and _is_large(metric, estimate, tested)


def _is_large(metric: Metric, estimate: MetricEstimate, tested: MetricEstimate) -> bool:
    loss = tested.value - estimate.value if metric.greater_is_better else estimate.value - tested.value
    return loss >= (SMALLEST_LOSS if metric.highest == 1.0 else SMALLEST_LOSS_OF_ERRORS * abs(tested.value))
