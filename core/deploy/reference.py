"""How inputs and predictions were distributed in training, as counts in bins that live rows are counted into.

Numbers, dates (seconds since 1970) and texts (number of characters) fall into quantile bins: bin i holds the values in
(edges[i - 1], edges[i]]; the first and the last are empty in training: they hold what lies beyond all training rows.
Categories and booleans have a bin each, and one for all others. One more bin, the last of all, is "missing".
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.deploy.prototype import present_values
from core.prepare import coerce_frame, feature_columns
from core.records import Column, ColumnKind, Label, Recipe, Reference, ReferenceColumn

N_BINS = 10
SCORE = "score"
MANY = 1_000
MOST_KNOWN = 10_000
"""Categories that are remembered at most; of a column with more it is not known which are new."""
MOST_CATEGORIES = 20
BY_NAME: tuple[ColumnKind, ...] = ("category", "boolean")


@dataclass(frozen=True, eq=False)
class Scored:
    """Probabilities in [0, 1], shape (n,): of one class, or of whatever was answered where `of_class` is empty."""

    values: NDArray[np.float64]
    of_class: str


def build_reference(
    recipe: Recipe, frame: pd.DataFrame, predictions: Sequence[Label], scores: Scored | None = None
) -> Reference:
    """Return the bins and counts of training rows, of predictions and of scores.

    Parameters
    ----------
    recipe : Recipe
        The recipe the model was trained with.
    frame : DataFrame of shape (n, at least the feature columns)
        The training rows.
    predictions : sequence of Label
        What the model says about rows it has not learned from.
    scores : Scored, optional
        How sure it is of that, where it gives probabilities.
    """
    columns = feature_columns(recipe)
    coerced = coerce_frame(frame, columns)
    described = tuple(_describe(column, coerced[column.name]) for column in columns)
    target = Column(recipe.target, "number" if recipe.task == "regression" else "category", "")
    answers = coerce_frame(pd.DataFrame({target.name: list(predictions)}), [target])[target.name]
    reference = Reference(described, _describe(target, answers), len(frame))
    if scores is None:
        return reference
    score = _describe(Column(SCORE, "number", ""), pd.Series(scores.values, dtype=np.float64))
    return replace(reference, score=score, score_class=scores.of_class)


def choose_scores(proba: NDArray[np.float64] | None, classes: Sequence[str]) -> Scored | None:
    """Return what is watched of probabilities: of two classes the second one's, of more the answered one's.

    Parameters
    ----------
    proba : array of shape (n, n_classes), or None
        None for models that give no probabilities.
    classes : sequence of str, length n_classes
    """
    if proba is None or not len(classes):
        return None
    if len(classes) == 2:
        return Scored(proba[:, 1], classes[1])
    return Scored(proba.max(axis=1), "")


def _describe(column: Column, values: "pd.Series[Any]") -> ReferenceColumn:
    present = present_values(values, column)
    if column.kind in BY_NAME:
        return _describe_names(column, values, present)
    numbers = as_numbers(present, column.kind)
    found = ReferenceColumn(column.name, column.kind, edges=_quantile_edges(numbers))
    counts = (*bin_numbers(found, numbers), len(values) - len(present))
    if not numbers.size:
        return replace(found, counts=counts)
    middles = _means_in_bins(found, numbers)
    return replace(found, counts=counts, mean=float(numbers.mean()), sd=float(numbers.std()), middles=middles)


def _describe_names(column: Column, values: "pd.Series[Any]", present: "pd.Series[Any]") -> ReferenceColumn:
    listed_from = present
    if present.nunique() > MOST_CATEGORIES:
        # Levels listed because they are frequent in certain rows are less so in any others, live ones included; and all
        # that are known are known from them. So they are chosen by one half of the rows and counted in the other.
        listed_from, values = present_values(values.iloc[::2], column), values.iloc[1::2]
    found = ReferenceColumn(column.name, column.kind, categories=_most_frequent(listed_from))
    found = replace(found, counts=count_values(found, values))
    known = tuple(str(name) for name in listed_from.unique())
    if len(known) > MOST_KNOWN:
        return found
    n_unknown = int((~present_values(values, column).astype(str).isin(known)).sum())
    return replace(found, known=known, n_unknown=n_unknown)


def _means_in_bins(column: ReferenceColumn, numbers: NDArray[np.float64]) -> tuple[float, ...]:
    """Return the mean of the numbers in each bin, the nearest border where there is none."""
    codes = np.searchsorted(column.edges, numbers, side="left")
    n_bins = len(column.edges) + 1
    counts, sums = np.bincount(codes, minlength=n_bins), np.bincount(codes, numbers, minlength=n_bins)
    borders = np.array([*column.edges, column.edges[-1]])
    means: list[float] = np.where(counts > 0, sums / np.maximum(counts, 1), borders).tolist()
    return tuple(means)


def _most_frequent(present: "pd.Series[Any]") -> tuple[str, ...]:
    return tuple(str(name) for name in present.value_counts().index[:MOST_CATEGORIES])


def _quantile_edges(numbers: NDArray[np.float64]) -> tuple[float, ...]:
    """Return at most 11 borders: just below the smallest number, the inner deciles, the largest number."""
    if numbers.size == 0:
        return ()
    shares = np.arange(1, N_BINS + 1) / N_BINS
    quantiles = np.quantile(numbers, shares, method="inverted_cdf")
    return tuple(np.unique([np.nextafter(numbers.min(), -np.inf), *quantiles]).tolist())


def as_numbers(present: "pd.Series[Any]", kind: ColumnKind) -> NDArray[np.float64]:
    """Return the values that are binned: numbers, seconds since 1970, numbers of characters."""
    if kind == "date":
        # Not by subtracting a Timestamp: that counts nanoseconds, which the year 9000 has too many of.
        return present.to_numpy().astype("M8[us]").astype(np.int64) / 1e6
    if kind == "text":
        present = present.str.len()
    return np.asarray(present, dtype=np.float64)


def bin_numbers(column: ReferenceColumn, numbers: NDArray[np.float64]) -> tuple[int, ...]:
    """Count numbers into the bins of a column, "missing" left out."""
    if numbers.size < MANY:
        codes = np.searchsorted(column.edges, numbers, side="left")
        return tuple(np.bincount(codes, minlength=len(column.edges) + 1).tolist())
    # Of many numbers, how many lie beyond each of a dozen borders is counted ten times faster than each is placed.
    beyond = [numbers.size, *(int(np.count_nonzero(numbers > edge)) for edge in column.edges), 0]
    return tuple(before - after for before, after in pairwise(beyond))


def count_values(column: ReferenceColumn, values: "pd.Series[Any]") -> tuple[int, ...]:
    """Count values in their fixed form (`coerce_frame`) into the bins of a column, "missing" last."""
    present = present_values(values, Column(column.name, column.kind, ""))
    if column.kind in BY_NAME:
        codes = pd.Index(column.categories, dtype=object).get_indexer(pd.Index(present, dtype=object))
        n_bins = len(column.categories) + 1
        codes = np.where(codes < 0, len(column.categories), codes)
        counts = tuple(np.bincount(codes, minlength=n_bins).tolist())
    else:
        counts = bin_numbers(column, as_numbers(present, column.kind))
    return (*counts, len(values) - len(present))
