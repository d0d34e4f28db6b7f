"""How large is the difference between two sets of counts? Standard measures, all from the same bins.

In: counts of a column when the model learnt and now, and for numbers the middle of each bin. None of these is a test:
what is large enough to be certain is said in `significance`.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from core.collect import shift
from core.monitor.significance import CountPair, Counts, Floats
from core.records import MeasureName


def stability_index(pair: CountPair) -> float:
    """Return the population stability index (PSI) of a column, at least 0; see `core.collect.shift` for the formula."""
    return shift.stability_index(pair.reference, pair.current)


def jensen_shannon(pair: CountPair) -> float:
    """Return the Jensen-Shannon distance: the root of the divergence in bits, in [0, 1], 0 for equal shares.

    Source
    ------
    Lin, "Divergence measures based on the Shannon entropy", IEEE Trans. Inf. Theory 37, 1991; Endres and Schindelin,
    "A new metric for probability distributions", 2003, for the root.
    """
    p, q = shares(pair.reference), shares(pair.current)
    middle = (p + q) / 2
    divergence = (_relative_entropy(p, middle) + _relative_entropy(q, middle)) / 2
    return float(np.sqrt(min(max(divergence, 0.0), 1.0)))


def _relative_entropy(p: Floats, q: Floats) -> float:
    held = p > 0
    return float((p[held] * np.log2(p[held] / q[held])).sum())


def kolmogorov_smirnov(pair: CountPair) -> float:
    """Return the largest distance between the two cumulative shares at any border of bins, in [0, 1].

    Values missing are left out. It is at most the statistic of the unbinned values, which is never known here.

    Source
    ------
    Kolmogorov 1933, Smirnov 1939; Numerical Recipes, 3rd edition, 14.3.3, for two samples.
    """
    below = [np.cumsum(shares(part[:-1])) for part in (pair.reference, pair.current)]
    return float(np.abs(below[0] - below[1]).max(initial=0.0))


def wasserstein(pair: CountPair, middles: Sequence[float]) -> float:
    """Return by how much values had to be moved, on average, for one to become the other, in the column's unit.

    All values of a bin count as lying at its middle: the mean of the reference's values there, and its border where it
    had none. So it is too small where many values lie outside all that the model learnt from.

    Parameters
    ----------
    middles : sequence of float, length n_bins without "missing"
        In rising order.

    Source
    ------
    Vallender, "Calculation of the Wasserstein distance between probability distributions on the line", 1974.
    """
    below = [np.cumsum(shares(part[:-1])) for part in (pair.reference, pair.current)]
    return float((np.abs(below[0] - below[1])[:-1] * np.diff(np.asarray(middles))).sum())


def cramers_v(pair: CountPair) -> float:
    """Return the chi-square statistic of the two rows of counts as a share of its largest value, a root, in [0, 1].

    Source
    ------
    Cramer, "Mathematical Methods of Statistics", 1946, 21.9; with two rows it is the root of chi-square / n.
    """
    both = np.vstack([pair.reference, pair.current]).astype(np.float64)
    both = both[:, both.sum(axis=0) > 0]
    n = both.sum()
    if not both.size or not both.sum(axis=1).all():
        return 0.0
    expected = both.sum(axis=1, keepdims=True) * both.sum(axis=0) / n
    return float(np.sqrt((((both - expected) ** 2) / expected).sum() / n))


def measure(pair: CountPair, middles: Sequence[float] = ()) -> Mapping[MeasureName, float]:
    """Return all measures that suit a column: those of order only for numbers, dates and lengths of texts."""
    found: dict[MeasureName, float] = {
        "psi": stability_index(pair),
        "jensen_shannon": jensen_shannon(pair),
        "cramers_v": cramers_v(pair),
    }
    if pair.ordered:
        found["ks"] = kolmogorov_smirnov(pair)
        if len(middles) == len(pair.reference) - 1:
            found["wasserstein"] = wasserstein(pair, middles)
    return found


def shares(counts: Floats | Counts) -> Floats:
    """Return counts as shares of their sum; zeros when there is nothing."""
    total = counts.sum()
    return counts / total if total else np.zeros(len(counts))
