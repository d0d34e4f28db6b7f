"""Letting a fitted pipeline answer rows whose truth is known."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from core.evaluate.scored_rows import ScoredRows

ROWS_AT_A_TIME = 10_000
"""Some models compare each row with all training rows: in pieces that takes little memory, and can be stopped."""


def answer_rows(
    pipeline: Pipeline,
    features: pd.DataFrame,
    target: "pd.Series[Any]",
    positive_label: str | None = None,
    *,
    check_stop: Callable[[], None] = lambda: None,
) -> ScoredRows:
    """Let a fitted pipeline answer rows and return answers and truth together.

    Parameters
    ----------
    pipeline : fitted Pipeline
    features, target : DataFrame and Series of n rows
        As `prepare.features_and_target` gives them.
    positive_label : str, optional
        The class that counts as positive.
    check_stop : callable
        Called after every 10,000 rows; raises when the work is to stop.
    """
    before, model = pipeline[:-1], pipeline[-1]
    classes = tuple(str(label) for label in model.classes_) if hasattr(model, "classes_") else ()
    predictions, proba = [], []
    for start in range(0, len(features), ROWS_AT_A_TIME):
        check_stop()
        ready = before.transform(features.iloc[start : start + ROWS_AT_A_TIME])
        predictions.append(model.predict(ready))
        if hasattr(model, "predict_proba"):
            proba.append(model.predict_proba(ready))
    answers = np.concatenate(predictions)
    return ScoredRows(target, answers, np.concatenate(proba) if proba else None, classes, positive_label)
