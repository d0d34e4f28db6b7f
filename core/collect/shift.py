"""How large is the difference between two sets of counts in the same bins?"""

import numpy as np
from numpy.typing import NDArray

PRIOR = 0.5
"""Added to every count, so that an empty bin does not make the index infinite (Jeffreys' prior)."""

Counts = NDArray[np.int64]


def stability_index(reference: Counts, current: Counts) -> float:
    """Return the population stability index (PSI) of two sets of counts: 0 when nothing moved.

    Sum over bins of (p - q) ln(p / q), less what equal sources would show by chance with so many bins and rows:
    (bins - 1) (1 / n_reference + 1 / n_current).

    Parameters
    ----------
    reference, current : array of int, shape (n_bins,)
        Rows in each bin.

    Returns
    -------
    float
        At least 0, unitless; 0.04 for a bell-shaped column that moved by a fifth of its standard deviation; above
        0.1 is commonly called a moderate, above 0.2 a large shift. 0 when one of both has no rows.

    Source
    ------
    Siddiqi, "Credit Risk Scorecards", 2006; Yurdakul and Naranjo, "Statistical properties of the population
    stability index", Journal of Risk Model Validation 14, 2020, for the part due to chance.
    """
    held = (reference + current) > 0
    n_reference, n_current = int(reference.sum()), int(current.sum())
    if not n_reference or not n_current:
        return 0.0
    p, q = (reference[held] + PRIOR, current[held] + PRIOR)
    p, q = p / p.sum(), q / q.sum()
    index = float(((q - p) * np.log(q / p)).sum())
    by_chance = (int(np.count_nonzero(held)) - 1) * (1 / n_reference + 1 / n_current)
    return max(index - by_chance, 0.0)
