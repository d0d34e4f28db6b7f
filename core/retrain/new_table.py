"""The table a challenger learns from: what the champion's line began with, and the labelled live rows."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from core.collect import add_table
from core.prepare import label_text, looked_back_columns
from core.records import Column, DatasetVersion, Job, Label, Recipe
from core.store import LabelledPrediction, Store

TRUE_WORDS = {"True": True, "true": True, "1": True, "False": False, "false": False, "0": False}


def find_or_add_table(
    store: Store, job: Job, recipe: Recipe, labelled: Sequence[LabelledPrediction], n_unreadable: int
) -> DatasetVersion:
    """Return the dataset version made for a job, making it when it is not there yet.

    Parameters
    ----------
    job : Job
        The retraining; the version's note names it, so that an interrupted job finds what it made.
    recipe : Recipe
        The champion's.
    labelled : sequence of LabelledPrediction
        Oldest first; they follow the old rows in this order.
    n_unreadable : int
        Rows left out because their label does not suit the target's column; the note says so.

    Raises
    ------
    NotFoundError
        When the champion's table is gone.
    """
    mark = f"Retraining {job.id[-8:]}:"
    for dataset in store.find(DatasetVersion, project_id=job.project_id, source="retrain"):
        if dataset.note.startswith(mark):
            return dataset
    origin = _find_origin(store, recipe.dataset_id)
    live = live_table(_columns_of_live(origin, recipe), recipe.target, labelled)
    old = pq.read_table(store.files.dataset(origin.id)).select(list(origin.column_names))
    return add_table(
        store,
        job.project_id,
        pa.concat_tables([old, live], promote_options="permissive"),
        filename=origin.filename,
        by=job.created_by,
        source="retrain",
        parent_id=recipe.dataset_id,
        note=f"{mark} {_describe(origin, labelled, n_unreadable)}",
    )


def _columns_of_live(origin: DatasetVersion, recipe: Recipe) -> tuple[Column, ...]:
    """Return the table's columns, and those of earlier values that live rows brought: these count where there are any,
    all others are worked out from the rows before.
    """
    return (*origin.columns, *(one for one in looked_back_columns(recipe) if one.name not in origin.column_names))


def _find_origin(store: Store, dataset_id: str) -> DatasetVersion:
    """Return the version the line of retrainings began with: later ones hold live rows that are added afresh here."""
    dataset = store.get(DatasetVersion, dataset_id)
    while dataset.source == "retrain" and dataset.parent_id is not None:
        dataset = store.get(DatasetVersion, dataset.parent_id)
    return dataset


def _describe(origin: DatasetVersion, labelled: Sequence[LabelledPrediction], n_unreadable: int) -> str:
    n_live = len(labelled)
    words = f"{origin.n_rows:,} rows of version {origin.number} and {n_live:,} live rows whose label has arrived."
    n_simulated = sum(row.prediction.simulated for row in labelled)
    if n_simulated:
        words += f" {n_simulated:,} of those were simulated."
    if n_unreadable:
        words += f" {n_unreadable:,} labels do not suit the target's column and were left out."
    return words


def readable_rows(target: Column, labelled: Sequence[LabelledPrediction]) -> list[LabelledPrediction]:
    """Return the rows whose label can be stored in the target's column."""
    known = _read_values([_label(row) for row in labelled], target).is_valid().to_pylist()
    return [row for row, valid in zip(labelled, known, strict=True) if valid]


def live_table(columns: Sequence[Column], target: str, labelled: Sequence[LabelledPrediction]) -> pa.Table:
    """Return live rows in the columns of a stored table.

    Inputs are as the service received them; columns the model does not use are missing; the target is the label.
    """
    return pa.table({column.name: _read_values(_values(column, target, labelled), column) for column in columns})


def _values(column: Column, target: str, labelled: Sequence[LabelledPrediction]) -> list[Any]:
    if column.name == target:
        return [_label(row) for row in labelled]
    return [row.prediction.inputs.get(column.name) for row in labelled]


def _label(row: LabelledPrediction) -> Label | None:
    return row.label.value if row.label else None


def _read_values(values: Sequence[Any], column: Column) -> pa.Array:
    """Return values from JSON in a column's stored type; numbers with a fraction stay as they are."""
    if column.dtype.startswith("timestamp"):
        moments = pd.to_datetime(pd.Series(values, dtype=object), errors="coerce", utc=True, format="ISO8601")
        return pa.array(
            moments.dt.tz_localize(None).astype("datetime64[us]"), type=pa.timestamp("us"), from_pandas=True
        )
    if column.dtype == "bool":
        return pa.array([TRUE_WORDS.get(label_text(value) or "") for value in values], type=pa.bool_())
    if column.dtype == "string":
        return pa.array([label_text(value) for value in values], type=pa.string())
    numbers = pd.to_numeric(pd.Series(values, dtype=object), errors="coerce").astype("float64")
    whole = column.dtype == "int64" and bool((numbers.dropna() % 1 == 0).all())
    return pa.array(numbers.astype("Int64") if whole else numbers, from_pandas=True)
