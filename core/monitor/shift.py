"""How large is the difference between two sets of counts?"""

import numpy as np

from core.monitor.significance import CountPair, Counts, Floats

PRIOR = 0.5
"""Added to every count, so that an empty bin does not make the index infinite (Jeffreys' prior)."""


def stability_index(pair: CountPair) -> float:
    """Return the population stability index (PSI) of a column: 0 when nothing moved.

    Sum over bins of (p - q) ln(p / q), less what equal sources would show by chance with so many bins and rows:
    (bins - 1) (1 / n_reference + 1 / n_current).

    Returns
    -------
    float
        At least 0, unitless; 0.04 for a bell-shaped column that moved by a fifth of its standard deviation; above
        0.1 is commonly called a moderate, above 0.2 a large shift.

    Source
    ------
    Siddiqi, "Credit Risk Scorecards", 2006; Yurdakul and Naranjo, "Statistical properties of the population
    stability index", Journal of Risk Model Validation 14, 2020, for the part due to chance.
    """
    held = (pair.reference + pair.current) > 0
    reference, current = _smoothed(pair.reference[held]), _smoothed(pair.current[held])
    index = float(((current - reference) * np.log(current / reference)).sum())
    by_chance = (pair.n_cells - 1) * (1 / pair.n_reference + 1 / pair.n_current)
    return max(index - by_chance, 0.0)


def shares(counts: Floats | Counts) -> Floats:
    """Return counts as shares of their sum; zeros when there is nothing."""
    total = counts.sum()
    return counts / total if total else np.zeros(len(counts))


def _smoothed(counts: Counts) -> Floats:
    smoothed = (counts + PRIOR).astype(np.float64)
    return shares(smoothed)
