"""How a fitted model is scored on a fold, with text classes and the positive class the person chose."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import (
    average_precision_score,
    f1_score,
    get_scorer,
    make_scorer,
    precision_score,
    recall_score,
    roc_auc_score,
)

OF_POSITIVE_CLASS = {"f1": f1_score, "precision": precision_score, "recall": recall_score}


def score_model(model: Any, features: Any, target: "pd.Series[Any]", metric: str, positive_label: str | None) -> float:
    """Return scikit-learn's score (greater is better; errors negated), NaN where the rows do not allow one.

    Parameters
    ----------
    model : fitted estimator, or Pipeline that ends in one
    features, target : n rows in a form that the model takes, and Series of n
        Classes as text.
    metric : str
        scikit-learn's scoring name.
    positive_label : str, optional
        The class that counts as positive; default: the last one.
    """
    classes = model.classes_.tolist() if hasattr(model, "classes_") else []
    scorer = make_scoring(metric, classes, positive_label)
    try:
        score = float(scorer(model, features, target))
    except ValueError:
        # A fold without one of the classes has, say, no area under the curve.
        return float("nan")
    return score if np.isfinite(score) else float("nan")


def make_scoring(metric: str, classes: Sequence[str], positive_label: str | None) -> Any:
    """Return a scikit-learn scorer for classes given as text."""
    positive = positive_of(classes, positive_label)
    if metric in OF_POSITIVE_CLASS:
        return make_scorer(OF_POSITIVE_CLASS[metric], pos_label=positive, zero_division=0)
    if metric == "average_precision":
        response = ("decision_function", "predict_proba")
        return make_scorer(average_precision_score, response_method=response, pos_label=positive)
    if metric == "roc_auc_ovr":
        return make_scorer(roc_auc_score, response_method="predict_proba", multi_class="ovr", labels=list(classes))
    return get_scorer(metric)


def positive_of(classes: Sequence[str], positive_label: str | None) -> str | None:
    """Return the class that counts as positive: the one chosen, else the last; None without classes."""
    return positive_label if positive_label in classes else (classes[-1] if classes else None)
