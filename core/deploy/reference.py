"""How inputs and predictions were distributed in training, as counts in bins that live rows are counted into.

Numbers, dates (seconds since 1970) and texts (number of characters) fall into quantile bins: bin i holds the values in
(edges[i - 1], edges[i]]; the first and the last are empty in training: they hold what lies beyond all training rows.
Categories and booleans have a bin each, and one for all others. One more bin, the last of all, is "missing".
"""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.deploy.prototype import present_values
from core.prepare import MISSING_LEVEL, coerce_frame, feature_columns, label_text, read_values
from core.records import Column, ColumnKind, Json, Label, Recipe, Reference, ReferenceColumn

N_BINS = 10
MOST_CATEGORIES = 20
BY_NAME: tuple[ColumnKind, ...] = ("category", "boolean")


def build_reference(recipe: Recipe, frame: pd.DataFrame, predictions: Sequence[Label]) -> Reference:
    """Return the bins and counts of training rows and of predictions.

    Parameters
    ----------
    recipe : Recipe
        The recipe the model was trained with.
    frame : DataFrame of shape (n, at least the feature columns)
        The training rows.
    predictions : sequence of Label
        What the model says about rows it has not learned from.
    """
    columns = feature_columns(recipe)
    coerced = coerce_frame(frame, columns)
    described = tuple(_describe(column, coerced[column.name]) for column in columns)
    target = Column(recipe.target, "number" if recipe.task == "regression" else "category", "")
    answers = coerce_frame(pd.DataFrame({target.name: list(predictions)}), [target])[target.name]
    return Reference(described, _describe(target, answers), len(frame))


def count_rows(reference: Reference, frame: pd.DataFrame) -> dict[str, tuple[int, ...]]:
    """Count rows, as `collect.load_frame` or a request gives them, into the reference's bins, column by column."""
    columns = [Column(column.name, column.kind, "") for column in reference.columns]
    coerced = coerce_frame(frame, columns)
    return {column.name: _count(column, coerced[column.name]) for column in reference.columns}


def count_request_rows(reference: Reference, rows: Sequence[Json]) -> dict[str, tuple[int, ...]]:
    """Count rows of requests that the service has checked, every column there, without making a table of them."""
    return {column.name: _count_plain(column, [row[column.name] for row in rows]) for column in reference.columns}


def _count_plain(column: ReferenceColumn, values: list[Any]) -> tuple[int, ...]:
    absent = (None, "" if column.kind == "text" else MISSING_LEVEL)
    present = [value for value in values if value not in absent]
    if column.kind in BY_NAME:
        found = Counter(map(str, present) if column.kind == "boolean" else present)
        counts = [found[name] for name in column.categories]
        return (*counts, len(present) - sum(counts), len(values) - len(present))
    if column.kind == "text":
        numbers = np.array([len(value) for value in present], dtype=np.float64)
    else:
        numbers = read_values(present, column.kind)
        if column.kind == "date":
            numbers = numbers[~np.isnat(numbers)].astype(np.int64) / 1e6
    return (*_bin(column, numbers), len(values) - len(numbers))


def _bin(column: ReferenceColumn, numbers: NDArray[np.float64]) -> tuple[int, ...]:
    codes = np.searchsorted(column.edges, numbers, side="left")
    return tuple(np.bincount(codes, minlength=len(column.edges) + 1).tolist())


def count_predictions(reference: Reference, predictions: Sequence[Label]) -> tuple[int, ...]:
    """Count predictions into the reference's bins."""
    column = reference.prediction
    if column.kind in BY_NAME:
        return _count_plain(column, [label_text(value) for value in predictions])
    return _count_plain(column, [value if math.isfinite(value) else None for value in map(float, predictions)])


def _describe(column: Column, values: "pd.Series[Any]") -> ReferenceColumn:
    present = present_values(values, column)
    if column.kind not in BY_NAME:
        edges = _quantile_edges(_as_numbers(present, column.kind))
        empty = ReferenceColumn(column.name, column.kind, edges=edges)
    elif present.nunique() <= MOST_CATEGORIES:
        empty = ReferenceColumn(column.name, column.kind, categories=_most_frequent(present))
    else:
        # Levels listed because they are frequent in certain rows are less so in any others, live ones included. So they
        # are chosen by one half of the rows and counted in the other.
        names = _most_frequent(present_values(values.iloc[::2], column))
        empty = ReferenceColumn(column.name, column.kind, categories=names)
        values = values.iloc[1::2]
    return ReferenceColumn(empty.name, empty.kind, empty.edges, empty.categories, _count(empty, values))


def _most_frequent(present: "pd.Series[Any]") -> tuple[str, ...]:
    return tuple(str(name) for name in present.value_counts().index[:MOST_CATEGORIES])


def _quantile_edges(numbers: NDArray[np.float64]) -> tuple[float, ...]:
    """Return at most 11 borders: just below the smallest number, the inner deciles, the largest number."""
    if numbers.size == 0:
        return ()
    shares = np.arange(1, N_BINS + 1) / N_BINS
    quantiles = np.quantile(numbers, shares, method="inverted_cdf")
    return tuple(np.unique([np.nextafter(numbers.min(), -np.inf), *quantiles]).tolist())


def _as_numbers(present: "pd.Series[Any]", kind: ColumnKind) -> NDArray[np.float64]:
    if kind == "date":
        # Not by subtracting a Timestamp: that counts nanoseconds, which the year 9000 has too many of.
        return present.to_numpy().astype("M8[us]").astype(np.int64) / 1e6
    if kind == "text":
        present = present.str.len()
    return np.asarray(present, dtype=np.float64)


def _count(column: ReferenceColumn, values: "pd.Series[Any]") -> tuple[int, ...]:
    present = present_values(values, Column(column.name, column.kind, ""))
    if column.kind in BY_NAME:
        codes = pd.Index(column.categories, dtype=object).get_indexer(pd.Index(present, dtype=object))
        n_bins = len(column.categories) + 1
        codes = np.where(codes < 0, len(column.categories), codes)
        counts = tuple(np.bincount(codes, minlength=n_bins).tolist())
    else:
        counts = _bin(column, _as_numbers(present, column.kind))
    return (*counts, len(values) - len(present))
