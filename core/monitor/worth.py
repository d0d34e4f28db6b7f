"""Is the live model still worth it? What its mistakes cost, against always giving the same answer."""

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np

from core import plan
from core.monitor.mistake_costs import CASES, LEVELS, costs_of
from core.monitor.realised import Measure, choose_measure
from core.prepare import label_text
from core.records import Label, ModelVersion, Objective, Worth
from core.store import LabelledAnswer, Store

NEWEST_LABELS = 1_000
FEWEST_LABELS = 30
N_RESAMPLES = 500


def worth(store: Store, project_id: str) -> Worth | None:
    """Return what the newest answers with known truth cost in mistakes; None where no cost is given or few are known.

    Nothing live has no worth either.

    Source
    ------
    Interval: percentile bootstrap of the mean (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, 13.3).
    """
    live = store.releases.current(project_id)
    if live is None:
        return None
    model, objective = store.get(ModelVersion, live.model_version_id), plan.current_objective(store, project_id)
    measure = choose_measure(store, model, objective)
    answers = store.log.labelled_answers(project_id, newest=NEWEST_LABELS, model_version_id=model.id)
    return judge_worth(measure, objective, [answer for answer in answers if _is_known(measure, answer)])


def _is_known(measure: Measure, answer: LabelledAnswer) -> bool:
    if measure.prototype.task != "regression":
        return True
    label = answer.label
    return isinstance(label, int | float) and not isinstance(label, bool) and math.isfinite(label)


def judge_worth(measure: Measure, objective: Objective, answers: Sequence[LabelledAnswer]) -> Worth | None:
    """Return what 1,000 such answers cost; None with fewer than 30, or where the owner gave no costs."""
    if len(answers) < FEWEST_LABELS:
        return None
    truth = [answer.label for answer in answers]
    costs = costs_of(objective, measure.prototype, truth, [answer.prediction for answer in answers])
    if costs is None:
        return None
    rng = np.random.default_rng(0)
    drawn = [costs[rng.integers(0, len(costs), len(costs))].mean() for _ in range(N_RESAMPLES)]
    low, high = (float(end) * CASES for end in np.percentile(drawn, LEVELS))
    cost, without = float(costs.mean()) * CASES, _without_model(measure, objective, truth)
    return Worth(len(answers), cost, low, high, without, _say(cost, low, high, without))


def _without_model(measure: Measure, objective: Objective, truth: list[Label]) -> float:
    """Return what 1,000 answers would cost if the cheapest one were always given: a class, or the middle value."""
    constants: list[Label]
    if measure.prototype.task == "regression":
        constants = [float(np.median(np.array(truth, dtype=float)))]
    else:
        constants = list(Counter(label_text(one) or "" for one in truth))
    means = []
    for constant in constants:
        costs = costs_of(objective, measure.prototype, truth, [constant] * len(truth))
        means.append(float("inf") if costs is None else float(costs.mean()))
    return min(means) * CASES


def _say(cost: float, low: float, high: float, without: float) -> str:
    told = f"1,000 answers cost about {amount(cost)} in mistakes (between {amount(low)} and {amount(high)})"
    if high < without:
        return f"It is worth it: {told}; always giving the same answer would cost {amount(without)}."
    if low > without:
        return f"It is not worth it any more: {told}; always giving the same answer would cost only {amount(without)}."
    return f"Whether it is worth it is not sure: {told}; always giving the same answer would cost {amount(without)}."


def amount(cost: float) -> str:
    """Return a cost with three figures that count: an estimate pretends no more."""
    return f"{float(f'{cost:.3g}'):,.10g}"
