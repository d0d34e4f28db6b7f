"""Earlier values of a column, and means of several, for tables in which rows follow one another in time.

A row sees values of strictly earlier moments only: rows of the same moment never see each other, whatever their order
in the file. "1 before" is the moment before, of the same group where there are groups; when several rows share a
moment, its value is their mean (for categories that of the last row). So the future cannot change a row, and rows of
one moment all get the same.

The earlier values are worked out when the table is read, before it is divided in any way, and are inputs of the model
from then on: a request brings them, because who asks knows them, and a single row can be answered without the others.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.collect import load_frame
from core.prepare.columns import MISSING_LEVEL, coerce_column
from core.prepare.layout import source_kinds
from core.prepare.names import lag_name, mean_name
from core.records import ColumnKind, DatasetVersion, Recipe, RecipeStep
from core.store import Store


def earlier_values(store: Store, recipe: Recipe, *, stream_id: str | None = None) -> pd.DataFrame:
    """Return the columns of earlier values of every row of the recipe's table, in the table's order.

    Parameters
    ----------
    store : Store
    recipe : Recipe
        Its switched-on steps say what to look back for.
    stream_id : str, optional
        A stream: return its rows instead, for which table and stream together are the history.

    Returns
    -------
    DataFrame of shape (n, number of such columns)
        Missing where there is no earlier moment, or the time or group of the row is not known.
    """
    steps = [step for step in recipe.steps if step.kind == "look_back" and step.enabled]
    wanted = [
        name for step in steps for name in (*step.columns, step.options.get("time_column"), _group_of(step)) if name
    ]
    tables = [recipe.dataset_id, *([stream_id] if stream_id else [])]
    parts = [_read(store, table, list(dict.fromkeys(wanted))) for table in tables]
    history = pd.concat(parts, ignore_index=True)
    kinds = source_kinds(recipe)
    found = [look_back(history, step, kinds) for step in steps]
    return pd.concat(found, axis=1).iloc[-len(parts[-1]) :].reset_index(drop=True)


def _read(store: Store, dataset_id: str, names: list[str]) -> pd.DataFrame:
    there = store.get(DatasetVersion, dataset_id).column_names
    return load_frame(store, dataset_id, columns=[name for name in names if name in there]).reindex(columns=names)


def _group_of(step: RecipeStep) -> str | None:
    group: str | None = step.options.get("group_column")
    return group


def look_back(frame: pd.DataFrame, step: RecipeStep, kinds: Mapping[str, ColumnKind]) -> pd.DataFrame:
    """Return the earlier values a step asks for.

    Parameters
    ----------
    frame : DataFrame of shape (n, any)
        The step's columns, its time column and its group column. Rows in any order, or in that of time where the step
        names no time column.
    step : RecipeStep
        Of kind "look_back".
    kinds : mapping of str to ColumnKind
        What each of the step's columns holds.

    Returns
    -------
    DataFrame of shape (n, number of columns the step makes)
    """
    moments, groups = _number_moments(frame, step.options.get("time_column"), _group_of(step))
    made: dict[str, NDArray[Any]] = {}
    for source in step.columns:
        values = _value_of_moments(coerce_column(frame[source], kinds[source]), moments, len(groups))
        lags = {lag: _shift(values, groups, lag) for lag in step.options.get("lags", ())}
        made |= {lag_name(source, lag): shifted for lag, shifted in lags.items()}
        windows = step.options.get("windows", ())
        made |= {mean_name(source, window): _mean_before(values, groups, window) for window in windows}
    known = moments >= 0
    return pd.DataFrame({name: _to_rows(values, moments, known) for name, values in made.items()}, index=frame.index)


Numbers = NDArray[np.int64]


def _number_moments(frame: pd.DataFrame, time: str | None, group: str | None) -> tuple[Numbers, Numbers]:
    """Return for each row the number of its moment, -1 where not known; and for each moment the number of its group.

    Moments are numbered group by group, within a group in the order of time.
    """
    times, moments = pd.factorize(frame[time] if time else np.arange(len(frame)), sort=True)
    groups = pd.factorize(frame[group])[0] if group else np.zeros(len(frame), dtype=np.int64)
    together = groups.astype(np.int64) * max(len(moments), 1) + times
    known = (times >= 0) & (groups >= 0)
    distinct, numbers = np.unique(together[known], return_inverse=True)
    of_rows = np.full(len(frame), -1, dtype=np.int64)
    of_rows[known] = numbers
    return of_rows, distinct // max(len(moments), 1)


def _value_of_moments(values: "pd.Series[Any]", moments: Numbers, n_moments: int) -> NDArray[Any]:
    """Return the mean of the numbers of each moment, or its last category; missing where it has none."""
    if values.dtype == object:
        known = (moments >= 0) & (values != MISSING_LEVEL).to_numpy()
        last = np.full(n_moments, None, dtype=object)
        last[moments[known]] = values.to_numpy()[known]
        return last
    numbers = values.to_numpy(dtype=np.float64)
    known = (moments >= 0) & ~np.isnan(numbers)
    counts = np.bincount(moments[known], minlength=n_moments)
    sums = np.bincount(moments[known], weights=numbers[known], minlength=n_moments)
    return _divide(sums, counts)


def _shift(values: NDArray[Any], groups: Numbers, lag: int) -> NDArray[Any]:
    """Return each moment's value `lag` moments before, in its group."""
    shifted = np.full(len(values), None if values.dtype == object else np.nan, dtype=values.dtype)
    same = groups[lag:] == groups[:-lag]
    shifted[lag:][same] = values[:-lag][same]
    return shifted


def _mean_before(values: NDArray[Any], groups: Numbers, window: int) -> NDArray[Any]:
    """Return the mean of the values present among the `window` moments before each, in its group."""
    sums, counts = np.zeros(len(values)), np.zeros(len(values))
    for lag in range(1, min(window, len(values) - 1) + 1):
        shifted = _shift(values, groups, lag)
        present = ~np.isnan(shifted)
        sums[present] += shifted[present]
        counts += present
    return _divide(sums, counts)


def _divide(sums: NDArray[Any], counts: NDArray[Any]) -> NDArray[Any]:
    means = np.full(len(sums), np.nan)
    np.divide(sums, counts, out=means, where=counts > 0)
    return means


def _to_rows(values: NDArray[Any], moments: Numbers, known: NDArray[np.bool_]) -> NDArray[Any]:
    rows = np.full(len(moments), None if values.dtype == object else np.nan, dtype=values.dtype)
    rows[known] = values[moments[known]]
    return rows


def fill_in(frame: pd.DataFrame, earlier: pd.DataFrame) -> pd.DataFrame:
    """Return rows with their earlier values; where a row brings one of its own, such as a live one, that counts."""
    found = {name: earlier[name].set_axis(frame.index) for name in earlier.columns}
    own = {name: frame[name].where(frame[name].notna(), values) for name, values in found.items() if name in frame}
    return frame.assign(**(found | own))
