"""Columns in one fixed form: whatever reads them (Parquet, a JSON request), the pipeline sees the same values."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from core.records import Column, ColumnKind

MISSING_LEVEL = "(missing)"
"""The text that stands for a missing category."""

# True == 1 == 1.0 in a dictionary, so numbers are covered.
TRUTH_VALUES = {True: 1.0, False: 0.0, "true": 1.0, "false": 0.0, "True": 1.0, "False": 0.0}


def label_text(value: Any) -> str | None:
    """Return a class or category as text, the same for 1, 1.0 and numpy's 1; None for a missing value.

    Classes are text everywhere behind the Prepare stage: "1", "True", "yes".
    """
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, float | np.floating):
        if math.isnan(value):
            return None
        return str(int(value)) if float(value).is_integer() else str(float(value))
    return str(value)


def coerce_frame(frame: pd.DataFrame, columns: Sequence[Column]) -> pd.DataFrame:
    """Return the given columns, in order, in the one form the pipeline works on.

    Parameters
    ----------
    frame : DataFrame of shape (n, any)
        Rows from `collect.load_frame`, or made from the JSON of a request. A column that is not there counts as
        missing in every row.
    columns : sequence of Column
        What is wanted, with its kind.

    Returns
    -------
    DataFrame of shape (n, len(columns))
        Numbers and booleans as float64 (1.0 is true, NaN is missing or infinite), dates as datetime64 in UTC without
        zone (NaT is missing), categories and text as Python text ("(missing)" and "" where missing).
    """
    return pd.DataFrame(
        {column.name: coerce_column(_column(frame, column.name), column.kind) for column in columns},
        index=frame.index,
    )


def _column(frame: pd.DataFrame, name: str) -> "pd.Series[Any]":
    return frame[name] if name in frame.columns else pd.Series(None, index=frame.index, dtype=object)


def coerce_column(values: "pd.Series[Any]", kind: ColumnKind) -> "pd.Series[Any]":
    """Return one column in the form described at `coerce_frame`; what cannot be read as its kind becomes missing."""
    if kind == "number":
        numbers = pd.to_numeric(values, errors="coerce").astype("float64")
        return numbers.where(np.isfinite(numbers))
    if kind == "boolean":
        return values.astype(object).map(TRUTH_VALUES).astype("float64")
    if kind == "date":
        return _coerce_dates(values)
    return _coerce_texts(values, MISSING_LEVEL if kind == "category" else "")


def _coerce_dates(values: "pd.Series[Any]") -> "pd.Series[Any]":
    if not pd.api.types.is_datetime64_any_dtype(values):
        values = pd.to_datetime(values.astype(object), errors="coerce", utc=True, format="ISO8601")
    if getattr(values.dt, "tz", None) is not None:
        values = values.dt.tz_convert("UTC").dt.tz_localize(None)
    return values.astype("datetime64[us]")


def _coerce_texts(values: "pd.Series[Any]", missing: str) -> "pd.Series[Any]":
    if isinstance(values.dtype, pd.StringDtype):
        return values.astype(object).where(values.notna(), missing)
    texts = [label_text(value) for value in values.tolist()]
    return pd.Series([missing if text is None else text for text in texts], index=values.index, dtype=object)
