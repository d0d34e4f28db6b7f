"""For which rows is the live model less right? The realised metric, by the values of one column."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from core import deploy, plan
from core.errors import NotFoundError
from core.monitor.drift import live_version_id
from core.monitor.realised import Measure, choose_measure
from core.monitor.wording import name_bins
from core.records import MetricEstimate, ModelVersion, ReferenceColumn, Slice, SliceReport
from core.store import LabelledAnswer, SampledAnswer, Store, newest_labelled

NEWEST_LABELS = 2_000
FEWEST_LABELS = 30
"""Labels a slice needs for a value: as everywhere, a metric of fewer rows says nothing."""
MOST_SLICES = 12
SURER = 1.5
"""Intervals are so many times as wide before a slice is called worse: several are looked at."""


def slice_performance(store: Store, project_id: str, column: str) -> SliceReport:
    """Return the realised metric of the version that is live by the values of one column, largest slice first.

    Numbers, dates and lengths of texts are sliced by the bins of the reference, categories by their names.

    Raises
    ------
    NotReadyError
        When no model is live.
    NotFoundError
        When the model has no such input.
    """
    model = store.get(ModelVersion, live_version_id(store, project_id))
    measure = choose_measure(store, model, plan.current_objective(store, project_id))
    reference = deploy.load_reference(store, model.id)
    place = next((place for place, one in enumerate(reference.columns) if one.name == column), None)
    if place is None:
        raise NotFoundError(f"The live model has no input '{column}'.", "Choose one of its inputs.")
    answers = newest_labelled(store, project_id, model.id, newest=NEWEST_LABELS)
    if not answers:
        sentence = "No label of the live model's answers has come yet."
        return SliceReport(column, measure.metric, (), None, 0, sentence)
    codes = deploy.bin_codes(reference, pd.DataFrame([one.inputs for one in answers]))[:, place]
    labelled = [_as_labelled(model.id, one) for one in answers]
    overall = measure.value(labelled)
    found = _measure_slices(measure, reference.columns[place], codes.tolist(), labelled)
    slices = tuple(replace(one, is_worse=_is_worse(measure, one, overall)) for one in found)
    sentence = _say(measure, column, slices, overall, len(answers))
    return SliceReport(column, measure.metric, slices, overall, len(answers), sentence)


def _as_labelled(model_id: str, answer: SampledAnswer) -> LabelledAnswer:
    label = "" if answer.label is None else answer.label
    return LabelledAnswer(model_id, answer.predicted_at, answer.prediction, answer.probabilities, label)


def _measure_slices(
    measure: Measure, column: ReferenceColumn, codes: Sequence[int], answers: Sequence[LabelledAnswer]
) -> list[Slice]:
    names = name_bins(column)
    found = []
    for code in np.argsort(-np.bincount(codes), kind="stable")[:MOST_SLICES].tolist():
        mine = [answer for answer, own in zip(answers, codes, strict=True) if own == code]
        if mine:
            estimate = measure.estimate(mine) if len(mine) >= FEWEST_LABELS else None
            found.append(_as_slice(names[code], len(mine), estimate))
    return found


def _as_slice(name: str, n_labelled: int, estimate: MetricEstimate | None) -> Slice:
    if estimate is None:
        return Slice(name, n_labelled, None, None, None)
    return Slice(name, n_labelled, estimate.value, estimate.low, estimate.high)


def _is_worse(measure: Measure, one: Slice, overall: float | None) -> bool:
    if one.value is None or one.low is None or one.high is None or overall is None:
        return False
    if plan.metric(measure.metric).greater_is_better:
        return one.value + SURER * (one.high - one.value) < overall
    return one.value - SURER * (one.value - one.low) > overall


def _say(measure: Measure, column: str, slices: Sequence[Slice], overall: float | None, n_labelled: int) -> str:
    worse = [one for one in slices if one.is_worse and one.value is not None]
    if not worse:
        return f"By '{column}', over the newest {n_labelled:,} labels, no kind of row stands out as answered worse."
    sign = 1 if plan.metric(measure.metric).greater_is_better else -1
    worst = min(worse, key=lambda one: sign * (one.value or 0.0))
    label, value = plan.metric(measure.metric).label, plan.format_value(measure.metric, worst.value or 0.0)
    whole = plan.format_value(measure.metric, overall or 0.0)
    more = f" {len(worse) - 1} more are clearly worse, too." if len(worse) > 1 else ""
    return f"Where '{column}' is {worst.name}, it is clearly less right: {label} {value}, over all rows {whole}.{more}"
