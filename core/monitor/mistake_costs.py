"""What each mistake cost, by the costs the owner gave on Plan."""

import numpy as np

from core.monitor.significance import Floats
from core.prepare import label_text
from core.records import CostDifference, Label, Objective, Prototype

CASES = 1_000
N_RESAMPLES = 1_000
LEVELS = (2.5, 97.5)


def costs_of(objective: Objective, prototype: Prototype, truth: list[Label], said: list[Label]) -> Floats | None:
    """Return the cost of each answer, in the owner's unit; None when no cost was given, or a truth is no number.

    Parameters
    ----------
    objective : Objective
        With the costs of a false positive and a false negative (binary), of a wrong answer (multiclass), or of each
        unit of absolute error (regression).
    truth, said : list of Label, length n
        What was so, and what was answered.
    """
    if prototype.task == "regression":
        if objective.cost_error is None:
            return None
        try:
            errors: Floats = np.abs(np.array(truth, dtype=float) - np.array(said, dtype=float))
            return errors * objective.cost_error
        except (TypeError, ValueError):
            return None
    texts = [(label_text(one), label_text(other)) for one, other in zip(truth, said, strict=True)]
    if prototype.task == "multiclass":
        return None if objective.cost_error is None else np.array([(a != b) * objective.cost_error for a, b in texts])
    if objective.cost_false_positive is None and objective.cost_false_negative is None:
        return None
    positive = objective.positive_label or label_text(prototype.classes[-1])
    alarm, missed = objective.cost_false_positive or 0.0, objective.cost_false_negative or 0.0
    return np.array([0.0 if a == b else missed if a == positive else alarm for a, b in texts])


def compare_costs(live: Floats, challenger: Floats, *, paired: bool, random_state: int = 0) -> CostDifference:
    """Return what 1,000 answers of each cost, and the difference with its 95 % interval.

    Percentile bootstrap of the difference of means: over the questions where both answered the same ones, over each
    version's own otherwise.

    Source
    ------
    Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, sections 8.3 and 13.3.
    """
    rng = np.random.default_rng(random_state)
    drawn = []
    for _ in range(N_RESAMPLES):
        mine = rng.integers(0, len(challenger), len(challenger))
        others = mine if paired else rng.integers(0, len(live), len(live))
        drawn.append(challenger[mine].mean() - live[others].mean())
    low, high = (float(end) for end in np.percentile(drawn, LEVELS) * CASES)
    means = float(live.mean() * CASES), float(challenger.mean() * CASES)
    return CostDifference(*means, means[1] - means[0], low, high)
