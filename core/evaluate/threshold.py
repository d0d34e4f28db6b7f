"""From which chance on does a model of two classes say the positive one? What mistakes cost decides, or a person."""

from copy import copy

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.pipeline import Pipeline

from core.errors import BadInputError
from core.evaluate.chances import CASES, VALUES, Mistakes, name_costs, place_of, see_consequences
from core.plan import say_cost
from core.records import LIKELIER_CLASS, DecisionThreshold, Objective, OutOfFold
from core.train import ROUNDING

FEWEST_ROWS = 20
"""Rows of the rarer class that a threshold is chosen by at least."""
USUAL = place_of(LIKELIER_CLASS)


def choose_threshold(chances: OutOfFold, objective: Objective) -> DecisionThreshold:
    """Return the threshold that makes mistakes cheapest, or 0.5 where nothing speaks for another one.

    Were all chances right, c = alarm / (alarm + missed) would be cheapest, whatever the rows. So of all thresholds that
    are dearer than the cheapest one by no more than a standard error, the one next to c is taken; and it is kept only
    where it is cheaper than the likelier class by more than one. So few rows do not lead it astray.

    Parameters
    ----------
    chances : OutOfFold
        Of rows the model had not learned from.
    objective : Objective
        With the costs of both mistakes, and the class that counts as positive.

    Source
    ------
    Elkan, "The foundations of cost-sensitive learning", IJCAI 2001, for c; Breiman et al., "Classification and
    Regression Trees", 1984, section 3.4.3, for the rule of one standard error.
    """
    if why_not := _why_not(chances, objective):
        return DecisionThreshold(LIKELIER_CLASS, chances.positive_label, why_not)
    alarm, missed = name_costs(objective) or (0.0, 0.0)
    mistakes = Mistakes(chances)
    costs = mistakes.costs(alarm, missed)
    dearer, unsure = mistakes.compare(int(costs.argmin()), alarm, missed)
    far = np.where(dearer <= unsure, np.abs(VALUES - alarm / (alarm + missed)), np.inf)
    place = int(far.argmin())
    lost, unsure = mistakes.compare(USUAL, alarm, missed)
    if -lost[place] <= unsure[place]:
        why_not = "On the rows of cross-validation no other threshold is cheaper by more than chance."
        return DecisionThreshold(LIKELIER_CLASS, chances.positive_label, why_not)
    reason = f"{_say_ratio(alarm, missed)}: {_say_saved(float(costs[place]), float(costs[USUAL]))}."
    return DecisionThreshold(float(VALUES[place]), chances.positive_label, reason)


def take_threshold(chances: OutOfFold | None, objective: Objective, *, value: float, by: str) -> DecisionThreshold:
    """Return a threshold that a person has chosen.

    Parameters
    ----------
    chances : OutOfFold or None
        None for models that a threshold cannot be chosen for.
    value : float
        Between 0 and 1; counts to a thousandth.

    Raises
    ------
    BadInputError
        When it lies outside, or the model has no threshold.
    """
    if chances is None:
        raise BadInputError(
            "A threshold can be chosen only for models of two classes that give chances, trained since there are "
            "thresholds.",
            "Train again on Train models.",
        )
    if not VALUES[0] <= round(value, 3) <= VALUES[-1]:
        raise BadInputError(f"{100 * value:g} % is no threshold.", "Choose one between 0.1 % and 99.9 %.")
    cost = see_consequences(chances, value, objective).cost
    usual = see_consequences(chances, LIKELIER_CLASS, objective).cost
    reason = f"{by} chose it"
    if cost is not None and usual is not None:
        reason += f": {_say_saved(cost, usual)}"
    return DecisionThreshold(round(value, 3), chances.positive_label, f"{reason}.", by)


def apply_threshold(pipeline: Pipeline, threshold: DecisionThreshold | None) -> Pipeline:
    """Return a fitted pipeline that answers by a threshold; its chances stay as they are.

    It is the one place where a threshold is built in: whatever asks the pipeline, or what is made of it, gets answers
    by it. The likelier class needs nothing built in.
    """
    if threshold is None or threshold.is_likelier_class:
        return pipeline
    model = pipeline[-1]
    deciding = FixedThresholdClassifier(
        clone(model),
        threshold=threshold.value - ROUNDING,
        pos_label=threshold.positive_label,
        response_method="predict_proba",
    )
    # As `fit` leaves it; the model has learned already.
    deciding.estimator_ = model
    if hasattr(model, "n_features_in_"):
        deciding.n_features_in_ = model.n_features_in_
    decided = copy(pipeline)
    decided.steps = [*pipeline.steps[:-1], (pipeline.steps[-1][0], deciding)]
    return decided


def _why_not(chances: OutOfFold, objective: Objective) -> str:
    """Return why no other threshold than the likelier class can be chosen; empty where one can."""
    positive, wanted = chances.positive_label, objective.positive_label
    if wanted is not None and wanted != positive:
        return f"Plan asks for '{wanted}' since it was trained: train again, and a threshold is chosen for that."
    if name_costs(objective) is None:
        return _say_missing(objective)
    mistakes = Mistakes(chances)
    n_rarer = min(mistakes.n_positive, mistakes.n_rows - mistakes.n_positive)
    if n_rarer < FEWEST_ROWS:
        return f"The rarer class has {n_rarer} rows in cross-validation, too few to choose another threshold by."
    return ""


def _say_missing(objective: Objective) -> str:
    named = bool(objective.cost_false_positive), bool(objective.cost_false_negative)
    if named == (False, False):
        return "What a false alarm and a missed case cost, said on Plan, would choose another threshold."
    said, missing = ("a false alarm", "a missed case") if named[0] else ("a missed case", "a false alarm")
    return (
        f"Plan says only what {said} costs, by which always giving the same answer would be free; what {missing} costs "
        "would choose another threshold."
    )


def _say_ratio(alarm: float, missed: float) -> str:
    if alarm == missed:
        return "Both mistakes cost the same"
    dear, cheap = ("A missed case", "a false alarm") if missed > alarm else ("A false alarm", "a missed case")
    return f"{dear} costs {max(alarm, missed) / min(alarm, missed):,.3g} times {cheap}"


def _say_saved(cost: float, usual: float) -> str:
    return (
        f"in {CASES:,} rows of cross-validation the mistakes cost about {say_cost(cost)}, where the likelier class "
        f"(50 %) would cost {say_cost(usual)}"
    )
