"""How surprising is a difference between two sets of counts, and how many rows would show one?

Only counts come in: the cost depends on the number of bins, never on the traffic behind them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

from core.records import SignalKind

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

FEWEST_EXPECTED = 5.0
"""A chi-square cell needs so many expected rows in both samples; thinner bins are tested together, exactly."""
SignalValues = dict[SignalKind, float]
POWER = 0.8
SMALLEST_SOUGHT = 0.1
"""The shift (PSI) a verdict of "stable" should have been able to see; 0.1 is commonly called a moderate shift."""


@dataclass(frozen=True, eq=False)
class CountPair:
    """Counts of one column in the same bins, the last of which is "missing": when the model learnt, and now.

    `ordered` says that the other bins are stretches of one scale (numbers, dates), not categories.
    """

    reference: Counts
    current: Counts
    ordered: bool

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


def signal_p_values(pairs: Sequence[CountPair]) -> list[SignalValues]:
    """Return for each column how probable, by chance alone, a difference as large as seen is; one value a signal.

    The well-filled bins are compared by the chi-square test of homogeneity; exactly, the thin bins taken together (both
    are the signal "values", Bonferroni's rule joins them), the missing values, and the values below and above all that
    the model learnt from (the signal "outside", joined likewise).

    Parameters
    ----------
    pairs : sequence of CountPair, length m
        At least one row on both sides of each.

    Returns
    -------
    list of dict, length m
        p-values in [0, 1] by signal, without those for which there is nothing to test; not corrected.

    Source
    ------
    Numerical Recipes, 3rd edition, 14.3 (chi-square of two binned samples); Fisher's exact test. Of values beyond the
    largest of N earlier ones, x or more come among n new ones with the same hypergeometric probability.
    """
    masks = [_well_filled(pair) for pair in pairs]
    special = np.array([_special_rows(pair, mask) for pair, mask in zip(pairs, masks, strict=True)])
    chi_square = chi_square_p_values(
        [(pair.reference[mask], pair.current[mask]) for pair, mask in zip(pairs, masks, strict=True)]
    )
    n_reference = np.array([pair.n_reference for pair in pairs])
    n_current = np.array([pair.n_current for pair in pairs])
    missing, below, above, thin = (exact_p_values(special[:, kind], n_reference, n_current) for kind in range(4))
    joined: dict[SignalKind, Floats] = {
        "values": _join(chi_square, thin),
        "missing": missing,
        "outside": _join(below, above),
    }
    return [
        {kind: float(values[place]) for kind, values in joined.items() if np.isfinite(values[place])}
        for place in range(len(pairs))
    ]


def _join(first: Floats, second: Floats) -> Floats:
    """Return the p-value of "any of both" by Bonferroni's rule; NaN where neither can be tested."""
    both = np.vstack([first, second])
    n_tested = np.isfinite(both).sum(axis=0)
    smallest = np.where(np.isfinite(both), both, 2.0).min(axis=0)
    joined: Floats = np.where(n_tested > 0, np.minimum(smallest * n_tested, 1.0), np.nan)
    return joined


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
    noncentrality = _noncentrality(max(filled - 1, 1), round_alpha(alpha))
    n_reference = max(pair.n_reference, 1)
    n_effective = min(noncentrality / SMALLEST_SOUGHT, n_reference / 2)
    return int(np.ceil(n_effective * n_reference / (n_reference - n_effective)))


def smallest_seen(pair: CountPair, alpha: float) -> float:
    """Return the smallest shift (PSI) that shows with a probability of 0.8 among so many live rows; see `rows_needed`.

    Infinite without rows.
    """
    if not pair.n_reference or not pair.n_current:
        return float("inf")
    filled = int(np.count_nonzero(pair.reference[:-1]))
    noncentrality = _noncentrality(max(filled - 1, 1), round_alpha(alpha))
    return noncentrality * (1 / pair.n_reference + 1 / pair.n_current)


def round_alpha(alpha: float) -> float:
    """Return a significance to two digits, downwards, so that what is costly to compute is computed once."""
    digits = 10.0 ** (np.floor(np.log10(alpha)) - 1)
    return float(np.floor(alpha / digits) * digits)


@lru_cache(maxsize=1024)
def _noncentrality(df: int, alpha: float) -> float:
    critical = float(stats.chi2.isf(alpha, df))
    root = optimize.brentq(lambda value: stats.ncx2.sf(critical, df, value) - POWER, 1e-6, 10 * critical + 100)
    return float(root)


def _well_filled(pair: CountPair) -> Mask:
    """Return which bins are full enough in both samples for the chi-square test; "missing" never is."""
    n_fewer, n_both = min(pair.n_reference, pair.n_current), pair.n_reference + pair.n_current
    together = pair.reference + pair.current
    mask: Mask = (together * n_fewer >= FEWEST_EXPECTED * n_both) & ~_outside(pair)
    mask[-1] = False
    return mask


def _outside(pair: CountPair) -> Mask:
    """Return which bins lie beyond the smallest and the largest value the model learnt from."""
    mask = np.zeros(len(pair.reference), dtype=np.bool_)
    if pair.ordered and len(mask) > 2:
        mask[[0, -2]] = pair.reference[[0, -2]] == 0
    return mask


def _special_rows(pair: CountPair, well_filled: Mask) -> list[tuple[int, int]]:
    """Return reference and live rows that are missing, below, above, and in other thin bins."""
    outside = _outside(pair)
    below, above = outside & (np.arange(len(outside)) == 0), outside & (np.arange(len(outside)) > 0)
    thin = ~well_filled & ~outside
    thin[-1] = False
    missing = np.arange(len(outside)) == len(outside) - 1
    return [(int(pair.reference[mask].sum()), int(pair.current[mask].sum())) for mask in (missing, below, above, thin)]


def chi_square_p_values(cells: Sequence[tuple[Counts, Counts]]) -> Floats:
    """Return a p-value for each pair of counts; NaN where fewer than two cells or no rows leave nothing to test."""
    statistics, df = np.full(len(cells), np.nan), np.ones(len(cells))
    for column, (reference, current) in enumerate(cells):
        n_reference, n_current = reference.sum(), current.sum()
        if len(reference) > 1 and n_reference and n_current:
            ratio = np.sqrt(n_reference / n_current)
            statistics[column] = (((current * ratio - reference / ratio) ** 2) / (reference + current)).sum()
            df[column] = len(reference) - 1
    p_values: Floats = stats.chi2.sf(statistics, df)
    return p_values


def exact_p_values(special: Counts, n_reference: Counts, n_current: Counts) -> Floats:
    """Return two-sided exact p-values of special rows among all; NaN where there is none, or nothing else.

    Parameters
    ----------
    special : array of shape (m, 2)
        Reference and live rows that are special.
    n_reference, n_current : array of shape (m,)
        All of them.
    """
    n_special, seen = special.sum(axis=1), special[:, 1]
    n_both = n_current + n_reference
    testable = (n_special > 0) & (n_special < n_both)
    p_values = np.full(len(special), np.nan)
    if testable.any():  # The exact sums are slow; most columns have nothing missing and nothing outside.
        args = n_both[testable], n_special[testable], n_current[testable]
        upper, lower = stats.hypergeom.sf(seen[testable] - 1, *args), stats.hypergeom.cdf(seen[testable], *args)
        p_values[testable] = np.minimum(2 * np.minimum(lower, upper), 1.0)
    return p_values
