"""In which bin of a reference each value of each row falls, and which rows lie outside all that was learnt from."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.deploy.prototype import present_values
from core.deploy.reference import BY_NAME, as_numbers
from core.prepare import coerce_frame
from core.records import Column, Reference, ReferenceColumn

Codes = NDArray[np.int64]


def bin_codes(reference: Reference, frame: pd.DataFrame) -> Codes:
    """Return the number of the bin of each value.

    Parameters
    ----------
    frame : DataFrame of shape (n, at least the reference's columns)
        Rows as `collect.load_frame` or a request gives them.

    Returns
    -------
    array of shape (n, number of columns of the reference)
        From 0, in the order of `ReferenceColumn.counts`; the last bin is "missing".
    """
    columns = [Column(column.name, column.kind, "") for column in reference.columns]
    coerced = coerce_frame(frame, columns)
    codes = np.empty((len(frame), len(columns)), dtype=np.int64)
    for position, (column, described) in enumerate(zip(columns, reference.columns, strict=True)):
        present = present_values(coerced[column.name], column)
        codes[:, position] = _n_bins(described) - 1
        codes[coerced.index.get_indexer(present.index), position] = _present_codes(described, present)
    return codes


def _n_bins(column: ReferenceColumn) -> int:
    return len(column.counts)


def _present_codes(column: ReferenceColumn, present: "pd.Series[Any]") -> Codes:
    if column.kind in BY_NAME:
        found = pd.Index(column.categories, dtype=object).get_indexer(pd.Index(present, dtype=object))
        return np.where(found < 0, len(column.categories), found).astype(np.int64)
    return np.searchsorted(column.edges, as_numbers(present, column.kind), side="left").astype(np.int64)


def are_outside(reference: Reference, codes: Codes) -> NDArray[np.bool_]:
    """Return for each row whether any of its values lies in a bin that no training row fell in.

    That is a number beyond the training range, a category never seen, a gap where there was none. Dates are left out:
    live rows are newer than those learned from, that alone says nothing.
    """
    outside = np.zeros(len(codes), dtype=np.bool_)
    for position, column in enumerate(reference.columns):
        if column.kind != "date":
            empty = np.asarray(column.counts) == 0
            outside |= empty[codes[:, position]]
    return outside
