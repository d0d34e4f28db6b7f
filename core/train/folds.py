"""The folds of cross-validation: the same for all candidates of a run."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import (
    BaseCrossValidator,
    GroupKFold,
    KFold,
    StratifiedGroupKFold,
    StratifiedKFold,
    TimeSeriesSplit,
)

from core.prepare import features_and_target
from core.records import Recipe

MAX_SCORE_ROWS = 10_000
"""Rows of a fold that are scored: enough to tell models apart, and slow predictors stay affordable."""

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class TrainingData:
    """The training part and, for each fold, the positions of the rows to learn from and to score on.

    `note` says in words when the data did not allow the folds that were meant.
    """

    frame: pd.DataFrame
    folds: tuple[tuple[Rows, Rows], ...]
    note: str = ""


def make_folds(frame: pd.DataFrame, recipe: Recipe, n_splits: int, *, groups: Rows | None = None) -> TrainingData:
    """Return the training part with its folds: by time or by group when the recipe splits so, else at random; with the
    classes in equal shares where there are classes.

    Parameters
    ----------
    groups : array of shape (n,), optional
        The number of each row's group, which no fold tears apart.
    """
    _, target = features_and_target(frame, recipe)
    splitter, note = choose_splitter(target, recipe, n_splits, groups)
    return TrainingData(frame, _capped(list(splitter.split(frame, target, groups)), recipe.split.random_state), note)


def choose_splitter(
    target: "pd.Series[Any]", recipe: Recipe, n_splits: int, groups: Rows | None
) -> tuple[BaseCrossValidator, str]:
    """Return how folds are drawn for these answers, and a note when the data did not allow what was meant."""
    n_splits = max(2, min(n_splits, len(target) // 2))
    note = ""
    if recipe.split.kind == "time":
        by_time = TimeSeriesSplit(n_splits)
        if all(target.iloc[train].unique().size > 1 for train, _ in by_time.split(target)):
            return by_time, ""
        note = "Folds were drawn at random: the oldest rows all have the same target."
    plain = recipe.task == "regression" or target.value_counts().max() < n_splits
    if groups is not None:
        n_splits = min(n_splits, len(np.unique(groups)))
    return _splitter(plain, n_splits, recipe.split.random_state, groups), note


def _splitter(plain: bool, n_splits: int, seed: int, groups: Rows | None) -> BaseCrossValidator:
    """Return how folds are drawn; `plain` where there are no classes to keep in equal shares."""
    kinds = (KFold, StratifiedKFold) if groups is None else (GroupKFold, StratifiedGroupKFold)
    return kinds[0 if plain else 1](n_splits, shuffle=True, random_state=seed)


def _capped(folds: list[tuple[Any, Any]], seed: int) -> tuple[tuple[Rows, Rows], ...]:
    return tuple((train, draw_rows(test, MAX_SCORE_ROWS, seed)) for train, test in folds)


def draw_rows(rows: Rows, n_rows: int, random_state: int) -> Rows:
    """Return at most `n_rows` of the positions, drawn at random, in their old order."""
    if len(rows) <= n_rows:
        return rows
    return np.sort(np.random.default_rng(random_state).choice(rows, n_rows, replace=False))
