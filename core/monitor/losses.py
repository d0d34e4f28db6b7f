"""Has the model become clearly worse? A loss must be sure and large.

It is looked for in few of the newest labels, which show a collapse at once, and in many, which show a small loss.
Neighbours in time often err alike (one bad evening makes fifty bad half hours), so what looks sure row by row is looked
at once more in blocks of neighbours.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from core import plan
from core.monitor.realised import Measure
from core.records import EstimatedPoint, MetricEstimate
from core.store import LabelledAnswer

FEWEST_LABELS = 100
"""Labels that a loss is told from, at least."""
SPANS = (100, 300)
"""Numbers of the newest labels that are looked at beside all that are given."""
SURER = 1.5
"""Intervals are so many times as wide as those of 95 %: labels are looked at again and again, in several spans."""
SURER_IN_BLOCKS = 1.25
"""The same of intervals from blocks of neighbours, which are wider themselves where neighbours err alike."""
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
    spans = [len(answers), *(n_newest for n_newest in reversed(SPANS) if n_newest < len(answers))]
    found = (_find_in_span(measure, tested, answers[-n_newest:]) for n_newest in spans if n_newest >= FEWEST_LABELS)
    return next((loss for loss in found if loss is not None), None)


def _find_in_span(measure: Measure, tested: MetricEstimate | None, newest: Sequence[LabelledAnswer]) -> Loss | None:
    """Return the loss that one span shows, when it is sure both row by row and in blocks of neighbours.

    Source
    ------
    Length of a block, the cube root of the number of rows: Hall, Horowitz and Jing, "On blocking rules for the
    bootstrap with dependent data", Biometrika 82, 1995.
    """
    estimate = measure.estimate(newest)
    if estimate is None or not _is_loss(measure, tested, estimate, SURER):
        return None
    in_blocks = measure.estimate(newest, block=round(len(newest) ** (1 / 3)))
    if in_blocks is None or not _is_loss(measure, tested, in_blocks, SURER_IN_BLOCKS):
        return None
    return Loss(estimate, newest, below_minimum=is_below_minimum(measure, in_blocks, SURER_IN_BLOCKS))


def _is_loss(measure: Measure, tested: MetricEstimate | None, estimate: MetricEstimate, surer: float) -> bool:
    below = tested is not None and is_below_test(measure, estimate, tested, surer)
    return below or is_below_minimum(measure, estimate, surer)


def is_below_minimum(measure: Measure, estimate: MetricEstimate, surer: float = SURER) -> bool:
    """Whether a metric is surely worse than the plan wants."""
    if measure.minimum is None:
        return False
    return _loss(measure, estimate.value, measure.minimum) > surer * _room_above(measure, estimate)


def is_below_test(measure: Measure, estimate: MetricEstimate, tested: MetricEstimate, surer: float = SURER) -> bool:
    """Whether a metric is surely, and by enough, worse than at the test.

    Source
    ------
    Two independent intervals: the half width of their difference is the root of the sum of squares.
    """
    loss = _loss(measure, estimate.value, tested.value)
    room = math.hypot(_room_above(measure, estimate), _room_below(measure, tested))
    share = plan.metric(measure.metric).highest == 1.0
    enough = SMALLEST_LOSS if share else SMALLEST_LOSS_OF_ERRORS * abs(tested.value)
    return loss > surer * room and loss >= enough


def is_estimated_loss(measure: Measure, tested: MetricEstimate | None, point: EstimatedPoint) -> bool:
    """Whether an estimate without labels falls short of what the plan wants, or clearly of the test."""
    if point.value is None or point.low is None or point.high is None:
        return False
    expected = MetricEstimate(measure.metric, "", point.value, point.low, point.high)
    return is_below_minimum(measure, expected) or (tested is not None and is_below_test(measure, expected, tested))


def _loss(measure: Measure, value: float, wanted: float) -> float:
    """Return by how much a value is worse than another; negative when it is better."""
    return wanted - value if plan.metric(measure.metric).greater_is_better else value - wanted


def _room_above(measure: Measure, estimate: MetricEstimate) -> float:
    """Return by how much the true value may well be better."""
    better = plan.metric(measure.metric).greater_is_better
    return estimate.high - estimate.value if better else estimate.value - estimate.low


def _room_below(measure: Measure, estimate: MetricEstimate) -> float:
    """Return by how much the true value may well be worse."""
    better = plan.metric(measure.metric).greater_is_better
    return estimate.value - estimate.low if better else estimate.high - estimate.value
