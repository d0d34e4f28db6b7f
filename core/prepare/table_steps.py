"""Steps from a table to a table that scikit-learn does not have: capping, combinations, bins, time spans.

Each learns from the rows it is fitted to, keeps nothing but plain lists and numbers (so that a model file can be read
back with a fixed list of allowed types), and works row by row: one row's outcome never depends on its neighbours.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from core.prepare.columns import MISSING_LEVEL
from core.prepare.names import binned_name

Arrays = dict[str, NDArray[Any]]
OPERATIONS: Mapping[str, Callable[[Any, Any], Any]] = MappingProxyType(
    {"ratio": np.divide, "difference": np.subtract, "product": np.multiply}
)


class TableStep(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """What the steps have in common: each does the same with a table and with arrays, for single rows far faster.

    A step says in `make` which columns it makes or changes, and in `gone` which it takes away.
    """

    gone: Sequence[str] = ()

    def fit(self, X: pd.DataFrame, y: object = None) -> Self:  # noqa: ARG002, N803 - scikit-learn's names
        """Learn what the step needs to know from the rows, and note the columns that come out."""
        columns = columns_of(X)
        self.learn(columns)
        self.names_out_ = list(self.transform_columns({name: values[:1] for name, values in columns.items()}))
        return self

    def learn(self, columns: Arrays) -> None:
        """Learn from arrays of shape (n,), one a column; some steps have nothing to."""

    def make(self, columns: Arrays) -> Arrays:
        """Return the columns that the step makes or changes, as arrays of shape (n,)."""
        raise NotImplementedError

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:  # noqa: N803
        """Return the table after the step."""
        made = self.make(columns_of(X))
        kept = X.drop(columns=list(self.gone))
        return kept.assign(**{name: pd.Series(made[name], X.index, made[name].dtype) for name in made})

    def transform_columns(self, columns: Arrays) -> Arrays:
        """Return the arrays after the step."""
        return {name: values for name, values in columns.items() if name not in self.gone} | self.make(columns)

    def get_feature_names_out(self, input_features: object = None) -> NDArray[Any]:  # noqa: ARG002
        """Return the names of the columns that come out."""
        return np.asarray(self.names_out_, dtype=object)


def columns_of(table: pd.DataFrame) -> Arrays:
    """Return the columns of a table as arrays."""
    return {str(name): table[name].to_numpy() for name in table.columns}


class CapOutliers(TableStep):
    """Bring numbers outside of two fences to the nearer fence.

    Parameters
    ----------
    names : list of str
        Number columns.
    method : {"iqr", "percentile"}
        Fences `factor` inter-quartile ranges below the first and above the third quartile (Tukey, Exploratory Data
        Analysis, 1977: 1.5 is "outside", 3 is "far out"), or at two percentiles. A column of which half the values are
        the same has no inter-quartile range and is left as it is.
    factor : float
        For "iqr", above 0.
    low, high : float
        For "percentile", 0 to 100.
    """

    def __init__(
        self, names: list[str], method: str = "iqr", factor: float = 3.0, low: float = 1.0, high: float = 99.0
    ) -> None:
        self.names = names
        self.method = method
        self.factor = factor
        self.low = low
        self.high = high

    def learn(self, columns: Arrays) -> None:
        """Learn the fences; a column without any has none."""
        self.fences_ = {}
        for name in self.names:
            fences = find_fences(columns[name], self.method, factor=self.factor, low=self.low, high=self.high)
            if fences is not None:
                self.fences_[name] = list(fences)

    def make(self, columns: Arrays) -> Arrays:
        """Return the columns with values beyond a fence set to the fence."""
        return {name: np.clip(columns[name], low, high) for name, (low, high) in self.fences_.items()}


def find_fences(
    values: NDArray[Any], method: str, *, factor: float, low: float = 1.0, high: float = 99.0
) -> tuple[float, float] | None:
    """Return the two fences of a number column, as described at `CapOutliers`; None where there are none."""
    present = values[~np.isnan(values)]
    if not present.size:
        return None
    if method == "percentile":
        below, above = np.percentile(present, [low, high])
        return float(below), float(above)
    first, third = np.percentile(present, [25, 75])
    reach = factor * (third - first)
    return (float(first - reach), float(third + reach)) if reach > 0 else None


class CombineColumns(TableStep):
    """Add the ratio, difference or product of two number columns as a further column.

    Missing where either is missing, or where a ratio would divide by zero. When that is so in all rows learned from,
    the column is 0 for good, because some estimators cannot learn from a column without a single value.

    Parameters
    ----------
    left, right : str
        Number columns.
    operation : {"ratio", "difference", "product"}
        What is made of them.
    name : str
        What the new column is called.
    """

    def __init__(self, left: str, right: str, operation: str, name: str) -> None:
        self.left = left
        self.right = right
        self.operation = operation
        self.name = name

    def learn(self, columns: Arrays) -> None:
        """Note whether the combination is missing everywhere."""
        self.empty_ = bool(np.isnan(self._combine(columns)).all())

    def make(self, columns: Arrays) -> Arrays:
        """Return the new column."""
        return {self.name: np.zeros(len(columns[self.left])) if self.empty_ else self._combine(columns)}

    def _combine(self, columns: Arrays) -> NDArray[np.float64]:
        left, right = columns[self.left], columns[self.right]
        with np.errstate(all="ignore"):
            combined = OPERATIONS[self.operation](left, right)
        return np.where(np.isfinite(combined), combined, np.nan)


class BinColumns(TableStep):
    """Add for each number column the bin its value falls into, as a category: "10 to 20" holds 10, but not 20.

    Parameters
    ----------
    names : list of str
        Number columns.
    method : {"quantile", "width", "borders"}
        As many rows in each bin, bins of equal width, or bins between the borders given.
    n_bins : int
        For the first two; fewer come out where many values are the same.
    borders : list of float
        For "borders": where one bin ends and the next begins.
    """

    def __init__(
        self, names: list[str], method: str = "quantile", n_bins: int = 5, borders: list[float] | None = None
    ) -> None:
        self.names = names
        self.method = method
        self.n_bins = n_bins
        self.borders = borders

    def learn(self, columns: Arrays) -> None:
        """Learn where the bins of each column begin and end."""
        self.borders_ = {name: self._find_borders(columns[name]) for name in self.names}

    def _find_borders(self, values: NDArray[Any]) -> list[float]:
        present = values[~np.isnan(values)]
        if self.method == "borders":
            return sorted({float(border) for border in self.borders or ()})
        if not present.size:
            return []
        shares = np.arange(1, self.n_bins) / self.n_bins
        low, high = present.min(), present.max()
        found = np.quantile(present, shares) if self.method == "quantile" else low + shares * (high - low)
        return [float(border) for border in np.unique(found) if border > low]

    def make(self, columns: Arrays) -> Arrays:
        """Return a column of bins for each name."""
        return {binned_name(name): sort_into_bins(columns[name], self.borders_[name]) for name in self.names}


def sort_into_bins(values: NDArray[Any], borders: list[float]) -> NDArray[Any]:
    """Return the name of the bin each number falls into, "(missing)" where it is missing."""
    labels = np.array([*name_bins(borders), MISSING_LEVEL], dtype=object)
    bins = np.searchsorted(borders, values, side="right")
    return np.asarray(labels[np.where(np.isnan(values), len(labels) - 1, bins)])


def name_bins(borders: list[float]) -> list[str]:
    """Return what the bins between sorted borders are called, one more than there are borders."""
    if not borders:
        return ["any value"]
    texts = [f"{border:.6g}" for border in borders]
    if len(set(texts)) < len(texts):
        texts = [repr(border) for border in borders]
    between = [f"{low} to {high}" for low, high in itertools.pairwise(texts)]
    return [f"below {texts[0]}", *between, f"{texts[-1]} and more"]


class ElapsedDays(TableStep):
    """Add the days from another date column, or from a fixed day, to a date column.

    Missing where either date is; 0 for good where that is so in all rows learned from.

    Parameters
    ----------
    spans : list of (name, date, other, day)
        Name of the new column; the date column; the date column it is counted from, or None and an ISO day.
    """

    def __init__(self, spans: list[list[str | None]]) -> None:
        self.spans = spans

    def learn(self, columns: Arrays) -> None:
        """Note which spans are missing everywhere."""
        self.empty_ = [span[0] for span in self.spans if np.isnan(count_days(columns, span)).all()]

    def make(self, columns: Arrays) -> Arrays:
        """Return a column of days for each span."""
        days = {str(span[0]): count_days(columns, span) for span in self.spans}
        return {name: np.zeros(len(each)) if name in self.empty_ else each for name, each in days.items()}


def count_days(columns: Arrays, span: list[str | None]) -> NDArray[np.float64]:
    """Return the days of one span, NaN where a date is missing."""
    _, date, other, day = span
    begin = columns[other] if other is not None else np.datetime64(str(day), "us")
    length = columns[str(date)] - begin
    return np.where(np.isnat(length), np.nan, length / np.timedelta64(1, "D"))


class DropColumns(TableStep):
    """Leave columns out that were needed up to here.

    Parameters
    ----------
    names : list of str
        The columns.
    """

    def __init__(self, names: list[str]) -> None:
        self.names = names

    @property
    def gone(self) -> Sequence[str]:  # type: ignore[override]
        """The columns that are taken away."""
        return self.names

    def make(self, columns: Arrays) -> Arrays:  # noqa: ARG002
        """Return no column."""
        return {}
