"""The truth as far as it can be told in advance: every answer with each truth it may meet, and how likely that is.

Any metric over rows with weights then gives the value to expect, and drawing one truth for each answer again and again
shows how far the measured value may lie from it by chance alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from core.deploy import are_outside, bin_codes, calibrate, expected_distance
from core.evaluate import ScoredRows, weigh_predictions
from core.monitor.significance import Floats, Mask
from core.prepare import label_text
from core.records import ErrorModel, Json, Label, Reference

N_DRAWS = 100
PRIOR_SD = 1.0
"""How far a correction is thought to lie from none, in logits, before labels say so."""
PRIOR_ROWS = 50
"""Rows of unsurprising errors that a correction of numbers is learnt with, so that few labels change little."""
N_STEPS = 20
SUREST = 1 - 1e-6
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

    @property
    def said(self) -> Mask:
        """Which of the k truths is what was answered, shape (n, k); of classes only."""
        matches: Mask = (self.rows.truth == self.rows.answers).reshape(self.weights.shape)
        return matches

    @property
    def right(self) -> Floats:
        """How likely each answer is right, shape (n,); of classes only."""
        chance: Floats = (self.weights * self.said).sum(axis=1)
        return chance

    def corrected(self, correction: "Correction") -> "SoftTruth":
        """Return the truths as labels that came lately correct them."""
        if not self.rows.classes:
            truth = self.rows.answers + correction.scale * (self.rows.truth - self.rows.answers)
            return replace(self, rows=replace(self.rows, y_true=truth))
        right = self.right
        new = 1 / (1 + np.exp(-(_logit(right) + correction.shift)))
        said = self.said
        others = np.divide(1 - new, 1 - right, out=np.ones_like(new), where=right < SUREST)
        own = np.divide(new, right, out=np.ones_like(new), where=right > 1 - SUREST)
        return replace(self, weights=np.where(said, self.weights * own[:, None], self.weights * others[:, None]))

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


@dataclass(frozen=True)
class Correction:
    """What labels have shown lately of an estimate: by how much the chance of being right is shifted, in logits, and
    by what the distance of numbers is multiplied.
    """

    shift: float = 0.0
    scale: float = 1.0


def learn_correction(soft: SoftTruth, actual: ScoredRows) -> Correction:
    """Return what makes estimates of some answers, made without a correction, fit their truth.

    Parameters
    ----------
    soft : SoftTruth
        Of n answers.
    actual : ScoredRows
        The same n with their truth.

    Source
    ------
    Classes: one logistic intercept with a normal prior, by Newton's method. Numbers: a ratio of means.
    """
    n_truths = soft.weights.shape[1]
    if not actual.classes:
        expected = np.abs(soft.rows.truth - soft.rows.answers).astype(float).reshape(-1, n_truths).mean(axis=1)
        distance = np.abs(actual.truth.astype(float) - actual.answers.astype(float))
        prior = PRIOR_ROWS * expected.mean()
        total = expected.sum() + prior
        return Correction(scale=float((distance.sum() + prior) / total)) if total > 0 else Correction()
    logits = _logit(soft.right)
    is_right = (actual.truth == actual.answers).astype(float)
    shift = 0.0
    for _ in range(N_STEPS):
        chance = 1 / (1 + np.exp(-(logits + shift)))
        slope = (is_right - chance).sum() - shift / PRIOR_SD**2
        shift += float(slope / ((chance * (1 - chance)).sum() + 1 / PRIOR_SD**2))
    return Correction(shift=shift)


def _logit(chance: Floats) -> Floats:
    clipped = np.clip(chance, 1 - SUREST, SUREST)
    logits: Floats = np.log(clipped / (1 - clipped))
    return logits


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


def join_soft(parts: Sequence[SoftTruth]) -> SoftTruth:
    """Return the answers of several parts of one model version as one."""
    rows = join_scored([part.rows for part in parts])
    weights, outside = (np.concatenate([getattr(part, name) for part in parts]) for name in ("weights", "outside"))
    return SoftTruth(rows, weights, outside)


def join_scored(parts: Sequence[ScoredRows]) -> ScoredRows:
    """Return the rows of several parts as one."""
    proba = [part.y_proba for part in parts if part.y_proba is not None]
    return replace(
        parts[0],
        y_true=np.concatenate([part.truth for part in parts]),
        y_pred=np.concatenate([part.answers for part in parts]),
        y_proba=np.concatenate(proba) if len(proba) == len(parts) else None,
    )
