"""A stream whose inputs drift as they did, but whose truth follows one fixed relation all along."""

import numpy as np
import pandas as pd
import pyarrow as pa
from sklearn.ensemble import HistGradientBoostingClassifier

MOST_SURE = 0.98
"""No truth is surer than this: else there would be nothing to estimate."""


def without_concept_change(table: pa.Table, target: str, *, learn_share: float, random_state: int = 0) -> pa.Table:
    """Return the table with classes drawn anew from an oracle that learnt from all of it.

    Parameters
    ----------
    table : Table of n rows
        With numbers, dates and texts as inputs; rows without a truth are left out.
    target : str
        The column of two or more classes.
    learn_share : float
        The first share of the rows, which the model learns from.
    """
    table = table.filter(pa.compute.is_valid(table[target]))
    frame = table.to_pandas()
    learnt = frame.head(int(len(frame) * learn_share))
    # A column without a second value in the rows learnt from is no input of the model, so none of the oracle either.
    varies = (learnt != learnt.iloc[0]).any()
    names = [name for name in frame.columns if name != target and varies[name]]
    inputs = pd.DataFrame({name: _as_numbers(frame[name]) for name in names})
    oracle = HistGradientBoostingClassifier(random_state=random_state).fit(inputs, frame[target].astype(str))
    shares = np.clip(oracle.predict_proba(inputs), 1 - MOST_SURE, MOST_SURE).cumsum(axis=1)
    drawn = (np.random.default_rng(random_state).random((len(frame), 1)) < 1 - shares / shares[:, -1:]).sum(axis=1)
    classes = dict(zip(frame[target].astype(str), frame[target], strict=True))
    truth = [classes[str(name)] for name in np.asarray(oracle.classes_)[drawn]]
    place = table.column_names.index(target)
    return table.set_column(place, target, pa.array(truth, type=table.schema.field(target).type))


def _as_numbers(values: "pd.Series[float]") -> "pd.Series[float]":
    if pd.api.types.is_numeric_dtype(values):
        return values.astype(float)
    # The moment itself is no input: an oracle that knew it would know of the change it must not know of.
    if pd.api.types.is_datetime64_any_dtype(values):
        return values.dt.hour.astype(float)
    return pd.Series(pd.factorize(values)[0], index=values.index, dtype=float)
