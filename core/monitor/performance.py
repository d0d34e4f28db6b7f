"""How right have the live answers been, as far as the truth has arrived?"""

from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby, pairwise

from core import plan
from core.monitor.drift import live_version_id
from core.monitor.realised import Measure, choose_measure, tested_estimate
from core.records import MetricEstimate, ModelVersion, PerformancePoint, PerformanceReport
from core.store import LabelledAnswer, Store

MOST_LABELLED = 5_000
"""Newest labelled predictions that are looked at: the page asks every few seconds, the log grows for ever."""
LATEST_ROWS = 1_000
"""The newest labelled predictions of the live model that the sentence and the alert are about."""
FEWEST_ROWS = 50
"""Labelled predictions in one stretch at least; fewer give an interval too wide to mean anything."""
INSTANT = timedelta(microseconds=1)


def performance(store: Store, project_id: str, *, n_points: int = 20) -> PerformanceReport:
    """Return the realised metric over time, from the newest 5,000 predictions whose label is known.

    Parameters
    ----------
    n_points : int
        Stretches with equally many labels at most; each belongs to one model version and has 50 labels or more,
        as long as there are so many.

    Raises
    ------
    NotReadyError
        When no model is live.
    """
    model = store.get(ModelVersion, live_version_id(store, project_id))
    measure = choose_measure(store, model, plan.current_objective(store, project_id))
    answers = store.log.labelled_answers(project_id, newest=MOST_LABELLED)
    n_predictions, n_labelled = store.log.coverage(project_id, model_version_id=model.id)
    tested = tested_estimate(store, model, measure.metric)
    mine = [answer for answer in answers if answer.model_version_id == model.id][-LATEST_ROWS:]
    latest = measure.estimate(mine) if mine else None
    sentence = _say_performance(measure, latest, tested, len(mine))
    if n_predictions == 0:
        sentence = f"Version {model.number} is live and has not been asked anything yet, so nothing is known of it."
    if len(answers) == MOST_LABELLED:
        sentence += f" The chart shows the newest {MOST_LABELLED:,} labels."
    return PerformanceReport(
        project_id=project_id,
        metric=measure.metric,
        points=tuple(_points(store, project_id, measure, _stretches(answers, n_points))),
        n_predictions=n_predictions,
        n_labelled=n_labelled,
        coverage=n_labelled / n_predictions if n_predictions else 0.0,
        sentence=sentence,
        reference_value=tested.value if tested else None,
        minimum=measure.minimum,
        model_version_id=model.id,
        latest=latest,
        n_latest=len(mine),
    )


def _stretches(answers: Sequence[LabelledAnswer], n_points: int) -> list[Sequence[LabelledAnswer]]:
    """Divide answers, oldest first, into stretches of one model version each, by the beginning of each stretch."""
    found: list[Sequence[LabelledAnswer]] = []
    by_version = sorted(answers, key=lambda answer: answer.model_version_id)
    for _, group in groupby(by_version, key=lambda answer: answer.model_version_id):
        mine = list(group)
        n_stretches = min(max(round(n_points * len(mine) / len(answers)), 1), max(len(mine) // FEWEST_ROWS, 1))
        borders = [len(mine) * number // n_stretches for number in range(n_stretches + 1)]
        found += [mine[start:end] for start, end in pairwise(borders)]
    return sorted(found, key=lambda stretch: stretch[0].predicted_at)


def _points(
    store: Store, project_id: str, measure: Measure, stretches: Sequence[Sequence[LabelledAnswer]]
) -> list[PerformancePoint]:
    points = []
    for number, stretch in enumerate(stretches):
        first, last = stretch[0].predicted_at, stretch[-1].predicted_at
        end = stretches[number + 1][0].predicted_at if number + 1 < len(stretches) else last + INSTANT
        estimate = measure.estimate(stretch)
        points.append(
            PerformancePoint(
                started_at=first,
                ended_at=last,
                n_labelled=len(stretch),
                n_predictions=max(store.log.count_between(project_id, first, end), len(stretch)),
                value=estimate.value if estimate else None,
                low=estimate.low if estimate else None,
                high=estimate.high if estimate else None,
                model_version_id=stretch[0].model_version_id,
            )
        )
    return points


def _say_performance(
    measure: Measure, estimate: MetricEstimate | None, tested: MetricEstimate | None, n_rows: int
) -> str:
    if n_rows == 0:
        return "How right it is cannot be told yet: no label of the live model's predictions has arrived."
    if estimate is None:
        return f"How right it is cannot be told from {n_rows:,} labels: they hold too few different values."
    sentence = f"Over the newest {n_rows:,} labels: {say_estimate(estimate)}."
    if tested is not None:
        sentence += f" When it was tested: {plan.format_value(measure.metric, tested.value)}."
    if measure.minimum is not None:
        bound = "at least" if plan.metric(measure.metric).greater_is_better else "at most"
        sentence += f" Wanted: {bound} {plan.format_value(measure.metric, measure.minimum)}."
    if n_rows < FEWEST_ROWS:
        sentence += f" So few say little; {FEWEST_ROWS - n_rows} more would tell."
    return sentence


def say_estimate(estimate: MetricEstimate) -> str:
    """Return a metric with its interval in words: "Mean absolute error 45 (between 40 and 51)"."""
    value, low, high = (
        plan.format_value(estimate.name, part) for part in (estimate.value, estimate.low, estimate.high)
    )
    return f"{estimate.label} {value} (between {low} and {high})"
