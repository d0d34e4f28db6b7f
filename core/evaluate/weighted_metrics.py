"""Metrics as functions of row weights: sort and encode once, then weigh the rows hundreds of times for the bootstrap.

Each factory takes the scored rows and returns `values(weights)`: weights have shape (n_weightings, n_rows) and are 0 or
more, values shape (n_weightings,), NaN where the metric is not defined (one class only, say). Many weightings at once
cost little more than one. With all weights 1 the values are scikit-learn's. Errors come out positive.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from core.evaluate.scored_rows import Floats, ScoredRows

Flags = NDArray[np.bool_]
WeightedMetric = Callable[[Floats], Floats]
MatrixMetric = Callable[[Floats, int], Floats]
"""From confusion matrices, shape (n_weightings, n_labels, n_labels), truth in rows, and the positive label's place."""


def _ratio(above: Floats, below: Floats, otherwise: float = 0.0) -> Floats:
    """Divide; where there is nothing to divide by the answer is 0, as scikit-learn's zero_division=0 has it."""
    quotients: Floats = np.full(above.shape, otherwise)
    return np.divide(above, below, out=quotients, where=below > 0)


def _right(matrices: Floats) -> Floats:
    return np.diagonal(matrices, axis1=1, axis2=2)


def _precisions(matrices: Floats) -> Floats:
    return _ratio(_right(matrices), matrices.sum(axis=1))


def _recalls(matrices: Floats) -> Floats:
    return _ratio(_right(matrices), matrices.sum(axis=2))


def _f1s(matrices: Floats) -> Floats:
    return _ratio(2 * _right(matrices), matrices.sum(axis=1) + matrices.sum(axis=2))


def _mean_where(values: Floats, present: Flags) -> Floats:
    """Return the mean of each row over the labels that are there."""
    return _ratio(np.where(present, values, 0.0).sum(axis=1), present.sum(axis=1).astype(float))


def _accuracy(matrices: Floats, _positive: int) -> Floats:
    return _ratio(_right(matrices).sum(axis=1), matrices.sum(axis=(1, 2)))


def _balanced_accuracy(matrices: Floats, _positive: int) -> Floats:
    return _mean_where(_recalls(matrices), matrices.sum(axis=2) > 0)


def _of_positive(per_class: Callable[[Floats], Floats]) -> MatrixMetric:
    return lambda matrices, positive: per_class(matrices)[:, positive]


def _macro(per_class: Callable[[Floats], Floats]) -> MatrixMetric:
    return lambda matrices, _positive: _mean_where(per_class(matrices), matrices.sum(axis=1) + matrices.sum(axis=2) > 0)


MATRIX_METRICS: Mapping[str, MatrixMetric] = MappingProxyType(
    {
        "accuracy": _accuracy,
        "balanced_accuracy": _balanced_accuracy,
        "precision": _of_positive(_precisions),
        "recall": _of_positive(_recalls),
        "f1": _of_positive(_f1s),
        "f1_macro": _macro(_f1s),
    }
)


def _from_matrix(metric: MatrixMetric) -> Callable[[ScoredRows], WeightedMetric]:
    def factory(rows: ScoredRows) -> WeightedMetric:
        n_labels, positive, cells = len(rows.labels), rows.positive_code, rows.cells
        n_cells = n_labels * n_labels

        def values(weights: Floats) -> Floats:
            places = cells + n_cells * np.arange(len(weights))[:, None]
            counts = np.bincount(places.ravel(), weights=weights.ravel(), minlength=n_cells * len(weights))
            return metric(counts.astype(float, copy=False).reshape(-1, n_labels, n_labels), positive)

        return values

    return factory


def _ranked(is_positive: Floats, scores: Floats) -> Callable[[Floats], tuple[Floats, Floats]]:
    """Return a function from weights to those of positive and of negative rows, for each score, highest first."""
    order = np.argsort(-scores, kind="stable")
    starts = np.flatnonzero(np.append(True, np.diff(scores[order]) != 0))
    is_positive = is_positive[order]

    def by_score(weights: Floats) -> Floats:
        return weights if len(starts) == len(order) else np.add.reduceat(weights, starts, axis=1)

    def split(weights: Floats) -> tuple[Floats, Floats]:
        ordered = weights[:, order]
        hits = by_score(ordered * is_positive)
        return hits, by_score(ordered) - hits

    return split


