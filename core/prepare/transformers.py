"""The two steps scikit-learn does not have: columns into their fixed form, and dates into parts.

Both keep nothing but plain lists, so that a model file can be read back with a fixed list of allowed types.
"""

from collections.abc import Callable
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin

from core.prepare.columns import coerce_frame
from core.prepare.names import part_name, part_names
from core.records import Column, ColumnKind

SECONDS_PER_DAY = 86_400.0

DATE_PARTS: dict[str, Callable[["pd.Series[Any]"], "pd.Series[Any]"]] = {
    "year": lambda dates: dates.dt.year,
    "month": lambda dates: dates.dt.month,
    "day": lambda dates: dates.dt.day,
    "weekday": lambda dates: dates.dt.day_of_week,
    "hour": lambda dates: dates.dt.hour + dates.dt.minute / 60,
    "elapsed_days": lambda dates: (dates - pd.Timestamp(0)).dt.total_seconds() / SECONDS_PER_DAY,
}
"""Numbers read off a date: month 1-12, day 1-31, weekday 0 (Monday) to 6, hour 0-24, days since 1970-01-01."""


class CoerceColumns(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Bring a frame into the one form the rest of the pipeline works on (see `coerce_frame`).

    A number or date column that is missing in every training row is set to 0 for good: some estimators cannot learn
    from a column without a single value, and there is nothing to learn from it.

    Parameters
    ----------
    names : list of str
        The columns wanted, in order.
    kinds : list of ColumnKind
        What each holds.
    """

    def __init__(self, names: list[str], kinds: list[ColumnKind]) -> None:
        self.names = names
        self.kinds = kinds

    def fit(self, X: pd.DataFrame, y: object = None) -> Self:  # noqa: ARG002, N803 - scikit-learn's names
        """Note which columns hold nothing at all."""
        coerced = self._coerce(X)
        self.empty_ = [name for name in self.names if coerced[name].isna().all()]
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:  # noqa: N803
        """Return the columns in their fixed form."""
        coerced = self._coerce(X)
        for name, kind in zip(self.names, self.kinds, strict=True):
            if name in self.empty_:
                coerced[name] = pd.Timestamp(0) if kind == "date" else 0.0
        return coerced

    def get_feature_names_out(self, input_features: object = None) -> np.ndarray[Any, Any]:  # noqa: ARG002
        """Return the column names."""
        return np.asarray(self.names, dtype=object)

    def _coerce(self, frame: pd.DataFrame) -> pd.DataFrame:
        columns = [Column(name, kind, "") for name, kind in zip(self.names, self.kinds, strict=True)]
        return coerce_frame(frame, columns)


class ExpandDates(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Replace each date column by numbers read off it, named `column (part)`; other columns pass.

    Parameters
    ----------
    parts : dict of str to list of str
        For each date column the parts wanted, out of `DATE_PARTS`.
    """

    def __init__(self, parts: dict[str, list[str]]) -> None:
        self.parts = parts

    def fit(self, X: pd.DataFrame, y: object = None) -> Self:  # noqa: ARG002, N803 - scikit-learn's names
        """Note the columns; there is nothing to learn."""
        self.names_in_ = [str(name) for name in X.columns]
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:  # noqa: N803
        """Return the frame with parts in the place of dates."""
        kept = X.drop(columns=list(self.parts))
        expanded = {
            part_name(column, part): DATE_PARTS[part](X[column]).astype("float64")
            for column, parts in self.parts.items()
            for part in parts
        }
        return kept.assign(**expanded)

    def get_feature_names_out(self, input_features: object = None) -> np.ndarray[Any, Any]:  # noqa: ARG002
        """Return the names of what passes, then of the parts."""
        kept = [name for name in self.names_in_ if name not in self.parts]
        return np.asarray(kept + part_names(self.parts), dtype=object)
