"""The truth as far as it can be told in advance: every answer with each truth it may meet, and how likely that is.

Any metric over rows with weights then gives the value to expect, and drawing one truth for each answer again and again
shows how far the measured value may lie from it by chance alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.deploy import are_outside, bin_codes, calibrate, expected_distance
from core.evaluate import ScoredRows, weigh_predictions
from core.monitor.significance import Floats, Mask
from core.prepare import label_text
from core.records import ErrorModel, Json, Label, Reference

N_DRAWS = 100
CENTRAL_95 = (2.5, 97.5)


@dataclass(frozen=True, eq=False)
class Asked:
    """Rows that were asked and what was answered, all of one model version, each n long."""

    inputs: Sequence[Json]
    predictions: Sequence[Label]
    probabilities: Sequence[dict[str, float] | None]


@dataclass(frozen=True, eq=False)
class SoftTruth:
    """n answers with the k truths each may meet.

    `rows` holds n * k rows, the k of an answer one after the other; `weights` of shape (n, k) say how likely each is;
    `outside` of shape (n,) which rows are unlike all that was learnt from.
    """

    rows: ScoredRows
    weights: Floats
    outside: Mask

    def part(self, mask: Mask) -> "SoftTruth":
        """Return some of the answers."""
        wide = np.repeat(mask, self.weights.shape[1])
        rows = ScoredRows(
            self.rows.truth[wide],
            self.rows.answers[wide],
            None if self.rows.y_proba is None else self.rows.y_proba[wide],
            self.rows.classes,
            self.rows.positive_label,
        )
        return SoftTruth(rows, self.weights[mask], self.outside[mask])

    def expect(self, metric: str) -> tuple[float, float, float]:
        """Return the value to expect of a metric, and between what it would be measured in 95 of 100 cases.

        NaN where the metric is not defined.
        """
        value_of = weigh_predictions(metric, self.rows)
        shares = self.weights.cumsum(axis=1)
        n_rows, n_truths = shares.shape
        rng = np.random.default_rng(0)
        drawn = []
        for _ in range(N_DRAWS):
            chosen = (rng.random((n_rows, 1)) > shares / shares[:, -1:]).sum(axis=1)
            weights = np.zeros(n_rows * n_truths)
            weights[np.arange(n_rows) * n_truths + np.minimum(chosen, n_truths - 1)] = 1.0
            drawn.append(value_of(weights))
        known = np.array(drawn)[np.isfinite(drawn)]
        if known.size == 0:
            return float("nan"), float("nan"), float("nan")
        low, high = np.percentile(known, CENTRAL_95)
        return value_of(self.weights.ravel()), float(low), float(high)


def soften(
    errors: ErrorModel, reference: Reference, asked: Asked, classes: Sequence[str], positive: str | None
) -> SoftTruth:
    """Return the truths that the answers may meet, as a version's error model tells."""
    codes = bin_codes(reference, pd.DataFrame(list(asked.inputs)))
    outside = are_outside(reference, codes)
    if errors.task == "regression":
        answers = np.array(asked.predictions, dtype=float)
        distance = expected_distance(errors.tree, np.column_stack([answers, codes]))
        truths = answers[:, None] + distance[:, None] * np.array(errors.quantiles)
        n_truths = truths.shape[1]
        rows = ScoredRows(truths.ravel(), np.repeat(answers, n_truths))
        return SoftTruth(rows, np.full(truths.shape, 1 / n_truths), outside)
    proba = np.array([[(one or {}).get(label, 0.0) for label in classes] for one in asked.probabilities])
    n_truths = len(classes)
    rows = ScoredRows(
        np.tile(np.array(classes, dtype=object), len(proba)),
        np.repeat(np.array([label_text(one) for one in asked.predictions], dtype=object), n_truths),
        np.repeat(proba, n_truths, axis=0),
        tuple(classes),
        positive,
    )
    return SoftTruth(rows, calibrate(proba, errors.curves), outside)
