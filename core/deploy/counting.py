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
from core.deploy.reference import BY_NAME, as_numbers, bin_numbers
from core.prepare import MISSING_LEVEL, coerce_column, label_text, read_values
from core.records import AGE_EDGES_S, Column, Json, Label, Reference, ReferenceColumn

THOUSAND = 1_000
FARTHEST = 1e11
"""A single number counts as no farther from the mean than this, in thousandths: ten million of them still add up."""

EXACT = 2.0**53
"""Whole numbers below this add up exactly as floating point numbers, too."""

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
    for column in reference.columns:
        values = (
            frame[column.name] if column.name in frame.columns else pd.Series(None, index=frame.index, dtype=object)
        )
        if column.kind in BY_NAME:
            _count_levels(column, values, counts)
            continue
        numbers = _numbers_of(column, values)
        counts.columns[column.name] = (*bin_numbers(column, numbers), len(frame) - len(numbers))
        if column.mean is not None and column.sd is not None and len(numbers):
            counts.moments[column.name] = sum_moments(numbers, column.mean, column.sd)
    return counts


def _numbers_of(column: ReferenceColumn, values: "pd.Series[Any]") -> Floats:
    """Return the numbers of a table's column that are binned."""
    if column.kind == "number" and values.dtype == np.float64:  # Nothing to bring into form.
        plain = values.to_numpy()
        held = np.isfinite(plain)
        return plain if held.all() else plain[held]
    form = Column(column.name, column.kind, "")
    return as_numbers(present_values(coerce_column(values, column.kind), form), column.kind)


def _count_levels(column: ReferenceColumn, values: "pd.Series[Any]", counts: RowCounts) -> None:
    """Count categories of a table: each different value is brought into form once, not each row."""
    found = values.value_counts(dropna=False, sort=False)
    levels = coerce_column(pd.Series(found.index, dtype=values.dtype), column.kind)
    present = present_values(levels, Column(column.name, column.kind, ""))
    n_rows = pd.Series(found.to_numpy(), index=levels.index)[present.index].groupby(present).sum()
    listed = [int(n_rows.get(name, 0)) for name in column.categories]
    n_present = int(n_rows.sum())
    counts.columns[column.name] = (*listed, n_present - sum(listed), len(values) - n_present)
    if column.known is not None and sum(listed) < n_present:
        n_unknown = int(n_rows[~n_rows.index.isin(column.known_set)].sum())
        counts.unknown |= {column.name: n_unknown} if n_unknown else {}


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
    return _sum_thousandths(z), _sum_thousandths(z * z)


def _sum_thousandths(values: Floats) -> int:
    parts = np.rint(values * THOUSAND)
    farthest = float(np.abs(parts).max(initial=0.0))
    if farthest * parts.size < EXACT:
        return int(parts.sum())
    return int(np.clip(parts, -FARTHEST, FARTHEST).astype(np.int64).sum())


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
