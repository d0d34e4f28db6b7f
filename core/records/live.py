"""Records of a model at work: predictions, labels that arrive late, windows of counts, and what they say."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from core.records.base import Json, Label, new_id, utc_now
from core.records.model import MetricEstimate

LabelSource = Literal["caller", "person"]

LATENCY_EDGES_MS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 5000.0)
"""Inner borders of the latency histogram in milliseconds: 12 bins, so that counts of windows add up."""
AGE_EDGES_S = (-86_400.0, 0.0, 60.0, 3_600.0, 86_400.0, 7 * 86_400.0, 30 * 86_400.0, 365 * 86_400.0, 5 * 365 * 86_400.0)
"""Inner borders of the age of a date, the moment of the question minus the date, in seconds: 10 bins."""


KEY_COUNTS = ("n_requests", "n_rows", "n_refused", "n_errors", "n_abstained")
"""What a window counts by key, in this order."""
RULE_REFUSALS = frozenset({"unknown_category", "out_of_range"})
"""The reasons for which the owner's rules refuse a request: the service does what it was told to."""


def refusal_key(reason: str, column: str | None = None, key_id: str = "") -> str:
    """Return under which name refusals for one reason, column and key are counted together."""
    return f"{key_id}/{reason}/{column or ''}"


@dataclass(frozen=True)
class Prediction:
    """One answered row. `inputs` is the row as it was received, `prediction` a class or a number.

    `abstained`: what the model said was kept, but not sent; a person answers (see `Referral`).
    """

    project_id: str
    model_version_id: str
    request_id: str
    inputs: Json
    prediction: Label
    probabilities: dict[str, float] | None = None
    latency_ms: float = 0.0
    simulated: bool = False
    abstained: bool = False
    id: str = field(default_factory=new_id)
    predicted_at: datetime = field(default_factory=utc_now)


@dataclass(frozen=True)
class LabelRecord:
    """The truth about one prediction, which arrived later. `id` is the prediction's: the newest label counts.

    Who answered and when is noted from the prediction as the label is stored. `source` says whether the caller sent it
    or a person gave it on the page, `given_by` who that was.
    """

    id: str
    project_id: str
    value: Label
    simulated: bool = False
    received_at: datetime = field(default_factory=utc_now)
    model_version_id: str = ""
    predicted_at: datetime | None = None
    source: LabelSource = "caller"
    given_by: str | None = None


@dataclass(frozen=True)
class EarlierLabel:
    """A label that another one replaced at `replaced_at`; otherwise as `LabelRecord`."""

    prediction_id: str
    project_id: str
    value: Label
    simulated: bool
    source: LabelSource
    given_by: str | None
    received_at: datetime
    replaced_at: datetime
    id: str = field(default_factory=new_id)


@dataclass(frozen=True)
class Retention:
    """How many days logged predictions of a project are kept; None: for ever. Saved anew at each change."""

    project_id: str
    days: int | None
    created_by: str = "someone"
    id: str = field(default_factory=new_id)
    created_at: datetime = field(default_factory=utc_now)


@dataclass(frozen=True)
class Window:
    """Counts of a minute of traffic (or of an hour or day, once folded) for one model version. Windows add up exactly.

    `columns[name]` are counts in the bins of the model's reference (see `ReferenceColumn`), `predictions` likewise
    for the model's answers, `scores` for how sure it was; `ages[name]` are those of dates, in the bins of
    `AGE_EDGES_S`, `latency` in the bins of `LATENCY_EDGES_MS`. `moments[name]` are the sums of z and z^2 in whole
    thousandths, z being how far a number lies from the reference's mean in its standard deviations. `unknown[name]` are
    rows with a category that the model has never seen, `refusals` refused requests by `refusal_key`, `n_labelled` rows
    with a label by now, `n_abstained` rows that the model did not answer, a person does. `keys[id]` are the counts of
    the requests that came with a key: `KEY_COUNTS`, then the bins of their latency.
    """

    project_id: str
    model_version_id: str
    started_at: datetime
    n_requests: int = 0
    n_rows: int = 0
    n_refused: int = 0
    n_errors: int = 0
    n_dropped: int = 0
    latency: tuple[int, ...] = ()
    columns: dict[str, tuple[int, ...]] = field(default_factory=dict)
    predictions: tuple[int, ...] = ()
    scores: tuple[int, ...] = ()
    moments: dict[str, tuple[int, ...]] = field(default_factory=dict)
    ages: dict[str, tuple[int, ...]] = field(default_factory=dict)
    unknown: dict[str, int] = field(default_factory=dict)
    refusals: dict[str, int] = field(default_factory=dict)
    keys: dict[str, tuple[int, ...]] = field(default_factory=dict)
    n_labelled: int = 0
    n_abstained: int = 0
    n_minutes: int = 1

    @property
    def n_refused_by_rule(self) -> int:
        """How many requests were refused because the owner wants such rows refused."""
        return sum(n for name, n in self.refusals.items() if name.split("/", 2)[1] in RULE_REFUSALS)

    @property
    def n_unanswered(self) -> int:
        """How many requests got no prediction, other than by the owner's own rules."""
        return self.n_errors + self.n_refused - self.n_refused_by_rule


@dataclass(frozen=True)
class PerformancePoint:
    """The realised metric over one stretch of labelled predictions, with its 95 % interval."""

    started_at: datetime
    ended_at: datetime
    n_labelled: int
    n_predictions: int
    value: float | None
    low: float | None
    high: float | None
    model_version_id: str = ""


@dataclass(frozen=True)
class PerformanceReport:
    """Realised performance over time, over all versions that were live; everything but the points is of the live one.

    `coverage` in [0, 1] is the share of its predictions whose label is known. `latest` is measured over its newest
    `n_latest` labels: what one point of a few labels says is mostly chance.
    """

    project_id: str
    metric: str
    points: tuple[PerformancePoint, ...]
    n_predictions: int
    n_labelled: int
    coverage: float
    sentence: str
    reference_value: float | None = None
    minimum: float | None = None
    model_version_id: str = ""
    latest: MetricEstimate | None = None
    n_latest: int = 0

    @property
    def live_points(self) -> tuple[PerformancePoint, ...]:
        """The stretches that the live version answered."""
        return tuple(point for point in self.points if point.model_version_id == self.model_version_id)


@dataclass(frozen=True)
class TrafficPoint:
    """One stretch of traffic. Latencies in milliseconds, read off the histogram; None without traffic."""

    started_at: datetime
    ended_at: datetime
    n_requests: int
    n_rows: int
    n_refused: int
    n_errors: int
    n_dropped: int
    latency_p50_ms: float | None
    latency_p95_ms: float | None


@dataclass(frozen=True)
class TrafficReport:
    """Traffic, latency and errors over time, with the sums."""

    project_id: str
    points: tuple[TrafficPoint, ...]
    n_requests: int
    n_rows: int
    n_refused: int
    n_errors: int
    n_dropped: int
    latency_p50_ms: float | None
    latency_p95_ms: float | None
    sentence: str
    n_unanswered: int = 0
    """Requests that failed or were refused, other than by the owner's own rules."""
