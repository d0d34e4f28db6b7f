"""How wrong will a model be on rows whose truth nobody knows yet? Learnt once, from the rows of its test.

Classes: what the model's probabilities are worth, by isotonic calibration where that tells the test rows better than
the probabilities as they are. Numbers: a small tree over the answer and the bins of the inputs that gives the error to
expect, and how errors scatter around that. Both rest on one assumption: that the relation of inputs and target stays.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression
from sklearn.tree import DecisionTreeRegressor

from core.deploy.bin_codes import bin_codes
from core.evaluate import ScoredRows
from core.records import ErrorLeaf, ErrorModel, Reference, Task

FEWEST_ROWS = 50
"""Test rows a model of the errors needs."""
N_PARTS = 5
ROWS_A_LEAF = 50
MOST_LEAVES = 16
N_QUANTILES = 21
Floats = NDArray[np.float64]
Curve = tuple[tuple[float, ...], tuple[float, ...]]


def learn_errors(task: Task, reference: Reference, frame: pd.DataFrame, rows: ScoredRows) -> ErrorModel | None:
    """Return what the test rows teach about a model's errors; None with fewer than 50, or without probabilities.

    Parameters
    ----------
    frame : DataFrame of shape (n, at least the reference's columns)
        The inputs of the test rows, in their order in time where they have one.
    rows : ScoredRows
        The same rows with truth and answers.

    Source
    ------
    Classes: "confidence-based performance estimation" (NannyML's documentation, 2022); Zadrozny and Elkan,
    "Transforming classifier scores into accurate multiclass probability estimates", KDD 2002. Numbers: "direct loss
    estimation" (NannyML's documentation).
    """
    if rows.n_rows < FEWEST_ROWS:
        return None
    if task == "regression":
        return _learn_distances(reference, frame, rows)
    if rows.y_proba is None:
        return None
    truth = np.asarray(rows.truth).astype(str)
    hits = np.column_stack([truth == str(label) for label in rows.classes]).astype(float)
    return ErrorModel(task, rows.n_rows, curves=_curves(rows.y_proba, hits))


def _curves(proba: Floats, hits: Floats) -> tuple[Curve, ...]:
    """Return a curve for each class, or none where they do not help on rows they were not drawn from."""
    borders = np.linspace(0, len(proba), N_PARTS + 1).astype(int)
    corrected = np.empty_like(proba)
    for start, end in pairwise(borders):
        others = np.r_[0:start, end : len(proba)]
        corrected[start:end] = calibrate(proba[start:end], _fit_curves(proba[others], hits[others]))
    if _surprise(corrected, hits) >= _surprise(proba, hits):
        return ()
    return _fit_curves(proba, hits)


def _fit_curves(proba: Floats, hits: Floats) -> tuple[Curve, ...]:
    return tuple(_fit_curve(proba[:, place], hits[:, place]) for place in range(proba.shape[1]))


def _fit_curve(scores: Floats, hits: Floats) -> Curve:
    isotonic = IsotonicRegression(out_of_bounds="clip").fit(scores, hits)
    # So many rows without a miss do not prove that there are none.
    least = 1.0 / (len(scores) + 2)
    shares = np.clip(isotonic.y_thresholds_, least, 1 - least)
    return tuple(isotonic.X_thresholds_.tolist()), tuple(shares.tolist())


def _surprise(proba: Floats, hits: Floats) -> float:
    """Return the logarithmic loss."""
    return float(-(hits * np.log(np.clip(proba, 1e-6, 1))).sum(axis=1).mean())


def calibrate(proba: Floats, curves: Sequence[Curve]) -> Floats:
    """Return probabilities, shape (n, k), as the curves correct them; without curves as they are."""
    if not curves:
        return proba
    corrected = np.column_stack(
        [np.interp(proba[:, place], scores, shares) for place, (scores, shares) in enumerate(curves)]
    )
    total = corrected.sum(axis=1, keepdims=True)
    even = np.full_like(corrected, 1 / corrected.shape[1])
    shares: Floats = np.divide(corrected, total, out=even, where=total > 0)
    return shares


def _learn_distances(reference: Reference, frame: pd.DataFrame, rows: ScoredRows) -> ErrorModel:
    answers, truth = rows.answers.astype(float), rows.truth.astype(float)
    errors = np.abs(truth - answers)
    inputs = np.column_stack([answers, bin_codes(reference, frame)])
    tree = DecisionTreeRegressor(
        criterion="poisson" if errors.sum() > 0 else "squared_error",
        min_samples_leaf=ROWS_A_LEAF,
        max_leaf_nodes=MOST_LEAVES,
        random_state=0,
    ).fit(inputs, errors)
    leaves = _as_leaves(tree)
    expected = expected_distance(leaves, inputs)
    ratio = np.divide(truth - answers, expected, out=np.zeros_like(expected), where=expected > 0)
    middles = (np.arange(N_QUANTILES) + 0.5) / N_QUANTILES
    return ErrorModel("regression", rows.n_rows, tree=leaves, quantiles=tuple(np.quantile(ratio, middles).tolist()))


def _as_leaves(tree: DecisionTreeRegressor) -> tuple[ErrorLeaf, ...]:
    inner = tree.tree_
    return tuple(
        ErrorLeaf(
            int(inner.feature[node]) if inner.children_left[node] >= 0 else -1,
            float(inner.threshold[node]),
            int(inner.children_left[node]),
            int(inner.children_right[node]),
            float(inner.value[node].ravel()[0]),
        )
        for node in range(inner.node_count)
    )


def expected_distance(tree: Sequence[ErrorLeaf], inputs: Floats) -> Floats:
    """Return the mean absolute error to expect of each row.

    Parameters
    ----------
    inputs : array of shape (n, 1 + number of the reference's columns)
        The answer, then the bins of the inputs (see `bin_codes`).
    """
    columns = np.array([leaf.column for leaf in tree])
    borders = np.array([leaf.border for leaf in tree])
    children = np.array([[leaf.left, leaf.right] for leaf in tree])
    means = np.array([leaf.mean_error for leaf in tree])
    nodes = np.zeros(len(inputs), dtype=np.int64)
    while (inside := columns[nodes] >= 0).any():
        at = nodes[inside]
        # scikit-learn compares in single precision.
        values = inputs[inside, columns[at]].astype(np.float32)
        nodes[inside] = children[at, (values > borders[at]).astype(int)]
    found: Floats = means[nodes]
    return found
