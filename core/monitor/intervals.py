"""How sure can one be of a share that was counted?"""

from scipy import stats

from core.records import Share


def share_interval(n_hits: int, n: int, *, confidence: float = 0.95) -> Share:
    """Return a share with its interval; n >= 1.

    Source
    ------
    Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22, 1927.
    """
    interval = stats.binomtest(n_hits, n).proportion_ci(confidence, method="wilson")
    return Share(n_hits / n, float(interval.low), float(interval.high), n)
