"""Do two columns of numbers put the rows in the same order, or lie on a straight line?"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from core.collect.column_values import Floats

LEAST_RANK_CORRELATION = 0.98
FEWEST_ROWS = 30
"""Fewer rows fall into the same order by chance too easily."""
LINE_TOLERANCE = 1e-3
"""How far a value may lie off the line, as a share of the column's spread: rounding, no more."""


@dataclass(frozen=True)
class Line:
    """y = slope * x + start."""

    slope: float
    start: float


def correlate_ranks(columns: Floats) -> Floats:
    """Return the correlations of the ranks of all pairs of columns, over the rows that have both.

    Parameters
    ----------
    columns : array of float, shape (n_rows, n_columns)
        NaN where a value is missing. Ranks are those within a column's own values.

    Returns
    -------
    array of float, shape (n_columns, n_columns)
        In [-1, 1]; 0 where fewer than `FEWEST_ROWS` rows have both, or one of both does not vary.

    Source
    ------
    Spearman, "The proof and measurement of association between two things", American Journal of Psychology 15, 1904.
    """
    known = ~np.isnan(columns)
    ranks = stats.rankdata(columns, axis=0, nan_policy="omit")
    ranks = np.where(known, ranks - np.nanmean(np.where(known, ranks, np.nan), axis=0), 0.0)
    held = known.astype(np.float64)
    n = held.T @ held
    sums, squares, products = ranks.T @ held, (ranks**2).T @ held, ranks.T @ ranks
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = squares - sums**2 / n
        found = (products - sums * sums.T / n) / np.sqrt(spread * spread.T)
    return np.where((n >= FEWEST_ROWS) & np.isfinite(found), found, 0.0)


def rank_correlation(x: Floats, y: Floats) -> float:
    """Return Spearman's rank correlation over the rows that have both, in [-1, 1]; 0 where there are too few."""
    both = ~np.isnan(x) & ~np.isnan(y)
    if both.sum() < FEWEST_ROWS:
        return 0.0
    ranks_x, ranks_y = stats.rankdata(x[both]), stats.rankdata(y[both])
    if ranks_x[0] == ranks_x.max() == ranks_x.min() or ranks_y.max() == ranks_y.min():
        return 0.0
    return float(np.corrcoef(ranks_x, ranks_y)[0, 1])


def fit_line(x: Floats, y: Floats) -> Line | None:
    """Return the straight line on which all rows with both values lie, but for rounding; None when there is none."""
    both = ~np.isnan(x) & ~np.isnan(y)
    x, y = x[both], y[both]
    if len(x) < FEWEST_ROWS:
        return None
    low, high = int(x.argmin()), int(x.argmax())
    if x[low] == x[high] or y[low] == y[high]:
        return None
    slope = float((y[high] - y[low]) / (x[high] - x[low]))
    start = float(y[low] - slope * x[low])
    off = np.abs(y - (slope * x + start)).max()
    return Line(slope, start) if off <= LINE_TOLERANCE * np.ptp(y) else None
