"""The truth as far as it can be told in advance: every answer with each truth it may meet, and how likely that is.

Any metric over rows with weights then gives the value to expect, and drawing one truth for each answer again and again
shows how far the measured value may lie from it by chance alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import optimize, special

from core.deploy import are_outside, bin_codes, calibrate, expected_distance
from core.evaluate import ScoredRows, weigh_predictions
from core.monitor.local_correction import LocalCorrection, Singles, learn_local_correction
from core.monitor.significance import Counts, Floats, Mask
from core.prepare import coerce_column, label_text, read_date_parts
from core.records import ErrorModel, Json, Label, Reference

N_DRAWS = 100
PRIOR_SD = 1.0
"""How far a shift is thought to lie from none, in logits, before labels say so."""
PRIOR_SD_OF_SLOPE = 0.2
"""The same of a slope and one."""
PRIOR_ROWS = 50
"""Rows of unsurprising errors that a correction of numbers is learnt with, so that few labels change little."""
SUREST = 0.999
"""A chance beyond this is taken for it where it is corrected: no one row may outweigh hundreds."""
LARGEST = 1e30
"""Numbers beyond are taken for it: trees compare in single precision."""
CENTRAL_95 = (2.5, 97.5)
RECURRING = ("hour", "weekday")


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
    `outside` of shape (n,) which rows are unlike all that was learnt from; `inputs` of shape (n, c) the inputs as
    numbers, and of dates the hour and the weekday besides, NaN where missing.
    """

    rows: ScoredRows
    weights: Floats
    outside: Mask
    inputs: Floats

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
        return SoftTruth(rows, self.weights[mask], self.outside[mask], self.inputs[mask])

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

    @property
    def logits(self) -> Floats:
        """How likely each answer is right, shape (n,), in logits; of classes only."""
        return _logit(self.right)

    @property
    def features(self) -> Singles:
        """What answers are told apart by, shape (n, 2 + c): the answer, its chance and the inputs; of classes only."""
        answers = self.said.argmax(axis=1)
        return np.column_stack([answers, self.logits, self.inputs]).astype(np.float32)

    def corrected(self, correction: "Correction") -> "SoftTruth":
        """Return the truths as labels that came lately correct them."""
        if correction == Correction():
            return self
        if not self.rows.classes:
            truth = self.rows.answers + correction.scale * (self.rows.truth - self.rows.answers)
            return replace(self, rows=replace(self.rows, y_true=truth))
        return self._moved(correction.shift + correction.slope * self.logits)

    def corrected_locally(self, correction: LocalCorrection) -> "SoftTruth":
        """Return the truths as labels of rows like these correct them; numbers are left as they are."""
        if not correction.trees:
            return self
        return self._moved(self.logits + correction.shift(self.features))

    def _moved(self, logits: Floats) -> "SoftTruth":
        """Return the truths with another chance of being right; the wrong ones share the rest as before."""
        right = special.expit(logits)[:, None]
        others = np.where(self.said, 0.0, self.weights)
        total = others.sum(axis=1, keepdims=True)
        even = np.where(self.said, 0.0, 1 / (others.shape[1] - 1))
        shares = np.divide(others, total, out=even, where=total > 0)
        return replace(self, weights=np.where(self.said, right, (1 - right) * shares))

    def expect(self, metric: str) -> tuple[float, float, float]:
        """Return the value to expect of a metric, and between what it would be measured in 95 of 100 cases.

        NaN where the metric is not defined.
        """
        values_of = weigh_predictions(metric, self.rows)
        drawn = values_of(self._draw_truths())
        known = drawn[np.isfinite(drawn)]
        if known.size == 0:
            return float("nan"), float("nan"), float("nan")
        low, high = np.percentile(known, CENTRAL_95)
        return float(values_of(self.weights.reshape(1, -1))[0]), float(low), float(high)

    def _draw_truths(self) -> Floats:
        """Return weights by which each answer has one of its possible truths, shape (N_DRAWS, n_rows * n_truths)."""
        shares = self.weights.cumsum(axis=1)
        n_rows, n_truths = shares.shape
        dice = np.random.default_rng(0).random((N_DRAWS, n_rows, 1))
        chosen = np.minimum((dice > shares / shares[:, -1:]).sum(axis=2), n_truths - 1)
        weights = np.zeros((N_DRAWS, n_rows * n_truths))
        np.put_along_axis(weights, np.arange(n_rows) * n_truths + chosen, 1.0, axis=1)
        return weights


