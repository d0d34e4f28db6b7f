"""Rows with the truth and what a model said about them: what every metric is computed from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from core.prepare import label_text
from core.records import Label

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ScoredRows:
    """The truth and the answers for n rows.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        Classes or numbers.
    y_proba : array of shape (n, k), optional
        Probability of each class, in the order of `classes`; None where the model gives none.
    classes : tuple of Label
        The k classes the model knows; empty for regression.
    positive_label : Label, optional
        The class that counts as positive in a binary task, given as itself or as text; default: the last class.
    """

    y_true: ArrayLike
    y_pred: ArrayLike
    y_proba: Floats | None = None
    classes: tuple[Label, ...] = ()
    positive_label: Label | None = None

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.truth)

    def part(self, start: int, stop: int) -> "ScoredRows":
        """Return the rows from `start` up to `stop`."""
        proba = None if self.y_proba is None else self.y_proba[start:stop]
        return replace(self, y_true=self.truth[start:stop], y_pred=self.answers[start:stop], y_proba=proba)

    @cached_property
    def truth(self) -> NDArray[Any]:
        """The truth as an array."""
        return np.asarray(self.y_true)

    @cached_property
    def answers(self) -> NDArray[Any]:
        """What the model said, as an array."""
        return np.asarray(self.y_pred)

    @cached_property
    def labels(self) -> tuple[Label, ...]:
        """The model's classes, then any others that occur, in the order they occur."""
        seen = pd.unique(pd.Series([*self.classes, *self.truth.tolist(), *self.answers.tolist()], dtype=object))
        return tuple(seen.tolist())

    @cached_property
    def true_codes(self) -> Integers:
        """Position of each true class in `labels`."""
        return self._codes(self.truth)

    @cached_property
    def predicted_codes(self) -> Integers:
        """Position of each predicted class in `labels`."""
        return self._codes(self.answers)

    @cached_property
    def cells(self) -> Integers:
        """The cell of the flattened confusion matrix (true by predicted) each row belongs to."""
        return self.true_codes * len(self.labels) + self.predicted_codes

    @property
    def positive_code(self) -> int:
        """Position of the positive class in `labels`."""
        return find_label(self.labels[: len(self.classes)] or self.labels, self.positive_label)

    def _codes(self, values: NDArray[Any]) -> Integers:
        index = pd.Index(list(self.labels), dtype=object)
        return np.asarray(index.get_indexer(pd.Index(values.astype(object))), dtype=np.int64)


def find_label(labels: Sequence[Label], wanted: Label | None) -> int:
    """Return the position of a class given as itself or as text; the last one when it is None or not among them."""
    for position, label in enumerate(labels):
        if wanted is not None and (label == wanted or label_text(label) == label_text(wanted)):
            return position
    return len(labels) - 1
