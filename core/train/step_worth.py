"""What a step is worth, judged from scores with and without it: a range that holds, and an honest sentence."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import fmean, stdev
from types import MappingProxyType

from scipy.stats import t as student

from core.plan import format_value, metric
from core.records import StepPrice

LEVEL = 0.95
MEANINGS: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "accuracy": ("{amount} of 100 rows are answered wrongly", "more", "fewer"),
        "balanced_accuracy": ("{amount} of 100 rows are answered wrongly, each class counting alike", "more", "fewer"),
        "roc_auc": ("the model tells {amount} of 100 pairs of cases apart", "fewer", "more"),
        "roc_auc_ovr": ("the model tells {amount} of 100 pairs of cases apart", "fewer", "more"),
        "precision": ("{amount} of 100 flagged cases are real", "fewer", "more"),
        "recall": ("the model finds {amount} of 100 cases", "fewer", "more"),
        "r2": ("the model explains {amount} of 100 parts of the differences between rows", "fewer", "more"),
        "neg_mean_absolute_error": ("answers are off by {amount} on average", "more", "less"),
        "neg_root_mean_squared_error": ("answers are typically off by {amount}", "more", "less"),
        "neg_median_absolute_error": ("half of the answers are off by {amount} or worse", "more", "less"),
    }
)
"""What leaving a step out does, in words; then the word for a loss and the word for a gain."""
TRAP = (
    "That may be a trap: a score cannot see whether the columns it leaves out are known at the moment of prediction. "
    "Bring them back only if they are."
)
"""Said of a step that leaves columns out and seems to cost: a leak always looks like a gain."""
NO_CHANGE = "Changes nothing here: every part of the rows scores the same without it."


def price_step(
    blank: StepPrice, with_step: Sequence[float], without: Sequence[float], *, metric: str, overlap: float
) -> StepPrice:
    """Return the price of a step from scores on the same folds.

    Parameters
    ----------
    blank : StepPrice
        Key and title.
    with_step, without : sequence of float
        scikit-learn's scores, fold by fold: greater is better. Folds in which one is NaN are left out.
    metric : str
        scikit-learn's scoring name.
    overlap : float
        Rows scored on by rows learned from in a fold, see `corrected_range`.
    """
    differences = [one - other for one, other in zip(with_step, without, strict=True) if math.isfinite(one - other)]
    if not differences:
        return replace(blank, problem="No part of the rows held enough of each class to be scored.")
    mean = fmean(differences)
    low, high = corrected_range(differences, overlap)
    priced = replace(
        blank,
        differences=tuple(differences),
        mean=mean,
        sd=stdev(differences) if len(differences) > 1 else None,
        low=low,
        high=high,
        outcome="unclear" if low is None or high is None or low <= 0 <= high else "helps" if mean > 0 else "costs",
    )
    return replace(priced, sentence=say_price(priced, metric))


def corrected_range(differences: Sequence[float], overlap: float) -> tuple[float | None, float | None]:
    """Return the 95 % range of the mean of paired differences over folds; None where a single one says nothing.

    The folds' training rows overlap, so their scores vary less than those of independent tables would. The variance of
    the mean is therefore not s^2 / k but s^2 (1 / k + n_test / n_train): the corrected resampled t-test.

    Parameters
    ----------
    differences : sequence of float
        One for each of k folds.
    overlap : float
        n_test / n_train, above 0.

    Source
    ------
    Nadeau and Bengio, "Inference for the Generalization Error", Machine Learning 52, 2003, section 3.3.
    """
    n_folds = len(differences)
    if n_folds < 2:
        return None, None
    mean = fmean(differences)
    quantile = float(student.ppf((1 + LEVEL) / 2, n_folds - 1))
    half = quantile * stdev(differences) * math.sqrt(1 / n_folds + overlap)
    return mean - half, mean + half


def say_price(price: StepPrice, name: str) -> str:
    """Return what leaving the step out does, as one sentence."""
    if price.mean is None or not any(price.differences):
        return NO_CHANGE
    words, loss, gain = MEANINGS.get(name, (f"the {metric(name).label} is {{amount}}", "lower", "higher"))
    if price.low is None or price.high is None:
        amount = f"{_value(name, price.mean)} {loss if price.mean > 0 else gain}"
        return f"Tried on one part of the rows only, which proves nothing: without it {words.format(amount=amount)}."
    low, high = _value(name, price.low), _value(name, price.high)
    if price.outcome == "unclear":
        return f"Makes no clear difference: without it {words.format(amount=f'{low} {gain} to {high} {loss}')}."
    if price.outcome == "helps":
        amount = f"{_value(name, price.mean)} {loss} ({low} to {high})"
        return f"Worth it: without it {words.format(amount=amount)}."
    amount = f"{_value(name, price.mean)} {gain} ({high} to {low})"
    return f"Costs: without it {words.format(amount=amount)}."


def _value(name: str, difference: float) -> str:
    """Return the size of a difference with two figures, in the unit the metric is told in."""
    size = abs(difference)
    digits = 2 - 1 - math.floor(math.log10(size)) if size else 0
    return format_value(name, round(size, digits))
