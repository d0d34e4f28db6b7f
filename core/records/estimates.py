"""Records of what can be said about a model's quality before the labels arrive."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from core.records.base import Task

EstimateTrust = Literal["confirmed", "not_checked", "unreliable", "not_available"]


@dataclass(frozen=True)
class ErrorLeaf:
    """Rows alike in how far the answers are off. `mean_error` >= 0, in the target's unit; `low`, `high` bound a split.

    A tree in a list: `column` is -1 in a leaf; else rows whose value is at most `border` go on at `left`, the others at
    `right`.
    """

    column: int
    border: float
    left: int
    right: int
    mean_error: float


@dataclass(frozen=True)
class ErrorModel:
    """How wrong a model version is expected to be on a row, learnt from its test rows.

    Classes: `curves[k]` turns the probability the model gives class k into the share of such rows that really were of
    that class: two tuples of equal length, probabilities and shares, straight lines between. Empty where the model's
    probabilities can be taken as they are.

    Numbers: `tree` gives the mean absolute error expected of a row from its answer and the bins its values fall in;
    `quantiles` are errors (true minus predicted) in multiples of that, all equally likely.
    """

    task: Task
    n_rows: int
    curves: tuple[tuple[tuple[float, ...], tuple[float, ...]], ...] = ()
    tree: tuple[ErrorLeaf, ...] = ()
    quantiles: tuple[float, ...] = ()


@dataclass(frozen=True)
class EstimatedPoint:
    """The metric expected over one stretch of predictions, without their labels.

    `low` and `high` bound what would be measured in 95 of 100 cases if the labels of `n_rows` such rows were known and
    the model were as right as it was at its test. `outside_share` in [0, 1] is the share of rows unlike all that it
    learnt from. `measured` is the metric over the labelled rows among them, `expected` the estimate for just those;
    both None with fewer than 50.
    """

    started_at: datetime
    ended_at: datetime
    n_rows: int
    value: float | None
    low: float | None
    high: float | None
    outside_share: float
    n_labelled: int = 0
    measured: float | None = None
    expected: float | None = None
    is_off: bool = False


@dataclass(frozen=True)
class EstimateReport:
    """What the live model's quality is expected to be where labels are not known, and whether to believe it.

    `trust`: confirmed by labels that arrived since, not checked yet, unreliable (the sentence says why), or not
    available for this model version. `mean_gap` is the mean distance of estimated and measured values where both are
    known, in the metric's unit.
    """

    project_id: str
    model_version_id: str
    metric: str
    points: tuple[EstimatedPoint, ...]
    trust: EstimateTrust
    sentence: str
    assumption: str
    mean_gap: float | None = None

    @property
    def newest(self) -> EstimatedPoint | None:
        """The newest stretch with an estimate."""
        return next((point for point in reversed(self.points) if point.value is not None), None)


@dataclass(frozen=True)
class Slice:
    """The realised metric over the labelled answers whose rows are alike in one column.

    `low` and `high` bound the 95 % interval; all three None with fewer than 30 labels, or where it is not defined.
    `is_worse`: surely worse than over all rows, more so than chance allows with so many slices looked at.
    """

    name: str
    n_labelled: int
    value: float | None
    low: float | None
    high: float | None
    is_worse: bool = False


@dataclass(frozen=True)
class SliceReport:
    """How right the live model is for different kinds of rows, by one column; `overall` over all of them."""

    column: str
    metric: str
    slices: tuple[Slice, ...]
    overall: float | None
    n_labelled: int
    sentence: str


@dataclass(frozen=True)
class Worth:
    """What the newest answers with known truth cost in mistakes, a thousand of them, in the owner's unit.

    `low` and `high` bound the 95 % interval; `without_model` is what the cheapest answer that is always the same costs.
    """

    n_labelled: int
    cost: float
    low: float
    high: float
    without_model: float
    sentence: str