@dataclass(frozen=True)
class Correction:
    """What labels have shown lately of an estimate: how the chance of being right, in logits, is shifted and stretched,
    and by what the distance of numbers is multiplied.
    """

    shift: float = 0.0
    slope: float = 1.0
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
    Classes: logistic recalibration by intercept and slope (Cox, "Two further applications of a model for binary
    regression", Biometrika 45, 1958), with normal priors. Numbers: a ratio of means.
    """
    if not actual.classes:
        expected, distance = expected_distances(soft), _distances(actual)
        prior = PRIOR_ROWS * expected.mean()
        total = expected.sum() + prior
        return Correction(scale=float((distance.sum() + prior) / total)) if total > 0 else Correction()
    logits, is_right = soft.logits, (actual.truth == actual.answers).astype(float)
    none, spread = np.array([0.0, 1.0]), np.array([PRIOR_SD, PRIOR_SD_OF_SLOPE])

    def surprise(place: Floats) -> tuple[float, Floats]:
        moved, away = place[0] + place[1] * logits, (place - none) / spread
        value = float((np.logaddexp(0, moved) - is_right * moved).sum() + (away**2).sum() / 2)
        miss = special.expit(moved) - is_right
        return value, np.array([miss.sum(), (miss * logits).sum()]) + away / spread

    shift, slope = optimize.minimize(surprise, none, jac=True, method="BFGS").x
    return Correction(shift=float(shift), slope=float(slope))


def learn_locally(soft: SoftTruth, actual: ScoredRows) -> LocalCorrection:
    """Return where estimates of some answers, made without a correction, do not fit their truth; nothing of numbers."""
    if not actual.classes:
        return LocalCorrection()
    return learn_local_correction(soft.features, soft.logits, actual.truth == actual.answers)


def misses(soft: SoftTruth, actual: ScoredRows) -> Floats:
    """Return for each answer how much less right it was than expected, shape (n,): in answers, or in mean distances."""
    if actual.classes:
        missed: Floats = soft.right - (actual.truth == actual.answers)
        return missed
    expected = expected_distances(soft)
    beyond: Floats = (_distances(actual) - expected) / max(float(expected.mean()), 1e-12)
    return beyond


def expected_distances(soft: SoftTruth) -> Floats:
    """Return how far off each answer is expected to be, shape (n,); of numbers only."""
    distances = np.abs(soft.rows.truth - soft.rows.answers).astype(float)
    expected: Floats = distances.reshape(soft.weights.shape).mean(axis=1)
    return expected


def _distances(actual: ScoredRows) -> Floats:
    distances: Floats = np.abs(actual.truth.astype(float) - actual.answers.astype(float))
    return distances


def _logit(chance: Floats) -> Floats:
    clipped = np.clip(chance, 1 - SUREST, SUREST)
    logits: Floats = np.log(clipped / (1 - clipped))
    return logits


def soften(
    errors: ErrorModel, reference: Reference, asked: Asked, classes: Sequence[str], positive: str | None
) -> SoftTruth:
    """Return the truths that the answers may meet, as a version's error model tells."""
    frame = pd.DataFrame(list(asked.inputs))
    codes = bin_codes(reference, frame)
    outside, inputs = are_outside(reference, codes), _as_numbers(reference, frame, codes)
    if errors.task == "regression":
        answers = np.array(asked.predictions, dtype=float)
        distance = expected_distance(errors.tree, np.column_stack([answers, codes]))
        truths = answers[:, None] + distance[:, None] * np.array(errors.quantiles)
        n_truths = truths.shape[1]
        rows = ScoredRows(truths.ravel(), np.repeat(answers, n_truths))
        return SoftTruth(rows, np.full(truths.shape, 1 / n_truths), outside, inputs)
    proba = np.array([[(one or {}).get(label, 0.0) for label in classes] for one in asked.probabilities])
    n_truths = len(classes)
    rows = ScoredRows(
        np.tile(np.array(classes, dtype=object), len(proba)),
        np.repeat(np.array([label_text(one) for one in asked.predictions], dtype=object), n_truths),
        np.repeat(proba, n_truths, axis=0),
        tuple(classes),
        positive,
    )
    return SoftTruth(rows, calibrate(proba, errors.curves), outside, inputs)


def _as_numbers(reference: Reference, frame: pd.DataFrame, codes: Counts) -> Floats:
    """Return numbers as they are, within what a tree can hold, and of all else the bin; then the parts of dates.

    What depends on the hour or the weekday comes back, a moment never does.
    """
    inputs, parts = codes.astype(float), []
    for place, column in enumerate(reference.columns):
        if column.name not in frame:
            continue
        if column.kind == "number":
            inputs[:, place] = pd.to_numeric(frame[column.name], errors="coerce").clip(-LARGEST, LARGEST)
        if column.kind == "date":
            parts += read_date_parts(coerce_column(frame[column.name], "date").to_numpy(), RECURRING)
    return np.column_stack([inputs, *parts])


def join_soft(parts: Sequence[SoftTruth]) -> SoftTruth:
    """Return the answers of several parts of one model version as one."""
    rows = join_scored([part.rows for part in parts])
    names = ("weights", "outside", "inputs")
    weights, outside, inputs = (np.concatenate([getattr(part, name) for part in parts]) for name in names)
    return SoftTruth(rows, weights, outside, inputs)


def join_scored(parts: Sequence[ScoredRows]) -> ScoredRows:
    """Return the rows of several parts as one."""
    proba = [part.y_proba for part in parts if part.y_proba is not None]
    return replace(
        parts[0],
        y_true=np.concatenate([part.truth for part in parts]),
        y_pred=np.concatenate([part.answers for part in parts]),
        y_proba=np.concatenate(proba) if len(proba) == len(parts) else None,
    )
