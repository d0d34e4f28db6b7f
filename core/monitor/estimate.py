"""How right is the live model probably, where the labels have not come, and can that be believed?

The estimate rests on one assumption: that the relation of inputs and target is as it was at the test. It is held
against the labels as soon as they come; where they contradict it, or where rows are unlike all that was learnt from, it
is said to be unreliable.
"""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby

import numpy as np

from core import deploy, plan
from core.monitor.correcting import Checked, Told, choose, tell
from core.monitor.drift import live_version_id
from core.monitor.realised import Measure, choose_measure, tested_estimate
from core.monitor.soft_truth import Asked, SoftTruth, soften
from core.records import (
    ErrorModel,
    EstimatedPoint,
    EstimateReport,
    EstimateTrust,
    MetricEstimate,
    ModelVersion,
    Reference,
    Window,
)
from core.store import LabelledAnswer, SampledAnswer, Store, answers_between

MOST_WINDOWS = 1_440
ROWS_A_POINT = 300
"""Predictions of a stretch that the estimate is made from at most: enough for about two points in a hundred."""
N_PLACES = 10
FEWEST_ROWS = 50
N_CHECKED = 3
"""An estimate is believed when so many of the newest that labels have come for were all right."""
MOST_OUTSIDE = 0.2
"""Share of rows unlike all that was learnt from above which no estimate is to be believed."""
SMALLEST_GAP = 0.02
"""A distance of estimated and measured value that is never called wrong, of metrics between 0 and 1."""
SMALLEST_GAP_OF_ERRORS = 0.1
"""The same of errors, as a share of the estimated value."""
SURER = 2.576 / 1.96
"""From the half width of a 95 % interval to that of one of 99 %."""
MINUTE = timedelta(minutes=1)
PREFERRED = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)
"""Times ten to any power, and times the fewest rows: how many rows stretches have."""
ASSUMPTION = (
    "The estimate assumes that what the inputs say about the truth has not changed since the model was tested or since "
    "the newest labels, which correct it. Where that changes, only labels can tell."
)


def estimate(store: Store, project_id: str, *, n_points: int = 20, newest: int = MOST_WINDOWS) -> EstimateReport:
    """Return the metric to expect over time of the version that is live, with or without labels.

    Parameters
    ----------
    n_points : int
        Stretches of about equally many predictions at most; the newest may have fewer.
    newest : int
        Minutes with traffic looked back on at most.

    Raises
    ------
    NotReadyError
        When no model is live.
    """
    model = store.get(ModelVersion, live_version_id(store, project_id))
    measure = choose_measure(store, model, plan.current_objective(store, project_id))
    errors = deploy.load_error_model(store, model.id)
    if errors is None:
        sentence = "No estimate without labels: this version's test had too few rows, or it gives no probabilities."
        return EstimateReport(project_id, model.id, measure.metric, (), "not_available", sentence, ASSUMPTION)
    estimator = _Estimator(store, model, measure, errors)
    points = estimator.points(n_points, newest)
    trust, sentence = _judge(measure, points)
    gaps = [abs(one.measured - one.expected) for one in points if one.measured is not None and one.expected is not None]
    mean_gap = float(np.mean(gaps)) if gaps else None
    return EstimateReport(project_id, model.id, measure.metric, tuple(points), trust, sentence, ASSUMPTION, mean_gap)


