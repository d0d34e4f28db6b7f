"""How large is the difference between what a model learnt from and what comes in now?"""

import numpy as np

from core.collect import shift
from core.monitor.significance import CountPair, Counts, Floats


def stability_index(pair: CountPair) -> float:
    """Return the population stability index (PSI) of a column, at least 0; see `core.collect.shift` for the formula."""
    return shift.stability_index(pair.reference, pair.current)


def shares(counts: Floats | Counts) -> Floats:
    """Return counts as shares of their sum; zeros when there is nothing."""
    total = counts.sum()
    return counts / total if total else np.zeros(len(counts))
