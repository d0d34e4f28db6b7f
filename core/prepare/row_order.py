"""Does the order of the rows tell the answer? A file in order, or sorted by the answer, misleads some splits."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import spearmanr

ALIKE = 0.6
"""How alike neighbours have to be, from 0 (as by chance) to 1 (always), before it is worth a word."""
RUNS_A_CLASS = 3
"""So few runs of equal answers a class are a file sorted by the answer, which says nothing about neighbours."""
SORTED = 0.95
"""Rank correlation of order and answer from which on the one is the other."""
NEVER_SEEN = 0.02
"""Classes with a smaller share of the rows may well be missing in one part."""

Numbers = NDArray[np.float64]


def say_neighbours(codes: "pd.Series | None", numbers: Numbers) -> str:
    """Return a sentence when rows next to each other in the file have alike answers, though it is not sorted by them.

    Parameters
    ----------
    codes : Series of shape (n,), optional
        The classes in the order of the file; None for a number.
    numbers : array of shape (n, any)
        The number to be predicted in the first column (read only without `codes`).

    Source
    ------
    For numbers the autocorrelation at lag 1; for classes the share of equal neighbours corrected for chance, as in
    Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological Measurement 20, 1960.
    """
    told = _alike_numbers(numbers[:, 0]) if codes is None else _alike_classes(codes)
    if not told:
        return ""
    return (
        f"The order of the rows in the file tells the answer: {told}. If they were recorded one after the other, a "
        "split at random puts near copies of a row into both parts, and the test looks better than life. Split by time."
    )


def _alike_classes(codes: pd.Series) -> str:
    values = pd.factorize(codes)[0]
    same = float((values[1:] == values[:-1]).mean())
    shares = np.bincount(values) / len(values)
    chance = float((shares**2).sum())
    n_runs = 1 + int((values[1:] != values[:-1]).sum())
    if chance == 1 or n_runs <= RUNS_A_CLASS * len(shares) or (same - chance) / (1 - chance) < ALIKE:
        return ""
    return f"of 100 rows {100 * same:.0f} have the answer of the row before them, by chance {100 * chance:.0f}"


def _alike_numbers(values: Numbers) -> str:
    if np.ptp(values) == 0 or abs(_rank_correlation(np.arange(len(values)), values)) >= SORTED:
        return ""
    alike = float(np.corrcoef(values[1:], values[:-1])[0, 1])
    if not alike >= ALIKE:
        return ""
    return f"rows next to each other have alike answers (correlation {alike:.2f}; in a shuffled file about 0)"


def say_sorted(codes: "pd.Series | None", numbers: Numbers, *, n_test: int, order: str) -> str:
    """Return a sentence when the last rows differ from the others because the rows are sorted by the answer.

    Parameters
    ----------
    codes, numbers
        As for `say_neighbours`, in the order that the rows are split by.
    n_test : int
        How many of the last rows are set aside.
    order : str
        What the rows are ordered by, in words.
    """
    told = _sorted_numbers(numbers[:, 0]) if codes is None else _sorted_classes(codes, n_test)
    return f"Ordered by {order}, the rows are sorted by the answer: {told}. Split at random." if told else ""


def _sorted_classes(codes: pd.Series, n_test: int) -> str:
    train, test = set(codes.iloc[:-n_test]), set(codes.iloc[-n_test:])
    shares = codes.value_counts(normalize=True)
    common = {name for name in shares.index if shares[name] >= NEVER_SEEN}
    unseen = sorted((test - train) & common)
    if unseen:
        n_rows = int((codes.iloc[-n_test:] == unseen[0]).sum())
        return f"the answer '{unseen[0]}' occurs in {n_rows:,} of the rows set aside and in no row to learn from"
    if len(test) == 1 and len(common) > 1:
        name = next(iter(test))
        return f"all rows set aside have the answer '{name}', which {100 * shares[name]:.0f} of 100 rows have overall"
    return ""


def _sorted_numbers(values: Numbers) -> str:
    correlation = _rank_correlation(np.arange(len(values)), values)
    if abs(correlation) < SORTED:
        return ""
    return f"it {'rises' if correlation > 0 else 'falls'} nearly from row to row (rank correlation {correlation:.2f})"


def _rank_correlation(first: NDArray[np.int64], second: Numbers) -> float:
    return 0.0 if np.ptp(second) == 0 else float(spearmanr(first, second).statistic)
