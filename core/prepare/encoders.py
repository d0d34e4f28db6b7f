"""Two small variations of scikit-learn's transformers, for what tables of any size and order need."""

from typing import Any, Self

import numpy as np
from sklearn.impute import KNNImputer
from sklearn.preprocessing import OrdinalEncoder

MOST_NEIGHBORS_ROWS = 5_000


class NearestImputer(KNNImputer):  # type: ignore[misc]
    """scikit-learn's KNNImputer that looks for neighbours among at most 5,000 rows, evenly spread over those given.

    With all rows of a large table a single answer would take seconds, and the model would hold the whole table.
    """

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: N803 - scikit-learn's names
        """Keep the rows to look for neighbours in."""
        step = -(-len(X) // MOST_NEIGHBORS_ROWS)
        super().fit(np.asarray(X, dtype=np.float64)[::step], y)
        return self


class FrequencyEncoder(OrdinalEncoder):  # type: ignore[misc]
    """scikit-learn's OrdinalEncoder with the levels in the order of how frequent they are, the rarest being 0."""

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: N803
        """Learn the levels of each column and their order."""
        super().fit(X, y)
        columns = np.asarray(X, dtype=object).T
        self.categories_: list[Any] = [_by_frequency(*pair) for pair in zip(self.categories_, columns, strict=True)]
        return self


def _by_frequency(levels: Any, values: Any) -> Any:
    found, counts = np.unique(values.astype(str), return_counts=True)
    frequency = dict(zip(found.tolist(), counts.tolist(), strict=True))
    return np.array(sorted(levels, key=lambda level: (frequency[str(level)], str(level))), dtype=object)
