"""What a model says in cross-validation about rows it has not learned from, counted by the chance it gives them.

From these counts a decision threshold is chosen later. They are all that is kept: how many rows each threshold would
flag, rightly or wrongly, does not depend on which rows they are.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from core.records import OutOfFold
from core.train.scoring import positive_of

N_STEPS = 1_000
"""Thresholds differ by thousandths: of rare classes whole hundredths would be too coarse."""
ROUNDING = 1e-5
"""A chance counts as having reached a threshold that it misses by so little: votes of 23 among 100 trees are 0.23 in
scikit-learn and 0.22999999 in single precision, and both mean the same."""


def count_chances(model: Any, features: Any, target: "pd.Series[Any]", positive_label: str | None) -> OutOfFold | None:
    """Return rows of two classes counted by the chance of the positive one; None where there is no such chance.

    Parameters
    ----------
    model : fitted classifier, or Pipeline that ends in one
    features, target : n rows in a form that the model takes, and Series of n
        That it has not learned from; classes as text.
    positive_label : str, optional
        The class that counts as positive; default: the last one.
    """
    classes = model.classes_.tolist()
    if len(classes) != 2 or not hasattr(model, "predict_proba"):
        return None
    positive = str(positive_of(classes, positive_label))
    chances = model.predict_proba(features)[:, classes.index(positive)]
    steps = np.clip(((chances + ROUNDING) * N_STEPS).astype(np.int64), 0, N_STEPS)
    is_positive = (target == positive).to_numpy()
    counts = (np.bincount(steps[rows], minlength=N_STEPS + 1) for rows in (is_positive, ~is_positive))
    positives, negatives = (tuple(count.tolist()) for count in counts)
    return OutOfFold(positive, positives, negatives)


def add_folds(folds: Sequence[OutOfFold | None]) -> OutOfFold | None:
    """Return what all folds counted together; None when one of them counts nothing, or another class."""
    known = [fold for fold in folds if fold is not None]
    if not known or len(known) < len(folds) or len({fold.positive_label for fold in known}) > 1:
        return None
    positives, negatives = (
        tuple(np.sum([getattr(fold, name) for fold in known], axis=0).tolist()) for name in ("positives", "negatives")
    )
    return OutOfFold(known[0].positive_label, positives, negatives)
