"""How good are predictions, and how sure can one be of it? Metrics with 95 % bootstrap intervals.

Errors (MAE, RMSE) are positive numbers here, whatever sign scikit-learn's scorer gives them.
"""

from collections.abc import Sequence

import numpy as np

from core.errors import BadInputError
from core.evaluate.scored_rows import Floats, ScoredRows
from core.evaluate.weighted_metrics import FACTORIES, MATRIX_METRICS, WeightedMetric

LEVELS = (2.5, 97.5)
"""Percentiles that bound a 95 % interval."""
MOST_RESAMPLES = 500
FEWEST_RESAMPLES = 100
ROWS_TO_DRAW = 50_000_000
"""Rows drawn over all resamples at most: intervals of millions of rows are narrow and need no more."""
ROWS_AT_ONCE = 60_000
"""Rows weighed at once, over several resamples of few rows: arrays that the cache holds, their memory used again."""


def score_predictions(metric: str, rows: ScoredRows) -> float:
    """Return the value of a metric; NaN where it is not defined for these rows.

    Parameters
    ----------
    metric : str
        scikit-learn's scoring name, such as "roc_auc" or "neg_mean_absolute_error".
    rows : ScoredRows
        Truth and answers.

    Raises
    ------
    BadInputError
        When there are no rows, or the metric is not known.
    """
    return _value(_weighted_metric(metric, rows), rows)


def weigh_predictions(metric: str, rows: ScoredRows) -> WeightedMetric:
    """Return a function from weights of the rows, shape (m, n), each >= 0, to values of a metric, shape (m,).

    Raises
    ------
    BadInputError
        When there are no rows, or the metric is not known.
    """
    return _weighted_metric(metric, rows)


def bootstrap_interval(metric: str, rows: ScoredRows, *, block: int = 1, random_state: int = 0) -> tuple[float, float]:
    """Return the 95 % interval of a metric.

    Percentile bootstrap over rows. Where every resample gives the perfect score, the lower end is 1 - 3 / n instead
    ("rule of three", n the rows behind it), because n rows without a mistake do not prove that there are none.

    Parameters
    ----------
    block : int
        Rows drawn together. More than one for rows in the order of their time whose neighbours err alike: the interval
        of rows drawn one by one would be too narrow.

    Returns
    -------
    tuple of float
        Lower and upper end; NaN where the metric is not defined.

    Source
    ------
    Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, section 13.3; Hanley and Lippman-Hand, "If nothing
    goes wrong, is everything all right?", JAMA 249, 1983. Blocks: Politis and Romano, "A circular block-resampling
    procedure for stationary data", 1992.
    """
    values = _resampled([_weighted_metric(metric, rows)], rows.n_rows, random_state, block)
    return _interval(values[:, 0], metric, rows)


def bootstrap_intervals(
    metrics: Sequence[str], rows: ScoredRows, *, random_state: int = 0
) -> list[tuple[float, float]]:
    """Return the 95 % intervals of several metrics from the same resamples; see `bootstrap_interval`."""
    values = _resampled([_weighted_metric(metric, rows) for metric in metrics], rows.n_rows, random_state)
    return [_interval(values[:, column], metric, rows) for column, metric in enumerate(metrics)]


def bootstrap_difference(
    metric: str, first: ScoredRows, second: ScoredRows, *, random_state: int = 0
) -> tuple[float, float, float]:
    """Return first minus second of a metric on the same rows, with the 95 % interval of the paired difference.

    Returns
    -------
    tuple of float
        Difference, lower and upper end, in the metric's own direction.

    Raises
    ------
    BadInputError
        When the two do not answer the same rows.
    """
    if first.n_rows != second.n_rows:
        raise BadInputError("Two models can only be compared on the same rows.", "Let both answer the same table.")
    metrics = [_weighted_metric(metric, first), _weighted_metric(metric, second)]
    values = _resampled(metrics, first.n_rows, random_state)
    low, high = _percentiles(values[:, 0] - values[:, 1])
    return _value(metrics[0], first) - _value(metrics[1], second), low, high


def _weighted_metric(metric: str, rows: ScoredRows) -> WeightedMetric:
    if rows.n_rows == 0:
        raise BadInputError("There are no rows to measure on.", "Wait for labels, or choose a larger test part.")
    if metric not in FACTORIES:
        raise BadInputError(f"There is no metric called '{metric}'.", "Choose one on Plan project.")
    return FACTORIES[metric](rows)


def _value(metric: WeightedMetric, rows: ScoredRows) -> float:
    return float(metric(np.ones((1, rows.n_rows)))[0])


def _resampled(metrics: Sequence[WeightedMetric], n_rows: int, random_state: int, block: int = 1) -> Floats:
    """Return the metrics' values on bootstrap samples, shape (n_resamples, n_metrics)."""
    rng = np.random.default_rng(random_state)
    n_resamples = min(MOST_RESAMPLES, max(FEWEST_RESAMPLES, ROWS_TO_DRAW // n_rows))
    n_at_once = max(1, ROWS_AT_ONCE // n_rows)
    values = []
    for start in range(0, n_resamples, n_at_once):
        weights = _draw(rng, min(n_at_once, n_resamples - start), n_rows, block)
        values.append(np.column_stack([metric(weights) for metric in metrics]))
    return np.concatenate(values)


def _draw(rng: np.random.Generator, n_resamples: int, n_rows: int, block: int) -> Floats:
    """Return how often each row was drawn, shape (n_resamples, n_rows): nothing has to be sorted or encoded again.

    So many neighbours are drawn together; after the last row comes the first.
    """
    drawn = rng.integers(0, n_rows, (n_resamples, -(-n_rows // block)))
    if block > 1:
        drawn = (drawn[:, :, None] + np.arange(block)).reshape(n_resamples, -1)[:, :n_rows] % n_rows
    drawn += n_rows * np.arange(n_resamples)[:, None]
    return np.bincount(drawn.ravel(), minlength=n_resamples * n_rows).reshape(n_resamples, n_rows).astype(float)


def _interval(values: Floats, metric: str, rows: ScoredRows) -> tuple[float, float]:
    low, high = _percentiles(values)
    if metric in MATRIX_METRICS and low == 1.0:
        return max(0.0, 1.0 - 3.0 / _rows_behind(metric, rows)), 1.0
    return low, high


def _rows_behind(metric: str, rows: ScoredRows) -> int:
    """Return how many rows stand behind a share: all of them, the positive ones, or those of the rarest class."""
    if metric == "accuracy":
        return rows.n_rows
    support = np.bincount(rows.true_codes, minlength=len(rows.labels))
    return int(support[rows.positive_code] if metric in ("precision", "recall", "f1") else support[support > 0].min())


def _percentiles(values: Floats) -> tuple[float, float]:
    defined = values[np.isfinite(values)]
    if defined.size == 0:
        return float("nan"), float("nan")
    low, high = np.percentile(defined, LEVELS)
    return float(low), float(high)