class _Estimator:
    """What is needed to estimate the stretches of one model version."""

    def __init__(self, store: Store, model: ModelVersion, measure: Measure, errors: ErrorModel) -> None:
        self.store = store
        self.model = model
        self.measure = measure
        self.errors = errors
        self.reference: Reference = deploy.load_reference(store, model.id)
        self.tested: MetricEstimate | None = tested_estimate(store, model, measure.metric)

    def points(self, n_points: int, newest: int) -> list[EstimatedPoint]:
        """Return the estimated stretches, oldest first."""
        windows = self.store.log.windows(self.model.project_id, model_version_id=self.model.id, newest=newest, only=())
        stretches = divide_lastingly(windows if len(windows) < newest else _from_full_hour(windows), n_points)
        samples = [self._sample(stretch) for stretch in stretches]
        if not any(samples):
            return [_without_estimate(stretch, 0) for stretch in stretches]
        # All at once, as twenty small tables take five times as long as a large one.
        softened = self._soften(samples)
        seen: list[Checked] = []
        return [
            self._point(stretch, answers, plain, seen)
            for stretch, answers, plain in zip(stretches, samples, softened, strict=True)
        ]

    def _point(
        self, stretch: Sequence[Window], answers: Sequence[SampledAnswer], plain: SoftTruth, seen: list[Checked]
    ) -> EstimatedPoint:
        """Return the estimate of a stretch, as labels of the stretches before correct it; note what its own say."""
        empty = _without_estimate(stretch, len(answers))
        if len(answers) < FEWEST_ROWS:
            return empty
        told = tell(plain, seen)
        truth = choose(told, seen)
        value, low, high = truth.expect(self.measure.metric)
        if not np.isfinite([value, low, high]).all():
            return empty
        room = self._room(value, low, high)
        point = replace(
            empty, value=value, low=value - room, high=value + room, outside_share=float(truth.outside.mean())
        )
        return self._grade(point, told, answers, seen)

    def _sample(self, stretch: Sequence[Window]) -> list[SampledAnswer]:
        """Return predictions from all over a stretch: a part of it is read at each of ten places."""
        first, end = stretch[0].started_at, _end(stretch[-1])
        inner = [part[0].started_at for part in divide(stretch, N_PLACES)[1:]]
        borders = [first, *inner, end] if len(inner) > N_PLACES // 2 else _evenly(first, end)
        limit = ROWS_A_POINT // (len(borders) - 1)
        return answers_between(self.store, self.model.project_id, self.model.id, borders, limit=limit)

    def _soften(self, samples: Sequence[Sequence[SampledAnswer]]) -> list[SoftTruth]:
        """Return the truths that the answers of each sample may meet."""
        answers = [one for sample in samples for one in sample]
        asked = Asked(
            [one.inputs for one in answers],
            [one.prediction for one in answers],
            [one.probabilities for one in answers],
        )
        classes = [str(label) for label in self.measure.prototype.classes]
        soft = soften(self.errors, self.reference, asked, classes, self.measure.positive_label)
        number = np.repeat(np.arange(len(samples)), [len(sample) for sample in samples])
        return [soft.part(number == each) for each in range(len(samples))]

    def _room(self, value: float, low: float, high: float) -> float:
        """Return half the width of the interval: chance in these rows, and in those of the test it was learnt from."""
        chance = max(high - value, value - low)
        learnt = (self.tested.high - self.tested.low) / 2 if self.tested else 0.0
        return float(np.hypot(chance, learnt))

    def _grade(
        self,
        point: EstimatedPoint,
        told: Told,
        answers: Sequence[SampledAnswer],
        seen: list[Checked],
    ) -> EstimatedPoint:
        """Hold the estimate for the labelled rows against what they say; keep both for the stretches to come."""
        known = np.array([one.label is not None for one in answers])
        if known.sum() < FEWEST_ROWS:
            return replace(point, n_labelled=int(known.sum()))
        labelled = [
            LabelledAnswer(self.model.id, one.predicted_at, one.prediction, one.probabilities, one.label)
            for one in answers
            if one.label is not None
        ]
        measured, of_known = self.measure.value(labelled), told.part(known)
        expected, low, high = choose(of_known, seen).expect(self.measure.metric)
        actual = self.measure.scored(labelled)
        if actual.n_rows == known.sum():
            seen.append(Checked(of_known, actual))
        if measured is None or not np.isfinite(expected):
            return replace(point, n_labelled=len(labelled))
        room = max(SURER * self._room(expected, low, high), smallest_gap(self.measure.metric, expected))
        return replace(
            point,
            n_labelled=len(labelled),
            measured=measured,
            expected=expected,
            is_off=abs(measured - expected) > room,
        )


