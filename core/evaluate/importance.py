"""Which columns does the model lean on? Permutation importance on the original input columns, in bounded time."""

import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from core.records import ColumnImportance

MOST_ROWS = 2_000
MOST_REPEATS = 5
TIME_LIMIT_S = 20.0

Score = Callable[[pd.DataFrame, pd.Series], float]


def permutation_importance(
    frame: pd.DataFrame,
    target: pd.Series,
    score: Score,
    *,
    check_stop: Callable[[], None],
    random_state: int = 0,
) -> tuple[ColumnImportance, ...]:
    """Return how much the score suffers when each column is shuffled, the most important first.

    scikit-learn's own function can neither be stopped nor kept within a time, so the loop is ours. One round over all
    columns is always finished; more rounds (5 at most) as long as they fit into 20 seconds.

    Parameters
    ----------
    frame : DataFrame of shape (n, n_columns)
        Input rows; at most 2,000 of them are used, drawn at random.
    target : Series of shape (n,)
        The truth.
    score : callable
        Takes rows and truth, returns a number where more is better.
    check_stop : callable
        Raises when the work is to stop.
    random_state : int
        Seed of the shuffles.

    Source
    ------
    Breiman, "Random Forests", Machine Learning 45, 2001.
    """
    rng = np.random.default_rng(random_state)
    if len(frame) > MOST_ROWS:
        chosen = np.sort(rng.choice(len(frame), MOST_ROWS, replace=False))
        frame, target = frame.iloc[chosen], target.iloc[chosen]
    frame = frame.reset_index(drop=True)
    started_at = time.monotonic()
    baseline = score(frame, target)
    losses: dict[str, list[float]] = {str(name): [] for name in frame.columns}
    for n_done in range(1, MOST_REPEATS + 1):
        for name in frame.columns:
            check_stop()
            shuffled = frame[name].iloc[rng.permutation(len(frame))].reset_index(drop=True)
            losses[str(name)].append(baseline - score(frame.assign(**{str(name): shuffled}), target))
        spent_s = time.monotonic() - started_at
        if spent_s * (n_done + 1) / n_done > TIME_LIMIT_S:
            break
    found = [ColumnImportance(name, float(np.mean(each)), float(np.std(each))) for name, each in losses.items()]
    return tuple(sorted((one for one in found if np.isfinite(one.mean)), key=lambda one: -one.mean))
