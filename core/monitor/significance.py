"""How surprising is a difference between two sets of counts, and how many rows would show one?

Only counts come in: the cost depends on the number of bins, never on the traffic behind them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]

FEWEST_EXPECTED = 5.0
"""A chi-square cell needs so many expected rows in both samples; thinner bins are tested together, exactly."""
POWER = 0.8
SMALLEST_SOUGHT = 0.1
"""The shift (PSI) a verdict of "stable" should have been able to see; 0.1 is commonly called a moderate shift."""


@dataclass(frozen=True, eq=False)
class CountPair:
    """Counts of one column in the same bins, the last of which is "missing": when the model learnt, and now."""

    reference: Counts
    current: Counts

    @property
    def n_reference(self) -> int:
        """Number of rows of the reference."""
        return int(self.reference.sum())

    @property
    def n_current(self) -> int:
        """Number of live rows."""
        return int(self.current.sum())

    @property
    def n_cells(self) -> int:
        """Number of bins that hold any row."""
        return int(np.count_nonzero(self.reference + self.current))


def column_p_values(pairs: Sequence[CountPair]) -> Floats:
    """Return a p-value for each column: could both sets of counts come from the same source?

    Up to three signals are tested in each column and combined by Bonferroni's rule: the well-filled bins by the
    chi-square test of homogeneity, the thin bins taken together and the missing values by Fisher's exact test.

    Parameters
    ----------
    pairs : sequence of CountPair, length m
        At least one row on both sides of each.

    Returns
    -------
    array of shape (m,)
        In [0, 1], not corrected over columns.

    Source
    ------
    Numerical Recipes, 3rd edition, 14.3 (chi-square of two binned samples); Fisher 1922.
    """
    signals = np.ones((len(pairs), 3))
    signals[:, 0] = _chi_square([_well_filled(pair) for pair in pairs])
    signals[:, 1] = _exact(pairs, [_thin_rows(pair) for pair in pairs])
    signals[:, 2] = _exact(pairs, [(int(pair.reference[-1]), int(pair.current[-1])) for pair in pairs])
    n_tested = np.maximum(np.isfinite(signals).sum(axis=1), 1)
    smallest = np.nanmin(np.where(np.isfinite(signals), signals, 1.0), axis=1)
    corrected: Floats = np.minimum(smallest * n_tested, 1.0)
    return corrected


def correct_over_columns(p_values: Floats) -> Floats:
    """Return Holm's corrected p-values: acting on those below alpha is wrong anywhere with probability alpha at most.

    Source
    ------
    Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6, 1979.
    """
    order = np.argsort(p_values)
    steps = p_values[order] * np.arange(len(p_values), 0, -1)
    corrected = np.empty_like(p_values)
    corrected[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return corrected


def correct_over_looks(p_values: Floats, n_looks: int) -> Floats:
    """Return p-values that stay honest when the same model is looked at again and again.

    The k-th look may spend alpha / (k (k + 1)) of the chance of a false alarm; over endless looks that sums to alpha.

    Source
    ------
    Foster and Stine, "alpha-investing", JRSS B 70, 2008 (spending a fixed chance of error over a sequence of tests).
    """
    return np.minimum(p_values * n_looks * (n_looks + 1), 1.0)


def rows_needed(pair: CountPair, alpha: float) -> int:
    """Return how many live rows let a moderate shift of this column show with a probability of 0.8.

    Where the reference is too small for that, the shift sought is the one it can show with as many live rows as it has
    rows itself.

    Parameters
    ----------
    pair : CountPair
        Only its bins and the size of its reference matter.
    alpha : float
        The significance one column must reach, corrections included.

    Source
    ------
    Cohen, "Statistical Power Analysis", 2nd edition, chapter 7: the chi-square test has noncentrality n w^2, and for
    small shifts w^2 is the PSI.
    """
    filled = int(np.count_nonzero(pair.reference[:-1]))
    noncentrality = _noncentrality(max(filled - 1, 1), alpha)
    n_reference = max(pair.n_reference, 1)
    n_effective = min(noncentrality / SMALLEST_SOUGHT, n_reference / 2)
    return int(np.ceil(n_effective * n_reference / (n_reference - n_effective)))


def _noncentrality(df: int, alpha: float) -> float:
    critical = float(stats.chi2.isf(alpha, df))
    root = optimize.brentq(lambda value: stats.ncx2.sf(critical, df, value) - POWER, 1e-6, 10 * critical + 100)
    return float(root)


def _well_filled_mask(pair: CountPair) -> NDArray[np.bool_]:
    """Return which bins, "missing" left out, are full enough in both samples for the chi-square test."""
    n_fewer, n_both = min(pair.n_reference, pair.n_current), pair.n_reference + pair.n_current
    together = (pair.reference + pair.current)[:-1]
    mask: NDArray[np.bool_] = together * n_fewer >= FEWEST_EXPECTED * n_both
    return mask


def _well_filled(pair: CountPair) -> tuple[Counts, Counts]:
    mask = _well_filled_mask(pair)
    return pair.reference[:-1][mask], pair.current[:-1][mask]


def _thin_rows(pair: CountPair) -> tuple[int, int]:
    thin = ~_well_filled_mask(pair)
    return int(pair.reference[:-1][thin].sum()), int(pair.current[:-1][thin].sum())


def _chi_square(cells: Sequence[tuple[Counts, Counts]]) -> Floats:
    """Return p-values; NaN where fewer than two cells or no rows leave nothing to test."""
    statistics, df = np.full(len(cells), np.nan), np.ones(len(cells))
    for column, (reference, current) in enumerate(cells):
        n_reference, n_current = reference.sum(), current.sum()
        if len(reference) > 1 and n_reference and n_current:
            ratio = np.sqrt(n_reference / n_current)
            statistics[column] = (((current * ratio - reference / ratio) ** 2) / (reference + current)).sum()
            df[column] = len(reference) - 1
    p_values: Floats = stats.chi2.sf(statistics, df)
    return p_values


def _exact(pairs: Sequence[CountPair], special: Sequence[tuple[int, int]]) -> Floats:
    """Return two-sided exact p-values of some rows among all; NaN where there is no such row, or nothing else."""
    n_special = np.array([first + second for first, second in special])
    n_current = np.array([pair.n_current for pair in pairs])
    n_both = n_current + np.array([pair.n_reference for pair in pairs])
    seen = np.array([second for _, second in special])
    upper = stats.hypergeom.sf(seen - 1, n_both, n_special, n_current)
    lower = stats.hypergeom.cdf(seen, n_both, n_special, n_current)
    testable = (n_special > 0) & (n_special < n_both)
    p_values: Floats = np.where(testable, np.minimum(2 * np.minimum(lower, upper), 1.0), np.nan)
    return p_values
