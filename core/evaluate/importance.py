"""Which columns does the model lean on? Permutation importance on the original input columns, in bounded time."""

import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from core.evaluate.scored_rows import ScoredRows
from core.records import ColumnImportance

MOST_ROWS = 2_000
MOST_REPEATS = 5
TIME_LIMIT_S = 20.0
ROWS_A_CALL = 10_000
"""Columns are shuffled and asked about together up to so many rows: a call costs much the same for 200 rows."""

Answer = Callable[[pd.DataFrame, pd.Series], ScoredRows]
Score = Callable[[ScoredRows], float]


def permutation_importance(
    frame: pd.DataFrame,
    target: pd.Series,
    answer: Answer,
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
    answer : callable
        Takes any number of rows and their truth, lets the model answer them.
    score : callable
        Takes answered rows, returns a number where more is better.
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
    frame, target = frame.reset_index(drop=True), target.reset_index(drop=True)
    started_at = time.monotonic()
    baseline = score(answer(frame, target))
    losses: dict[str, list[float]] = {str(name): [] for name in frame.columns}
    n_together = max(1, ROWS_A_CALL // len(frame))
    for n_done in range(1, MOST_REPEATS + 1):
        for start in range(0, len(frame.columns), n_together):
            check_stop()
            names = list(frame.columns[start : start + n_together])
            answered = answer(*_shuffle_each(frame, target, names, rng))
            for number, name in enumerate(names):
                mine = answered.part(number * len(frame), (number + 1) * len(frame))
                losses[str(name)].append(baseline - score(mine))
        spent_s = time.monotonic() - started_at
        if spent_s * (n_done + 1) / n_done > TIME_LIMIT_S:
            break
    found = [ColumnImportance(name, float(np.mean(each)), float(np.std(each))) for name, each in losses.items()]
    return tuple(sorted((one for one in found if np.isfinite(one.mean)), key=lambda one: -one.mean))


def _shuffle_each(
    frame: pd.DataFrame, target: pd.Series, names: list[str], rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.Series]:
    """Return the rows once for each name, one below the other, that column shuffled within its copy."""
    n_rows, positions = len(frame), np.arange(len(frame))
    copies = frame.iloc[np.tile(positions, len(names))].reset_index(drop=True)
    for number, name in enumerate(names):
        order = np.tile(positions, len(names))
        order[number * n_rows : (number + 1) * n_rows] = rng.permutation(n_rows)
        copies[name] = frame[name].iloc[order].reset_index(drop=True)
    return copies, target.iloc[np.tile(positions, len(names))].reset_index(drop=True)
