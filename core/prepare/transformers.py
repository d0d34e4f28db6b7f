"""The two steps scikit-learn does not have: columns into their fixed form, and dates into parts.

Both keep nothing but plain lists, so that a model file can be read back with a fixed list of allowed types. Both do the
same with a table (`transform`) and with plain arrays (`transform_columns`), which for one row is many times faster.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin

from core.prepare.columns import coerce_frame
from core.prepare.names import part_name, part_names
from core.prepare.plain_columns import read_date_parts, read_values
from core.records import Column, ColumnKind


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

    def transform_columns(self, columns: Mapping[str, Sequence[Any]]) -> dict[str, np.ndarray[Any, Any]]:
        """Return the columns of a request that the service has checked in their fixed form, as arrays of shape (n,)."""
        return {name: self._read(columns[name], name, kind) for name, kind in zip(self.names, self.kinds, strict=True)}

    def _read(self, values: Sequence[Any], name: str, kind: ColumnKind) -> np.ndarray[Any, Any]:
        if name in self.empty_:
            return np.zeros(len(values), dtype="M8[us]" if kind == "date" else np.float64)
        return read_values(values, kind)

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
        return X.drop(columns=list(self.parts)).assign(**self._expand(X))

    def transform_columns(self, columns: Mapping[str, Any]) -> dict[str, np.ndarray[Any, Any]]:
        """Return the arrays, with parts in the place of dates."""
        return {name: values for name, values in columns.items() if name not in self.parts} | self._expand(columns)

    def _expand(self, columns: Mapping[str, Any] | pd.DataFrame) -> dict[str, np.ndarray[Any, Any]]:
        return {
            part_name(column, part): values
            for column, parts in self.parts.items()
            for part, values in zip(parts, read_date_parts(np.asarray(columns[column]), parts), strict=True)
        }

    def get_feature_names_out(self, input_features: object = None) -> np.ndarray[Any, Any]:  # noqa: ARG002
        """Return the names of what passes, then of the parts."""
        kept = [name for name in self.names_in_ if name not in self.parts]
        return np.asarray(kept + part_names(self.parts), dtype=object)
