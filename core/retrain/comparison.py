"""Is the challenger better than the champion, on rows neither has learned from?"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from core.deploy import LoadedModel
from core.evaluate import ScoredRows, bootstrap_difference, score_predictions
from core.plan import format_value, metric
from core.records import Metric


@dataclass(frozen=True)
class Comparison:
    """A metric of two models on the same rows; `difference` and its 95 % interval are above 0 for the better one."""

    champion_value: float
    challenger_value: float
    difference: float
    low: float
    high: float

    @property
    def better(self) -> bool:
        """Whether the challenger is clearly better: the whole interval says so."""
        return self.low > 0


def answer_rows(
    model: LoadedModel, features: pd.DataFrame, target: "pd.Series[Any]", positive_label: str | None
) -> ScoredRows:
    """Let a model answer rows and return its answers with the truth."""
    answers = model.predict(features)
    classes = tuple(str(label) for label in model.prototype.classes)
    proba = None
    if answers.probabilities is not None:
        proba = np.array([[row[label] for label in classes] for row in answers.probabilities])
    return ScoredRows(target, np.array(answers.predictions), proba, classes, positive_label)


def compare(name: str, champion: ScoredRows, challenger: ScoredRows) -> Comparison:
    """Return both values of a metric and the paired bootstrap difference.

    Raises
    ------
    BadInputError
        When the two did not answer the same rows.
    """
    difference, low, high = bootstrap_difference(name, challenger, champion)
    if not metric(name).greater_is_better:
        difference, low, high = -difference, -high, -low
    return Comparison(score_predictions(name, champion), score_predictions(name, challenger), difference, low, high)


def recommend(chosen: Metric, found: Comparison, n_rows: int, minimum: float | None = None) -> str:
    """Return in words what the comparison speaks for; `minimum` is what the plan wants of the metric."""
    new, old = (format_value(chosen.name, value) for value in (found.challenger_value, found.champion_value))
    measured = f"{chosen.label} {new} instead of {old} on the newest {n_rows:,} labelled rows"
    if found.better:
        span = f"{format_value(chosen.name, found.low)} to {format_value(chosen.name, found.high)}"
        return f"The new model is better: {measured} (better by {span}). {_advise(chosen, found, minimum)}"
    if found.high < 0:
        span = f"{format_value(chosen.name, -found.high)} to {format_value(chosen.name, -found.low)}"
        return f"The new model is worse: {measured} (worse by {span}). Keep the live one."
    span = f"between {_say_lead(chosen, found.low)} and {_say_lead(chosen, found.high)}"
    return f"No clear difference: {measured} ({span}). Keep the live one, or wait for more labels."


def _advise(chosen: Metric, found: Comparison, minimum: float | None) -> str:
    """Say of a better challenger what to do; nobody must take it for good enough where it is not."""
    sign = 1 if chosen.greater_is_better else -1
    if minimum is None or sign * found.challenger_value >= sign * minimum:
        return "It should go live."
    wanted = f"{'at least' if chosen.greater_is_better else 'at most'} {format_value(chosen.name, minimum)}"
    return f"It should go live rather than the old one, but the plan wants {wanted}: neither is good enough."


def _say_lead(chosen: Metric, difference: float) -> str:
    return f"{format_value(chosen.name, abs(difference))} {'better' if difference >= 0 else 'worse'}"
