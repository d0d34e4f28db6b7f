"""Metrics as functions of row weights: sort and encode once, then weigh the rows hundreds of times for the bootstrap.

Each factory takes the scored rows and returns `value(weights) -> float`, NaN where the metric is not defined (one class
only, say). With all weights 1 the values are scikit-learn's. Errors come out positive.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from core.evaluate.scored_rows import Floats, Integers, ScoredRows

WeightedMetric = Callable[[Floats], float]
MatrixMetric = Callable[[Floats, int], float]


def _ratio(above: Floats, below: Floats) -> Floats:
    """Divide, with 0 where there is nothing to divide by (scikit-learn's zero_division=0)."""
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


def _precisions(matrix: Floats) -> Floats:
    return _ratio(np.diag(matrix), matrix.sum(axis=0))


def _recalls(matrix: Floats) -> Floats:
    return _ratio(np.diag(matrix), matrix.sum(axis=1))


def _f1s(matrix: Floats) -> Floats:
    return _ratio(2 * np.diag(matrix), matrix.sum(axis=0) + matrix.sum(axis=1))


def _accuracy(matrix: Floats, _positive: int) -> float:
    return float(np.trace(matrix) / matrix.sum())


def _balanced_accuracy(matrix: Floats, _positive: int) -> float:
    return float(_recalls(matrix)[matrix.sum(axis=1) > 0].mean())


def _of_positive(per_class: Callable[[Floats], Floats]) -> MatrixMetric:
    return lambda matrix, positive: float(per_class(matrix)[positive])


def _macro(per_class: Callable[[Floats], Floats]) -> MatrixMetric:
    def value(matrix: Floats, _positive: int) -> float:
        present = matrix.sum(axis=0) + matrix.sum(axis=1) > 0
        return float(per_class(matrix)[present].mean())

    return value


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

        def value(weights: Floats) -> float:
            counts = np.bincount(cells, weights=weights, minlength=n_labels * n_labels).astype(float)
            return metric(counts.reshape(n_labels, n_labels), positive)

        return value

    return factory


def _ranking(scores: Floats) -> tuple[Integers, Integers]:
    """Return the order of falling score, and where each group of equal scores ends in it."""
    order = np.argsort(-scores, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))
    return order, ends


def _area_under_roc(is_positive: Floats, scores: Floats) -> WeightedMetric:
    """Trapezoids under the curve of true against false positive rate, over the distinct scores."""
    order, ends = _ranking(scores)
    is_positive = is_positive[order]

    def value(weights: Floats) -> float:
        ordered = weights[order]
        hits = np.cumsum(ordered * is_positive)[ends]
        alarms = np.cumsum(ordered)[ends] - hits
        if hits[-1] == 0 or alarms[-1] == 0:
            return float("nan")
        area = np.trapezoid(np.append(0, hits), np.append(0, alarms))
        return float(area / (hits[-1] * alarms[-1]))

    return value


def _average_precision(is_positive: Floats, scores: Floats) -> WeightedMetric:
    """Precision averaged over the steps in recall, as `sklearn.metrics.average_precision_score` does."""
    order, ends = _ranking(scores)
    is_positive = is_positive[order]

    def value(weights: Floats) -> float:
        ordered = weights[order]
        hits = np.cumsum(ordered * is_positive)[ends]
        flagged = np.cumsum(ordered)[ends]
        if hits[-1] == 0:
            return float("nan")
        return float(np.sum(np.diff(hits, prepend=0) * _ratio(hits, flagged)) / hits[-1])

    return value


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
        return lambda weights: float(np.mean([one(weights) for one in each]))

    return factory


def _undefined(_weights: Floats) -> float:
    return float("nan")


def _mean_of(values: Floats) -> WeightedMetric:
    return lambda weights: float(weights @ values / weights.sum())


def _numbers(rows: ScoredRows) -> tuple[Floats, Floats]:
    return rows.truth.astype(float), rows.answers.astype(float)


def _mean_absolute_error(rows: ScoredRows) -> WeightedMetric:
    truth, answers = _numbers(rows)
    return _mean_of(np.abs(truth - answers))


def _root_mean_squared_error(rows: ScoredRows) -> WeightedMetric:
    truth, answers = _numbers(rows)
    mean_square = _mean_of((truth - answers) ** 2)
    return lambda weights: float(np.sqrt(mean_square(weights)))


def _median_absolute_error(rows: ScoredRows) -> WeightedMetric:
    truth, answers = _numbers(rows)
    errors = np.abs(truth - answers)
    order = np.argsort(errors)
    errors = errors[order]

    def value(weights: Floats) -> float:
        reached = np.cumsum(weights[order])
        half = reached[-1] / 2
        lower, upper = np.searchsorted(reached, half, side="left"), np.searchsorted(reached, half, side="right")
        return float((errors[lower] + errors[min(upper, len(errors) - 1)]) / 2)

    return value


def _r2(rows: ScoredRows) -> WeightedMetric:
    truth, answers = _numbers(rows)
    squares = (truth - answers) ** 2

    def value(weights: Floats) -> float:
        spread = weights @ (truth - weights @ truth / weights.sum()) ** 2
        return float(1 - weights @ squares / spread) if spread > 0 else float("nan")

    return value


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