def _area_under_roc(is_positive: Floats, scores: Floats) -> WeightedMetric:
    """Trapezoids under the curve of true against false positive rate, over the distinct scores."""
    split = _ranked(is_positive, scores)

    def values(weights: Floats) -> Floats:
        hits, alarms = split(weights)
        above = np.cumsum(hits, axis=1)
        area = ((above - hits / 2) * alarms).sum(axis=1)
        return _ratio(area, above[:, -1] * alarms.sum(axis=1), np.nan)

    return values


def _average_precision(is_positive: Floats, scores: Floats) -> WeightedMetric:
    """Precision averaged over the steps in recall, as `sklearn.metrics.average_precision_score` does."""
    split = _ranked(is_positive, scores)

    def values(weights: Floats) -> Floats:
        hits, alarms = split(weights)
        above = np.cumsum(hits, axis=1)
        precision = _ratio(above, np.cumsum(hits + alarms, axis=1))
        return _ratio((hits * precision).sum(axis=1), above[:, -1], np.nan)

    return values


RankMetric = Callable[[Floats, Floats], WeightedMetric]


def _of_positive_class(metric: RankMetric) -> Callable[[ScoredRows], WeightedMetric]:
    def factory(rows: ScoredRows) -> WeightedMetric:
        if rows.y_proba is None:
            return _undefined
        code = rows.positive_code
        return metric((rows.true_codes == code).astype(float), rows.y_proba[:, code])

    return factory


def _mean_over_classes(metric: RankMetric) -> Callable[[ScoredRows], WeightedMetric]:
    def factory(rows: ScoredRows) -> WeightedMetric:
        if rows.y_proba is None:
            return _undefined
        each = [
            metric((rows.true_codes == code).astype(float), rows.y_proba[:, code]) for code in range(len(rows.classes))
        ]
        return lambda weights: np.mean([one(weights) for one in each], axis=0)

    return factory


def _undefined(weights: Floats) -> Floats:
    return np.full(len(weights), np.nan)


def _mean_of(values: Floats) -> WeightedMetric:
    return lambda weights: weights @ values / weights.sum(axis=1)


def _numbers(rows: ScoredRows) -> tuple[Floats, Floats]:
    return rows.truth.astype(float), rows.answers.astype(float)


def _mean_absolute_error(rows: ScoredRows) -> WeightedMetric:
    truth, answers = _numbers(rows)
    return _mean_of(np.abs(truth - answers))


def _root_mean_squared_error(rows: ScoredRows) -> WeightedMetric:
    truth, answers = _numbers(rows)
    mean_square = _mean_of((truth - answers) ** 2)
    return lambda weights: np.sqrt(mean_square(weights))


def _median_absolute_error(rows: ScoredRows) -> WeightedMetric:
    truth, answers = _numbers(rows)
    errors = np.abs(truth - answers)
    order = np.argsort(errors)
    errors = errors[order]

    def values(weights: Floats) -> Floats:
        reached = np.cumsum(weights[:, order], axis=1)
        half = reached[:, -1:] / 2
        lower, upper = (reached < half).sum(axis=1), (reached <= half).sum(axis=1)
        medians: Floats = (errors[lower] + errors[np.minimum(upper, len(errors) - 1)]) / 2
        return medians

    return values


def _r2(rows: ScoredRows) -> WeightedMetric:
    truth, answers = _numbers(rows)
    squares = (truth - answers) ** 2

    def values(weights: Floats) -> Floats:
        means = weights @ truth / weights.sum(axis=1)
        spread = (weights * (truth - means[:, None]) ** 2).sum(axis=1)
        return 1 - _ratio(weights @ squares, spread, np.nan)

    return values


FACTORIES: Mapping[str, Callable[[ScoredRows], WeightedMetric]] = MappingProxyType(
    {
        **{name: _from_matrix(metric) for name, metric in MATRIX_METRICS.items()},
        "roc_auc": _of_positive_class(_area_under_roc),
        "average_precision": _of_positive_class(_average_precision),
        "roc_auc_ovr": _mean_over_classes(_area_under_roc),
        "neg_mean_absolute_error": _mean_absolute_error,
        "neg_root_mean_squared_error": _root_mean_squared_error,
        "neg_median_absolute_error": _median_absolute_error,
        "r2": _r2,
    }
)