def _without_estimate(stretch: Sequence[Window], n_rows: int) -> EstimatedPoint:
    return EstimatedPoint(stretch[0].started_at, _end(stretch[-1]), n_rows, None, None, None, 0.0)


def _end(window: Window) -> datetime:
    return window.started_at + window.n_minutes * MINUTE


def _evenly(first: datetime, end: datetime) -> list[datetime]:
    return [first + (end - first) * place / N_PLACES for place in range(N_PLACES + 1)]


def smallest_gap(metric: str, value: float) -> float:
    """Return how far two values of a metric may lie apart before anybody need care."""
    return SMALLEST_GAP if plan.metric(metric).highest == 1.0 else SMALLEST_GAP_OF_ERRORS * abs(value)


def divide(windows: Sequence[Window], n_points: int) -> list[Sequence[Window]]:
    """Divide windows, oldest first, into at most so many stretches with about equally many rows, 50 at least."""
    n_rows = sum(window.n_rows for window in windows)
    return _divide_by_rows(windows, n_rows / max(1, min(n_points, n_rows // FEWEST_ROWS)))


def divide_lastingly(windows: Sequence[Window], n_points: int) -> list[Sequence[Window]]:
    """Divide windows as `divide`, but so that rows to come change the newest stretch only, or the last two.

    What was learnt of the others need then not be learnt again. Only when there are many more rows are all made longer.
    """
    n_rows = sum(window.n_rows for window in windows)
    lengths = (FEWEST_ROWS * step * 10**power for power in itertools.count() for step in PREFERRED)
    stretches = _divide_by_rows(windows, next(length for length in lengths if length * n_points >= n_rows))
    if len(stretches) > 1 and sum(window.n_rows for window in stretches[-1]) < FEWEST_ROWS:
        *stretches, before, last = stretches
        stretches.append([*before, *last])
    return stretches


def _from_full_hour(windows: Sequence[Window]) -> Sequence[Window]:
    """Leave out what begins before a full hour: with each minute that is left out, all stretches would move."""
    first = windows[0].started_at
    full = first.replace(minute=0) + timedelta(hours=first.minute > 0)
    return [window for window in windows if window.started_at >= full] or windows


def _divide_by_rows(windows: Sequence[Window], length: float) -> list[Sequence[Window]]:
    asked = [window for window in windows if window.n_rows]
    places = np.ceil(np.cumsum([window.n_rows for window in asked]) / length).astype(int)
    return [
        [window for window, _ in group]
        for _, group in groupby(zip(asked, places, strict=True), key=lambda pair: pair[1])
    ]


def _judge(measure: Measure, points: Sequence[EstimatedPoint]) -> tuple[EstimateTrust, str]:
    newest = next((point for point in reversed(points) if point.value is not None), None)
    if newest is None or newest.value is None:
        return "not_checked", f"No estimate yet: {FEWEST_ROWS} predictions are needed."
    told = f"Expected without labels: {_say(measure, newest.value)}."
    if newest.outside_share > MOST_OUTSIDE:
        share = round(100 * newest.outside_share)
        why = f"{share} of 100 rows are unlike all that the model learnt from"
        return "unreliable", f"{told} Do not rely on it: {why}."
    graded = [point for point in points if point.measured is not None]
    if not graded:
        return "not_checked", f"{told} No labels have come yet to check that."
    wrong = [point for point in graded[-N_CHECKED:] if point.is_off]
    if wrong:
        found, thought = _say(measure, wrong[-1].measured or 0.0), _say(measure, wrong[-1].expected or 0.0)
        why = f"lately labels gave {found} where {thought} was expected, so the truth itself has changed"
        return "unreliable", f"{told} Do not rely on it: {why}."
    n_good = sum(not point.is_off for point in graded)
    return "confirmed", f"{told} Where labels came, {n_good} of {len(graded)} estimates were right."


def _say(measure: Measure, value: float) -> str:
    return f"{plan.metric(measure.metric).label} {plan.format_value(measure.metric, value)}"
