"""Anomalous rows are left out of the learning; rows to be predicted never are."""

from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.ensemble import IsolationForest
from sklearn.pipeline import Pipeline

from core.errors import BadInputError
from core.prepare.columns import coerce_column
from core.prepare.table_steps import find_fences

MOST_REMOVED = 0.5
"""Share of the rows beyond which leaving them out is refused: then they are no anomalies."""


class AnomalousRows(BaseEstimator):  # type: ignore[misc]
    """Finds the rows with unusual numbers among those a model is about to learn from.

    Parameters
    ----------
    names : list of str
        Number columns that are looked at.
    method : {"iqr", "isolation_forest"}
        A value more than `factor` inter-quartile ranges outside of the quartiles in any column; or the `share` of rows
        that are easiest to tell apart from the rest (Liu, Ting, Zhou: Isolation Forest, ICDM 2008).
    factor : float
        For "iqr", above 0.
    share : float
        For "isolation_forest", up to 0.5.
    random_state : int
        Seed of the forest.
    """

    def __init__(
        self, names: list[str], method: str = "iqr", factor: float = 3.0, share: float = 0.01, random_state: int = 0
    ) -> None:
        self.names = names
        self.method = method
        self.factor = factor
        self.share = share
        self.random_state = random_state

    def find(self, frame: pd.DataFrame) -> NDArray[np.bool_]:
        """Return which of the n rows are anomalous, shape (n,)."""
        numbers = pd.DataFrame({name: coerce_column(frame[name], "number") for name in self.names})
        if self.method == "isolation_forest":
            forest = IsolationForest(contamination=self.share, random_state=self.random_state)
            odd: NDArray[np.bool_] = forest.fit_predict(numbers.to_numpy()) < 0
            return odd
        return np.asarray(numbers.apply(self._outside).any(axis=1), dtype=bool)

    def _outside(self, values: "pd.Series[Any]") -> "pd.Series[Any]":
        fences = find_fences(values.to_numpy(), "iqr", factor=self.factor)
        return values.isna() & False if fences is None else (values < fences[0]) | (values > fences[1])


class LearningPipeline(Pipeline):  # type: ignore[misc]
    """A pipeline that leaves anomalous rows out of everything it learns; in use it is a pipeline like any other.

    Rows of a class stay where otherwise none would. `n_removed_` says after fitting how many rows were left out.

    Parameters
    ----------
    steps, transform_input, memory, verbose
        As scikit-learn's.
    remover : AnomalousRows, optional
        Which rows to leave out.
    """

    def __init__(
        self,
        steps: list[Any],
        *,
        remover: AnomalousRows | None = None,
        transform_input: Any = None,
        memory: Any = None,
        verbose: bool = False,
    ) -> None:
        super().__init__(steps, transform_input=transform_input, memory=memory, verbose=verbose)
        self.remover = remover

    def fit(self, X: pd.DataFrame, y: "pd.Series[Any] | None" = None, **params: Any) -> Self:  # noqa: N803
        """Leave out anomalous rows, then fit all steps.

        Raises
        ------
        BadInputError
            When more than half of the rows would be left out.
        """
        if self.remover is not None:
            odd = self.remover.find(X)
            _check_share(odd)
            kept = ~odd if y is None else ~odd | _last_of_their_class(y, odd)
            self.n_removed_ = int((~kept).sum())
            super().fit(X.loc[kept], None if y is None else y.loc[kept], **params)
        else:
            super().fit(X, y, **params)
        return self


def _check_share(odd: NDArray[np.bool_]) -> None:
    if odd.mean() > MOST_REMOVED:
        raise BadInputError(
            f"{100 * odd.mean():.0f} % of the rows would be left out as unusual.",
            "On Prepare, let fewer columns or a larger distance count, or switch that step off.",
        )


def _last_of_their_class(y: "pd.Series[Any]", odd: NDArray[np.bool_]) -> NDArray[np.bool_]:
    if pd.api.types.is_numeric_dtype(y):
        return np.zeros(len(y), dtype=bool)
    return ~y.isin(y[~odd].unique()).to_numpy()
