"""Counting live rows and answers into the bins of a reference, without making a table of them."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.deploy.prototype import present_values
from core.deploy.reference import BY_NAME, as_numbers, bin_numbers, count_values
from core.prepare import MISSING_LEVEL, coerce_frame, label_text, read_values
from core.records import AGE_EDGES_S, Column, Json, Label, Reference, ReferenceColumn

THOUSAND = 1_000
FARTHEST = 1e11
"""A single number counts as no farther from the mean than this, in thousandths: ten million of them still add up."""

Floats = NDArray[np.float64]


@dataclass
class RowCounts:
    """What is counted of some rows, column by column; see `Window` for what each is."""

    columns: dict[str, tuple[int, ...]] = field(default_factory=dict)
    moments: dict[str, tuple[int, ...]] = field(default_factory=dict)
    ages: dict[str, tuple[int, ...]] = field(default_factory=dict)
    unknown: dict[str, int] = field(default_factory=dict)


def count_request_rows(reference: Reference, rows: Sequence[Json]) -> dict[str, tuple[int, ...]]:
    """Count rows of requests that the service has checked, every column there, into the reference's bins."""
    return count_live_rows(reference, rows).columns


def count_live_rows(reference: Reference, rows: Sequence[Json], asked_at: Sequence[float] | None = None) -> RowCounts:
    """Count everything that is counted of rows that the service has checked, every column there.

    Parameters
    ----------
    asked_at : sequence of float, optional
        When each row was asked, in seconds since 1970; without it the ages of dates are not counted.
    """
    counts = RowCounts()
    at = None if asked_at is None else np.array(asked_at, dtype=np.float64)
    for column in reference.columns:
        values = [row[column.name] for row in rows]
        if column.kind in BY_NAME:
            _count_names(column, values, counts)
        else:
            _count_numbers(column, values, at, counts)
    return counts


def count_rows(reference: Reference, frame: pd.DataFrame) -> dict[str, tuple[int, ...]]:
    """Count rows, as `collect.load_frame` or a request gives them, into the reference's bins, column by column."""
    return count_table(reference, frame).columns


def count_table(reference: Reference, frame: pd.DataFrame) -> RowCounts:
    """Count everything but ages of rows of a table, as `collect.load_frame` gives them."""
    counts = RowCounts()
    columns = [Column(column.name, column.kind, "") for column in reference.columns]
    coerced = coerce_frame(frame, columns)
    for column, plain in zip(reference.columns, columns, strict=True):
        present = present_values(coerced[column.name], plain)
        if column.kind in BY_NAME:
            counts.columns[column.name] = count_values(column, coerced[column.name])
            unlisted = counts.columns[column.name][-2]
            if column.known is not None and unlisted:
                n_unknown = int((~present.isin(column.known_set)).sum())
                counts.unknown |= {column.name: n_unknown} if n_unknown else {}
            continue
        numbers = as_numbers(present, column.kind)
        counts.columns[column.name] = (*bin_numbers(column, numbers), len(frame) - len(numbers))
        if column.mean is not None and column.sd is not None and len(numbers):
            counts.moments[column.name] = sum_moments(numbers, column.mean, column.sd)
    return counts


def _count_names(column: ReferenceColumn, values: list[Any], counts: RowCounts) -> None:
    found = Counter([MISSING_LEVEL if value is None else str(value) for value in values])
    n_missing = found.pop(MISSING_LEVEL, 0)
    listed = [found[name] for name in column.categories]
    n_present = len(values) - n_missing
    counts.columns[column.name] = (*listed, n_present - sum(listed), n_missing)
    if column.known is not None and sum(listed) < n_present:
        n_unknown = sum(count for name, count in found.items() if name not in column.known_set)
        if n_unknown:
            counts.unknown[column.name] = n_unknown


def _count_numbers(column: ReferenceColumn, values: list[Any], at: Floats | None, counts: RowCounts) -> None:
    numbers, places = _read_numbers(column, values)
    counts.columns[column.name] = (*bin_numbers(column, numbers), len(values) - len(numbers))
    if column.mean is not None and column.sd is not None and len(numbers):
        counts.moments[column.name] = sum_moments(numbers, column.mean, column.sd)
    if column.kind == "date" and at is not None:
        bins = np.searchsorted(AGE_EDGES_S, at[places] - numbers, side="left")
        counts.ages[column.name] = tuple(np.bincount(bins, minlength=len(AGE_EDGES_S) + 1).tolist())


def _read_numbers(column: ReferenceColumn, values: list[Any]) -> tuple[Floats, NDArray[np.intp]]:
    """Return the numbers that are binned, and which of the values they come from."""
    absent = "" if column.kind == "text" else MISSING_LEVEL
    places = [place for place, value in enumerate(values) if value is not None and value != absent]
    present = values if len(places) == len(values) else [values[place] for place in places]
    where = np.array(places, dtype=np.intp)
    if column.kind == "text":
        return np.array([len(value) for value in present], dtype=np.float64), where
    numbers = read_values(present, column.kind)
    if column.kind == "date":
        held = ~np.isnat(numbers)
        return numbers[held].astype(np.int64) / 1e6, where[held]
    return numbers, where


def sum_moments(numbers: Floats, mean: float, sd: float) -> tuple[int, int]:
    """Return the sums of z and of z^2 in whole thousandths, z being the distance from a mean in standard deviations.

    Whole numbers, so that sums of any parts in any order are the very same. Where the reference does not vary, the
    distance is in the column's own unit.
    """
    z = (numbers - mean) / (sd or 1.0)
    parts = (np.clip(np.rint(power * THOUSAND), -FARTHEST, FARTHEST) for power in (z, z * z))
    first, second = (int(part.astype(np.int64).sum()) for part in parts)
    return first, second


def count_predictions(reference: Reference, predictions: Sequence[Label]) -> tuple[int, ...]:
    """Count predictions into the reference's bins."""
    column, counts = reference.prediction, RowCounts()
    if column.kind in BY_NAME:
        _count_names(column, [label_text(value) for value in predictions], counts)
    else:
        finite = [value if math.isfinite(value) else None for value in map(float, predictions)]
        _count_numbers(column, finite, None, counts)
    return counts.columns[column.name]


def count_scores(reference: Reference, probabilities: Sequence[dict[str, float]]) -> tuple[int, ...]:
    """Count how sure the model was into the reference's bins; nothing where the reference has no scores."""
    column, of_class = reference.score, reference.score_class
    if column is None:
        return ()
    scores = [one.get(of_class, 0.0) if of_class else max(one.values(), default=0.0) for one in probabilities]
    return (*bin_numbers(column, np.array(scores, dtype=np.float64)), 0)
