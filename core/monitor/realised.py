"""What labels that have arrived say about a model: rows ready to be scored, and the metric with its interval."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core import deploy, plan
from core.evaluate import ScoredRows, bootstrap_interval, score_predictions
from core.monitor.significance import Floats
from core.prepare import label_text
from core.records import Evaluation, MetricEstimate, ModelVersion, Objective, Prototype
from core.store import LabelledAnswer, Store


@dataclass(frozen=True)
class Measure:
    """What the metric is, and what is needed to compute it for the answers of one task."""

    metric: str
    prototype: Prototype
    positive_label: str | None
    minimum: float | None

    def estimate(self, answers: Sequence[LabelledAnswer], *, block: int = 1) -> MetricEstimate | None:
        """Return the metric over some answers with its 95 % interval; None where it is not defined.

        `block`: so many neighbours in time are thought to err alike (see `bootstrap_interval`).
        """
        rows = self.scored(answers)
        if rows.n_rows == 0:
            return None
        value = score_predictions(self.metric, rows)
        low, high = bootstrap_interval(self.metric, rows, block=block)
        if not all(map(math.isfinite, (value, low, high))):
            return None
        return MetricEstimate(self.metric, plan.metric(self.metric).label, value, low, high)

    def value(self, answers: Sequence[LabelledAnswer]) -> float | None:
        """Return the metric over some answers; None where it is not defined."""
        rows = self.scored(answers)
        value = score_predictions(self.metric, rows) if rows.n_rows else math.nan
        return value if math.isfinite(value) else None

    def scored(self, answers: Sequence[LabelledAnswer]) -> ScoredRows:
        """Return answers as rows to score; a label that is no number is left out of a regression."""
        if self.prototype.task == "regression":
            truth = pd.to_numeric(pd.Series([answer.label for answer in answers], dtype=object), errors="coerce")
            known = np.isfinite(truth.to_numpy(dtype=float))
            predicted = np.array([answer.prediction for answer in answers], dtype=float)
            return ScoredRows(truth.to_numpy(dtype=float)[known], predicted[known])
        classes = tuple(str(label) for label in self.prototype.classes)
        return ScoredRows(
            np.array([label_text(answer.label) for answer in answers], dtype=object),
            np.array([label_text(answer.prediction) for answer in answers], dtype=object),
            _probabilities(answers, classes),
            classes,
            self.positive_label,
        )


def _probabilities(answers: Sequence[LabelledAnswer], classes: Sequence[str]) -> Floats | None:
    if not answers or any(answer.probabilities is None for answer in answers):
        return None
    return np.array([[(answer.probabilities or {}).get(label, 0.0) for label in classes] for answer in answers])


def choose_measure(store: Store, model: ModelVersion, objective: Objective) -> Measure:
    """Return the objective's metric where it suits the model's task, the task's default one otherwise."""
    prototype = deploy.load_prototype(store, model.id)
    suits = objective.metric in {metric.name for metric in plan.metrics_for(prototype.task)}
    if suits and objective.metric is not None:
        return Measure(objective.metric, prototype, objective.positive_label, objective.minimum)
    return Measure(plan.default_metric(prototype.task).name, prototype, objective.positive_label, None)


def tested_estimate(store: Store, model: ModelVersion, metric: str) -> MetricEstimate | None:
    """Return what the metric was on the test rows when the model was registered; None when it was not measured."""
    evaluation = store.get(Evaluation, model.evaluation_id)
    return next((estimate for estimate in evaluation.metrics if estimate.name == metric), None)
